import { assert, describe, it } from "@effect/vitest"
import { TaskHandle } from "@video-tasks/core"
import { CometApi } from "@video-tasks/providers"
import { Effect } from "effect"
import { apiKey, type Handler, streamOf, stub } from "../utils/stub.ts"

const handle = (remoteId = "task_abc123") =>
  TaskHandle.TaskHandle.make({
    provider: "cometapi",
    family: "seedance",
    remoteId,
    baseUrl: "https://api.cometapi.com",
    account: "default"
  })

const observe = (handler: Handler, remoteId?: string) =>
  Effect.gen(function*() {
    const { provide, requests } = stub(handler)
    const api = yield* CometApi.make({ apiKey }).pipe(provide)
    const error = yield* Effect.flip(api.observe(handle(remoteId)))
    assert.deepStrictEqual(error.handle, handle(remoteId))
    return { error, requests }
  })

const text = (status: number, body: string, contentType = "text/plain"): Handler => () =>
  new Response(body, { status, headers: { "content-type": contentType } })

const json = (status: number, body: unknown): Handler => () => Response.json(body, { status })

const e1 = (message: string, code: string | null = "") => ({
  error: { message, type: "comet_api_error", param: "", code }
})

const page = "<!doctype html><title>Just a moment...</title>"

const rows: ReadonlyArray<
  readonly [name: string, handler: Handler, reason: string, retryable: boolean, says?: RegExp]
> = [
  // the task
  [
    "400 task_not_exist in the code",
    json(400, { code: "task_not_exist", message: "task_not_exist", data: null }),
    "TaskNotFound",
    false
  ],
  [
    "400 task_not_exist in the message",
    json(400, { error: { message: "task_not_exist", type: "cometapi_error" } }),
    "TaskNotFound",
    false
  ],
  ["400 task_not_exist as bare message", json(400, { message: "task_not_exist" }), "TaskNotFound", false],
  [
    "404 with an error",
    json(404, { error: { message: "gone", type: "x", param: null, code: null } }),
    "TaskNotFound",
    false
  ],
  ["404 with nothing", text(404, ""), "TaskNotFound", false],
  ["500 task_not_exist", json(500, { code: "task_not_exist", message: "x" }), "TaskNotFound", false],
  ["200 with a wrapper round nothing", json(200, { code: "success", message: "", data: null }), "TaskNotFound", false],
  [
    "200 that says task_not_exist",
    json(200, { code: "task_not_exist", message: "task_not_exist", data: null }),
    "TaskNotFound",
    false
  ],
  // the account
  ["401", json(401, e1("Invalid token")), "Unauthorized", false, /Invalid token/],
  ["401 with a web page", text(401, page, "text/html"), "Unauthorized", false],
  ["402", json(402, e1("no credit")), "QuotaExceeded", false],
  ["403 with an error", json(403, e1("no permission")), "Unauthorized", false],
  [
    "403 insufficient_user_quota",
    json(403, { code: "insufficient_user_quota", message: "x", data: null }),
    "QuotaExceeded",
    false
  ],
  ["429 about money", json(429, e1("check your plan", "insufficient_quota")), "QuotaExceeded", false],
  // what passes
  ["403 of a firewall", text(403, page, "text/html"), "ProviderUnavailable", true],
  ["404 with a web page", text(404, page, "text/html"), "UnexpectedResponse", true, /base URL/],
  ["408", text(408, ""), "ProviderUnavailable", true],
  ["425", text(425, ""), "ProviderUnavailable", true],
  ["429", json(429, e1("slow down")), "RateLimited", true],
  ["429 with nothing", text(429, ""), "RateLimited", true],
  ["500", json(500, e1("boom")), "ProviderUnavailable", true, /boom/],
  ["500 invalid_request", json(500, e1("x", "invalid_request")), "ProviderUnavailable", true],
  ["502 with a web page", text(502, page, "text/html"), "ProviderUnavailable", true],
  ...[1001, 1103, 1101, "insufficient_user_quota", "invalid_api_key", "rate_limit_exceeded"].flatMap((code) =>
    [500, 502, 503].map((status) =>
      [`${status} with ${code}`, json(status, { error: { code, message: "x" } }), "ProviderUnavailable", true] as const
    )
  ),
  ["429 with a number that only Kling knows", json(429, { code: 1101, message: "x" }), "RateLimited", true],
  ["400 with Runway's sentence", json(400, { error: "You do not have enough credits." }), "InvalidRequest", false],
  ["400 with xAI's sentence", json(400, { error: "Incorrect API key provided: x" }), "InvalidRequest", false],
  ["429 with xAI's sentence", json(429, { error: "Your team used all available credits" }), "RateLimited", true],
  ["503 model_not_found", json(503, e1("no channel", "model_not_found")), "ProviderUnavailable", true],
  ["524 with a web page", text(524, page, "text/html"), "ProviderUnavailable", true],
  [
    "no connection",
    () => ({ cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) }),
    "ProviderUnavailable",
    true,
    /ECONNREFUSED/
  ],
  [
    "an answer that breaks off",
    () => new Response(streamOf(["{\"id\""], new Error("x"))),
    "ProviderUnavailable",
    true,
    /middle/
  ],
  [
    "301",
    () => new Response(null, { status: 301, headers: { location: "https://www.example.com/" } }),
    "UnexpectedResponse",
    true,
    /www\.example\.com/
  ],
  ["200 with a web page", text(200, page, "text/html"), "UnexpectedResponse", true, /web page/],
  ["200 with nothing", text(200, ""), "UnexpectedResponse", true, /empty/],
  ["202 with nothing", text(202, ""), "UnexpectedResponse", true],
  [
    "200 with cut JSON",
    text(200, "{\"id\":\"task_abc123\",\"sta", "application/json"),
    "UnexpectedResponse",
    true,
    /not JSON/
  ],
  ["200 that is too long", () => new Response("x".repeat(2_000_000)), "UnexpectedResponse", true, /1 MiB/],
  ["200 that is no task", json(200, { hello: "world" }), "UnexpectedResponse", true],
  ["200 that is a list", json(200, []), "UnexpectedResponse", true],
  [
    "200 that says no for a reason nobody knows",
    json(200, { code: 4242, message: "hm" }),
    "UnexpectedResponse",
    true,
    /hm/
  ],
  ["200 that says no to the key", json(200, e1("invalid key", "invalid_api_key")), "Unauthorized", false],
  // what is left
  ["400 about a field", json(400, { code: "invalid_request", message: "x", data: null }), "InvalidRequest", false]
]

