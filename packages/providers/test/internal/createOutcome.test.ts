import { assert, describe, it } from "@effect/vitest"
import { Transport } from "@video-tasks/core"
import { CometApi, GenericApi } from "@video-tasks/providers"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as CreateOutcome from "../../src/internal/createOutcome.ts"
import { answering, apiKey, type Handler, streamOf, stub } from "../utils/stub.ts"

const request = CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "A paper airplane" })

const create = (handler: Handler) =>
  Effect.gen(function*() {
    const { provide, requests } = stub(handler)
    const api = yield* CometApi.make({ apiKey }).pipe(provide)
    const error = yield* Effect.flip(api.create(request))
    assert.strictEqual(requests.length, 1, "sent once")
    assert.strictEqual(error.operation, "create")
    return error
  })

const text = (status: number, body: string, contentType = "text/plain"): Handler => () =>
  new Response(body, { status, headers: { "content-type": contentType } })

const json = (status: number, body: unknown): Handler => () => Response.json(body, { status })

const e1 = (message: string, code: string | null = "") => ({
  error: { message, type: "comet_api_error", param: "", code }
})

const e5 = (code: string, message = code) => ({ code, message, data: null })

const started = (requestStarted: Transport.RequestStarted): Handler => () => ({
  cause: new Transport.TransportCause({ requestStarted, cause: Object.assign(new Error("x"), { code: "ECONNRESET" }) })
})

const page = "<!doctype html><title>Attention Required! | Cloudflare</title>"

/** What comes back, what the outcome is, and words that it must say. */
type Row = readonly [name: string, handler: Handler, reason: string, says?: RegExp]

const notSent: ReadonlyArray<Row> = [
  ["no byte of it left", started("no"), "NotSent", /ECONNRESET/]
]

const rejected: ReadonlyArray<Row> = [
  [
    "301",
    () => new Response(null, { status: 301, headers: { location: "https://www.example.com/" } }),
    "InvalidRequest",
    /www\.example\.com/
  ],
  [
    "302",
    () => new Response(null, { status: 302 }),
    "InvalidRequest",
    /the base URL answers with a redirect, which is never followed/
  ],
  [
    "307",
    () => new Response(null, { status: 307, headers: { location: "/login" } }),
    "InvalidRequest",
    /never followed/
  ],
  ["a redirect that a browser hides", () => Response.error(), "InvalidRequest", /a redirect, which/],
  ["308", () => new Response(null, { status: 308 }), "InvalidRequest", /redirect/],
  [
    "400 of the gateway",
    json(400, e1("model name is required (request id: 2026)")),
    "InvalidRequest",
    /model name is required/
  ],
  [
    "400 of the vendor",
    json(400, e5("InvalidParameter", "The parameter `duration` is not valid")),
    "InvalidRequest",
    /duration/
  ],
  [
    "400 passed on as text",
    json(400, e5("fail_to_fetch_task", "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"bad ratio\"}}")),
    "InvalidRequest",
    /bad ratio/
  ],
  ["400 with a web page", text(400, page, "text/html"), "UnexpectedResponse"],
  ["400 with nothing", text(400, ""), "InvalidRequest"],
  ["401", json(401, e1("Invalid token")), "Unauthorized", /Invalid token/],
  ["401 with nothing", text(401, ""), "Unauthorized"],
  ["402", json(402, e1("insufficient credits")), "QuotaExceeded"],
  ["403 about the key", json(403, e1("this token has no access to model x")), "Unauthorized"],
  [
    "403 about the quota",
    json(403, e5("insufficient_user_quota", "user quota is not enough")),
    "QuotaExceeded",
    /not enough/
  ],
  [
    "403 about an unpaid bill",
    json(403, { error: { code: "AccountOverdueError", message: "overdue" } }),
    "QuotaExceeded"
  ],
  ["403 about the content, by code", json(403, e1("no", "content_policy_violation")), "InvalidRequest"],
  ["403 about the content, in words", json(403, e1("Request rejected by content moderation")), "InvalidRequest"],
  [
    "403 about the content, Ark",
    json(403, { error: { code: "InputTextSensitiveContentDetected", message: "x" } }),
    "InvalidRequest"
  ],
  ["403 of a firewall", text(403, page, "text/html"), "ProviderUnavailable", /web page/],
  ["403 of a firewall in plain text", text(403, "error code: 1020"), "ProviderUnavailable", /1020/],
  ["404 about the route", json(404, e1("Invalid URL (POST /v1/videos)")), "InvalidRequest", /Invalid URL/],
  [
    "404 about the model",
    json(404, e1("no such model", "model_not_found")),
    "ModelUnavailable",
    /doubao-seedance-2-0-fast/
  ],
  ["404 with a web page", text(404, page, "text/html"), "UnexpectedResponse"],
  ["405", json(405, e1("no")), "InvalidRequest"],
  ["409", json(409, e1("no")), "InvalidRequest"],
  ["413", json(413, e5("read_request_body_failed")), "PayloadTooLarge"],
  ["413 of a proxy", text(413, page, "text/html"), "PayloadTooLarge"],
  ["415", json(415, e1("no")), "InvalidRequest"],
  ["422", json(422, e1("no")), "InvalidRequest"],
  ["429 about an empty account (OpenAI)", json(429, e1("check your plan", "insufficient_quota")), "QuotaExceeded"],
  [
    "500 invalid_request",
    json(500, e1("messages is required", "invalid_request")),
    "InvalidRequest",
    /messages is required/
  ],
  ["503 model_not_found", json(503, e1("no available channel for model x", "model_not_found")), "ModelUnavailable"],
  ["200 that says no", json(200, e5("invalid_request", "prompt is required")), "InvalidRequest", /prompt is required/],
  ["200 that says no by number", json(200, { code: 4001, msg: "no balance" }), "InvalidRequest", /no balance/],
  ["200 with an error", json(200, e1("nope")), "InvalidRequest", /nope/],
  ["200 with an error in words", json(200, { error: "nope" }), "InvalidRequest"],
  ["200 about the quota", json(200, e5("insufficient_user_quota")), "QuotaExceeded"],
  ["200 about the key", json(200, e1("invalid key", "invalid_api_key")), "Unauthorized"],
  ["200 about the model", json(200, e1("gone", "model_not_found")), "ModelUnavailable"],
  ["200 about the rate", json(200, e5("rate_limit_exceeded")), "RateLimited"],
  ["200 with a number that only Kling knows", json(200, { code: 1002, message: "hm" }), "InvalidRequest"],
  [
    "200 with a failed job without an id",
    json(200, { status: "failed", error: { message: "refused" } }),
    "InvalidRequest",
    /refused/
  ]
]

