import { assert, describe, it } from "@effect/vitest"
import { ModelSpec, type VideoRequest } from "@video-tasks/core"

const spec: ModelSpec.ModelSpec = {
  id: "m",
  seconds: { min: 4, max: 12, default: 5 },
  sizes: { allowed: ["16:9", "1:1"], default: "16:9" },
  resolutions: { allowed: ["480p", "720p"], default: "720p" },
  maxImages: 1,
  maxPromptLength: 5
}

const request = (over: Partial<VideoRequest.VideoRequest> = {}): VideoRequest.VideoRequest => ({
  provider: "p",
  family: "f",
  model: "m",
  prompt: "a cat",
  ...over
})

const violations = (over: Partial<VideoRequest.VideoRequest>, of: ModelSpec.ModelSpec | undefined = spec) =>
  ModelSpec.violations(request(over), of).map(({ allowed, field, value }) => ({ field, value, allowed }))

const image = new URL("https://example.com/a.png")

describe("ModelSpec", () => {
  it("finds nothing wrong with a request inside every bound", () => {
    for (const seconds of [4, 5, 12]) {
      assert.deepStrictEqual(violations({ seconds, size: "1:1", resolution: "480p", images: [image] }), [])
    }
    assert.deepStrictEqual(violations({}), [])
  })

  it("finds everything that is wrong, all at once, each with its value and what is allowed", () => {
    assert.deepStrictEqual(
      violations({
        model: " ",
        prompt: "a black cat",
        seconds: 13,
        size: "4:3",
        resolution: "1080p",
        images: [image, image]
      }),
      [
        { field: "model", value: "empty", allowed: "a model id of the provider" },
        { field: "prompt", value: "11 characters", allowed: "at most 5 characters" },
        { field: "seconds", value: "13", allowed: "a whole number from 4 to 12 for m" },
        { field: "size", value: "4:3", allowed: "16:9, 1:1" },
        { field: "resolution", value: "1080p", allowed: "480p, 720p for m" },
        { field: "images", value: "2", allowed: "at most 1" }
      ]
    )
  })

  it.each([3, 13, 4.5, 0, -5, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d seconds", (seconds) => {
    assert.deepStrictEqual(violations({ seconds }).map((one) => one.field), ["seconds"])
  })

  it("knows models that only take certain lengths", () => {
    const some: ModelSpec.ModelSpec = { id: "m", seconds: { min: 4, max: 12, default: 4, allowed: [4, 8, 12] } }
    for (const seconds of [4, 8, 12]) assert.deepStrictEqual(violations({ seconds }, some), [])
    assert.deepStrictEqual(violations({ seconds: 5 }, some), [
      { field: "seconds", value: "5", allowed: "4, 8, 12 for m" }
    ])
  })

  it("knows models that need a picture, and then no words", () => {
    const picture: ModelSpec.ModelSpec = { id: "m", minImages: 1, promptIsOptional: true }
    assert.deepStrictEqual(violations({ prompt: "", images: [image] }, picture), [])
    assert.deepStrictEqual(violations({ prompt: "" }, picture), [
      { field: "images", value: "none", allowed: "at least one picture for m" }
    ])
    assert.deepStrictEqual(violations({ images: [image] }, { ...picture, minImages: 2 }), [
      { field: "images", value: "1", allowed: "at least 2 pictures for m" }
    ])
  })

  it.each(["", "  ", "\n\t"])("refuses the empty prompt %j", (prompt) => {
    assert.deepStrictEqual(violations({ prompt }), [{
      field: "prompt",
      value: "empty",
      allowed: "at least one character"
    }])
  })

  it("counts an emoji of a prompt as one character", () => {
    assert.deepStrictEqual(violations({ prompt: "😀😀😀😀😀" }), [])
    assert.deepStrictEqual(violations({ prompt: "😀😀😀😀😀😀" }).map((one) => one.value), ["6 characters"])
  })

  it("says that a model makes video from text only", () => {
    assert.deepStrictEqual(violations({ images: [image] }, { id: "t2v", maxImages: 0 }), [
      { field: "images", value: "1", allowed: "none: t2v makes video from text only" }
    ])
  })

  it("checks the prompt and the model id alone when there is no spec", () => {
    const wild = { seconds: 999, size: "cinema", resolution: "8k", images: [image, image, image] }
    assert.deepStrictEqual(ModelSpec.violations(request(wild), undefined), [])
    const fields = ModelSpec.violations(request({ ...wild, prompt: " ", model: "" }), undefined).map((one) => one.field)
    assert.deepStrictEqual(fields, ["prompt", "model"])
  })

  it("does not check what a spec leaves out", () => {
    assert.deepStrictEqual(violations({ seconds: 999, size: "cinema", images: [image, image] }, { id: "open" }), [])
  })
})
