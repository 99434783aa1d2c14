import { assert, describe, it } from "@effect/vitest"
import * as Download from "@video-tasks/runtime/Download"
import { Effect, Redacted, Stream } from "effect"
import { link, movie, provider, server, shown, success, task, video, world } from "./support/downloadWorld.ts"

const fresh = "https://cdn.example.com/v.mp4?X-Signature=fr3sh"

/** A server that knows every kind of range. */
const ranges = (file: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  server((seen) => {
    if (seen.url === link && headers["x-gone"] !== undefined) return new Response("gone", { status: 403 })
    const found = /^bytes=(\d*)-(\d*)$/.exec(seen.headers["range"] ?? "")
    if (found === null) {
      return new Response(file, {
        headers: {
          "content-length": String(file.length),
          "content-type": "text/html",
          "accept-ranges": "bytes",
          ...headers
        }
      })
    }
    const from = found[1] === "" ? file.length - Number(found[2]) : Number(found[1])
    const to = found[1] === "" || found[2] === "" ? file.length - 1 : Number(found[2])
    if (from >= file.length) {
      return new Response(null, { status: 416, headers: { "content-range": `bytes */${file.length}` } })
    }
    const part = file.slice(from, to + 1)
    return new Response(part, {
      status: 206,
      headers: {
        "content-length": String(part.length),
        "content-range": `bytes ${from}-${to}/${file.length}`,
        "content-type": "text/html",
        etag: "\"one\"",
        ...headers
      }
    })
  })

const bytesOf = (opened: Download.Opened) =>
  Effect.map(Stream.runCollect(opened.stream), (chunks) => new Uint8Array(Buffer.concat(chunks)))

describe("Download.open", () => {
  it.effect("opens all of a file, and says of it only what a video is", () => {
    const http = ranges(movie(1000))
    return Effect.gen(function*() {
      const opened = yield* Download.open(video())
      const { acceptsRanges, contentLength, contentRange, mimeType, status } = opened
      assert.deepStrictEqual(
        { acceptsRanges, contentLength, contentRange, mimeType, status },
        { acceptsRanges: true, contentLength: 1000, contentRange: undefined, mimeType: "video/mp4", status: 200 }
      )
      assert.deepStrictEqual(yield* bytesOf(opened), movie(1000))
    }).pipe(Effect.scoped, Effect.provide(world({ server: http })))
  })

  for (
    const [range, part, contentRange] of [
      ["bytes=0-99", [0, 100], "bytes 0-99/1000"],
      ["bytes=900-", [900, 1000], "bytes 900-999/1000"],
      ["bytes=500-599", [500, 600], "bytes 500-599/1000"],
      ["bytes=-10", [990, 1000], "bytes 990-999/1000"]
    ] as const
  ) {
    it.effect(`opens a part: ${range}`, () => {
      const http = ranges(movie(1000))
      return Effect.gen(function*() {
        const opened = yield* Download.open(video(), { range, ifRange: "\"one\"" })
        assert.deepStrictEqual(
          [opened.status, opened.contentRange, opened.contentLength, opened.mimeType, opened.etag],
          [206, contentRange, part[1] - part[0], "video/mp4", "\"one\""]
        )
        assert.deepStrictEqual(yield* bytesOf(opened), movie(1000).slice(...part))
        assert.deepStrictEqual(http.seen.map(({ headers }) => [headers["range"], headers["if-range"]]), [
          [range, "\"one\""]
        ])
      }).pipe(Effect.scoped, Effect.provide(world({ server: http })))
    })
  }

  it.effect("says that there is no such part", () =>
    Effect.gen(function*() {
      const opened = yield* Download.open(video(), { range: "bytes=5000-" })
      assert.deepStrictEqual([opened.status, opened.contentRange], [416, "bytes */1000"])
      assert.deepStrictEqual(yield* bytesOf(opened), new Uint8Array())
    }).pipe(Effect.scoped, Effect.provide(world({ server: ranges(movie(1000)) }))))

  for (const range of ["bytes=0-1,5-6", "items=0-5", "bytes=a-b", "bytes=-", "bytes=0-1\r\nX-Evil: 1"]) {
    it.effect(`sends all when what is wanted is no single range: ${JSON.stringify(range)}`, () => {
      const http = ranges(movie(100))
      return Effect.gen(function*() {
        assert.strictEqual((yield* Download.open(video(), { range })).status, 200)
        assert.isUndefined(http.seen[0]?.headers["range"])
      }).pipe(Effect.scoped, Effect.provide(world({ server: http })))
    })
  }

  it.effect("replaces a link that does not work any more, and says which one works", () => {
    const http = ranges(movie(100), { "x-gone": "1" })
    return Effect.gen(function*() {
      const opened = yield* Download.open(task(video()), { range: "bytes=0-9" })
      assert.deepStrictEqual([opened.status, Redacted.value(opened.video.url)], [206, fresh])
      assert.deepStrictEqual(http.seen.map(({ url }) => url), [link, fresh])
    }).pipe(
      Effect.scoped,
      Effect.provide(world({ server: http, providers: [provider({ observations: [success(fresh)] })] }))
    )
  })

  it.effect("refuses a page in the place of a video, and shows nothing secret of the link", () => {
    const page = new TextEncoder().encode("<html><title>Sign in</title></html>")
    return Effect.gen(function*() {
      const error = yield* Effect.flip(Download.open(task(video())))
      assert.deepStrictEqual(
        error.reason.message,
        "The download failed: the file is no video but an HTML page (“Sign in”). The task is done; download it again with " +
          "the same handle."
      )
      assert.notInclude(shown(error), "s3cret")
    }).pipe(Effect.scoped, Effect.provide(world({ server: server(() => new Response(page)) })))
  })

  for (const url of ["http://127.0.0.1/v.mp4", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"]) {
    it.effect(`does not go to ${url}`, () => {
      const http = ranges(movie(100))
      return Effect.gen(function*() {
        const error = yield* Effect.flip(Download.open(video({ url })))
        assert.strictEqual(error.reason._tag, "UnsafeAddress")
        assert.deepStrictEqual(http.seen, [])
      }).pipe(Effect.scoped, Effect.provide(world({ server: http })))
    })
  }
})
