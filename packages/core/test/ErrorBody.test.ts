import { assert, describe, it } from "@effect/vitest"
import { ErrorBody } from "@video-tasks/core"
import { Schema } from "effect"

const duration = "The parameter `duration` specified in the request is not valid."

const ark = JSON.stringify({ error: { code: "InvalidParameter", message: duration, type: "BadRequest" } })

const bodies: ReadonlyArray<readonly [name: string, body: unknown, expected: ErrorBody.ErrorBody]> = [
  [
    "E1, CometAPI's gateway: a model is missing",
    { error: { code: "", message: "model name is required (request id: 20260312)", type: "comet_api_error" } },
    {
      code: "comet_api_error",
      providerCode: "",
      message: "model name is required (request id: 20260312)",
      type: "comet_api_error",
      requestId: "20260312"
    }
  ],
  [
    "E1, with an empty param",
    { error: { message: "Invalid token", type: "comet_api_error", param: "", code: "" } },
    { code: "comet_api_error", providerCode: "", message: "Invalid token", type: "comet_api_error" }
  ],
  [
    "E1', CometAPI: nobody serves the model",
    {
      error: {
        message: "no available channel for group default and model X (distributor) (request id: 2026-a.b)",
        type: "comet_api_error",
        param: "",
        code: "model_not_found"
      }
    },
    {
      code: "model_not_found",
      providerCode: "model_not_found",
      message: "no available channel for group default and model X (distributor) (request id: 2026-a.b)",
      type: "comet_api_error",
      requestId: "2026-a.b"
    }
  ],
  [
    "E1'', CometAPI: a malformed request under HTTP 500",
    { error: { message: "bad request", type: "comet_api_error", code: "invalid_request" } },
    { code: "invalid_request", providerCode: "invalid_request", message: "bad request", type: "comet_api_error" }
  ],
  [
    "E2, CometAPI's tasks: no such task",
    { code: "task_not_exist", message: "task_not_exist", data: null },
    { code: "task_not_exist", providerCode: "task_not_exist", message: "task_not_exist" }
  ],
  [
    "E2 as a client met it: no code, and another type",
    { error: { message: "task_not_exist", type: "cometapi_error" } },
    { code: "cometapi_error", message: "task_not_exist", type: "cometapi_error" }
  ],
  [
    "E2', CometAPI passing a refusal on",
    { code: "InvalidParameter", message: duration, data: null },
    { code: "InvalidParameter", providerCode: "InvalidParameter", message: duration }
  ],
  [
    "E2', nested as the vendor nests it",
    { error: { code: "InvalidParameter", message: duration, param: "duration", type: "BadRequest" } },
    { code: "InvalidParameter", providerCode: "InvalidParameter", message: duration, type: "BadRequest" }
  ],
  [
    "E3, CometAPI: a page for a wrong path",
    "<!doctype html>\n<html><title>CometAPI</title></html>\n",
    { message: "<!doctype html>\n<html><title>CometAPI</title></html>" }
  ],
  [
    "E4, New-API's middleware",
    { error: { message: "Invalid token (request id: 20260101)", type: "new_api_error", code: "" } },
    {
      code: "new_api_error",
      providerCode: "",
      message: "Invalid token (request id: 20260101)",
      type: "new_api_error",
      requestId: "20260101"
    }
  ],
  [
    "E5, New-API's tasks",
    { code: "invalid_request", message: "prompt is required", data: null },
    { code: "invalid_request", providerCode: "invalid_request", message: "prompt is required" }
  ],
  [
    "E5', New-API: the upstream's refusal as JSON in a string",
    { code: "fail_to_fetch_task", message: ark, data: null },
    { code: "InvalidParameter", providerCode: "InvalidParameter", message: duration, type: "BadRequest" }
  ],
  [
    "E5', the upstream's error is a sentence",
    { code: "fail_to_fetch_task", message: "{\"error\":\"no credits\"}", data: null },
    { code: "fail_to_fetch_task", providerCode: "fail_to_fetch_task", message: "no credits" }
  ],
  [
    "E5', the upstream's error says nothing",
    { code: "fail_to_fetch_task", message: "{\"error\":null}", data: null },
    { code: "fail_to_fetch_task", providerCode: "fail_to_fetch_task", message: "{\"error\":null}" }
  ],
  [
    "E6, New-API's content route",
    { error: { message: "Task not found", type: "invalid_request_error" } },
    { code: "invalid_request_error", message: "Task not found", type: "invalid_request_error" }
  ],
  [
    "E7, New-API: an unknown route",
    { error: { message: "Invalid URL (GET /v1/x)", type: "invalid_request_error", param: "", code: "" } },
    {
      code: "invalid_request_error",
      providerCode: "",
      message: "Invalid URL (GET /v1/x)",
      type: "invalid_request_error"
    }
  ],
  [
    "E8, New-API's documented 404",
    { error: { message: "no such task", type: "not_found", param: null, code: null } },
    { code: "not_found", providerCode: null, message: "no such task", type: "not_found" }
  ],
  ["E9, New-API's IP limiter: an empty body", "", {}],
  [
    "E10, OpenAI",
    { error: { message: "Rate limit reached", type: "requests", param: null, code: "rate_limit_exceeded" } },
    {
      code: "rate_limit_exceeded",
      providerCode: "rate_limit_exceeded",
      message: "Rate limit reached",
      type: "requests"
    }
  ],
  ["E11, Runway: a sentence", { error: "promptImage must be a URL" }, { message: "promptImage must be a URL" }],
  [
    "E11, Runway: with issues and the id of the request",
    { error: "Validation failed", issues: [{ code: "too_big", message: "…", path: ["seed"] }], requestId: "r-1" },
    { message: "Validation failed (seed: …)", requestId: "r-1" }
  ],
  [
    "E12, Kling",
    { code: 1303, message: "parallel task over resource pack limit", request_id: "k-1" },
    { code: "1303", providerCode: 1303, message: "parallel task over resource pack limit", requestId: "k-1" }
  ],
  [
    "E12, Kling without words",
    { code: "1303", message: null, request_id: "k-1" },
    {
      code: "1303",
      providerCode: "1303",
      message: "{\"code\":\"1303\",\"message\":null,\"request_id\":\"k-1\"}",
      requestId: "k-1"
    }
  ],
  [
    "E13, xAI: a code and a sentence",
    { code: "not-found", error: "no such request" },
    { code: "not-found", providerCode: "not-found", message: "no such request" }
  ],
  ["E13, xAI: a sentence", { error: "no such request" }, { message: "no such request" }],
  [
    "E13, xAI: as OpenAI does it",
    { error: { message: "no such request", type: "invalid", param: null, code: null } },
    { code: "invalid", providerCode: null, message: "no such request", type: "invalid" }
  ],
  [
    "E14, Ark",
    {
      error: {
        code: "InvalidParameter",
        message: `${duration} Request id: 0217ab`,
        param: "duration",
        type: "BadRequest"
      }
    },
    {
      code: "InvalidParameter",
      providerCode: "InvalidParameter",
      message: `${duration} Request id: 0217ab`,
      type: "BadRequest",
      requestId: "0217ab"
    }
  ],
  [
    "E15, SeeAny as its failed tasks suggest",
    { error: { code: "unauthorized", message: "invalid key" } },
    { code: "unauthorized", providerCode: "unauthorized", message: "invalid key" }
  ],
  [
    "E15', SeeAny's live host",
    { code: 40101, msg: "未登录" },
    { code: "40101", providerCode: 40101, message: "未登录" }
  ],
  [
    "New-API's documented flat error",
    { code: null, message: "bad seconds", param: "seconds", type: "invalid_request_error" },
    { code: "invalid_request_error", providerCode: null, message: "bad seconds", type: "invalid_request_error" }
  ],
  [
    "New-API's documented error without a type",
    { error: { message: "bad seconds", code: "invalid_seconds" } },
    { code: "invalid_seconds", providerCode: "invalid_seconds", message: "bad seconds" }
  ]
]

