import { assert, describe, it } from "@effect/vitest"
import { CometCatalogueWire } from "@video-tasks/core"
import { Result, Schema } from "effect"

/** The sample of the video overview, word for word. */
const sample = {
  success: true,
  page: 1,
  page_size: 20,
  total: 302,
  data: [
    {
      created: 1767529753,
      id: "your-video-model-id",
      code: "your-video-model-id",
      provider: "ExampleProvider",
      provider_code: "example",
      name: "Example video model",
      model_type: "video",
      features: ["text-to-video"],
      endpoints: "{\n  \"seedance\": {\n    \"path\": \"/v1/videos\",\n    \"method\": \"POST\"\n  }\n}",
      pricing: { currency: "USD / M Tokens", input: null, output: null, per_request: null, per_second: 0.024 }
    }
  ]
}

const models = (entry: unknown) => Result.getOrThrow(CometCatalogueWire.toModels({ success: true, data: [entry] }))

const problem = (body: unknown) => {
  const { code, detail, kind } = Result.getOrThrow(Result.flip(CometCatalogueWire.toModels(body)))
  return { kind, detail, code }
}

describe("CometCatalogueWire", () => {
  it("reads the sample of the page", () => {
    const model = {
      id: "your-video-model-id",
      code: "your-video-model-id",
      name: "Example video model",
      vendor: "ExampleProvider",
      vendorCode: "example",
      type: "video",
      features: ["text-to-video"],
      routes: ["POST /v1/videos"],
      createdAt: 1767529753_000,
      currency: "USD / M Tokens",
      perSecond: 0.024
    }
    assert.deepStrictEqual(
      CometCatalogueWire.toPage(sample),
      Result.succeed({ models: [model], page: 1, pageSize: 20, total: 302 })
    )
    assert.deepStrictEqual(CometCatalogueWire.toModels(sample), Result.succeed([model]))
  })

  it("has every field of the sample in its schema", () => {
    const fields = Object.keys(sample.data[0] ?? {})
    assert.deepStrictEqual(fields.filter((field) => !(field in CometCatalogueWire.Model.fields)), [])
  })

  it("reads every price", () => {
    const pricing = { currency: "USD", input: 0.5, output: "1.5", per_request: 0.1, per_second: 0, ratio: 0.8 }
    assert.deepStrictEqual(models({ id: "m", pricing }), [
      { id: "m", features: [], routes: [], currency: "USD", input: 0.5, output: 1.5, perRequest: 0.1, perSecond: 0 }
    ])
  })

  it.each([
    ["JSON in a string", "{\"a\":{\"path\":\"/v1/videos\",\"method\":\"post\"}}", ["POST /v1/videos"]],
    ["an object", { a: { path: "/a", method: "GET" }, b: { path: "/b" } }, ["GET /a", "POST /b"]],
    ["one endpoint", { path: "/a", method: "POST" }, ["POST /a"]],
    ["a list", [{ path: "/a" }, "/b", { path: "/a", method: "POST" }, "openai", null, 7], ["POST /a", "POST /b"]],
    ["a list in a string", "[\"/a\"]", ["POST /a"]],
    ["no JSON", "/v1/videos", []],
    ["broken JSON", "{\"a\":", []],
    ["an empty string", "", []],
    ["null", null, []],
    ["a number", 7, []]
  ])("quirk 27: reads endpoints that are %s", (_, endpoints, routes) => {
    assert.deepStrictEqual(models({ id: "m", endpoints }), [{ id: "m", features: [], routes }])
  })

  it("reads what clients have met: no pricing, features null, models to come, an id that differs from the code", () => {
    assert.deepStrictEqual(models({ id: "grok-4.5", code: "grok-4-5", features: null, upcoming: true }), [
      { id: "grok-4.5", code: "grok-4-5", features: [], routes: [], upcoming: true }
    ])
    assert.deepStrictEqual(models({ code: "c", features: ["a", null, 7, ""], pricing: [] }), [
      { id: "c", code: "c", features: ["a"], routes: [] }
    ])
  })

  it("reads true and false that came as text", () => {
    assert.deepStrictEqual(
      [true, "true", false, "false", null, "soon"].map((upcoming) => models({ id: "m", upcoming })),
      [
        ...[true, true].map((upcoming) => [{ id: "m", features: [], routes: [], upcoming }]),
        ...[1, 2, 3, 4].map(() => [{ id: "m", features: [], routes: [] }])
      ]
    )
    assert.strictEqual(problem({ success: "false", message: "no" }).kind, "refused")
  })

  it("reads pricing that has a ratio, that is null, and that is absent", () => {
    const bare = { id: "m", features: [], routes: [] }
    assert.deepStrictEqual(models({ id: "m", pricing: { currency: "USD / M Tokens", ratio: 0.8 } }), [
      { ...bare, currency: "USD / M Tokens" }
    ])
    assert.deepStrictEqual(models({ id: "m", pricing: null }), [bare])
    assert.deepStrictEqual(models({ id: "m" }), [bare])
    const nulls = { currency: null, input: null, output: null, per_request: null, per_second: null }
    assert.deepStrictEqual(models({ id: "m", pricing: nulls }), [bare])
    assert.deepStrictEqual(models({ id: "m", pricing: { per_second: "0.05", per_request: -1 } }), [
      { ...bare, perSecond: 0.05 }
    ])
  })

  it("leaves out entries that nobody could ask for, and keeps the others", () => {
    const body = { data: [null, "m", [], {}, { id: "" }, { id: 7 }, { id: "m" }] }
    assert.deepStrictEqual(
      CometCatalogueWire.toPage(body),
      Result.succeed({ models: [{ id: "m", features: [], routes: [] }] })
    )
  })

  it("takes a bare list", () => {
    assert.deepStrictEqual(CometCatalogueWire.toModels([]), Result.succeed([]))
  })

  it("fails with what the provider says, or with what is missing", () => {
    assert.deepStrictEqual(problem({ success: false, message: "no" }), {
      kind: "refused",
      detail: "no",
      code: undefined
    })
    assert.deepStrictEqual(problem({ error: { message: "no", code: "x" } }), {
      kind: "refused",
      detail: "no",
      code: "x"
    })
    for (const body of [null, 7, "<html>", {}, { data: null }, { data: {} }, { success: true }]) {
      assert.deepStrictEqual(problem(body).kind, "notATask")
    }
  })

  it.prop("reads any JSON or says what is wrong", [Schema.Json], ([json]) => {
    for (
      const body of [json, { data: json }, { data: [json] }, { data: [{ id: "m", endpoints: json, pricing: json }] }]
    ) {
      const read = CometCatalogueWire.toModels(body)
      if (Result.isFailure(read)) assert.strictEqual(read.failure._tag, "WireProblem")
      else for (const model of read.success) assert.isString(model.id)
    }
  }, { arbitrary: { runs: 500 } })
})
