import { assert, describe, it } from "@effect/vitest"
import { Observation, TaskHandle, VideoTaskError } from "@video-tasks/core"
import * as Download from "@video-tasks/runtime/Download"
import { Deferred, Effect, Fiber, Redacted, Tracer } from "effect"
import { HttpClientError, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import {
  type Answer,
  broken,
  files,
  fileServer,
  handle,
  link,
  movie,
  provider,
  server,
  sha256,
  shown,
  success,
  task,
  video,
  world
} from "./support/downloadWorld.ts"

const target = "/out/v.mp4"

const whole = (bytes: Uint8Array<ArrayBuffer>, init?: ResponseInit): Response =>
  new Response(bytes, { ...init, headers: { "content-length": String(bytes.length), ...init?.headers } })

/** The reason of a failed download. */
const reasonOf = <A, R>(effect: Effect.Effect<A, VideoTaskError.VideoTaskError, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

/** Runs a download whose pauses are virtual. */
const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

describe("Download", () => {
  it.effect("writes the file and says what it is", () => {
    const http = fileServer(movie(10_000))
    const disk = files()
    return Effect.gen(function*() {
      const progress: Array<readonly [number, number | undefined]> = []
      const report = yield* Download.toFile(video(), target, {
        onProgress: (bytes, total) => Effect.sync(() => void progress.push([bytes, total]))
      })
      assert.deepStrictEqual(report, {
        path: target,
        bytes: 10_000,
        sha256: sha256(movie(10_000)),
        mimeType: "video/mp4",
        resumed: 0,
        refreshed: false
      })
      assert.deepStrictEqual([...disk.files], [[target, movie(10_000)]])
      assert.deepStrictEqual(progress.at(-1), [10_000, 10_000])
    }).pipe(Effect.provide(world({ server: http, files: disk })))
  })

  it.effect("sends the link as it came, and nothing that is not needed", () => {
    const signed = "https://cdn.example.com/a%2Fb.mp4?sig=a+b%2fC%2F==&b=%E4&a=%7e~&empty=&x"
    const http = fileServer(movie(100))
    return Effect.gen(function*() {
      yield* Effect.withSpan(Download.toFile(video({ url: signed }), target), "outer")
      assert.deepStrictEqual(http.seen, [{
        url: signed,
        headers: { "accept-encoding": "identity", "user-agent": "video-tasks/0.1.0" },
        guard: "public"
      }])
    }).pipe(Effect.provide(world({ server: http })))
  })

  it.effect("is one span, which shows no link", () => {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    return Effect.gen(function*() {
      yield* Effect.withTracer(Download.toFile(task(video()), target), tracer)
      assert.deepStrictEqual(spans.map((span) => [span.name, Object.fromEntries(span.attributes)]), [[
        "Download.toFile",
        {
          "video_task.provider": "double",
          "video_task.download.bytes": 100,
          "video_task.download.resumed": 0,
          "video_task.download.refreshed": false
        }
      ]])
    }).pipe(Effect.provide(world({ server: fileServer(movie(100)) })))
  })

  it.effect("takes the video of a task that is asked for", () => {
    const http = fileServer(movie(100))
    return Effect.gen(function*() {
      const both = task(video({ url: "https://a.example.com/0" }), video({ url: "https://a.example.com/1" }))
      yield* Download.toFile(both, target, { index: 1 })
      assert.deepStrictEqual(http.seen.map((one) => one.url), ["https://a.example.com/1"])
      const reason = yield* reasonOf(Download.toFile(both, "/out/w.mp4", { index: 2 }))
      assert.include(reason.message, "index is 2; allowed: 0 to 1")
    }).pipe(Effect.provide(world({ server: http })))
  })

  describe("the target", () => {
    it.effect("is refused before anything is sent when it exists, is a directory, or has no directory", () => {
      const http = fileServer(movie(100))
      const disk = files()
      disk.files.set(target, movie(1))
      return Effect.gen(function*() {
        for (
          const [path, allowed] of [
            [target, "a file that does not exist, or overwrite"],
            ["/out", "a file in a directory that exists or can be made"],
            ["/missing/v.mp4", "a file in a directory that exists or can be made"],
            [`${target}/v.mp4`, "a file in a directory that exists or can be made"]
          ] as const
        ) {
          const error = yield* Effect.flip(Download.toFile(task(video()), path))
          assert.deepStrictEqual([error.operation, error.handle], ["download", handle])
          assert.deepStrictEqual(
            error.reason,
            new VideoTaskError.InvalidRequest({
              violations: [new VideoTaskError.Violation({ field: "path", value: path, allowed })]
            })
          )
        }
        assert.deepStrictEqual(http.seen, [])
      }).pipe(Effect.provide(world({ server: http, files: disk })))
    })

    it.effect("has its directory made, before anything is sent", () => {
      const disk = files()
      const http = server(() => {
        assert.deepStrictEqual([...disk.directories], ["/out", "/out/new/deep"])
        return new Response(movie(100))
      })
      return Effect.gen(function*() {
        yield* Download.toFile(video(), "/out/new/deep/v.mp4")
        assert.deepStrictEqual([...disk.files], [["/out/new/deep/v.mp4", movie(100)]])
      }).pipe(Effect.provide(world({ server: http, files: disk })))
    })

    it.effect("is replaced when that is wanted", () => {
      const disk = files()
      disk.files.set(target, movie(1))
      return Effect.gen(function*() {
        yield* Download.toFile(video(), target, { overwrite: true })
        assert.deepStrictEqual([...disk.files], [[target, movie(100)]])
      }).pipe(Effect.provide(world({ server: fileServer(movie(100)), files: disk })))
    })

    it.effect("stays as it was when the download fails", () => {
      const disk = files()
      disk.files.set(target, movie(1))
      const http = server(() => new Response("no", { status: 418 }))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target, { overwrite: true }))
        assert.strictEqual(reason._tag, "DownloadFailed")
        assert.deepStrictEqual([...disk.files], [[target, movie(1)]])
      }).pipe(Effect.provide(world({ server: http, files: disk })))
    })

    it.effect("is not replaced when somebody made it in the meantime", () =>
      Effect.gen(function*() {
        for (const noLinks of [false, true]) {
          const disk = files({ noLinks })
          const http = server(() => {
            disk.files.set(target, movie(1))
            return whole(movie(100))
          })
          const reason = yield* Effect.provide(
            reasonOf(Download.toFile(video(), target)),
            world({ server: http, files: disk })
          )
          assert.strictEqual(reason._tag, "InvalidRequest")
          assert.deepStrictEqual([...disk.files], [[target, movie(1)]])
        }
      }))

    it.effect("is made by renaming where links are unknown", () => {
      const disk = files({ noLinks: true })
      return Effect.gen(function*() {
        yield* Download.toFile(video(), target)
        assert.deepStrictEqual([...disk.files], [[target, movie(100)]])
      }).pipe(Effect.provide(world({ server: fileServer(movie(100)), files: disk })))
    })

    it.effect("leaves no temporary file after an interruption", () => {
      const disk = files()
      return Effect.gen(function*() {
        const begun = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(Download.toFile(video(), target, {
          onProgress: () => Deferred.succeed(begun, undefined)
        }))
        yield* Deferred.await(begun)
        assert.deepStrictEqual([...disk.files.values()], [movie(500)])
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual([...disk.files], [])
      }).pipe(Effect.provide(world({
        files: disk,
        server: server(() => new Response(broken(movie(500), "never"), { headers: { "content-length": "1000" } }))
      })))
    })

    it.effect("is not made when the disk is full", () => {
      const disk = files({ room: 50 })
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.DownloadFailed({
            detail: "writing the temporary file failed: Unknown",
            retryable: false
          })
        )
        assert.deepStrictEqual([...disk.files], [])
      }).pipe(Effect.provide(world({ server: fileServer(movie(100)), files: disk })))
    })
  })

  describe("a broken connection", () => {
    it.effect("is resumed where it broke off, and the hash is that of the file", () => {
      const http = fileServer(movie(10_000), { cuts: [4_000, 7_000], etag: "\"v1\"" })
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(video(), target))
        assert.deepStrictEqual([report.bytes, report.sha256, report.resumed], [10_000, sha256(movie(10_000)), 2])
        assert.deepStrictEqual(http.seen.map(({ headers }) => [headers["range"], headers["if-range"]]), [
          [undefined, undefined],
          ["bytes=4000-", "\"v1\""],
          ["bytes=7000-", "\"v1\""]
        ])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("is resumed by date when the tag is weak or missing, and by size when there is neither", () =>
      Effect.gen(function*() {
        const date = "Mon, 02 Nov 2026 10:00:00 GMT"
        for (
          const [options, validator] of [
            [{ etag: "W/\"v1\"", headers: { "last-modified": date } }, date],
            [{ headers: { "last-modified": date } }, date],
            [{ etag: "W/\"v1\"" }, undefined]
          ] as const
        ) {
          const http = fileServer(movie(1_000), { ...options, cuts: [400] })
          const report = yield* Effect.provide(patiently(Download.toFile(video(), target)), world({ server: http }))
          assert.deepStrictEqual([report.resumed, report.sha256], [1, sha256(movie(1_000))])
          assert.strictEqual(http.seen[1]?.headers["if-range"], validator)
        }
      }))

    const first = (headers: Record<string, string> = { "content-length": "1000", etag: "\"v1\"" }) =>
      new Response(broken(movie(1_000).slice(0, 400)), { headers })
    const rest = (headers: Record<string, string>) => new Response(movie(1_000).slice(400), { status: 206, headers })

    const anew: Record<string, readonly [Response, Response, Response | undefined]> = {
      "the server ignores the range": [first(), whole(movie(1_000)), undefined],
      "the server gives another part": [
        first(),
        rest({ "content-range": "bytes 300-999/1000" }),
        whole(movie(1_000))
      ],
      "the server does not say which part it gives": [first(), rest({}), whole(movie(1_000))],
      "the server keeps the size of the file back": [
        first({ etag: "\"v1\"" }),
        rest({ "content-range": "bytes 400-499/*" }),
        whole(movie(1_000))
      ],
      "the file has another size by now": [
        first(),
        rest({ "content-range": "bytes 400-998/999" }),
        whole(movie(1_000))
      ],
      "the file has another tag by now": [
        first(),
        rest({ "content-range": "bytes 400-999/1000", etag: "\"v2\"" }),
        whole(movie(1_000))
      ],
      "the server has no such part": [
        first(),
        new Response(null, { status: 416, headers: { "content-range": "bytes */200" } }),
        whole(movie(1_000))
      ],
      "nothing says that the file is still the same": [first({}), whole(movie(1_000)), undefined],
      "the server says that it has no parts": [
        first({ "content-length": "1000", etag: "\"v1\"", "accept-ranges": "none" }),
        whole(movie(1_000)),
        undefined
      ],
      "the answer is encoded": [
        first({ "content-length": "700", etag: "\"v1\"", "content-encoding": "gzip" }),
        whole(movie(1_000)),
        undefined
      ]
    }
    for (const [name, answers] of Object.entries(anew)) {
      it.effect(`starts anew when ${name}`, () => {
        const http = server((_, index) => answers[index] ?? "refused")
        const disk = files()
        return Effect.gen(function*() {
          const report = yield* patiently(Download.toFile(video(), target))
          assert.deepStrictEqual([report.bytes, report.sha256, report.resumed], [1_000, sha256(movie(1_000)), 0])
          assert.deepStrictEqual(disk.files.get(target), movie(1_000))
          // The answer after a wrong part is not asked for a part again.
          assert.strictEqual(http.seen[2]?.headers["range"], undefined)
        }).pipe(Effect.provide(world({ server: http, files: disk })))
      })
    }

    it.effect("needs no second request when all bytes had come", () => {
      const http = server(() => new Response(broken(movie(1_000)), { headers: { "content-length": "1000" } }))
      return Effect.gen(function*() {
        const report = yield* Download.toFile(video(), target)
        assert.deepStrictEqual([report.sha256, http.seen.length], [sha256(movie(1_000)), 1])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("is over when the server says that nothing is missing", () => {
      const http = server((_, index) =>
        index === 0
          ? new Response(broken(movie(1_000)), { headers: { etag: "\"v1\"" } })
          : new Response(null, { status: 416, headers: { "content-range": "bytes */1000" } })
      )
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(video(), target))
        assert.deepStrictEqual([report.sha256, http.seen.length], [sha256(movie(1_000)), 2])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("also shows itself as a body that is too short, which is resumed", () => {
      const http = server((_, index) =>
        index === 0
          ? new Response(movie(1_000).slice(0, 400), { headers: { "content-length": "1000" } })
          : rest({ "content-range": "bytes 400-999/1000" })
      )
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(video(), target))
        assert.deepStrictEqual([report.sha256, report.resumed], [sha256(movie(1_000)), 1])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("is resumed part by part where the server gives less at a time, whose parts tell the size", () => {
      const bytes = movie(1_000)
      const http = server(({ headers }, index) => {
        if (index === 0) return first({ etag: "\"v1\"" })
        const from = Number(/^bytes=(\d+)-$/.exec(headers["range"] ?? "")?.[1])
        const range = `bytes ${from}-${from + 99}/1000`
        return new Response(bytes.slice(from, from + 100), { status: 206, headers: { "content-range": range } })
      })
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(video(), target))
        assert.deepStrictEqual([report.bytes, report.sha256, report.resumed], [1_000, sha256(bytes), 6])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("never makes a file that is longer than announced", () => {
      const http = server((_, index) =>
        index === 0
          ? new Response(movie(1_200), { headers: { "content-length": "1000" } })
          : whole(movie(1_000))
      )
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(video(), target))
        assert.deepStrictEqual([report.sha256, http.seen.length], [sha256(movie(1_000)), 2])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("is given up after five attempts that brought nothing", () => {
      const disk = files()
      const http = server(() => "refused")
      return Effect.gen(function*() {
        const error = yield* Effect.flip(patiently(Download.toFile(task(video()), target)))
        assert.deepStrictEqual(
          error.reason,
          new VideoTaskError.DownloadFailed({
            detail: "cdn.example.com could not be reached (connect ECONNREFUSED)",
            retryable: true
          })
        )
        assert.deepStrictEqual([http.seen.length, error.handle, disk.files.size], [6, handle, 0])
        assert.notInclude(shown(error), "s3cret")
      }).pipe(Effect.provide(world({ server: http, files: disk })))
    })

    it.effect("may break as often as it likes while it brings a good part each time", () => {
      const mebi = 1_048_576
      const size = 10 * mebi
      const http = fileServer(movie(size), { cuts: Array.from({ length: 9 }, (_, index) => (index + 1) * mebi) })
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(video(), target, { retries: 0 }))
        assert.deepStrictEqual([report.resumed, report.bytes, report.sha256], [9, size, sha256(movie(size))])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("an empty file is none", () => {
      const http = server(() => new Response(new Uint8Array()))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(patiently(Download.toFile(video(), target)))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.DownloadFailed({ detail: "the file is empty", retryable: true })
        )
        assert.strictEqual(http.seen.length, 6)
      }).pipe(Effect.provide(world({ server: http })))
    })

    for (
      const [what, answer] of [
        ["an answer that does not come", "hang"],
        ["a body that stops", new Response(broken(movie(400), "never"), { headers: { "content-length": "1000" } })]
      ] as const
    ) {
      it.effect(`is what ${what} counts as after the timeout`, () => {
        const http = server((_, index) => index === 0 ? answer : whole(movie(1_000)))
        return Effect.gen(function*() {
          const begun = yield* Deferred.make<void>()
          const fiber = yield* Effect.forkChild(Download.toFile(video(), target, {
            stallTimeout: "7 seconds",
            onProgress: () => Deferred.succeed(begun, undefined)
          }))
          if (answer !== "hang") yield* Deferred.await(begun)
          yield* TestClock.adjust("6999 millis")
          assert.strictEqual(http.seen.length, 1)
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual(http.seen.length, 2)
          assert.strictEqual((yield* Fiber.join(fiber)).bytes, 1_000)
        }).pipe(Effect.provide(world({ server: http })))
      })
    }
  })

  describe("a busy server", () => {
    const busy = (headers: Record<string, string>, status = 503) => new Response("busy", { status, headers })

    for (
      const [name, value] of [
        ["seconds", "90"],
        ["a date", "Thu, 01 Jan 1970 00:01:30 GMT"]
      ] as const
    ) {
      it.effect(`is asked again when it says, in ${name}`, () => {
        const http = server((_, index) => index === 0 ? busy({ "retry-after": value }, 429) : whole(movie(100)))
        return Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Download.toFile(video(), target))
          yield* TestClock.adjust("89 seconds")
          assert.strictEqual(http.seen.length, 1)
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* Fiber.join(fiber)).bytes, 100)
        }).pipe(Effect.provide(world({ server: http })))
      })
    }

    it.effect("is asked again after a short pause when it says nothing, or nonsense", () =>
      Effect.gen(function*() {
        for (const headers of [{}, { "retry-after": "soon" }, { "retry-after": "-5" }] as const) {
          const http = server((_, index) => index < 2 ? busy(headers) : whole(movie(100)))
          const fiber = yield* Effect.forkChild(
            Effect.provide(Download.toFile(video(), target), world({ server: http }))
          )
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual((yield* Fiber.join(fiber)).bytes, 100)
        }
      }))

    it.effect("is left alone when it asks for more than two minutes", () => {
      const http = server(() => busy({ "retry-after": "3600" }, 429))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.DownloadFailed({
            detail: "cdn.example.com answered HTTP 429, a text (“busy”)",
            status: 429,
            retryable: true
          })
        )
        assert.strictEqual(http.seen.length, 1)
      }).pipe(Effect.provide(world({ server: http })))
    })
  })

  describe("an expired link", () => {
    const fresh = "https://cdn.example.com/v.mp4?X-Signature=fr3sh"
    const gone = (status: number) =>
      new Response("<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", { status })
    const expiring = (status: number) => server((seen) => seen.url === fresh ? whole(movie(100)) : gone(status))

    for (const status of [400, 401, 403, 404, 410]) {
      it.effect(`is replaced once after HTTP ${status}`, () => {
        const http = expiring(status)
        return Effect.gen(function*() {
          const report = yield* Download.toFile(task(video()), target)
          assert.deepStrictEqual([report.refreshed, report.bytes], [true, 100])
          assert.deepStrictEqual(http.seen.map((one) => one.url), [link, fresh])
        }).pipe(Effect.provide(world({ server: http, providers: [provider({ observations: [success(fresh)] })] })))
      })
    }

    it.effect("is replaced for a video that is given with its handle", () => {
      const http = expiring(403)
      return Effect.gen(function*() {
        const report = yield* Download.toFile(video(), target, { handle })
        assert.isTrue(report.refreshed)
      }).pipe(Effect.provide(world({ server: http, providers: [provider({ observations: [success(fresh)] })] })))
    })

    it.effect("is replaced in the middle of a file, which goes on where it was", () => {
      const http = server((seen, index) => {
        if (index === 0) {
          return new Response(broken(movie(400)), { headers: { "content-length": "1000", etag: "\"1\"" } })
        }
        if (seen.url === link) return gone(403)
        return new Response(movie(1_000).slice(400), {
          status: 206,
          headers: { "content-range": "bytes 400-999/1000", etag: "\"1\"" }
        })
      })
      return Effect.gen(function*() {
        const report = yield* patiently(Download.toFile(task(video()), target))
        assert.deepStrictEqual([report.sha256, report.resumed, report.refreshed], [sha256(movie(1_000)), 1, true])
        assert.strictEqual(http.seen[2]?.headers["range"], "bytes=400-")
      }).pipe(Effect.provide(world({ server: http, providers: [provider({ observations: [success(fresh)] })] })))
    })

    it.effect("is ResultExpired when the fresh one does not work either, or is the same", () =>
      Effect.gen(function*() {
        const second = "the provider gives the same link as before"
        const said = "cdn.example.com answered HTTP 403, an XML document (“AccessDenied: Request has expired”)"
        for (
          const [observation, requests, detail] of [
            [success(fresh), 2, said],
            [success(link), 1, `${said}; ${second}`],
            [success(), 1, `${said}; ${second}`]
          ] as const
        ) {
          const http = server(() => gone(403))
          const error = yield* Effect.flip(Download.toFile(task(video()), target)).pipe(
            Effect.provide(world({ server: http, providers: [provider({ observations: [observation] })] }))
          )
          assert.deepStrictEqual(error.reason, new VideoTaskError.ResultExpired({ detail }))
          assert.deepStrictEqual([http.seen.length, error.handle], [requests, handle])
          assert.notInclude(shown(error), "s3cret")
        }
      }))

    it.effect("is the server's 400 when there is no fresh one", () => {
      const http = server(() => new Response("{\"error\":\"bad parameter\"}", { status: 400 }))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(task(video()), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.DownloadFailed({
            detail: "cdn.example.com answered HTTP 400, a JSON document (“bad parameter”)",
            status: 400,
            retryable: false
          })
        )
      }).pipe(Effect.provide(world({ server: http, providers: [provider({ observations: [success(link)] })] })))
    })

    it.effect("may lead to the content route, where the family has one", () => {
      const content = video({ url: "https://double.invalid/v1/videos/remote-1/content", needsCredentials: true })
      const http = server((seen) => seen.url === link ? gone(410) : whole(movie(100)))
      return Effect.gen(function*() {
        yield* Download.toFile(task(video()), target)
        assert.deepStrictEqual(http.seen.map(({ headers, url }) => [url, headers["authorization"]]), [
          [link, undefined],
          ["https://double.invalid/v1/videos/remote-1/content", "Bearer key"]
        ])
      }).pipe(Effect.provide(world({
        server: http,
        providers: [provider({
          family: { hasContentRoute: true },
          observations: [success(link)],
          content: () => Effect.succeed(content),
          credentials: () => ({ authorization: Redacted.make("Bearer key") })
        })]
      })))
    })

    it.effect("is ResultExpired for a video without a task", () => {
      const http = server(() => gone(403))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.strictEqual(reason._tag, "ResultExpired")
        assert.include(reason.message, "only a task can be asked for a fresh link")
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("hands on what the provider says, with the handle", () => {
      const refused = VideoTaskError.make({
        provider: "double",
        operation: "observe",
        reason: new VideoTaskError.Unauthorized({ detail: "no such key" })
      })
      return Effect.gen(function*() {
        const error = yield* Effect.flip(Download.toFile(task(video()), target))
        assert.deepStrictEqual([error.reason, error.operation, error.handle], [refused.reason, "observe", handle])
      }).pipe(
        Effect.provide(world({ server: server(() => gone(403)), providers: [provider({ observations: [refused] })] }))
      )
    })

    it.effect("says that another account is configured, but only when it has to ask", () => {
      const http = expiring(403)
      const other = world({ server: http, providers: [provider({ account: "second" })] })
      return Effect.gen(function*() {
        const works = yield* Download.toFile(task(video({ url: fresh })), target)
        assert.strictEqual(works.bytes, 100)
        const error = yield* Effect.flip(Download.toFile(task(video()), "/out/w.mp4"))
        assert.deepStrictEqual([error.reason._tag, error.handle], ["ResumeIdentityChanged", handle])
      }).pipe(Effect.provide(other))
    })

    it.effect("gives up on a provider that does not answer", () => {
      return Effect.gen(function*() {
        const reason = yield* reasonOf(patiently(Download.toFile(task(video()), target)))
        assert.include(reason.message, "the provider did not answer when it was asked for a fresh link")
      }).pipe(Effect.provide(world({
        server: server(() => gone(403)),
        providers: [provider({ observe: () => Effect.never })]
      })))
    })
  })

  describe("a task without videos", () => {
    it.effect("is asked once more", () =>
      Effect.gen(function*() {
        const http = fileServer(movie(100))
        const providers = [provider({ observations: [success(link)] })]
        const report = yield* Effect.provide(Download.toFile(task(), target), world({ server: http, providers }))
        assert.deepStrictEqual([report.bytes, report.refreshed], [100, true])
      }))

    it.effect("is MissingResult when there are still none", () => {
      const http = fileServer(movie(100))
      const providers = [provider({ observations: [new Observation.Observation({ status: "SUCCESS", videos: [] })] })]
      return Effect.gen(function*() {
        const error = yield* Effect.flip(Download.toFile(task(), target))
        assert.deepStrictEqual([error.reason._tag, error.handle, http.seen.length], ["MissingResult", handle, 0])
      }).pipe(Effect.provide(world({ server: http, providers })))
    })
  })

  describe("the key", () => {
    const keeper = provider({
      baseUrl: "https://api.example.com/v1",
      credentials: () => ({ authorization: Redacted.make("Bearer key") })
    })
    const content = "https://api.example.com/v1/videos/1/content"
    const sent = (
      http: {
        readonly seen: ReadonlyArray<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>
      }
    ) => http.seen.map(({ headers, url }) => [url, headers["authorization"]])

    it.effect("goes to the API's own origin, and is dropped on a redirect to elsewhere", () => {
      const elsewhere = "https://cdn.example.com/v.mp4"
      const http = server((seen) =>
        seen.url === content ? new Response(null, { status: 302, headers: { location: elsewhere } }) : whole(movie(100))
      )
      return Effect.gen(function*() {
        yield* Download.toFile(video({ url: content, needsCredentials: true }), target)
        assert.deepStrictEqual(sent(http), [[content, "Bearer key"], [elsewhere, undefined]])
      }).pipe(Effect.provide(world({ server: http, providers: [keeper] })))
    })

    it.effect("stays here when the video does not need it, or lies elsewhere", () => {
      const http = fileServer(movie(100))
      const here = new TaskHandle.TaskHandle({ ...handle, baseUrl: "https://api.example.com/v1" })
      return Effect.gen(function*() {
        yield* Download.toFile(video({ url: content }), target)
        const elsewhere = video({ url: "https://api.example.com:8443/v.mp4", needsCredentials: true })
        yield* Download.toFile(elsewhere, "/out/w.mp4", { handle: here })
        assert.deepStrictEqual(sent(http).map(([, key]) => key), [undefined, undefined])
      }).pipe(Effect.provide(world({ server: http, providers: [keeper] })))
    })

    it.effect("is Unauthorized when the API refuses it", () => {
      const http = server(() => new Response("{\"error\":{\"message\":\"invalid token\"}}", { status: 401 }))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video({ url: content, needsCredentials: true }), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.Unauthorized({
            detail: "api.example.com answered HTTP 401, a JSON document (“invalid token”)"
          })
        )
      }).pipe(Effect.provide(world({ server: http, providers: [keeper] })))
    })

    it.effect("must be somebody's: a video alone that needs one is refused when its API is not known or has two accounts", () =>
      Effect.gen(function*() {
        const http = fileServer(movie(100))
        for (const providers of [[provider()], [keeper, { ...keeper, id: "second" }]]) {
          const reason = yield* reasonOf(Download.toFile(video({ url: content, needsCredentials: true }), target)).pipe(
            Effect.provide(world({ server: http, providers }))
          )
          assert.strictEqual(reason._tag, "InvalidRequest")
        }
        assert.deepStrictEqual(http.seen, [])
      }))
  })

  describe("redirects", () => {
    const hops = (count: number) =>
      server((_, index) =>
        index < count
          ? new Response(null, {
            status: [301, 302, 303, 307, 308][index % 5] ?? 302,
            headers: { location: `/hop/${index + 1}` }
          })
          : whole(movie(100))
      )

    it.effect("are followed five times", () => {
      const http = hops(5)
      return Effect.gen(function*() {
        yield* Download.toFile(video(), target)
        assert.deepStrictEqual(http.seen.slice(1).map((one) => one.url), [
          "https://cdn.example.com/hop/1",
          "https://cdn.example.com/hop/2",
          "https://cdn.example.com/hop/3",
          "https://cdn.example.com/hop/4",
          "https://cdn.example.com/hop/5"
        ])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("are not followed for ever", () => {
      const http = hops(100)
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.include(reason.message, "more than 5 redirects")
        assert.strictEqual(http.seen.length, 6)
      }).pipe(Effect.provide(world({ server: http })))
    })
  })

  describe("an address that is not public", () => {
    const leading = (location: string) => server(() => new Response(null, { status: 302, headers: { location } }))
    for (
      const [location, host, detail] of [
        ["http://169.254.169.254/latest/meta-data", "169.254.169.254", "a link-local or metadata address"],
        ["http://2852039166/", "169.254.169.254", "a link-local or metadata address"],
        ["http://127.1:8080/", "127.0.0.1", "a loopback address"],
        ["http://[::ffff:10.0.0.1]/", "[::ffff:a00:1]", "a private address"],
        ["http://localhost/", "localhost", "a name of the local network"],
        ["http://printer/", "printer", "a name of the local network"],
        ["http://metadata.google.internal/", "metadata.google.internal", "a name of the local network"],
        ["file:///etc/passwd", "", "file: links are not followed"],
        ["ftp://ftp.example.com/v.mp4", "ftp.example.com", "ftp: links are not followed"]
      ] as const
    ) {
      it.effect(`is not visited: ${location}`, () => {
        const http = leading(location)
        return Effect.gen(function*() {
          const reason = yield* reasonOf(Download.toFile(video(), target))
          assert.deepStrictEqual(reason, new VideoTaskError.UnsafeAddress({ host, detail }))
          assert.strictEqual(http.seen.length, 1)
          const direct = yield* reasonOf(Download.toFile(video({ url: location }), target))
          assert.deepStrictEqual([direct, http.seen.length], [reason, 1])
        }).pipe(Effect.provide(world({ server: http })))
      })
    }

    it.effect("is visited when that is wanted, without the guard of the transport", () => {
      const http = fileServer(movie(100))
      return Effect.gen(function*() {
        yield* Download.toFile(video({ url: "http://127.0.0.1:9000/v.mp4" }), target, { allowPrivateAddresses: true })
        assert.deepStrictEqual(http.seen.map((one) => one.guard), ["any"])
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("is visited when the API is on that very host, and only there", () => {
      const local = provider({ baseUrl: "http://127.0.0.1:8080" })
      const http = server((seen) =>
        seen.url === "http://127.0.0.1:9000/v.mp4"
          ? new Response(null, { status: 302, headers: { location: "http://127.0.0.2/" } })
          : whole(movie(100))
      )
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video({ url: "http://127.0.0.1:9000/v.mp4" }), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.UnsafeAddress({ host: "127.0.0.2", detail: "a loopback address" })
        )
        assert.deepStrictEqual(http.seen.map((one) => one.guard), ["any"])
      }).pipe(Effect.provide(world({ server: http, providers: [local] })))
    })

    it.effect("is told by a transport that looked at what the name resolved to", () => {
      const refused = new Download.AddressRefused({
        host: "cdn.example.com",
        address: "10.0.0.7",
        range: "a private address"
      })
      const http = server((): Answer =>
        new HttpClientError.TransportError({
          request: HttpClientRequest.get(link),
          cause: new Error("failed", { cause: refused })
        })
      )
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.UnsafeAddress({
            host: "cdn.example.com",
            detail: "it resolves to 10.0.0.7, a private address"
          })
        )
        assert.strictEqual(http.seen.length, 1)
      }).pipe(Effect.provide(world({ server: http })))
    })

    it.effect("a link that is no URL is refused", () => {
      const http = fileServer(movie(100))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video({ url: "v.mp4?key=s3cret" }), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.DownloadFailed({ detail: "the link is not a URL", retryable: false })
        )
        assert.deepStrictEqual(http.seen, [])
      }).pipe(Effect.provide(world({ server: http })))
    })
  })

  describe("a file that is too large", () => {
    it.effect("is not begun when its size is announced", () => {
      const disk = files()
      const http = server(() => new Response(broken(movie(10), "never"), { headers: { "content-length": "101" } }))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target, { maxBytes: 100 }))
        assert.include(reason.message, "the file has 101 bytes, at most 100 are allowed")
        assert.strictEqual(disk.files.size, 0)
      }).pipe(Effect.provide(world({ server: http, files: disk })))
    })

    it.effect("is broken off when its size was not announced", () => {
      const disk = files()
      const http = server(() => new Response(movie(101)))
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target, { maxBytes: 100 }))
        assert.include(reason.message, "at most 100 are allowed")
        assert.deepStrictEqual([disk.files.size, http.seen.length], [0, 1])
        yield* Download.toFile(video(), target, { maxBytes: 101 })
      }).pipe(Effect.provide(world({ server: http, files: disk })))
    })
  })

  describe("the content", () => {
    const bytes = (text: string) => Uint8Array.from(text.padEnd(200, "\0"), (char) => char.charCodeAt(0))
    for (
      const [name, content, mimeType] of [
        ["MP4", "\0\0\0\x18ftypmp42", "video/mp4"],
        ["MP4 in fragments", "\0\0\0\x18stypmsdh", "video/mp4"],
        ["MP4 in fragments without a head", "\0\0\0\x68moof\0\0\0\x10mfhd", "video/mp4"],
        ["MOV", "\0\0\0\x14ftypqt  ", "video/quicktime"],
        ["an old MOV", "\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"],
        ["WebM", "\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"],
        ["Matroska", "\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\x82\x88matroska", "video/x-matroska"]
      ] as const
    ) {
      it.effect(`is known as ${name}, also when it comes byte by byte`, () => {
        const single = bytes(content)
        const stream = new ReadableStream({
          start: (controller) => {
            for (const byte of single) controller.enqueue(Uint8Array.of(byte))
            controller.close()
          }
        })
        return Effect.gen(function*() {
          const report = yield* Download.toFile(video(), target)
          assert.deepStrictEqual([report.mimeType, report.sha256], [mimeType, sha256(single)])
        }).pipe(Effect.provide(world({ server: server(() => new Response(stream)) })))
      })
    }

    for (
      const [page, said] of [
        [
          "<!DOCTYPE html><html><head><title>Just a\n moment…</title></head><body>secret</body></html>",
          "an HTML page (“Just a moment…”)"
        ],
        ["<html><body>x</body></html>", "an HTML page"],
        [
          "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA0123456789ABCDEF</AWSAccessKeyId></Error>",
          "an XML document (“SignatureDoesNotMatch”)"
        ],
        ["{\"error\":{\"message\":\"Invalid key sk-abcdefghijkl\"}}", "a JSON document (“Invalid key <redacted>”)"],
        ["{\"status\":\"processing\",\"progress\":50}", "a JSON document"],
        ["Not found, see https://x.example.com/a?token=1", "a text (“Not found, see https://x.example.com/a”)"],
        ["\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "neither MP4 nor MOV, WebM or Matroska"],
        ["tiny", "a text (“tiny”)"],
        ["     ", "blank"]
      ] as const
    ) {
      it.effect(`is no video: ${said}`, () => {
        const disk = files()
        const content = new TextEncoder().encode(page)
        const http = server(() => whole(content, { headers: { "content-type": "video/mp4" } }))
        return Effect.gen(function*() {
          const reason = yield* reasonOf(Download.toFile(video(), target))
          assert.deepStrictEqual(
            reason,
            new VideoTaskError.DownloadFailed({ detail: `the file is no video but ${said}`, retryable: false })
          )
          assert.deepStrictEqual([disk.files.size, http.seen.length], [0, 1])
        }).pipe(Effect.provide(world({ server: http, files: disk })))
      })
    }

    it.effect("of an endless page is not read to its end", () => {
      let pulled = 0
      const page = new ReadableStream({
        pull: (controller) => {
          pulled++
          controller.enqueue(new TextEncoder().encode("<html>".padEnd(1_000)))
        }
      })
      return Effect.gen(function*() {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.strictEqual(reason._tag, "DownloadFailed")
        assert.isBelow(pulled, 20)
      }).pipe(Effect.provide(world({ server: server(() => new Response(page)) })))
    })
  })

  it.effect("names every other status, and does not ask again", () => {
    const http = server((_, index) => new Response(null, { status: [402, 418, 300, 304, 206][index] ?? 200 }))
    return Effect.gen(function*() {
      for (const status of [402, 418, 300, 304, 206]) {
        const reason = yield* reasonOf(Download.toFile(video(), target))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.DownloadFailed({
            detail: `cdn.example.com answered HTTP ${status}`,
            status,
            retryable: false
          })
        )
      }
      assert.strictEqual(http.seen.length, 5)
    }).pipe(Effect.provide(world({ server: http })))
  })
})
