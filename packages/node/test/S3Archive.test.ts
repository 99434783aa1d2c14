import { assert, describe, it } from "@effect/vitest"
import { NodeHttp, S3Archive } from "@video-tasks/node"
import { Archive, VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, Redacted, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { inspect } from "node:util"
import * as World from "./support/archiveWorld.ts"
import * as S3Server from "./support/s3Server.ts"
import * as Sockets from "./support/sockets.ts"

const MiB = 1_048_576

const platform = Layer.mergeAll(NodeHttp.layer({ proxy: "none" }), World.platform)

const layer = (endpoint: string, more: Partial<S3Archive.Options> = {}) =>
  S3Archive.layer({
    endpoint,
    bucket: "bucket",
    accessKeyId: S3Server.credentials.accessKeyId,
    secretAccessKey: Redacted.make(S3Server.credentials.secretAccessKey),
    ...more
  }).pipe(Layer.provide(platform))

const opened = (endpoint: string, more: Partial<S3Archive.Options> = {}) =>
  Effect.flatMap(
    Layer.build(layer(endpoint, { retries: 0, ...more })),
    (context) => Effect.provideContext(Archive.Archive, context)
  )

const content = (bytes: Buffer<ArrayBuffer>, fields: Partial<Archive.Content> = {}): Archive.Content => ({
  bytes: bytes.length,
  sha256: World.sha256(bytes),
  mimeType: "video/mp4",
  stream: Stream.fromIterable(
    Array.from(
      { length: Math.ceil(bytes.length / 100_000) },
      (_, index) => bytes.subarray(index * 100_000, (index + 1) * 100_000)
    )
  ),
  ...fields
})

const small = World.movie(250_000)
const large = World.movie(12 * MiB + 17)

describe("S3Archive", () => {
  it("is tested against a server that signs as AWS's own examples do", () => {
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    const common = { method: "GET", region: "us-east-1", secretAccessKey: S3Server.credentials.secretAccessKey }
    const headers = {
      host: "examplebucket.s3.amazonaws.com",
      "x-amz-content-sha256": empty,
      "x-amz-date": "20130524T000000Z"
    }
    const names = ["host", "x-amz-content-sha256", "x-amz-date"]
    assert.deepStrictEqual(
      [
        S3Server.signatureOf({
          ...common,
          path: "/test.txt",
          query: new URLSearchParams(),
          headers: { ...headers, range: "bytes=0-9" },
          signedHeaders: ["host", "range", "x-amz-content-sha256", "x-amz-date"]
        }),
        S3Server.signatureOf({
          ...common,
          path: "/",
          query: new URLSearchParams("lifecycle"),
          headers,
          signedHeaders: names
        }),
        S3Server.signatureOf({
          ...common,
          path: "/",
          query: new URLSearchParams("max-keys=2&prefix=J"),
          headers,
          signedHeaders: names
        })
      ],
      [
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
      ]
    )
  })

  it.live("puts a short file in one request, and finds it again", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make()
      const archive = yield* opened(server.origin, { prefix: "kept (1)/ü/" })
      const key = "a/b.mp4"
      assert.isUndefined(yield* archive.exists(key))
      yield* archive.put(key, content(small))
      const object = server.objects.get("kept (1)/ü/a/b.mp4")
      assert.isTrue(object?.body.equals(small))
      assert.deepStrictEqual(object?.headers, { "content-type": "video/mp4", "x-amz-meta-sha256": World.sha256(small) })
      assert.deepStrictEqual(yield* archive.exists(key), { bytes: small.length, sha256: World.sha256(small) })
      assert.strictEqual(archive.uri(key), "s3://bucket/kept (1)/ü/a/b.mp4")
      assert.deepStrictEqual(server.seen.map(({ method, query }) => method + query), ["HEAD", "PUT", "HEAD"])
      assert.isTrue(server.seen.every(({ headers }) => headers["traceparent"] === undefined))
    }))

  it.live("puts a long file in parts", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make()
      const archive = yield* opened(server.origin, { partSize: 5 * MiB })
      yield* archive.put("v.mp4", content(large))
      assert.isTrue(server.objects.get("v.mp4")?.body.equals(large))
      assert.deepStrictEqual(server.seen.map(({ bytes, method }) => [method, bytes > 1000 ? bytes : 0]), [
        ["POST", 0],
        ["PUT", 5 * MiB],
        ["PUT", 5 * MiB],
        ["PUT", 2 * MiB + 17],
        ["POST", 0]
      ])
      assert.deepStrictEqual(yield* archive.exists("v.mp4"), { bytes: large.length, sha256: World.sha256(large) })
      assert.strictEqual(server.uploads.size, 0)
    }))

  it.live("sends again what a passing fault has broken off", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make((_, index) =>
        index === 0 ? "reset" : index === 1 ? { status: 503, body: "<Error><Code>SlowDown</Code></Error>" } : undefined
      )
      const archive = yield* opened(server.origin, { retries: 3 })
      yield* archive.put("v.mp4", content(small))
      assert.strictEqual(server.objects.size, 1)
      assert.strictEqual(server.seen.length, 3)
    }))

  it.live("gives an upload up there, too, when a part can't be sent", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make((seen) => seen.query.includes("partNumber=2") ? { status: 500 } : undefined)
      const archive = yield* opened(server.origin, { partSize: 5 * MiB })
      const error = yield* Effect.flip(archive.put("v.mp4", content(large)))
      assert.match(error.detail, /^127\.0\.0\.1:\d+ answered HTTP 500$/)
      assert.deepStrictEqual([server.uploads.size, server.objects.size, server.seen.at(-1)?.method], [0, 0, "DELETE"])
    }))

  it.live("sees a completion that fails although its status is a good one", () =>
    Effect.gen(function*() {
      const late = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>try again</Message></Error>"
      const server = yield* S3Server.make((seen) =>
        seen.method === "POST" && seen.query.startsWith("?uploadId") ? { status: 200, body: late } : undefined
      )
      const archive = yield* opened(server.origin, { partSize: 5 * MiB })
      const error = yield* Effect.flip(archive.put("v.mp4", content(large)))
      assert.match(error.detail, /answered HTTP 200, InternalError: try again$/)
      assert.deepStrictEqual([error.retryable, server.uploads.size], [true, 0])
    }))

  it.live("takes a file for kept whose completion was done, although the answer to it is lost", () =>
    Effect.gen(function*() {
      let completions = 0
      const server = yield* S3Server.make((seen) =>
        seen.method === "POST" && seen.query.startsWith("?uploadId") && completions++ === 0 ? "lost" : undefined
      )
      const archive = yield* opened(server.origin, { partSize: 5 * MiB, retries: 1 })
      yield* archive.put("v.mp4", content(large))
      assert.deepStrictEqual([completions, server.seen.at(-1)?.method, server.uploads.size], [2, "HEAD", 0])
      assert.deepStrictEqual(yield* archive.exists("v.mp4"), { bytes: large.length, sha256: World.sha256(large) })
    }))

  it.live("begins anew later when an upload is gone and its file is not there", () =>
    Effect.gen(function*() {
      const gone = { status: 404, body: "<Error><Code>NoSuchUpload</Code></Error>" }
      const server = yield* S3Server.make((seen) =>
        seen.method === "POST" && seen.query.startsWith("?uploadId") ? gone : undefined
      )
      const archive = yield* opened(server.origin, { partSize: 5 * MiB })
      yield* archive.put("v.mp4", content(small))
      const error = yield* Effect.flip(archive.put("v.mp4", content(large)))
      assert.deepStrictEqual([error.detail, error.retryable], ["the store no longer knows the upload", true])
    }))

  it.effect("has the bucket in the host where that is wanted", () =>
    Effect.gen(function*() {
      const urls: Array<string> = []
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          urls.push(request.url)
          return HttpClientResponse.fromWeb(request, new Response(null, { status: 404 }))
        })
      )
      const exists = Archive.Archive.use((archive) => archive.exists("a/v.mp4"))
      for (const addressing of ["path", "host"] as const) {
        const archive = S3Archive.layer({
          endpoint: "https://s3.example.com",
          bucket: "bucket",
          addressing,
          accessKeyId: S3Server.credentials.accessKeyId,
          secretAccessKey: Redacted.make(S3Server.credentials.secretAccessKey)
        }).pipe(Layer.provide([Layer.succeed(HttpClient.HttpClient, client), World.platform]))
        yield* Effect.provide(exists, archive)
      }
      assert.deepStrictEqual(urls, ["https://s3.example.com/bucket/a/v.mp4", "https://bucket.s3.example.com/a/v.mp4"])
    }))

  it.live("does not believe a page that says yes to everything", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make(() => ({ status: 200, body: "<html>Welcome</html>" }))
      const archive = yield* opened(server.origin, { partSize: 5 * MiB })
      const errors = yield* Effect.forEach([small, large], (bytes) => Effect.flip(archive.put("v.mp4", content(bytes))))
      assert.deepStrictEqual(errors.map(({ detail }) => detail), [
        "the store did not confirm the file: is its address right?",
        "the store named no upload"
      ])
    }))

  it.live("keeps nothing of a file that is not what was announced", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make()
      const archive = yield* opened(server.origin, { partSize: 5 * MiB })
      const wrong = World.sha256(World.picture)
      for (
        const changed of [
          content(small, { sha256: wrong }),
          content(small, { bytes: small.length - 1 }),
          content(small, { bytes: small.length + 1 }),
          content(large, { sha256: wrong }),
          content(large, { bytes: large.length + 1 })
        ]
      ) {
        const error = yield* Effect.flip(archive.put("v.mp4", changed))
        assert.deepStrictEqual([error.detail, error.retryable], ["the file changed on its way", true])
      }
      assert.deepStrictEqual([server.objects.size, server.uploads.size], [0, 0])
    }))

  it.live.each(
    [
      ["another secret", { secretAccessKey: Redacted.make("wrong") }, /HTTP 403, SignatureDoesNotMatch/, true],
      ["an unknown key", { accessKeyId: "AKIA0000000000000000" }, /HTTP 403, InvalidAccessKeyId/, true],
      ["another region", { region: "eu-central-1" }, /HTTP 400, AuthorizationHeaderMalformed/, false],
      ["another bucket", { bucket: "nobody" }, /HTTP 404, NoSuchBucket/, false]
    ] as const
  )("says what is wrong with %s, without a secret", ([, more, said, retryable]) =>
    Effect.gen(function*() {
      const server = yield* S3Server.make()
      const archive = yield* opened(server.origin, more)
      const error = yield* Effect.flip(archive.put("v.mp4", content(small)))
      assert.match(error.detail, said)
      assert.strictEqual(error.retryable, retryable)
      assert.notMatch(inspect(error, { depth: 10 }), /wJalr|AKIA|Signature=/)
    }))

  it.live("says that a service can't be reached, and that it may be later", () =>
    Effect.gen(function*() {
      const archive = yield* opened(`http://127.0.0.1:${yield* Sockets.closedPort}`)
      const error = yield* Effect.flip(archive.put("v.mp4", content(small)))
      assert.match(error.detail, /^127\.0\.0\.1:\d+ could not be reached/)
      assert.isTrue(error.retryable)
    }))

  it.live("refuses a place that is none before anything is sent", () =>
    Effect.gen(function*() {
      for (const more of [{ endpoint: "s3.example.com" }, { endpoint: "ftp://s3.example.com" }, { bucket: "a/b" }]) {
        const error = yield* Effect.flip(Effect.scoped(opened("https://s3.example.com", more)))
        assert.isFalse(error.retryable)
      }
    }))

  it.live("keeps what VideoTasks has made", () =>
    Effect.gen(function*() {
      const server = yield* S3Server.make()
      const web = yield* Sockets.http((_, response) => {
        response.writeHead(200, { "content-length": small.length }).end(small)
      })
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const { files: [file] } = yield* tasks.awaitArchived(yield* tasks.submit(World.request))
        assert.isTrue(server.objects.get(file.key)?.body.equals(small))
        assert.strictEqual(file.uri, `s3://bucket/${file.key}`)
      }).pipe(Effect.provide(World.layer({
        archive: layer(server.origin, { download: { allowPrivateAddresses: true } }),
        provider: { observations: [World.success(World.video({ url: `${web}/v.mp4` }))] }
      })))
    }))
})