const wait: ReadonlyArray<Row> = [
  ["429", json(429, e1("slow down")), "RateLimited", /slow down/],
  ["429 with nothing", text(429, ""), "RateLimited"],
  ["429 with a web page", text(429, page, "text/html"), "RateLimited"],
  ["429 in Chinese", json(429, e5("", "当前分组上游负载已饱和，请稍后再试")), "RateLimited", /负载/]
]

const ambiguous: ReadonlyArray<Row> = [
  ["a reset after it was sent", started("yes"), "SubmissionAmbiguous"],
  ["a transport that does not know", started("unknown"), "SubmissionAmbiguous"],
  [
    "a transport that says nothing",
    () => ({ cause: new TypeError("fetch failed") }),
    "SubmissionAmbiguous",
    /fetch failed/
  ],
  [
    "a client that crashes",
    () => {
      throw new Error("bug")
    },
    "SubmissionAmbiguous",
    /bug/
  ],
  ["303", () => new Response(null, { status: 303, headers: { location: "/v1/videos/t1" } }), "SubmissionAmbiguous"],
  ["408", json(408, e1("timeout")), "SubmissionAmbiguous"],
  ["425", json(425, e1("too early")), "SubmissionAmbiguous"],
  ["500", json(500, e1("internal")), "SubmissionAmbiguous", /internal/],
  ["500 after the vendor was asked", json(500, e5("do_request_failed")), "SubmissionAmbiguous"],
  ["501", json(501, e1("API not implemented", "api_not_implemented")), "SubmissionAmbiguous"],
  ["502", text(502, page, "text/html"), "SubmissionAmbiguous"],
  ["503", text(503, ""), "SubmissionAmbiguous"],
  ["503 invalid_request", json(503, e1("x", "invalid_request")), "SubmissionAmbiguous"],
  ["500 model_not_found", json(500, e1("x", "model_not_found")), "SubmissionAmbiguous"],
  ["504", text(504, page, "text/html"), "SubmissionAmbiguous"],
  ["524", text(524, page, "text/html"), "SubmissionAmbiguous"],
  ["200 with a web page", text(200, page, "text/html"), "SubmissionAmbiguous", /web page/],
  ["200 with nothing", text(200, ""), "SubmissionAmbiguous", /empty/],
  ["204", () => new Response(null, { status: 204 }), "SubmissionAmbiguous"],
  ["200 with cut JSON", text(200, "{\"id\":\"task_abc", "application/json"), "SubmissionAmbiguous", /not JSON/],
  [
    "200 that breaks off",
    () => new Response(streamOf(["{\"id\":\"task_abc"], new Error("ECONNRESET"))),
    "SubmissionAmbiguous",
    /middle/
  ],
  ["200 that is too long", () => new Response("x".repeat(2_000_000)), "SubmissionAmbiguous", /1 MiB/],
  [
    "200 with broken gzip",
    () => new Response(new Uint8Array([0x1f, 0x8b, 0]), { headers: { "content-encoding": "gzip" } }),
    "SubmissionAmbiguous",
    /gzip/
  ],
  ["200 without an id", json(200, { status: "queued" }), "SubmissionAmbiguous", /no id/],
  ["200 with an empty object", json(200, {}), "SubmissionAmbiguous"],
  ["200 with an empty id", json(200, { id: "", status: "queued" }), "SubmissionAmbiguous"],
  [
    "200 with an id that no handle can hold",
    json(200, { id: "x".repeat(513), status: "queued" }),
    "SubmissionAmbiguous"
  ],
  ["200 with a wrapper round nothing", json(200, { code: "success", message: "", data: null }), "SubmissionAmbiguous"],
  ["200 with a list", json(200, [{ id: "task_1" }]), "SubmissionAmbiguous"],
  ["200 with a number", json(200, 1), "SubmissionAmbiguous"],
  ["200 with null", json(200, null), "SubmissionAmbiguous"]
]

