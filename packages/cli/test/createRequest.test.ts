import { assert, describe, it } from "@effect/vitest"
import { VideoProvider, VideoProviders } from "@video-tasks/core"
import { Effect, Layer, Option } from "effect"
import { type CreateInput, jsonOrText, toRequest } from "../src/internal/createRequest.ts"

const input: CreateInput = {
  provider: "cometapi",
  model: "veo3-fast",
  prompt: "a fox",
  family: Option.none(),
  seconds: Option.none(),
  size: Option.none(),
  resolution: Option.none(),
  image: [],
  option: [],
  wait: false,
  output: Option.none(),
  overwrite: false,
  "max-cost": Option.none(),
  "callback-url": Option.none(),
  resubmit: false,
  force: false
}

const family = { ...VideoProvider.double().families[0]!, models: [] }

const provider: VideoProvider.VideoProvider = {
  ...VideoProvider.double({ id: "cometapi" }),
  families: [{ ...family, id: "seedance", models: [{ id: "doubao-seedance-2-0" }] }, { ...family, id: "video" }]
}

const request = (fields: Partial<CreateInput>) =>
  toRequest({ ...input, ...fields }).pipe(
    Effect.provide(Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([provider])))
  )

describe("createRequest", () => {
  it.each([
    ["0.5", 0.5],
    ["true", true],
    ["null", null],
    ["\"5\"", "5"],
    ["{\"mode\":\"pro\"}", { mode: "pro" }],
    ["[1,2]", [1, 2]],
    ["pro", "pro"],
    ["5s", "5s"],
    ["", ""],
    ["{broken", "{broken"]
  ])("reads the value %s of an option as %j", (text, expected) => {
    assert.deepStrictEqual(jsonOrText(text), expected)
  })

  it.effect("leaves out what was not said", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(JSON.parse(JSON.stringify(yield* request({}))), {
        provider: "cometapi",
        family: "video",
        model: "veo3-fast",
        prompt: "a fox"
      })
    }))

  it.effect("chooses the family by the model, unless it is said", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* request({ model: "doubao-seedance-2-0" })).family, "seedance")
      assert.strictEqual((yield* request({ model: "doubao-seedance-3-0" })).family, "seedance")
      assert.strictEqual((yield* request({ model: "veo3-fast" })).family, "video")
      assert.strictEqual((yield* request({ family: Option.some("seedance") })).family, "seedance")
      const error = yield* Effect.flip(request({ family: Option.some("sedance") }))
      assert.include(error.message, "family is sedance; allowed: seedance, video")
    }))

  it.effect("takes further fields, the last of a name", () =>
    Effect.gen(function*() {
      const made = yield* request({ option: [["a", 1], ["b", "x"], ["a", 2]] })
      assert.deepStrictEqual(made.options, { a: 2, b: "x" })
    }))

  it.effect("hands a link over as a link", () =>
    Effect.gen(function*() {
      const made = yield* request({ image: ["https://example.com/a.png"] })
      assert.deepStrictEqual(made.images, [new URL("https://example.com/a.png")])
    }))
})
