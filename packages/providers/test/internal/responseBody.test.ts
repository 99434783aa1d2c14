import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClientRequest, HttpClientResponse } from "effect/http"
import * as zlib from "node:zlib"
import * as ResponseBody from "../../src/internal/responseBody.ts"
import { secret, streamOf } from "../utils/stub.ts"

const read = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  ResponseBody.read(
    HttpClientResponse.fromWeb(HttpClientRequest.get("https://api.example.com"), new Response(body, { headers })),
    [secret]
  )

const task = { id: "task_1", status: "IN_PROGRESS", title: "任务 🎬" }

const text = JSON.stringify(task)

const bytes = (buffer: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(buffer)

describe("responseBody", () => {
  it.effect.each<[string, BodyInit | null, Record<string, string>, ResponseBody.Body["_tag"]]>([
    ["JSON", text, { "content-type": "application/json" }, "Json"],
    ["JSON that calls itself HTML", text, { "content-type": "text/html" }, "Json"],
    ["JSON without a type", text, {}, "Json"],
    ["JSON behind a byte order mark", `\uFEFF${text}`, {}, "Json"],
    ["HTML", "<!doctype html><p>wait", { "content-type": "text/html; charset=utf-8" }, "Markup"],
    ["HTML without a type", "\n <html>", {}, "Markup"],
    ["XML", "<?xml version='1.0'?><Error/>", { "content-type": "application/xml" }, "Markup"],
    ["plain text", "error code: 1020", { "content-type": "text/plain" }, "Text"],
    ["cut JSON", "{\"id\":\"task_1\",\"sta", { "content-type": "application/json" }, "Text"],
    ["nothing", null, {}, "Empty"],
    ["white space", " \n", { "content-type": "application/json" }, "Empty"]
  ])(
    "tells %s",
    ([, body, headers, tag]) => Effect.map(read(body, headers), (found) => assert.strictEqual(found._tag, tag))
  )

  it.effect.each<[string, Uint8Array]>([
    ["gzip", zlib.gzipSync(text)],
    ["x-gzip", zlib.gzipSync(text)],
    ["GZIP", zlib.gzipSync(text)],
    ["deflate", zlib.deflateSync(text)],
    ["deflate", zlib.deflateRawSync(text)],
    ["deflate, gzip", zlib.gzipSync(zlib.deflateSync(text))],
    // what a transport leaves behind that has decoded already: the header, and plain bytes
    ["gzip", new TextEncoder().encode(text)],
    ["deflate", new TextEncoder().encode(text)],
    ["br", new TextEncoder().encode(text)],
    ["zstd", new TextEncoder().encode(text)],
    ["identity", new TextEncoder().encode(text)]
  ])(
    "undoes %s when it is still there",
    ([encoding, encoded]) =>
      Effect.map(
        read(bytes(encoded), { "content-encoding": encoding }),
        (body) => assert.deepStrictEqual(body, { _tag: "Json", value: task })
      )
  )

  it.effect("undoes Brotli where the runtime can, and says so where it can't", () =>
    Effect.map(
      read(bytes(zlib.brotliCompressSync(text)), { "content-encoding": "br" }),
      (body) =>
        assert.deepStrictEqual<ResponseBody.Body>(
          body,
          body._tag === "Json"
            ? { _tag: "Json", value: task }
            : { _tag: "Unreadable", detail: "the answer is encoded as brotli and can't be decoded" }
        )
    ))

  it.effect.each<[string, Uint8Array, string]>([
    ["gzip", zlib.gzipSync(text).subarray(0, 30), "gzip"],
    ["deflate", zlib.deflateSync(text).subarray(0, 20), "deflate"],
    ["zstd", zlib.zstdCompressSync(text), "zstd"],
    ["aws-chunked", new Uint8Array([0xff, 0xfe, 0xfd]), "aws-chunked"]
  ])(
    "does not guess at broken or unknown %s",
    ([encoding, encoded, name]) =>
      Effect.map(read(bytes(encoded), { "content-encoding": encoding }), (body) =>
        assert.deepStrictEqual(body, {
          _tag: "Unreadable",
          detail: `the answer is encoded as ${name} and can't be decoded`
        }))
  )

  it.effect("stops reading at 1 MiB, far from the end of 64", () =>
    Effect.gen(function*() {
      const mebibyte = new Uint8Array(65_536).fill(0x20)
      let sent = 0
      const endless = function*() {
        for (; sent < 1024; sent++) yield mebibyte
      }
      const body = yield* read(streamOf(endless()))
      assert.deepStrictEqual(body, { _tag: "Unreadable", detail: "the answer is longer than 1 MiB" })
      assert.isAtMost(sent, 20)
    }))

  it.effect("caps what comes out of a small gzip body", () =>
    Effect.gen(function*() {
      const bomb = zlib.gzipSync(new Uint8Array(67_108_864))
      assert.isBelow(bomb.length, 100_000)
      const body = yield* read(bytes(bomb), { "content-encoding": "gzip" })
      assert.deepStrictEqual(body, { _tag: "Unreadable", detail: "the answer is longer than 1 MiB" })
    }))

  it.effect("takes exactly 1 MiB", () =>
    Effect.gen(function*() {
      const body = yield* read(JSON.stringify("x".repeat(ResponseBody.defaultMaxBytes - 2)))
      assert.strictEqual(body._tag, "Json")
    }))

  it.effect("says that the connection broke in the middle", () =>
    Effect.map(
      read(streamOf(["{\"id\":"], new Error("ECONNRESET"))),
      (body) =>
        assert.deepStrictEqual(body, { _tag: "Cut", detail: "the connection broke in the middle of the answer" })
    ))

  it.effect("cuts off what is nested deeper than anything known, instead of running out of stack", () =>
    Effect.gen(function*() {
      const deep = yield* read(`${"[".repeat(5_000)}${"]".repeat(5_000)}`)
      assert.strictEqual(deep._tag, "Json")
      assert.isBelow(JSON.stringify(deep).length, 300)
      const deeper = yield* read(`${"[".repeat(300_000)}${"]".repeat(300_000)}`)
      assert.include(["Json", "Text"], deeper._tag)
    }))

  it.effect("hides the key wherever the API quotes it, but keeps links whole", () =>
    Effect.gen(function*() {
      const link = `https://cdn.example.com/v.mp4?key=${secret}`
      const said = { error: { message: `bad key ${secret}!`, [secret]: [secret, 1] }, video_url: link }
      assert.deepStrictEqual(yield* read(JSON.stringify(said)), {
        _tag: "Json",
        value: { error: { message: "bad key <redacted>!", "<redacted>": ["<redacted>", 1] }, video_url: link }
      })
      assert.deepStrictEqual(yield* read(`bad key ${secret}`), { _tag: "Text", text: "bad key <redacted>" })
    }))
})
