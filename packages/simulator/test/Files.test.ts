import { assert, describe, it } from "@effect/vitest"
import { Samples, Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { call, memory, send } from "./support.ts"

const noKey = { key: undefined }

const finished = (size = "16:9") =>
  Effect.gen(function*() {
    const id = yield* (yield* Simulator.Simulator).addTask("cometapi", { elapsedSeconds: 500, size })
    const link = Effect.map(call("GET", `/v1/videos/${id}`), ({ json }) => String(json.video_url))
    return { id, link }
  })

const download = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const response = yield* send("GET", url, { ...noKey, headers })
    return {
      status: response.status,
      headers: response.headers,
      bytes: new Uint8Array(yield* response.arrayBuffer)
    }
  })

describe("files", () => {
  it.effect.each(Object.keys(Samples.aspectRatios) as Array<Samples.AspectRatio>)(
    "serves the %s file",
    (size) =>
      Effect.gen(function*() {
        const { link } = yield* finished(size)
        const { bytes, headers, status } = yield* download(yield* link)
        assert.deepStrictEqual(
          [status, headers["content-type"], headers["content-length"], headers["accept-ranges"]],
          [200, "video/mp4", String(Samples.mp4(size).length), "bytes"]
        )
        assert.deepStrictEqual(bytes, Samples.mp4(size))
      }).pipe(memory())
  )

  it.effect("signs each observation anew, and every link works", () =>
    Effect.gen(function*() {
      const { id, link } = yield* finished()
      const [first, second] = [yield* link, yield* link]
      assert.notStrictEqual(first, second)
      const url = new URL(first)
      assert.strictEqual(url.pathname, `/files/${id}.mp4`)
      assert.deepStrictEqual([...url.searchParams.keys()], [
        "X-Tos-Algorithm",
        "X-Tos-Credential",
        "X-Tos-Date",
        "X-Tos-Expires",
        "X-Tos-SignedHeaders",
        "X-Tos-Signature"
      ])
      assert.match(url.searchParams.get("X-Tos-Signature")!, /^[0-9a-f]{64}$/)
      assert.strictEqual(url.searchParams.get("X-Tos-Date"), "20260420T103229Z")
      assert.strictEqual(url.searchParams.get("X-Tos-Expires"), "86400")
      assert.deepStrictEqual([(yield* download(first)).status, (yield* download(second)).status], [200, 200])
    }).pipe(memory()))

  it.effect("refuses a link that has lapsed, until a fresh observation", () =>
    Effect.gen(function*() {
      const { link } = yield* finished()
      const old = yield* link
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual((yield* download(old)).status, 200)
      yield* TestClock.adjust("1 second")
      const refused = yield* call("GET", old, noKey)
      assert.deepStrictEqual([refused.status, refused.headers["content-type"]], [403, "application/xml"])
      assert.match(refused.text, /<Code>AccessDenied<\/Code><Message>Request has expired<\/Message>/)
      assert.strictEqual((yield* download(yield* link)).status, 200)
    }).pipe(memory({ linkSeconds: 60 })))

  it.effect("refuses a wrong signature, and that of another task", () =>
    Effect.gen(function*() {
      const one = yield* finished()
      const two = yield* finished()
      const url = yield* one.link
      for (const wrong of [url.replace(/.$/, "x"), url.replace(one.id, two.id), url.replace(/\?.*/, "")]) {
        const refused = yield* call("GET", wrong, noKey)
        assert.strictEqual(refused.status, 403)
        assert.include(refused.text, "<Code>SignatureDoesNotMatch</Code>")
      }
    }).pipe(memory()))

  it.effect("answers ranges", () =>
    Effect.gen(function*() {
      const url = yield* (yield* finished()).link
      const whole = Uint8Array.from(Samples.mp4("16:9"))
      const size = whole.length
      const part = (range: string) =>
        Effect.map(download(url, { range }), ({ bytes, headers, status }) => ({
          status,
          range: headers["content-range"],
          bytes
        }))
      const slice = (from: number, to: number) => ({
        status: 206,
        range: `bytes ${from}-${to}/${size}`,
        bytes: whole.slice(from, to + 1)
      })
      assert.deepStrictEqual(yield* part("bytes=0-99"), slice(0, 99))
      assert.deepStrictEqual(yield* part("bytes=1000-"), slice(1000, size - 1))
      assert.deepStrictEqual(yield* part("bytes=-10"), slice(size - 10, size - 1))
      assert.deepStrictEqual(yield* part("bytes=0-999999"), slice(0, size - 1))
      const beyond = yield* part(`bytes=${size}-`)
      assert.deepStrictEqual([beyond.status, beyond.range, beyond.bytes.length], [416, `bytes */${size}`, 0])
      for (const ignored of ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "bytes=-"]) {
        assert.deepStrictEqual(yield* part(ignored), { status: 200, range: undefined, bytes: whole })
      }
    }).pipe(memory()))

  it.effect("resumes only the file that the client began with", () =>
    Effect.gen(function*() {
      const url = yield* (yield* finished()).link
      const { etag } = (yield* download(url)).headers
      const same = yield* download(url, { range: "bytes=9-", "if-range": etag! })
      const other = yield* download(url, { range: "bytes=9-", "if-range": "\"other\"" })
      assert.deepStrictEqual([same.status, other.status], [206, 200])
    }).pipe(memory()))

  it.effect("answers HEAD without a body", () =>
    Effect.gen(function*() {
      const url = yield* (yield* finished()).link
      const head = yield* call("HEAD", url, noKey)
      const length = String(Samples.mp4("16:9").length)
      assert.deepStrictEqual([head.status, head.text, head.headers["content-length"]], [200, "", length])
    }).pipe(memory()))

  it.effect("gives links to another origin on demand", () =>
    Effect.gen(function*() {
      const url = yield* (yield* finished()).link
      assert.match(url, /^https:\/\/cdn\.example\/files\//)
      assert.strictEqual((yield* download(url)).status, 200)
    }).pipe(memory({ filesOrigin: "https://cdn.example" })))
})
