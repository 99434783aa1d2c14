import { assert, describe, it } from "@effect/vitest"
import { RequestRecord, type VideoRequest } from "@video-tasks/core"
import { Effect, Schema } from "effect"

const request: VideoRequest.VideoRequest = { provider: "generic", family: "video", model: "m", prompt: "A fox" }

const whole: ReadonlyArray<VideoRequest.VideoRequest> = [
  request,
  { ...request, seconds: 5, size: "16:9", resolution: "720p", options: { seed: 1, nested: { a: [null, "b"] } } },
  { ...request, prompt: "", images: [new URL("https://cdn.example.com/a.png"), new URL("https://b.example.com/")] },
  { ...request, options: {}, prompt: "„Füchse“ 🦊\u0000" }
]

const parts: ReadonlyArray<readonly [string, Partial<VideoRequest.VideoRequest>]> = [
  ["a signed link", { images: [new URL("https://cdn.example.com/a.png?sign=SECRET")] }],
  ["a link with a password", { images: [new URL("https://me:SECRET@cdn.example.com/a.png")] }],
  ["a file", { images: [new Uint8Array([1])] }],
  ["a file among links", { images: [new URL("https://cdn.example.com/a.png"), new Blob(["SECRET"])] }],
  ["a key in the options", { options: { api_key: "SECRET-of-mine" } }],
  ["a passphrase of several words", { options: { passphrase: "several SECRET words" } }],
  ["a callback with a token", { options: { callback_url: "https://hook.example.com/?token=SECRET" } }],
  ["a key in the prompt", { prompt: "A fox with Authorization: Bearer SECRETSECRET" }],
  ["a prompt that is too long", { prompt: "🦊".repeat(5000) }],
  ["options that are too long", { options: { picture: "A".repeat(20_000) } }]
]

describe("RequestRecord", () => {
  it.effect.each(whole)("makes the same request again: %j", (one) =>
    Effect.gen(function*() {
      const kept = RequestRecord.from(one)
      assert.deepStrictEqual(RequestRecord.toRequest(kept, one), one)
      const codec = Schema.fromJsonString(RequestRecord.RequestRecord)
      const stored = yield* Schema.decodeEffect(codec)(yield* Schema.encodeEffect(codec)(kept))
      assert.deepStrictEqual(stored, kept)
    }))

  it.each(parts)("keeps no secret and no file, and says so: %s", (_, part) => {
    const kept = RequestRecord.from({ ...request, ...part })
    assert.isFalse(kept.isWhole)
    assert.isUndefined(RequestRecord.toRequest(kept, request))
    assert.notInclude(JSON.stringify(kept), "SECRET")
    assert.isBelow(JSON.stringify(kept).length, 20_000)
  })
})