describe("createOutcome", () => {
  for (const [group, rows] of Object.entries({ notSent, rejected, wait, ambiguous })) {
    describe(group, () => {
      for (const [name, handler, reason, says] of rows) {
        it.effect(`${name} is ${reason}`, () =>
          Effect.gen(function*() {
            const error = yield* create(handler)
            assert.strictEqual(error.reason._tag, reason)
            if (says !== undefined) assert.match(error.message, says)
          }))
      }
    })
  }

  it.effect.each<[string, unknown]>([
    ["a bare task", { id: "task_1", task_id: "task_1", object: "video", status: "SUBMITTED", progress: 0 }],
    ["an id alone", { id: "task_1" }],
    ["a task id alone", { task_id: "task_1" }],
    ["a wrapped task", { code: "success", message: "", data: { task_id: "task_1", status: "NOT_START" } }],
    ["a task that has failed already", { id: "task_1", status: "failed", error: { message: "refused" } }],
    ["an id beside a code that says no: a paid task must not look refused", { id: "task_1", code: "weird" }]
  ])("takes %s as created", ([, body]) =>
    Effect.gen(function*() {
      for (const status of [200, 201, 202]) {
        const { provide } = answering(body, { status })
        const api = yield* CometApi.make({ apiKey }).pipe(provide)
        assert.strictEqual((yield* api.create(request)).handle.remoteId, "task_1")
      }
    }))

  it.effect("waits for 180 seconds, then calls it ambiguous and gives the connection back", () =>
    Effect.gen(function*() {
      const { provide, requests, state } = stub(() => Effect.never)
      const api = yield* CometApi.make({ apiKey }).pipe(provide)
      yield* TestClock.setTime(1_000_000)
      const fiber = yield* Effect.forkChild(Effect.flip(api.create(request)), { startImmediately: true })
      yield* TestClock.adjust(CreateOutcome.timeoutMs - 1)
      assert.strictEqual(fiber.pollUnsafe(), undefined)
      yield* TestClock.adjust(1)
      const { reason } = yield* Fiber.join(fiber)
      assert.deepInclude(reason, { _tag: "SubmissionAmbiguous", sentAt: 1_000_000, detail: "no answer within 180 s" })
      assert.deepStrictEqual([requests.length, state.aborted], [1, 1])
    }))

  it.effect("counts the body in: an answer that drips past 180 seconds is ambiguous", () =>
    Effect.gen(function*() {
      const { provide, state } = stub(() => new Response(streamOf(["{\"id\":"], "never")))
      const api = yield* CometApi.make({ apiKey }).pipe(provide)
      const fiber = yield* Effect.forkChild(Effect.flip(api.create(request)), { startImmediately: true })
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "SubmissionAmbiguous")
      assert.strictEqual(state.aborted, 1)
    }))

  it.effect("says what was sent when, what came back, and that money may have been spent", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(5_000)
      const error = yield* create(() => Response.json(e1("boom (request id: 20261121x)"), { status: 500 }))
      assert.deepInclude(error.reason, { sentAt: 5_000, status: 500 })
      assert.strictEqual(error.requestId, "20261121x")
      assert.match(error.message, /money may have been spent/)
    }))

  it.effect("says how long to wait", () =>
    Effect.gen(function*() {
      const error = yield* create(() => Response.json(e1("slow"), { status: 429, headers: { "retry-after": "30" } }))
      assert.deepInclude(error.reason, { _tag: "RateLimited", retryAfterMs: 30_000 })
      const lost = yield* create(() => Response.json(e1("busy"), { status: 503, headers: { "retry-after": "20" } }))
      assert.deepInclude(lost.reason, { _tag: "SubmissionAmbiguous", status: 503, retryAfterMs: 20_000 })
    }))

  it.effect("decides alike for a create that is JSON", () =>
    Effect.gen(function*() {
      const { provide, requests } = stub(json(500, e5("do_request_failed")))
      const api = yield* GenericApi.make({ apiKey, baseUrl: "https://gateway.example.com" }).pipe(provide)
      const error = yield* Effect.flip(api.create(GenericApi.video({ model: "m", prompt: "A paper airplane" })))
      assert.deepStrictEqual([error.provider, error.reason._tag, requests.length], [
        "generic",
        "SubmissionAmbiguous",
        1
      ])
    }))
})
