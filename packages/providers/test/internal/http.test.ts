import { assert, describe, it } from "@effect/vitest"
import { CometApi } from "@video-tasks/providers"
import { Effect, Fiber, Redacted, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError } from "effect/http"
import * as Http from "../../src/internal/http.ts"
import { answering, apiKey, type Handler, secret, streamOf, stub } from "../utils/stub.ts"

const account: Http.Account = {
  baseUrl: "https://api.example.com/v1",
  bearer: Effect.succeed(apiKey),
  secrets: [apiKey],
  userAgent: "video-tasks/test",
  propagateTrace: false
}

const send = (
  client: HttpClient.HttpClient,
  request: Partial<Http.ApiRequest> = {},
  options: Partial<Http.Account> = {}
) =>
  Effect.flatMap(Http.make({ ...account, ...options }), (send) => send({ method: "GET", path: "/tasks/1", ...request }))
    .pipe(Effect.provideService(HttpClient.HttpClient, client))

/** Collects every span that ends. */
const tracing = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, trace: Effect.provideService(Tracer.Tracer, tracer) }
}

describe("http", () => {
  it.effect("sends the key, what it accepts and who it is, and nothing else", () =>
    Effect.gen(function*() {
      const { client, requests, urls } = answering({})
      yield* send(client)
      assert.deepStrictEqual(urls, ["https://api.example.com/v1/tasks/1"])
      assert.deepStrictEqual({ ...requests[0]?.headers }, {
        accept: "application/json",
        "user-agent": "video-tasks/test",
        authorization: `Bearer ${secret}`
      })
    }))

  it.effect("asks for a token before each request, and sends nothing when there is none", () =>
    Effect.gen(function*() {
      const { client, requests } = answering({})
      const unsigned = new Http.TransportProblem({ requestStarted: "no", detail: "the token could not be signed" })
      let asked = 0
      const bearer = Effect.suspend(() =>
        ++asked < 3 ? Effect.succeed(Redacted.make(`token-${asked}`)) : Effect.fail(unsigned)
      )
      const send = yield* Effect.provideService(
        Http.make({ ...account, bearer, secrets: [] }),
        HttpClient.HttpClient,
        client
      )
      const request = { method: "GET", path: "/tasks/1" } as const
      yield* send(request)
      yield* send({ ...request, bearer: false })
      yield* send(request)
      assert.strictEqual(yield* Effect.flip(send(request)), unsigned)
      assert.deepStrictEqual(requests.map(({ headers }) => headers["authorization"]), [
        "Bearer token-1",
        undefined,
        "Bearer token-2"
      ])
    }))

  it.effect("keeps the key at home on a public route", () =>
    Effect.gen(function*() {
      const { client, requests } = answering({})
      yield* send(client, { bearer: false })
      assert.deepStrictEqual(Object.keys(requests[0]?.headers ?? {}), ["accept", "user-agent"])
    }))

  it.effect("hands over the answer, whatever its status", () =>
    Effect.gen(function*() {
      for (const status of [200, 202, 301, 400, 404, 429, 500, 524, 599]) {
        const { client } = stub(() =>
          Response.json({ status }, { status, headers: { "x-oneapi-request-id": "2026-1" } })
        )
        assert.deepStrictEqual(yield* send(client), {
          status,
          contentType: "application/json",
          requestId: "2026-1",
          redirectedTo: undefined,
          retryAfterMs: undefined,
          body: { _tag: "Json", value: { status } }
        })
      }
    }))

  it.effect.each(["x-request-id", "X-Oneapi-Request-Id", "x-cometapi-request-id"])(
    "reads the request id from %s",
    (name) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send(answering({}, { headers: { [name]: "req-1" } }).client)).requestId, "req-1")
        const odd = answering({}, { headers: { [name]: "<script>" } })
        assert.strictEqual((yield* send(odd.client)).requestId, undefined)
      })
  )

  it.effect("asks a client that was told to fail on a status for the answer all the same", () =>
    Effect.gen(function*() {
      const { client } = answering({ message: "task_not_exist" }, { status: 400 })
      const answer = yield* send(HttpClient.filterStatusOk(client))
      assert.deepStrictEqual([answer.status, answer.body], [400, {
        _tag: "Json",
        value: { message: "task_not_exist" }
      }])
    }))

  it.effect.each<[string, Handler, Http.TransportProblem["requestStarted"], RegExp]>([
    [
      "a refused connection of an unknown transport",
      () => ({ cause: new TypeError("fetch failed") }),
      "unknown",
      /fetch failed/
    ],
    [
      "the code of the innermost cause",
      () => ({
        cause: new TypeError("fetch failed", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) })
      }),
      "unknown",
      /^ECONNREFUSED: connect$/
    ],
    ["a cause that is no error", () => ({ cause: "boom" }), "unknown", /Transport/],
    [
      "a header that the transport refuses, without quoting it",
      () => ({ cause: new TypeError(`"Bearer ${secret}" is not valid, see https://x.example/?token=abc`) }),
      "unknown",
      /^"Bearer <redacted>" is not valid, see https:\/\/x\.example\/$/
    ],
    [
      "a client that crashes",
      () => {
        throw new Error("bug")
      },
      "unknown",
      /^the HTTP client crashed: bug$/
    ]
  ])("describes %s", ([, handler, requestStarted, detail]) =>
    Effect.gen(function*() {
      const problem = yield* Effect.flip(send(stub(handler).client))
      assert.strictEqual(problem.requestStarted, requestStarted)
      assert.match(problem.detail, detail)
    }))

  it.effect.each([
    (request: never) => new HttpClientError.EncodeError({ request }),
    (request: never) => new HttpClientError.InvalidUrlError({ request })
  ])("knows that what could not be written was not sent", (reasonOf) =>
    Effect.gen(function*() {
      const client = HttpClient.make((request) =>
        Effect.fail(new HttpClientError.HttpClientError({ reason: reasonOf(request as never) }))
      )
      assert.strictEqual((yield* Effect.flip(send(client))).requestStarted, "no")
    }))

  describe("redirects", () => {
    it.effect("are told to fetch not to be followed, whatever else it is told", () =>
      Effect.gen(function*() {
        const seen: Array<RequestInit> = []
        const fetch = (_: unknown, init: RequestInit) => {
          seen.push(init)
          return Promise.resolve(
            new Response(null, { status: 307, headers: { location: "https://elsewhere.example/x" } })
          )
        }
        const answer = yield* send(yield* HttpClient.HttpClient, {
          method: "POST",
          body: { json: { prompt: "a secret plan" } }
        }).pipe(
          Effect.provideService(FetchHttpClient.RequestInit, { credentials: "include", redirect: "follow" }),
          Effect.provideService(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch)
        )
        assert.deepStrictEqual(seen.map(({ credentials, redirect }) => ({ credentials, redirect })), [
          { credentials: "include", redirect: "manual" }
        ])
        assert.deepStrictEqual([answer.status, answer.redirectedTo], [307, "elsewhere.example"])
      }).pipe(Effect.provide(FetchHttpClient.layer)))

    it.effect("keep the fetch options that were there when the provider was built", () =>
      Effect.gen(function*() {
        const seen: Array<RequestInit> = []
        const fetch = (_: unknown, init: RequestInit) => {
          seen.push(init)
          return Promise.resolve(Response.json({}))
        }
        const send = yield* Effect.provideService(Http.make(account), FetchHttpClient.RequestInit, {
          cache: "no-store"
        })
        yield* Effect.provideService(
          send({ method: "GET", path: "/x" }),
          FetchHttpClient.Fetch,
          fetch as typeof globalThis.fetch
        )
        assert.deepStrictEqual(seen.map(({ cache, redirect }) => ({ cache, redirect })), [
          { cache: "no-store", redirect: "manual" }
        ])
      }).pipe(Effect.provide(FetchHttpClient.layer)))

    it.effect("name the host alone, also when they are relative", () =>
      Effect.gen(function*() {
        const to = (location: string) => stub(() => new Response(null, { status: 302, headers: { location } })).client
        assert.strictEqual((yield* send(to("https://u:p@e.example/x?sig=1"))).redirectedTo, "e.example")
        assert.strictEqual((yield* send(to("/login?next=1"))).redirectedTo, "api.example.com")
        assert.strictEqual((yield* send(to("https://"))).redirectedTo, undefined)
      }))
  })

  describe("traces", () => {
    const headersOf = (options: Partial<Http.Account>) =>
      Effect.gen(function*() {
        const { client, requests } = answering({})
        const { trace } = tracing()
        yield* send(client, {}, options).pipe(Effect.withSpan("outer"), trace)
        return Object.keys(requests[0]?.headers ?? {}).filter((name) => name === "traceparent" || name === "b3").sort()
      })

    it.effect("are not sent to the API", () => Effect.map(headersOf({}), (names) => assert.deepStrictEqual(names, [])))

    it.effect("are sent when asked for", () =>
      Effect.map(headersOf({ propagateTrace: true }), (names) => assert.deepStrictEqual(names, ["b3", "traceparent"])))

    it.effect("hold every URL parameter redacted and no header", () =>
      Effect.gen(function*() {
        const { spans, trace } = tracing()
        const { client } = answering({}, { status: 401, headers: { "set-cookie": "session=1" } })
        yield* send(client, { path: "/models?page=0&whatever=hush" }).pipe(Effect.withSpan("outer"), trace)
        const attributes = Object.fromEntries(spans.flatMap((span) => [...span.attributes]))
        assert.strictEqual(attributes["url.full"], "https://api.example.com/v1/models?page=REDACTED&whatever=REDACTED")
        assert.strictEqual(attributes["url.query"], "page=REDACTED&whatever=REDACTED")
        assert.deepStrictEqual(Object.keys(attributes).filter((name) => name.includes("header")), [])
        assert.notInclude(JSON.stringify(attributes), secret)
      }))

    it.effect("name the operation, the provider and the task", () =>
      Effect.gen(function*() {
        const { spans, trace } = tracing()
        const { provide } = answering({ id: "t1", status: "SUBMITTED" })
        yield* Effect.flatMap(CometApi.make({ apiKey }), (api) =>
          Effect.flatMap(
            api.create(CometApi.seedance({ model: "doubao-seedance-2-0", prompt: "a secret plan" })),
            (created) => Effect.andThen(api.observe(created.handle), api.content(created.handle))
          )).pipe(provide, trace)
        assert.deepStrictEqual(
          spans.map(({ name }) => name),
          [
            "CometApi.create",
            "POST",
            "CometApi.observe",
            "GET",
            "CometApi.content",
            "GET"
          ]
        )
        assert.deepStrictEqual(Object.fromEntries(spans[0]?.attributes ?? []), {
          "video_task.provider": "cometapi",
          "video_task.account": "default",
          "video_task.family": "seedance",
          "video_task.model": "doubao-seedance-2-0",
          "gen_ai.provider.name": "cometapi",
          "gen_ai.request.model": "doubao-seedance-2-0",
          "video_task.remote_id": "t1"
        })
        const all = JSON.stringify(spans.map(({ attributes }) => [...attributes]))
        assert.notInclude(all, secret)
        assert.notInclude(all, "a secret plan")
      }))
  })

  it.effect("gives the connection back when the body is not wanted, without reading it", () =>
    Effect.gen(function*() {
      let pulled = 0
      const endless = function*() {
        for (;;) {
          pulled++
          yield "x".repeat(65_536)
        }
      }
      const { client, state } = stub(() =>
        new Response(streamOf(endless()), { headers: { "content-type": "video/mp4" } })
      )
      const answer = yield* send(client, { discardBody: ({ contentType }) => contentType === "video/mp4" })
      assert.deepStrictEqual(answer.body, { _tag: "Discarded" })
      assert.isAtMost(pulled, 1)
      assert.strictEqual(state.aborted, 1)
    }))

  it.effect.each<[string, Handler]>([
    ["waiting for the answer", () => Effect.never],
    ["reading the body", () => new Response(streamOf(["{\"id\":"], "never"))]
  ])("aborts the request when it is interrupted while %s", ([, handler]) =>
    Effect.gen(function*() {
      const { client, requests, state } = stub(handler)
      const fiber = yield* Effect.forkChild(send(client), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual(requests.length, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(state.aborted, 1)
    }))

  it.effect("does not abort what has failed already: with a form to upload, Node's fetch would crash the process", () =>
    Effect.gen(function*() {
      const { client, state } = stub(() => ({ cause: new TypeError("fetch failed") }))
      yield* Effect.flip(send(client))
      assert.strictEqual(state.aborted, 0)
      const body = new FormData()
      body.append("prompt", "A paper airplane")
      // A port that fetch refuses by itself: nothing is sent anywhere.
      const blocked = send(yield* HttpClient.HttpClient, { method: "POST", body }, { baseUrl: "http://127.0.0.1:9" })
      assert.match((yield* Effect.flip(blocked)).detail, /bad port/)
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it("reads the request id from the error when the head has none", () => {
    const answer: Http.ApiAnswer = {
      status: 401,
      contentType: undefined,
      requestId: undefined,
      redirectedTo: undefined,
      retryAfterMs: undefined,
      body: { _tag: "Json", value: { error: { message: "Invalid token (request id: 20261121abc)" } } }
    }
    assert.strictEqual(Http.requestIdOf(answer), "20261121abc")
    assert.strictEqual(Http.requestIdOf({ ...answer, requestId: "head" }), "head")
    assert.strictEqual(Http.requestIdOf({ ...answer, body: { _tag: "Empty" } }), undefined)
  })
})
