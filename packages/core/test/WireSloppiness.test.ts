import { assert, describe, it } from "@effect/vitest"
import { CometCatalogueWire, ErrorBody, type Observation } from "@video-tasks/core"
import { Redacted, Result, type Schema } from "effect"
import { containers } from "../src/internal/wireJson.ts"
import { documented, models } from "./utils/documented.ts"
import { errorBodies } from "./utils/errorBodies.ts"
import { Carelessness, sloppy, without } from "./utils/sloppy.ts"

/** What is compared: all but the body itself, and the provider's code as text, since it is kept as it came. */
const told = ({ failure, raw: _, videos, ...rest }: Observation.Observation) => ({
  ...rest,
  failure: failure === undefined ? undefined : { ...failure, providerCode: String(failure.providerCode) },
  videos: videos.map(({ thumbnailUrl, url, ...video }) => ({
    ...video,
    url: Redacted.value(url),
    thumbnailUrl: thumbnailUrl === undefined ? undefined : Redacted.value(thumbnailUrl)
  }))
})

const complaint = (body: unknown) => {
  const { providerCode, ...rest } = ErrorBody.read(body)
  return { ...rest, providerCode: String(providerCode) }
}

const named = <A>(bodies: ReadonlyArray<A>) => bodies.map((body) => [JSON.stringify(body), body] as const)

const runs = { arbitrary: { runs: 300 } }

describe.each(Object.entries(documented))("%s", (_, { bodies, read }) => {
  describe.each(named(bodies))("%s", (_, body) => {
    const clean = told(Result.getOrThrow(read(body)))

    it.prop(
      "says the same however carelessly it is written, but for what was left out",
      [Carelessness],
      ([choices]) => {
        const { body: careless, missing } = sloppy(body, choices)
        assert.deepStrictEqual(
          without(told(Result.getOrThrow(read(careless))), missing),
          without(clean, missing),
          JSON.stringify(careless)
        )
      },
      runs
    )
  })
})

describe("ErrorBody", () => {
  const bodies = errorBodies.flatMap(([name, body, { message }]) =>
    // A body without a reason is shown as it is written.
    typeof body === "string" || message?.startsWith("{") === true ? [] : [[name, body as Schema.Json] as const]
  )

  describe.each(bodies)("%s", (_, body) => {
    it.prop("says the same however carelessly it is written", [Carelessness], ([choices]) => {
      const { body: careless } = sloppy(body, choices)
      assert.deepStrictEqual(complaint(careless), complaint(body), JSON.stringify(careless))
    }, runs)
  })
})

describe("CometCatalogueWire", () => {
  const read = (entry: Schema.Json) => Result.getOrThrow(CometCatalogueWire.toModels({ success: true, data: [entry] }))

  describe.each(named(models))("%s", (_, entry) => {
    it.prop(
      "says the same however carelessly it is written, but for what was left out",
      [Carelessness],
      ([choices]) => {
        const { body: careless, missing } = sloppy(entry, choices)
        assert.deepStrictEqual(
          without(read(careless), missing),
          without(read(entry), missing),
          JSON.stringify(careless)
        )
      },
      runs
    )
  })
})

/** The names of the fields that hold objects and lists, wherever they stand. */
const holders = (value: unknown): ReadonlyArray<string> => {
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === "object" && item !== null ? [...(Array.isArray(value) ? [] : [key]), ...holders(item)] : []
  )
}

/** Of these nothing is read. */
const unread = new Set(["assets", "estimatedCost"])

describe("Carelessness", () => {
  it("spares no field of the documented bodies that holds an object or a list and is read", () => {
    const bodies = Object.values(documented).map(({ bodies }) => bodies)
    const found = new Set(bodies.flatMap(holders).filter((key) => !unread.has(key)))
    assert.deepStrictEqual([...found].filter((key) => !containers.has(key)), [])
  })

  const written = (body: Schema.Json) =>
    Array.from({ length: 60 }, (_, n) => JSON.stringify(sloppy(body, [n, (n * 7) % 60, (n * 11) % 60]).body))

  it.each([...containers].map((key) => [key] as const))("writes %s as text too", (key) => {
    assert.isTrue(written({ [key]: [1] }).some((text) => text.includes(JSON.stringify("[1]"))))
  })

  it("leaves out, and says of what", () => {
    const all = Array.from({ length: 60 }, (_, n) => sloppy({ status: "RUNNING", progress: 7 }, [n, 1, 2, 3]))
    for (const { body, missing } of all) {
      assert.strictEqual(JSON.stringify(body).includes("progress"), !missing.has("progress"))
    }
    assert.isTrue(all.some(({ missing }) => missing.has("progress")))
  })
})
