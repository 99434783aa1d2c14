import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { call, memory, shape } from "./support.ts"

const ask = { model: "doubao-seedance-1-0-pro", prompt: "x", seconds: "5" }

const gateway = "/newapi/v1/video/generations"

describe("New-API, the documented flat body", () => {
  const path = "/v1/video/generations/abcd1234efgh"

  it.effect("answers with the samples of its page, word for word", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("generic", {
        id: "abcd1234efgh",
        elapsedSeconds: 500,
        seconds: 5,
        seed: 20231234,
        videoUrl: "https://example.com/video.mp4"
      })
      assert.strictEqual(
        (yield* call("GET", path)).text,
        JSON.stringify({
          task_id: "abcd1234efgh",
          status: "completed",
          url: "https://example.com/video.mp4",
          format: "mp4",
          metadata: { duration: 5, fps: 30, width: 1280, height: 720, seed: 20231234 }
        })
      )
    }).pipe(memory()))

  it.effect("goes from queued over in_progress to an end, with an integer error code", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("generic", { id: "abcd1234efgh", jobSeconds: 100, outcome: "failed" })
      assert.deepStrictEqual((yield* call("GET", path)).json, { task_id: "abcd1234efgh", status: "queued" })
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* call("GET", path)).json.status, "in_progress")
      yield* TestClock.adjust("80 seconds")
      const { json } = yield* call("GET", path)
      assert.strictEqual(json.status, "failed")
      assert.deepStrictEqual(shape(json.error), ["code: number", "message: string"])
    }).pipe(memory()))

  it.effect("answers 404 for an unknown id, with param and code null", () =>
    Effect.gen(function*() {
      const { json, status } = yield* call("GET", path)
      assert.strictEqual(status, 404)
      assert.deepStrictEqual(shape(json.error), ["message: string", "type: string", "param: null", "code: null"])
    }).pipe(memory()))

  it.effect("takes a create as JSON", () =>
    Effect.gen(function*() {
      const { json, status } = yield* call("POST", "/v1/video/generations", { json: { ...ask, size: "1:1" } })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(shape(json), [
        "id: string",
        "task_id: string",
        "object: string",
        "model: string",
        "status: string",
        "progress: number",
        "created_at: number"
      ])
      assert.strictEqual(json.status, "queued")
    }).pipe(memory()))

  it.effect("answers a create in the two documented ways on demand", () =>
    Effect.gen(function*() {
      const short = yield* call("POST", "/v1/video/generations", { json: ask }).pipe(memory({ genericCreate: "short" }))
      assert.deepStrictEqual([short.status, ...shape(short.json)], [200, "task_id: string", "status: string"])
      const created = yield* call("POST", "/v1/video/generations", { json: ask }).pipe(
        memory({ genericCreate: "created" })
      )
      assert.deepStrictEqual([created.status, created.json.status], [201, "processing"])
    }))
})

