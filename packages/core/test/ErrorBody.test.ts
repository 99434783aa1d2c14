import { assert, describe, it } from "@effect/vitest"
import { ErrorBody } from "@video-tasks/core"
import { Schema } from "effect"
import { ark, errorBodies } from "./utils/errorBodies.ts"

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
  it.each(errorBodies)("reads %s", (_, body, expected) => {
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
