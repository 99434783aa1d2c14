import { assert, describe, it } from "@effect/vitest"
import { ModelSpec, VideoRequest } from "@video-tasks/core"

const good = { provider: "p", family: "f", model: "m", prompt: "a fox" }

const found = (request: unknown) =>
  VideoRequest.malformed(request).map(({ allowed, field, value }) => [field, value, allowed])

describe("VideoRequest.malformed", () => {
  it("finds nothing where every field is of its kind, whatever the API makes of it", () => {
    assert.deepStrictEqual(found(good), [])
    const images = [new URL("https://example.com/a.png"), new Uint8Array(1), new Blob(["x"])]
    assert.deepStrictEqual(
      found({ ...good, prompt: "", seconds: -0.5, size: "", resolution: "x", images, options: { n: null } }),
      []
    )
  })

  it.each([undefined, null, "a fox", 5, [good]])("wants an object: %o", (request) => {
    assert.deepStrictEqual(found(request).map(([field]) => field), ["request"])
  })

  it("names every field that is missing", () => {
    assert.deepStrictEqual(found({}), [
      ["provider", "missing", "a text"],
      ["family", "missing", "a text"],
      ["model", "missing", "a text"],
      ["prompt", "missing", "a text"]
    ])
  })

  it("names every field of another kind, with its value, a text in quotes", () => {
    assert.deepStrictEqual(
      found({ ...good, prompt: 5, seconds: "5", size: null, resolution: {}, images: "a.png", options: [] }),
      [
        ["prompt", "5", "a text"],
        ["size", "null", "a text"],
        ["resolution", "an object", "a text"],
        ["seconds", "\"5\"", "a number"],
        ["images", "\"a.png\"", "a list, each a Blob, a Uint8Array or a URL"],
        ["options", "a list", "an object, as JSON has it"]
      ]
    )
  })

  it.each([Number.NaN, Infinity])("takes %d for no length", (seconds) => {
    assert.deepStrictEqual(found({ ...good, seconds }), [["seconds", String(seconds), "a number"]])
  })

  it("wants further fields that can be written", () => {
    const cycle: Record<string, unknown> = {}
    cycle["self"] = cycle
    assert.deepStrictEqual([{ n: 10n }, cycle].map((options) => found({ ...good, options }).map(([field]) => field)), [
      ["options"],
      ["options"]
    ])
  })

  it("names each picture, and shows no query of a link", () => {
    assert.deepStrictEqual(found({ ...good, images: [new Uint8Array(1), "https://cdn.example.com/a.png?sign=abc"] }), [
      ["images[1]", "\"https://cdn.example.com/a.png\"", "a Blob, a Uint8Array or a URL"]
    ])
  })

  it("is asked before a model is", () => {
    const spec = { id: "m", seconds: { min: 4, max: 12, default: 5 }, maxImages: 0 }
    const request = { ...good, prompt: undefined, seconds: "5", images: ["x"] }
    assert.deepStrictEqual(
      ModelSpec.violations(request as unknown as VideoRequest.VideoRequest, spec).map(({ field }) => field),
      ["prompt", "seconds", "images[0]"]
    )
  })
})
