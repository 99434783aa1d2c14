import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Observation, Task, TaskHandle, TaskId, Video, VideoProvider, VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import * as Download from "@video-tasks/runtime/Download"
import { Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { createHash } from "node:crypto"
import dns from "node:dns"
import * as Fs from "node:fs"
import type * as Http from "node:http"
import { syncBuiltinESMExports } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Zlib from "node:zlib"
import { buffersInUse } from "./support/memory.ts"
import * as Sockets from "./support/sockets.ts"

const target = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "video-tasks-download-"))),
    (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
  ),
  (directory) => Path.join(directory, "v.mp4")
)

/** What lies beside the target, and the target. */
const listing = (path: string) => Fs.readdirSync(Path.dirname(path))

const movie = (size: number): Buffer => {
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251))
  bytes.write("\0\0\0\x20ftypisom", "latin1")
  return bytes
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

const video = (url: string) => new Video.Video({ url: Redacted.make(url, { label: "video url" }) })

const world = (providers: ReadonlyArray<VideoProvider.VideoProvider> = []) =>
  Layer.mergeAll(
    NodeHttp.layer({ proxy: "none" }),
    NodeFileSystem.layer,
    NodePath.layer,
    Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make(providers)))
  )

/** Serves a file with ranges; `sabotage` may break an answer off. */
const serve = (
  file: Buffer,
  sabotage: (index: number, rest: Buffer, response: Http.ServerResponse) => boolean = () => false
) =>
  Effect.gen(function*() {
    const ranges: Array<string | undefined> = []
    const origin = yield* Sockets.http((request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0)
      const rest = file.subarray(from)
      ranges.push(request.headers.range)
      response.writeHead(from > 0 ? 206 : 200, {
        "content-length": rest.length,
        etag: "\"v1\"",
        ...(from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {})
      })
      if (!sabotage(ranges.length - 1, rest, response)) response.end(rest)
    })
    return { url: `${origin}/v.mp4?signature=s3cret`, ranges }
  })

const here = { allowPrivateAddresses: true }