const order: ReadonlyArray<readonly [place: string, body: unknown, message: string]> = [
  ["error.message", { error: { message: "1" }, message: "4", data: { error: { message: "3" } } }, "1"],
  ["error, a sentence", { error: "2", message: "4", data: { error: { message: "3" } } }, "2"],
  ["data.error.message", { message: "4", msg: "5", data: { error: { message: "3" }, fail_reason: "6" } }, "3"],
  ["data.error, a sentence", { message: "4", data: { error: "3" } }, "3"],
  ["message", { code: "x", message: "4", msg: "5", data: { fail_reason: "6" } }, "4"],
  ["message without a code", { message: "4", fail_reason: "6" }, "4"],
  ["msg", { code: 7, msg: "5", fail_reason: "6" }, "5"],
  ["data.fail_reason after a good code", { code: "success", message: "4", data: { fail_reason: "6" } }, "6"],
  ["fail_reason", { code: 0, message: "4", msg: "5", fail_reason: "6", task_status_msg: "7" }, "6"],
  [
    "data.task_status_msg, when fail_reason is a link",
    { code: 0, data: { fail_reason: "https://a.example/v.mp4", task_status_msg: "7" }, failure: "8" },
    "7"
  ],
  ["failure", { failure: "8", failureCode: "SAFETY.INPUT.TEXT" }, "8"],
  ["the text of the body", { code: "success", message: "fine" }, "{\"code\":\"success\",\"message\":\"fine\"}"]
]

