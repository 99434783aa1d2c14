/**
 * The error bodies of every API, with what they say.
 */
import type { ErrorBody } from "@video-tasks/core"

const duration = "The parameter `duration` specified in the request is not valid."

/** A refusal of Ark as the text that a gateway passes on. */
export const ark = JSON.stringify({ error: { code: "InvalidParameter", message: duration, type: "BadRequest" } })

export const errorBodies: ReadonlyArray<readonly [name: string, body: unknown, expected: ErrorBody.ErrorBody]> = [
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