describe("Download over NodeHttp", () => {
  it.live("resumes after a cut at half, and the hash is that of the file", () =>
    Effect.gen(function*() {
      const path = yield* target
      const file = movie(3_000_000)
      const { ranges, url } = yield* serve(file, (index, rest, response) => {
        if (index > 0) return false
        response.write(rest.subarray(0, rest.length / 2), () => response.socket?.resetAndDestroy())
        return true
      })
      const report = yield* Download.toFile(video(url), path, here)
      assert.deepStrictEqual([report.bytes, report.sha256], [file.length, sha256(file)])
      assert.deepStrictEqual(listing(path), ["v.mp4"])
      assert.isTrue(Fs.readFileSync(path).equals(file))
      // A reset may take back some bytes that were under way, or the whole answer.
      assert.strictEqual(ranges.length, 2)
      assert.strictEqual(report.resumed, ranges[1] === undefined ? 0 : 1)
    }).pipe(Effect.provide(world())))

  it.live("resumes when the server closes the connection in good order", () =>
    Effect.gen(function*() {
      const path = yield* target
      const file = movie(1_000_000)
      const { ranges, url } = yield* serve(file, (index, rest, response) => {
        if (index > 0) return false
        response.write(rest.subarray(0, 400_000), () => response.socket?.end())
        return true
      })
      const report = yield* Download.toFile(video(url), path, here)
      assert.deepStrictEqual([report.resumed, report.sha256], [1, sha256(file)])
      assert.deepStrictEqual(ranges, [undefined, "bytes=400000-"])
    }).pipe(Effect.provide(world())))

  it.live("goes on with a server that stops sending", () =>
    Effect.gen(function*() {
      const path = yield* target
      const file = movie(100_000)
      let closed = 0
      const { ranges, url } = yield* serve(file, (index, rest, response) => {
        if (index > 0) return false
        response.socket?.on("close", () => closed++)
        return response.write(rest.subarray(0, 10_000)) || true
      })
      const report = yield* Download.toFile(video(url), path, { ...here, stallTimeout: "200 millis" })
      assert.deepStrictEqual([report.resumed, report.sha256], [1, sha256(file)])
      assert.deepStrictEqual(ranges, [undefined, "bytes=10000-"])
      yield* Sockets.eventually(() => closed === 1)
    }).pipe(Effect.provide(world())))

  it.live("is patient with a server that drips", () =>
    Effect.gen(function*() {
      const path = yield* target
      const file = movie(200)
      const { url } = yield* serve(file, (_, rest, response) => {
        const drip = (at: number): void => {
          if (at === rest.length) response.end()
          else response.write(rest.subarray(at, at + 1), () => setImmediate(drip, at + 1))
        }
        drip(0)
        return true
      })
      const report = yield* Download.toFile(video(url), path, { ...here, stallTimeout: "2 seconds" })
      assert.deepStrictEqual([report.resumed, report.sha256], [0, sha256(file)])
    }).pipe(Effect.provide(world())))

  it.live("brings a file of 256 MiB through without filling the memory", () =>
    Effect.gen(function*() {
      const path = yield* target
      const piece = movie(65_536)
      const pieces = 4_096
      const expected = createHash("sha256")
      const origin = yield* Sockets.http((_, response) => {
        response.writeHead(200, { "content-length": piece.length * pieces })
        let sent = 0
        const more = () => {
          while (sent < pieces) {
            sent++
            expected.update(piece)
            if (!response.write(piece)) return
          }
          response.end()
        }
        response.on("drain", more)
        more()
      })
      const before = buffersInUse()
      let highest = before
      let lookAt = 0
      const report = yield* Download.toFile(video(origin), path, {
        ...here,
        onProgress: (bytes) =>
          Effect.sync(() => {
            if (bytes < lookAt) return
            lookAt = bytes + 16 * 1024 * 1024
            highest = Math.max(highest, buffersInUse())
          })
      })
      assert.deepStrictEqual([report.bytes, report.sha256], [piece.length * pieces, expected.digest("hex")])
      assert.strictEqual(Fs.statSync(path).size, report.bytes)
      assert.isBelow(highest - before, 16 * 1024 * 1024)
    }).pipe(Effect.provide(world())), 30_000)

  it.live("asks for a fresh link once when the old one has expired", () =>
    Effect.gen(function*() {
      const path = yield* target
      const file = movie(10_000)
      const asked: Array<string> = []
      const origin = yield* Sockets.http((request, response) => {
        asked.push(request.url ?? "")
        if (request.url === "/fresh?signature=2") response.end(file)
        else response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>")
      })
      const handle = new TaskHandle.TaskHandle({
        provider: "double",
        family: "double",
        remoteId: "remote-1",
        baseUrl: origin,
        account: "default"
      })
      const double = VideoProvider.double({
        observations: [
          new Observation.Observation({ status: "SUCCESS", videos: [video(`${origin}/fresh?signature=2`)] })
        ]
      })
      const task = new Task.Success({
        id: TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057"),
        handle,
        createdAt: 0,
        updatedAt: 0,
        completedAt: 0,
        videos: [video(`${origin}/old?signature=1`)]
      })
      // The API is on this very host, so its private address is meant.
      const report = yield* Effect.provide(Download.toFile(task, path), world([{ ...double, baseUrl: origin }]))
      assert.deepStrictEqual([report.refreshed, report.sha256], [true, sha256(file)])
      assert.deepStrictEqual(asked, ["/old?signature=1", "/fresh?signature=2"])
    }))

  it.live("does not follow a redirect to the metadata service of a cloud", () =>
    Effect.gen(function*() {
      const path = yield* target
      const origin = yield* Sockets.http((_, response) =>
        response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end()
      )
      const api = { ...VideoProvider.double(), baseUrl: origin }
      const error = yield* Effect.flip(Effect.provide(Download.toFile(video(origin), path), world([api])))
      assert.strictEqual(
        error.message,
        "The download leads to 169.254.169.254, which is not allowed: a link-local or metadata address."
      )
      assert.deepStrictEqual(listing(path), [])
    }))

  it.live("does not connect to a public name that resolves to a private address", () =>
    Effect.gen(function*() {
      const path = yield* target
      let connections = 0
      const port = yield* Sockets.tcp(() => connections++)
      yield* resolving("cdn.example.com", "127.0.0.1")
      const error = yield* Effect.flip(Download.toFile(video(`http://cdn.example.com:${port}/v.mp4`), path))
      assert.strictEqual(
        error.message,
        "The download leads to cdn.example.com, which is not allowed: it resolves to 127.0.0.1, a loopback address."
      )
      assert.strictEqual(connections, 0)
      const wanted = yield* Effect.flip(Download.toFile(video(`http://cdn.example.com:${port}/v.mp4`), path, {
        ...here,
        retries: 0,
        stallTimeout: "50 millis"
      }))
      assert.deepStrictEqual([wanted.reason._tag, connections], ["DownloadFailed", 1])
    }).pipe(Effect.provide(world())))

  it.live("is stopped by an interruption: the socket closes and no file is left", () =>
    Effect.gen(function*() {
      const path = yield* target
      let closed = 0
      const { url } = yield* serve(movie(100_000), (_, rest, response) => {
        response.socket?.on("close", () => closed++)
        return response.write(rest.subarray(0, 50_000)) || true
      })
      const begun = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(Download.toFile(video(url), path, {
        ...here,
        onProgress: () => Deferred.succeed(begun, undefined)
      }))
      yield* Deferred.await(begun)
      assert.strictEqual(listing(path).length, 1)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(listing(path), [])
      yield* Sockets.eventually(() => closed === 1)
    }).pipe(Effect.provide(world())))

  it.live("decodes a body that is compressed although it was not asked for", () =>
    Effect.gen(function*() {
      const path = yield* target
      const file = movie(500_000)
      const origin = yield* Sockets.http((request, response) => {
        assert.strictEqual(request.headers["accept-encoding"], "identity")
        const body = Zlib.gzipSync(file)
        response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length }).end(body)
      })
      const report = yield* Download.toFile(video(origin), path, here)
      assert.deepStrictEqual([report.bytes, report.sha256], [file.length, sha256(file)])
    }).pipe(Effect.provide(world())))

  it.live("says which host could not be reached, and nothing of the link's query", () =>
    Effect.gen(function*() {
      const path = yield* target
      const port = yield* Sockets.closedPort
      const url = `http://127.0.0.1:${port}/v.mp4?signature=s3cret`
      const error = yield* Effect.flip(Download.toFile(video(url), path, { ...here, retries: 0 }))
      assert.include(error.message, `127.0.0.1:${port} could not be reached (ECONNREFUSED`)
      assert.notInclude(`${String(error)}${JSON.stringify(error)}${error.stack}`, "s3cret")
    }).pipe(Effect.provide(world())))
})

type Lookup = (
  host: string,
  options: dns.LookupOptions,
  callback: (...args: ReadonlyArray<unknown>) => void
) => void

/** Lets a name resolve to an address, in this process, until the scope closes. */
const resolving = (name: string, address: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const original: Lookup = Reflect.get(dns, "lookup")
      const fake: Lookup = (host, options, callback) =>
        host === name
          ? callback(null, options.all === true ? [{ address, family: 4 }] : address, 4)
          : original(host, options, callback)
      Object.assign(dns, { lookup: fake })
      syncBuiltinESMExports()
      return original
    }),
    (original) =>
      Effect.sync(() => {
        Object.assign(dns, { lookup: original })
        syncBuiltinESMExports()
      })
  )
