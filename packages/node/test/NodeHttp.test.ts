import { assert, describe, it, vi } from "@effect/vitest"
import { Transport } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import * as Download from "@video-tasks/runtime/Download"
import { Cause, Effect, Exit, Fiber, type Layer, Stream } from "effect"
import { HttpBody, HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import * as Net from "node:net"
import * as Zlib from "node:zlib"
import { proxyServer } from "./support/proxy.ts"
import * as Sockets from "./support/sockets.ts"

/** A client without proxies, whatever the environment of the test says. */
const direct = (options?: NodeHttp.Options): Layer.Layer<HttpClient.HttpClient> =>
  NodeHttp.layer({ proxy: "none", ...options })

const get = (url: string) => HttpClient.get(url)

/** What a failure is, and whether the request had been started. */
const failure = <A, R>(effect: Effect.Effect<A, HttpClientError.HttpClientError, R>) =>
  Effect.map(Effect.flip(effect), (error) => [error.reason._tag, Transport.requestStarted(error)] as const)

const bodyOf = (url: string) => Effect.flatMap(get(url), (response) => response.text)

describe("NodeHttp", () => {
  describe("a failed request tells whether it was started", () => {
    it.live("refused: no", () =>
      Effect.gen(function*() {
        const port = yield* Sockets.closedPort
        const seen = yield* failure(get(`http://127.0.0.1:${port}/`))
        assert.deepStrictEqual(seen, ["TransportError", "no"])
      }).pipe(Effect.provide(direct())))

    it.live("a name that does not exist: no", () =>
      Effect.gen(function*() {
        const seen = yield* failure(get("http://nobody.invalid/"))
        assert.deepStrictEqual(seen, ["TransportError", "no"])
      }).pipe(Effect.provide(direct())))

    it.live("a TLS connection to a server that speaks plain text: no", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((_, response) => response.end())
        const seen = yield* failure(get(origin.replace("http:", "https:")))
        assert.deepStrictEqual(seen, ["TransportError", "no"])
      }).pipe(Effect.provide(direct())))

    it.live("a certificate that nobody vouches for: no", () =>
      Effect.gen(function*() {
        const { port } = yield* Sockets.https((_, response) => response.end())
        const seen = yield* failure(get(`https://localhost:${port}/`))
        assert.deepStrictEqual(seen, ["TransportError", "no"])
      }).pipe(Effect.provide(direct())))

    it.live("reset while connecting, in the TLS handshake: no", () =>
      Effect.gen(function*() {
        const port = yield* Sockets.tcp((socket) => socket.once("data", () => socket.resetAndDestroy()))
        const seen = yield* failure(get(`https://127.0.0.1:${port}/`))
        assert.deepStrictEqual(seen, ["TransportError", "no"])
      }).pipe(Effect.provide(direct())))

    it.live("no answer to the connection within the timeout: no", () =>
      Effect.gen(function*() {
        const port = yield* Sockets.tcp(() => {})
        const seen = yield* failure(get(`https://127.0.0.1:${port}/`))
        assert.deepStrictEqual(seen, ["TransportError", "no"])
      }).pipe(Effect.provide(direct({ connectTimeout: "50 millis" }))))

    it.live("reset before a byte was read, on a connection that stood: yes, for the bytes were on their way", () =>
      Effect.gen(function*() {
        const accepted: Array<Net.Socket> = []
        const port = yield* Sockets.listen(
          Net.createServer({ pauseOnConnect: true }, (socket) => accepted.push(socket))
        )
        const request = yield* Effect.forkChild(failure(get(`http://127.0.0.1:${port}/`)))
        yield* Sockets.eventually(() => accepted.length === 1)
        // Loopback delivers the head together with the connection; the server has read none of it.
        yield* Effect.sleep("20 millis")
        assert.strictEqual(accepted[0]?.bytesRead, 0)
        accepted[0]?.resetAndDestroy()
        assert.deepStrictEqual(yield* Fiber.join(request), ["TransportError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("reset after the request was received: yes", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((request) => request.socket.resetAndDestroy())
        const seen = yield* failure(
          HttpClient.post(`${origin}/`, { body: HttpBody.text("{}", "application/json") })
        )
        assert.deepStrictEqual(seen, ["TransportError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("closed without an answer: yes", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((request) => request.socket.end())
        assert.deepStrictEqual(yield* failure(get(origin)), ["TransportError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("an answer that is not HTTP: yes", () =>
      Effect.gen(function*() {
        const port = yield* Sockets.tcp((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH\r\n")))
        assert.deepStrictEqual(yield* failure(get(`http://127.0.0.1:${port}`)), ["TransportError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("reset in the middle of the body: a DecodeError, yes", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((request, response) => {
          response.writeHead(200, { "content-length": "1000" })
          response.write("half", () => setImmediate(() => request.socket.resetAndDestroy()))
        })
        assert.deepStrictEqual(yield* failure(bodyOf(origin)), ["DecodeError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("a body that ends too early: a DecodeError, yes", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((request, response) => {
          response.writeHead(200, { "content-length": "1000" })
          response.write("half", () => setImmediate(() => request.socket.end()))
        })
        assert.deepStrictEqual(yield* failure(bodyOf(origin)), ["DecodeError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("a header that cannot be sent: no", () =>
      Effect.gen(function*() {
        const request = HttpClientRequest.get("http://127.0.0.1:9/", { headers: { authorization: "Bearer a\nb" } })
        assert.deepStrictEqual(yield* failure(HttpClient.execute(request)), ["TransportError", "no"])
      }).pipe(Effect.provide(direct())))
  })

  describe("interruption", () => {
    it.live("closes the socket while the answer is awaited", () =>
      Effect.gen(function*() {
        let received = 0
        let closed = 0
        const origin = yield* Sockets.http((request) => {
          received++
          request.socket.on("close", () => closed++)
        })
        const outcome = yield* Effect.timeoutOption(get(origin), "100 millis")
        assert.strictEqual(outcome._tag, "None")
        yield* Sockets.eventually(() => closed === 1)
        assert.strictEqual(received, 1)
      }).pipe(Effect.provide(direct())))

    it.live("closes the socket of a body that drips", () =>
      Effect.gen(function*() {
        let closed = 0
        const origin = yield* Sockets.http((request, response) => {
          request.socket.on("close", () => closed++)
          response.writeHead(200)
          const drip = () => request.socket.destroyed ? undefined : response.write(".", () => setImmediate(drip))
          drip()
        })
        const outcome = yield* Effect.timeoutOption(bodyOf(origin), "100 millis")
        assert.strictEqual(outcome._tag, "None")
        yield* Sockets.eventually(() => closed === 1)
      }).pipe(Effect.provide(direct())))
  })

  describe("answers", () => {
    it.live("leaves a redirect to its caller", () =>
      Effect.gen(function*() {
        let hits = 0
        const origin = yield* Sockets.http((request, response) => {
          hits++
          request.resume()
          response.writeHead(307, { location: "/elsewhere" }).end()
        })
        const response = yield* HttpClient.post(origin, { body: HttpBody.text("a prompt") })
        assert.deepStrictEqual([response.status, response.headers["location"], hits], [307, "/elsewhere", 1])
      }).pipe(Effect.provide(direct())))

    const text = "a video of a red fox ".repeat(5_000)
    const encoders: Record<string, (text: string) => Buffer> = {
      gzip: (text) => Zlib.gzipSync(text),
      deflate: (text) => Zlib.deflateSync(text),
      "deflate without a zlib head": (text) => Zlib.deflateRawSync(text),
      br: (text) => Zlib.brotliCompressSync(text),
      zstd: (text) => Zlib.zstdCompressSync(text),
      "gzip, br": (text) => Zlib.brotliCompressSync(Zlib.gzipSync(text))
    }
    for (const [encoding, encode] of Object.entries(encoders)) {
      it.live(`decodes ${encoding}, also of an error answer`, () =>
        Effect.gen(function*() {
          const origin = yield* Sockets.http((_, response) => {
            response.writeHead(503, { "content-encoding": encoding.replace(/ without.*/, "") })
            response.end(encode(text))
          })
          const response = yield* get(origin)
          assert.strictEqual(yield* response.text, text)
          assert.deepStrictEqual([response.status, response.headers["content-encoding"]], [503, undefined])
        }).pipe(Effect.provide(direct())))
    }

    it.live("keeps reading in step with a slow reader of a decoded body", () =>
      Effect.gen(function*() {
        const large = "0123456789abcdef".repeat(256 * 1024)
        const origin = yield* Sockets.http((_, response) => {
          response.writeHead(200, { "content-encoding": "gzip" })
          response.end(Zlib.gzipSync(large, { level: 1 }))
        })
        const response = yield* get(origin)
        const size = yield* response.stream.pipe(
          Stream.tap(() => Effect.yieldNow),
          Stream.runFold(() => 0, (sum, chunk) => sum + chunk.length)
        )
        assert.strictEqual(size, large.length)
      }).pipe(Effect.provide(direct())))

    it.live("reports a gzip body that breaks off", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((_, response) => {
          response.writeHead(200, { "content-encoding": "gzip" })
          response.end(Zlib.gzipSync(text).subarray(0, 50))
        })
        assert.deepStrictEqual(yield* failure(bodyOf(origin)), ["DecodeError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("reports a gzip body that is none", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((_, response) => {
          response.writeHead(200, { "content-encoding": "gzip" })
          response.end("<html>".repeat(1000))
        })
        assert.deepStrictEqual(yield* failure(bodyOf(origin)), ["DecodeError", "yes"])
      }).pipe(Effect.provide(direct())))

    it.live("takes an empty body for empty, whatever its encoding", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((_, response) =>
          response.writeHead(200, { "content-encoding": "gzip" }).end()
        )
        assert.strictEqual(yield* bodyOf(origin), "")
        const head = yield* HttpClient.head(origin)
        assert.strictEqual(head.status, 200)
      }).pipe(Effect.provide(direct())))

    it.live("leaves an encoding that nobody knows as it came", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((_, response) =>
          response.writeHead(200, { "content-encoding": "rot13" }).end("ivqrb")
        )
        const response = yield* get(origin)
        assert.deepStrictEqual([yield* response.text, response.headers["content-encoding"]], ["ivqrb", "rot13"])
      }).pipe(Effect.provide(direct())))
  })

  describe("the body of an answer", () => {
    const answering = (body: string, headers: Record<string, string | ReadonlyArray<string>> = {}) =>
      Effect.flatMap(
        Sockets.http((_, response) => response.writeHead(200, headers as Record<string, string>).end(body)),
        (origin) => get(`${origin}/path?a=1#hash`)
      )

    it.live("can be read in every form, more than once", () =>
      Effect.gen(function*() {
        const json = yield* answering("{\"status\":\"IN_PROGRESS\"}")
        assert.deepStrictEqual(yield* json.json, { status: "IN_PROGRESS" })
        assert.strictEqual(yield* json.text, "{\"status\":\"IN_PROGRESS\"}")
        assert.strictEqual((yield* json.arrayBuffer).byteLength, 24)
        const form = yield* answering("a=1&b=%3F2")
        assert.deepStrictEqual((yield* form.urlParamsBody).params, [["a", "1"], ["b", "?2"]])
        const data = yield* answering("a=1", { "content-type": "application/x-www-form-urlencoded" })
        assert.deepStrictEqual([...yield* data.formData], [["a", "1"]])
        const empty = yield* answering("")
        assert.deepStrictEqual([yield* empty.json, yield* empty.text], [null, ""])
      }).pipe(Effect.provide(direct())))

    it.live("comes with its head", () =>
      Effect.gen(function*() {
        const response = yield* answering("", { "set-cookie": ["a=1", "b=2"], "X-Request-Id": "r1" })
        assert.match(response.url, /^http:\/\/127\.0\.0\.1:\d+\/path\?a=1$/)
        assert.deepStrictEqual([response.status, response.headers["x-request-id"]], [200, "r1"])
        assert.deepStrictEqual(Object.keys(response.cookies.cookies), ["a", "b"])
        assert.strictEqual((yield* Effect.flip(response.upgrade)).reason._tag, "StatusCodeError")
      }).pipe(Effect.provide(direct())))

    it.live("that is not what it was read as is a DecodeError", () =>
      Effect.gen(function*() {
        const response = yield* answering("<html>")
        assert.deepStrictEqual(yield* failure(response.json), ["DecodeError", "unknown"])
        assert.strictEqual(yield* response.text, "<html>")
      }).pipe(Effect.provide(direct())))

    it.live("waits for its reader", () =>
      Effect.gen(function*() {
        const piece = Buffer.alloc(1_048_576)
        const pieces = 64
        let sent = 0
        const origin = yield* Sockets.http((_, response) => {
          const more = () => {
            while (sent < pieces) {
              sent++
              if (!response.write(piece)) return
            }
            response.end()
          }
          response.on("drain", more)
          more()
        })
        const response = yield* get(origin)
        const pull = yield* Stream.toPull(response.stream)
        yield* pull
        yield* Effect.sleep("100 millis")
        // What the system buffers on the way is a few MiB at most.
        assert.isBelow(sent, pieces / 2)
        let read = 0
        yield* Effect.forever(Effect.map(pull, (chunks) => {
          for (const chunk of chunks) read += chunk.length
        })).pipe(Effect.catchIf(Cause.isDone, () => Effect.void))
        assert.isAbove(read, (pieces - 1) * piece.length)
      }).pipe(Effect.scoped, Effect.provide(direct())))

    it.live("that nobody reads is given up with its scope", () =>
      Effect.gen(function*() {
        let closed = 0
        const origin = yield* Sockets.http((request, response) => {
          request.socket.on("close", () => closed++)
          response.writeHead(200, { "content-length": 10 }).write("half")
        })
        const client = HttpClient.withScope(yield* HttpClient.HttpClient)
        const status = yield* Effect.scoped(Effect.map(client.get(origin), (response) => response.status))
        assert.strictEqual(status, 200)
        yield* Sockets.eventually(() => closed === 1)
      }).pipe(Effect.provide(direct())))

    it.live("shows no key when it is printed", () =>
      Effect.gen(function*() {
        const origin = yield* Sockets.http((_, response) => response.end())
        const response = yield* HttpClient.execute(
          HttpClientRequest.bearerToken(HttpClientRequest.get(origin), "sk-s3cret")
        )
        assert.notInclude(JSON.stringify(response), "s3cret")
      }).pipe(Effect.provide(direct())))
  })

  describe("connections", () => {
    const counting = Effect.gen(function*() {
      const sockets = new Set<Net.Socket>()
      const origin = yield* Sockets.http((request, response) => {
        sockets.add(request.socket)
        request.resume()
        response.end("ok")
      })
      return { origin, sockets }
    })

    it.live("keeps one for the next read", () =>
      Effect.gen(function*() {
        const { origin, sockets } = yield* counting
        yield* Effect.repeat(Effect.flatMap(get(origin), (response) => Stream.runDrain(response.stream)), { times: 4 })
        assert.strictEqual(sockets.size, 1)
      }).pipe(Effect.provide(direct())))

    it.live("gives each POST one of its own", () =>
      Effect.gen(function*() {
        const { origin, sockets } = yield* counting
        const post = Effect.flatMap(HttpClient.post(origin, { body: HttpBody.text("{}") }), (response) => response.text)
        yield* Effect.repeat(post, { times: 2 })
        assert.strictEqual(sockets.size, 3)
      }).pipe(Effect.provide(direct())))
  })

  describe("the guard of addresses", () => {
    const guarded = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.provideService(effect, Download.AddressGuard, "public")

    /** Which address was refused for which host. */
    const refusal = (error: unknown): readonly [string, string, string] | undefined => {
      if (error instanceof Download.AddressRefused) return [error.host, error.address, error.range]
      return error instanceof Error ? refusal(error.cause) : undefined
    }

    it.live("refuses a name that resolves to a private address, before it connects", () =>
      Effect.gen(function*() {
        let connections = 0
        const port = yield* Sockets.tcp(() => connections++)
        const error = yield* Effect.flip(guarded(get(`http://localhost:${port}/`)))
        const [host, address, range] = refusal(error) ?? []
        assert.deepStrictEqual([host, range], ["localhost", "a loopback address"])
        assert.include(["127.0.0.1", "::1"], address)
        assert.deepStrictEqual([Transport.requestStarted(error), connections], ["no", 0])
      }).pipe(Effect.provide(direct())))

    for (
      const [host, range] of [
        ["127.0.0.1", "a loopback address"],
        ["[::1]", "a loopback address"],
        ["[::ffff:127.0.0.1]", "a loopback address"],
        ["0x7f.1", "a loopback address"],
        ["169.254.169.254", "a link-local or metadata address"],
        ["[fe80::1]", "a link-local address"]
      ] as const
    ) {
      it.live(`refuses ${host}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(guarded(get(`http://${host}:9/`)))
          assert.strictEqual(refusal(error)?.[2], range)
          assert.strictEqual(Transport.requestStarted(error), "no")
        }).pipe(Effect.provide(direct())))
    }

    it.live("does not reuse a connection that was opened without it", () =>
      Effect.gen(function*() {
        const origin = (yield* Sockets.http((_, response) => response.end("ok"))).replace("127.0.0.1", "localhost")
        assert.strictEqual(yield* bodyOf(origin), "ok")
        const error = yield* Effect.flip(guarded(bodyOf(origin)))
        assert.strictEqual(refusal(error)?.[2], "a loopback address")
      }).pipe(Effect.provide(direct())))
  })

  describe("proxies", () => {
    /** A proxy that knows CONNECT and absolute URLs, and what it was asked. */
    const proxy = (target: number) =>
      Effect.gen(function*() {
        const asked: Array<string> = []
        const origin = yield* Effect.map(
          Sockets.listen(proxyServer(target, asked)),
          (port) => `http://127.0.0.1:${port}`
        )
        return { origin, asked }
      })

    it.live("tunnels https through a proxy", () =>
      Effect.gen(function*() {
        const { ca, port } = yield* Sockets.https((_, response) => response.end("through the tunnel"))
        const { asked, origin } = yield* proxy(port)
        const client = direct({ ca, proxy: { https: origin } })
        // The proxy leads `localhost:1` to the server, so an answer can only come through it.
        const body = yield* Effect.provide(bodyOf("https://localhost:1/"), client)
        assert.deepStrictEqual([body, asked], ["through the tunnel", ["CONNECT localhost:1"]])
      }))

    it.live("sends http to a proxy", () =>
      Effect.gen(function*() {
        const { asked, origin } = yield* proxy(0)
        const body = yield* Effect.provide(bodyOf("http://videos.invalid/a.mp4"), direct({ proxy: { http: origin } }))
        assert.deepStrictEqual([body, asked], ["from the proxy", ["GET http://videos.invalid/a.mp4"]])
      }))

    it.live("goes past the proxy to the hosts that are named", () =>
      Effect.gen(function*() {
        const server = yield* Sockets.http((_, response) => response.end("direct"))
        const { asked, origin } = yield* proxy(0)
        const body = yield* Effect.provide(bodyOf(server), direct({ proxy: { http: origin, no: "127.0.0.1" } }))
        assert.deepStrictEqual([body, asked], ["direct", []])
      }))

    it.live("knows that a request was not started when the proxy refuses the tunnel, or is not there", () =>
      Effect.gen(function*() {
        const refusing = yield* Sockets.tcp((socket) =>
          socket.once("data", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"))
        )
        const gone = yield* Sockets.closedPort
        for (const port of [refusing, gone]) {
          const client = direct({ proxy: { https: `http://127.0.0.1:${port}` } })
          const seen = yield* Effect.provide(failure(get("https://localhost:1/")), client)
          assert.deepStrictEqual(seen, ["TransportError", "no"])
        }
      }))

    it.live("takes a host and a port for one, and refuses what is none without quoting it", () =>
      Effect.gen(function*() {
        const { asked, origin } = yield* proxy(0)
        const bare = direct({ proxy: { http: origin.replace("http://", "") } })
        assert.strictEqual(yield* Effect.provide(bodyOf("http://videos.invalid/"), bare), "from the proxy")
        assert.deepStrictEqual(asked, ["GET http://videos.invalid/"])
        for (const wrong of ["ftp://user:s3cret@proxy", "http://user:s3cret@pro xy"]) {
          const exit = yield* Effect.exit(Effect.provide(get(origin), direct({ proxy: { https: wrong } })))
          assert.isTrue(Exit.isFailure(exit))
          const said = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
          assert.include(said, "the proxy for https requests (HTTPS_PROXY) is not a URL of http, https or socks5")
          assert.notInclude(said, "s3cret")
        }
      }))

    it.live("reads the environment of the process", () =>
      Effect.gen(function*() {
        const { asked, origin } = yield* proxy(0)
        vi.stubEnv("http_proxy", undefined).stubEnv("HTTP_PROXY", origin)
        vi.stubEnv("no_proxy", undefined).stubEnv("NO_PROXY", "direct.invalid")
        yield* Effect.gen(function*() {
          assert.strictEqual(yield* bodyOf("http://videos.invalid/"), "from the proxy")
          assert.deepStrictEqual(yield* failure(get("http://direct.invalid/")), ["TransportError", "no"])
        }).pipe(
          Effect.provide(NodeHttp.layer()),
          Effect.ensuring(Effect.sync(() => vi.unstubAllEnvs()))
        )
        assert.deepStrictEqual(asked, ["GET http://videos.invalid/"])
      }))
  })
})
