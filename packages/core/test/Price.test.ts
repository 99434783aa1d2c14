import { assert, describe, it } from "@effect/vitest"
import { CometCatalogueWire, type ModelSpec, Price, type VideoProvider, type VideoRequest } from "@video-tasks/core"
import { Result, Schema } from "effect"

const request: VideoRequest.VideoRequest = { provider: "p", family: "f", model: "m", prompt: "A fox" }

const spec: ModelSpec.ModelSpec = { id: "m", seconds: { min: 4, max: 15, default: 5 } }

const listed = (fields: Partial<VideoProvider.CatalogueModel>): VideoProvider.CatalogueModel => ({
  id: "m",
  features: [],
  routes: [],
  currency: "USD / M Tokens",
  ...fields
})

/** Amounts and lengths as they occur, and some that do not. */
const amounts = Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 1000 }))
const lengths = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3600 }))

describe("Price", () => {
  it.each([
    ["USD / M Tokens", "USD"],
    ["USD", "USD"],
    ["usd", "USD"],
    [" cny ", "CNY"],
    ["RMB / second", "CNY"],
    ["price in EUR", "EUR"],
    ["$ / second", "USD"],
    ["US$", "USD"],
    ["€0", "EUR"],
    ["credits", undefined],
    ["¥", undefined],
    ["M Tokens", undefined],
    ["TOKENS", undefined],
    ["", undefined]
  ])("finds the currency in %j: %s", (text, currency) => {
    assert.strictEqual(Price.currencyOf(text), currency)
  })

  it("reads a price for each second or for each video", () => {
    assert.deepStrictEqual(
      Price.read(listed({ perSecond: 0.05 })),
      Result.succeed({ per: "second", amount: 0.05, unit: "USD" })
    )
    assert.deepStrictEqual(
      Price.read(listed({ perRequest: 0.4, perSecond: 0, currency: "CNY" })),
      Result.succeed({ per: "request", amount: 0.4, unit: "CNY" })
    )
  })

  it.each([
    ["no price", listed({}), "the catalogue has no price for it"],
    ["a price of zero", listed({ perSecond: 0, perRequest: 0 }), "the catalogue has no price for it"],
    [
      "a price for tokens",
      listed({ output: 2 }),
      "it is charged by tokens, and how many a video takes is not known before"
    ],
    ["no currency", { id: "m", features: [], routes: [], perSecond: 1 }, "the catalogue names no currency"],
    ["a strange currency", listed({ perSecond: 1, currency: "points" }), "the catalogue names no currency"],
    [
      "two prices",
      listed({ perSecond: 1, perRequest: 1 }),
      "the catalogue has a price for each second and one for each video, and does not say which counts"
    ],
    ["no entry", undefined, "the catalogue does not list it"]
  ])("says why there is no price: %s", (_, model, reason) => {
    assert.deepStrictEqual(Price.read(model), Result.fail(reason))
    assert.deepStrictEqual(Price.explain(request, model, spec), { _tag: "unknown", reason })
  })

  it("takes what is documented where the catalogue has no price, and the catalogue's where it has", () => {
    const documented = { ...spec, price: { per: "request", amount: 25, unit: "credits" } } as const
    assert.deepStrictEqual(Price.read(undefined, documented), Result.succeed(documented.price))
    assert.deepStrictEqual(Price.read(listed({}), documented), Result.succeed(documented.price))
    assert.strictEqual(Result.getOrThrow(Price.read(listed({ perSecond: 1 }), documented)).unit, "USD")
  })

  it.each([
    [{ seconds: 8 }, spec, 8],
    [{}, spec, 5],
    [{}, undefined, undefined],
    [{ options: { duration: "10" } }, spec, 10],
    [{ seconds: 5, options: { seconds: 8 } }, spec, 8],
    [{ options: { duration: "long" } }, spec, undefined],
    [{ options: { duration: "auto" } }, spec, undefined],
    [{ options: { seconds: null } }, spec, undefined],
    [{ options: { seconds: "auto" }, seconds: 5 }, spec, undefined],
    [{ options: { duration: [5] } }, spec, undefined],
    [{ seconds: -1 }, spec, undefined],
    [{ seconds: 5, options: { duration: -1 } }, spec, undefined],
    [{ seconds: 0 }, spec, undefined]
  ])("counts the seconds of %o", (fields, known, seconds) => {
    assert.strictEqual(Price.secondsOf({ ...request, ...fields }, known), seconds)
  })

  it("does not guess a length", () => {
    const estimate = Price.explain(request, listed({ perSecond: 0.05 }), undefined)
    assert.deepStrictEqual(estimate, {
      _tag: "unknown",
      reason: "it costs 0.05 USD a second, and the length of the video is not known: say the seconds"
    })
    const flat = Price.explain(request, listed({ perRequest: 0.4 }), undefined)
    assert.strictEqual(flat._tag === "known" && flat.cost.amount, 0.4)
  })

  it.each([
    [{}, 1],
    [{ n: 4 }, 4],
    [{ n: "2" }, 2],
    [{ n: 0 }, undefined],
    [{ n: -1 }, undefined],
    [{ n: 1.5 }, undefined],
    [{ n: "many" }, undefined],
    [{ n: null }, undefined]
  ])("counts the videos of %o: %s", (options, count) => {
    assert.strictEqual(Price.countOf({ ...request, options }), count)
    for (const price of [{ perSecond: 0.05 }, { perRequest: 0.25 }]) {
      const estimate = Price.explain({ ...request, options }, listed(price), spec)
      assert.strictEqual(
        estimate._tag === "known" ? estimate.cost.amount : undefined,
        count === undefined ? undefined : 0.25 * count
      )
      assert.strictEqual(
        estimate._tag === "known" ? estimate.videos : undefined,
        count === 1 ? undefined : count
      )
    }
  })

  it("believes who knows better what is paid for, also that nobody knows it", () => {
    const model = listed({ perSecond: 0.05 })
    const twelve = Price.explain({ ...request, seconds: 5 }, model, spec, () => 12)
    assert.deepStrictEqual(twelve._tag === "known" ? [twelve.cost.amount, twelve.seconds] : twelve, [0.6, 12])
    assert.deepStrictEqual(Price.explain({ ...request, seconds: 5 }, model, spec, () => undefined), {
      _tag: "unknown",
      reason: "it costs 0.05 USD a second, and how much of it this request pays for is not known before"
    })
    const flat = Price.explain(request, listed({ perRequest: 0.4 }), spec, () => undefined)
    assert.strictEqual(flat._tag === "known" && flat.cost.amount, 0.4)
  })

  it("finds a model by its id, and by its code where no id is so", () => {
    const catalogue = [listed({ id: "a", code: "b" }), listed({ id: "b", code: "c" })]
    assert.strictEqual(Price.find(catalogue, "b")?.id, "b")
    assert.strictEqual(Price.find(catalogue, "c")?.id, "b")
    assert.isUndefined(Price.find(catalogue, "d"))
  })

  it.prop("costs the seconds times the price, in the price's unit", [amounts, lengths], ([amount, seconds]) => {
    const cost = Price.estimate({ ...request, seconds }, undefined, { per: "second", amount, unit: "USD" })
    assert.strictEqual(cost?.kind, "estimate")
    assert.strictEqual(cost?.unit, "USD")
    assert.approximately(cost?.amount ?? 0, amount * seconds, amount * seconds * 1e-11)
  })

  it.prop("costs the same at any length when the price is for a video", [amounts, lengths], ([amount, seconds]) => {
    const price = { per: "request", amount, unit: "USD" } as const
    assert.strictEqual(
      Price.estimate({ ...request, seconds }, spec, price)?.amount,
      Price.estimate(request, undefined, price)?.amount
    )
  })

  it.prop(
    "costs more than zero or is unknown, whatever a catalogue says",
    [Schema.Json, Schema.Json],
    ([json, unit]) => {
      for (const field of ["per_second", "per_request", "input"]) {
        const body = { data: [{ id: "m", pricing: { currency: unit, [field]: json } }] }
        const [model] = Result.getOrThrow(CometCatalogueWire.toModels(body))
        const estimate = Price.explain(request, model, spec)
        if (estimate._tag === "known") assert.isAbove(estimate.cost.amount, 0)
        else assert.isAbove(estimate.reason.length, 0)
      }
    },
    { arbitrary: { runs: 300 } }
  )
})