describe("New-API, the real server", () => {
  const create = Effect.map(call("POST", gateway, { json: ask }), ({ json }) => String(json.id))

  it.effect("shows a row that is looked at every 15 seconds", () =>
    Effect.gen(function*() {
      const id = yield* create
      const seen: Array<unknown> = []
      for (let second = 0; second <= 75; second += 5) {
        const { data } = (yield* call("GET", `${gateway}/${id}`)).json
        seen.push(`${data.status} ${data.progress}`)
        yield* TestClock.adjust("5 seconds")
      }
      const times = (count: number, row: string) => Array.from({ length: count }, () => row)
      assert.deepStrictEqual(seen, [
        ...times(3, "NOT_START 0%"),
        ...times(9, "IN_PROGRESS 30%"),
        ...times(4, "SUCCESS 100%")
      ])
    }).pipe(memory({ jobSeconds: { min: 60, max: 60 } })))

  it.effect("wraps the row as the server does", () =>
    Effect.gen(function*() {
      const id = yield* create
      yield* TestClock.adjust("200 seconds")
      const { json } = yield* call("GET", `${gateway}/${id}`)
      assert.deepStrictEqual(shape(json), ["code: string", "message: string", "data: object"])
      assert.deepStrictEqual([json.code, json.message], ["success", ""])
      assert.deepStrictEqual(shape(json.data), [
        "id: number",
        "created_at: number",
        "updated_at: number",
        "task_id: string",
        "platform: string",
        "user_id: number",
        "group: string",
        "channel_id: number",
        "quota: number",
        "action: string",
        "status: string",
        "fail_reason: string",
        "result_url: string",
        "submit_time: number",
        "start_time: number",
        "finish_time: number",
        "progress: string",
        "properties: object",
        "data: object"
      ])
      assert.strictEqual(json.data.data.status, "succeeded")
      assert.strictEqual(json.data.data.content.video_url, json.data.result_url)
    }).pipe(memory()))

  it.effect("shows a failure as FAILURE at 100 %, with its reason", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const id = yield* simulator.addTask("generic", { elapsedSeconds: 500, outcome: "failed" })
      const { data } = (yield* call("GET", `${gateway}/${id}`)).json
      assert.deepStrictEqual(
        [data.status, data.progress, data.fail_reason, data.result_url],
        ["FAILURE", "100%", "生成内容违反内容安全策略", undefined]
      )
    }).pipe(memory()))

  it.effect("puts the link into fail_reason on demand, as rows before 2026 had it", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).addTask("generic", { elapsedSeconds: 500 })
      const { data } = (yield* call("GET", `${gateway}/${id}`)).json
      assert.match(data.fail_reason, /^http:\/\/simulator\.test\/files\//)
      assert.isUndefined(data.result_url)
    }).pipe(memory({ urlInFailReason: true })))

  it.effect("shows the same row as an OpenAI video, with the link at metadata.url", () =>
    Effect.gen(function*() {
      const id = yield* create
      const poll = Effect.map(call("GET", `/newapi/v1/videos/${id}`), ({ json }) => json)
      const fresh = yield* poll
      assert.deepStrictEqual([fresh.status, fresh.metadata], ["unknown", { url: "" }])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([(yield* poll).status, (yield* poll).progress], ["in_progress", 30])
      yield* TestClock.adjust("200 seconds")
      const done = yield* poll
      assert.deepStrictEqual(shape(done), [
        "id: string",
        "task_id: string",
        "object: string",
        "model: string",
        "status: string",
        "progress: number",
        "created_at: number",
        "completed_at: number",
        "metadata: object"
      ])
      assert.strictEqual(done.status, "completed")
      assert.strictEqual((yield* call("GET", done.metadata.url, { key: undefined })).status, 200)
      assert.strictEqual((yield* call("GET", `/newapi/v1/videos/${id}/content`)).status, 200)
    }).pipe(memory()))

  it.effect("sends the other bodies on demand", () =>
    Effect.gen(function*() {
      const body = (genericBody: "gemini" | "stripped" | "empty-data") =>
        Effect.gen(function*() {
          const id = yield* (yield* Simulator.Simulator).addTask("generic", { elapsedSeconds: 500 })
          return (yield* call("GET", `${gateway}/${id}`)).json
        }).pipe(memory({ genericBody }))
      const gemini = yield* body("gemini")
      assert.deepStrictEqual(shape(gemini.data), [
        "error: null",
        "format: string",
        "metadata: null",
        "status: string",
        "task_id: string",
        "url: string"
      ])
      assert.strictEqual(gemini.data.status, "succeeded")
      assert.deepStrictEqual(shape(yield* body("stripped")), [
        "created_at: number",
        "fail_reason: string",
        "finished_at: number",
        "platform: string",
        "progress: string",
        "status: string",
        "task_id: string"
      ])
      assert.deepStrictEqual(yield* body("empty-data"), { code: "success", data: null })
    }))

  it.effect("words its errors in its three families", () =>
    Effect.gen(function*() {
      const refused = yield* call("GET", `${gateway}/1`, { key: "sk-invalid" })
      assert.deepStrictEqual(
        [refused.status, ...shape(refused.json.error)],
        [401, "message: string", "type: string", "code: string"]
      )
      assert.strictEqual(refused.json.error.type, "new_api_error")
      assert.isDefined(refused.headers["x-oneapi-request-id"])
      const post = (json: unknown, key = "sk-test") => call("POST", gateway, { json, key })
      assert.match((yield* post({ prompt: "x" })).json.error.message, /^Model name not specified/)
      const unknown = yield* post({ ...ask, model: "no-such-model" })
      assert.deepStrictEqual([unknown.status, unknown.json.error.code], [503, "model_not_found"])
      assert.deepStrictEqual((yield* post({ model: "m" })).json, {
        code: "invalid_request",
        message: "prompt is required",
        data: null
      })
      assert.strictEqual((yield* post({ ...ask, seconds: "4000" })).json.code, "invalid_seconds")
      const broke = yield* post(ask, "sk-broke")
      assert.deepStrictEqual([broke.status, broke.json.code], [403, "insufficient_user_quota"])
      const missing = yield* call("GET", `${gateway}/1`)
      assert.deepStrictEqual([missing.status, missing.json.code], [400, "task_not_exist"])
      assert.deepStrictEqual((yield* call("GET", "/newapi/v1/x")).json, {
        error: { message: "Invalid URL (GET /v1/x)", type: "invalid_request_error", param: "", code: "" }
      })
      const content = yield* call("GET", "/newapi/v1/videos/1/content")
      assert.deepStrictEqual([content.status, ...shape(content.json.error)], [404, "message: string", "type: string"])
      const console = yield* call("GET", "/newapi/pricing")
      assert.deepStrictEqual([console.status, console.headers["content-type"]], [200, "text/html; charset=utf-8"])
    }).pipe(memory()))
})