describe("ErrorBody", () => {
  it.each(bodies)("reads %s", (_, body, expected) => {
    assert.deepStrictEqual(ErrorBody.read(body), expected)
  })

  it.each(order)("takes the reason from %s", (_, body, message) => {
    assert.strictEqual(ErrorBody.read(body).message, message)
  })

  it("takes the code from error.code, code, failureCode, error.type, and skips those that say nothing", () => {
    const codes = [
      { error: { code: "a", type: "d" }, code: "b", failureCode: "c" },
      { error: { code: "", type: "d" }, code: "b", failureCode: "c" },
      { error: { code: null, type: "d" }, code: "success", failureCode: "c" },
      { error: { code: 0, type: "d" }, code: 0 }
    ].map((body) => ErrorBody.read(body))
    assert.deepStrictEqual(codes.map(({ code }) => code), ["a", "b", "c", "d"])
    assert.deepStrictEqual(codes.map(({ providerCode }) => providerCode), ["a", "b", "c", 0])
  })

  it("reads text that is JSON as JSON", () => {
    assert.deepStrictEqual(ErrorBody.read("{\"error\":\"no\"}"), { message: "no" })
    assert.deepStrictEqual(ErrorBody.read(" {\"error\":"), { message: "{\"error\":" })
  })

  it.each([undefined, null, "", "  \n", {}, [], 0, true])("has nothing to tell about %j", (body) => {
    assert.deepStrictEqual(ErrorBody.read(body), {})
  })

  it("descends into JSON in a message once, not twice", () => {
    const twice = JSON.stringify({ error: { message: ark } })
    assert.strictEqual(ErrorBody.read({ message: twice }).message, ark)
  })

  it("cuts the reason to 500 characters, not through one", () => {
    assert.strictEqual(ErrorBody.read({ message: "x".repeat(600) }).message?.length, 500)
    assert.strictEqual(ErrorBody.read({ message: `${"x".repeat(499)}🎬` }).message, "x".repeat(499))
    assert.strictEqual(ErrorBody.read("x".repeat(100_000)).message?.length, 500)
  })

  it("shows no key and no signed link", () => {
    assert.deepStrictEqual(
      ErrorBody.read({
        error: {
          code: "https://a.example/?sign=1",
          message: "Incorrect API key provided: sk-abcdef. See https://a.example/keys?u=1",
          type: "Bearer abc123"
        },
        request_id: "https://a.example/?sign=1"
      }),
      {
        code: "https://a.example/",
        providerCode: "https://a.example/",
        message: "Incorrect API key provided: <redacted>. See https://a.example/keys",
        type: "Bearer <redacted>",
        requestId: "https://a.example/"
      }
    )
  })

  it.prop("reads any JSON, and any text", [Schema.Json, Schema.String], ([json, text]) => {
    const all = [json, text, JSON.stringify(json), { error: json }, { code: json, message: json, data: json }, {
      error: { code: json, message: text, type: json },
      request_id: json
    }]
    for (const body of all) {
      const { code, message, providerCode, requestId, type } = ErrorBody.read(body)
      for (const told of [code, message, requestId, type]) {
        assert.isTrue(told === undefined || (typeof told === "string" && told.length <= 500))
      }
      assert.isTrue(["undefined", "string", "number"].includes(typeof providerCode) || providerCode === null)
    }
  }, { arbitrary: { runs: 500 } })
})

describe("ErrorBody.isTaskNotExist", () => {
  it.each([
    { code: "task_not_exist", message: "task_not_exist", data: null },
    { code: "task_not_exist", message: "task_origin_not_exist" },
    { error: { message: "task_not_exist", type: "cometapi_error" } },
    { message: "task_not_exist" },
    { code: 400, msg: "Task not exist" },
    { error: "the task does not exist" },
    "task_not_exist"
  ])("is true for %j", (body) => {
    assert.isTrue(ErrorBody.isTaskNotExist(body))
  })

  it.each([
    { error: { message: "Invalid URL (GET /v1/x)", type: "invalid_request_error" } },
    { code: "model_not_found", message: "the model does not exist" },
    { code: "success", data: null },
    "<html>404</html>",
    "",
    null
  ])("is false for %j", (body) => {
    assert.isFalse(ErrorBody.isTaskNotExist(body))
  })
})