describe("readOutcome", () => {
  for (const [name, handler, reason, retryable, says] of rows) {
    it.effect(`${name} is ${reason}`, () =>
      Effect.gen(function*() {
        const { error, requests } = yield* observe(handler)
        assert.deepStrictEqual([error.reason._tag, error.retryable, requests.length], [reason, retryable, 1])
        if (says !== undefined) assert.match(error.message, says)
      }))
  }

  it.effect("hands over how long to wait, of a limit and of a fault", () =>
    Effect.gen(function*() {
      const headers = { "retry-after": "12" }
      const limited = yield* observe(() => Response.json({}, { status: 429, headers }))
      assert.deepInclude(limited.error.reason, { _tag: "RateLimited", retryAfterMs: 12_000 })
      const down = yield* observe(() => Response.json({ retry_after: 3 }, { status: 503 }))
      assert.deepInclude(down.error.reason, { _tag: "ProviderUnavailable", retryAfterMs: 3_000, status: 503 })
    }))

  it.effect("shows the beginning of an answer that makes no sense, short and redacted", () =>
    Effect.gen(function*() {
      const { error } = yield* observe(text(
        200,
        `<html>\n\n  <a href="https://cdn.example.com/v.mp4?X-Tos-Signature=abc">v</a>${"x".repeat(5_000)}`,
        "text/html"
      ))
      assert.strictEqual(error.reason._tag, "UnexpectedResponse")
      const excerpt = error.reason._tag === "UnexpectedResponse" ? error.reason.excerpt ?? "" : ""
      assert.isTrue(excerpt.startsWith("<html> <a href=\"https://cdn.example.com/v.mp4"))
      assert.notInclude(excerpt, "X-Tos-Signature")
      assert.isAtMost(excerpt.length, 300)
    }))

  it.effect.each(["a/b", "../../admin", "a?b=c", "a#b", "a b", "a%2e%2e", "任务", "$&", "{id}"])(
    "asks for %j as one segment of the path",
    (remoteId) =>
      Effect.gen(function*() {
        const { provide, urls } = stub(json(200, { id: remoteId, status: "queued" }))
        const api = yield* CometApi.make({ apiKey }).pipe(provide)
        yield* api.observe(handle(remoteId))
        assert.deepStrictEqual(urls, [`https://api.cometapi.com/v1/videos/${encodeURIComponent(remoteId)}`])
      })
  )

  it.effect.each([".", "..", "\ud800"])(
    "does not ask for %j: it is no name of a task",
    (remoteId) =>
      Effect.gen(function*() {
        const { error, requests } = yield* observe(json(200, {}), remoteId)
        assert.deepStrictEqual([error.reason._tag, requests.length], ["InvalidRequest", 0])
      })
  )
})
