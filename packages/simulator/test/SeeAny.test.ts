import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { call, memory } from "./support.ts"

const id = "vid_20260603_001"
const path = `/v1/tasks/${id}`

describe("SeeAny", () => {
  it.effect("answers with the running sample of its page, word for word", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("seeany", { id, jobSeconds: 120, elapsedSeconds: 78 })
      assert.strictEqual(
        (yield* call("GET", path)).text,
        JSON.stringify({
          id,
          object: "video_generation",
          status: "processing",
          progress: 65,
          estimated_remaining: 42
        })
      )
    }).pipe(memory()))

  it.effect("answers with the finished sample of its page, word for word", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("seeany", {
        id,
        jobSeconds: 60,
        elapsedSeconds: 100,
        seconds: 5,
        videoUrl: "https://cdn.seeany.com/video/vid_001/output.mp4",
        thumbnailUrl: "https://cdn.seeany.com/video/vid_001/thumb.jpg"
      })
      assert.strictEqual(
        (yield* call("GET", path)).text,
        JSON.stringify({
          id,
          object: "video_generation",
          status: "completed",
          completed_at: 1748908920,
          video_url: "https://cdn.seeany.com/video/vid_001/output.mp4",
          thumbnail_url: "https://cdn.seeany.com/video/vid_001/thumb.jpg",
          duration: 5,
          resolution: "720p",
          usage: { cost: 0.70, cost_unit: "CNY" }
        })
      )
    }).pipe(memory({ epoch: (1748908920 + 40) * 1000 })))

  it.effect("answers with the failed sample of its page, word for word", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("seeany", { id, elapsedSeconds: 500, outcome: "failed" })
      assert.strictEqual(
        (yield* call("GET", path)).text,
        JSON.stringify({
          id,
          object: "video_generation",
          status: "failed",
          error: { code: "content_policy_violation", message: "生成内容违反内容安全策略" }
        })
      )
    }).pipe(memory()))

  it.effect("signs the links of a finished task, thumbnail included", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("seeany", { id, elapsedSeconds: 500 })
      const { json } = yield* call("GET", path)
      const video = yield* call("GET", json.video_url, { key: undefined })
      const thumbnail = yield* call("GET", json.thumbnail_url, { key: undefined })
      assert.deepStrictEqual(
        [video.status, video.headers["content-type"], thumbnail.status, thumbnail.headers["content-type"]],
        [200, "video/mp4", 200, "image/jpeg"]
      )
    }).pipe(memory()))

  it.effect("answers 404 for an unknown id and 401 for a bad key, with code and message", () =>
    Effect.gen(function*() {
      const unknown = yield* call("GET", path)
      assert.deepStrictEqual([unknown.status, unknown.json.error.code], [404, "task_not_found"])
      const refused = yield* call("GET", path, { key: "sk-invalid" })
      assert.deepStrictEqual(refused.json, { error: { code: "invalid_api_key", message: "Invalid token" } })
      assert.strictEqual(refused.status, 401)
    }).pipe(memory()))

  it.effect("has no create unless asked", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* call("POST", "/v1/tasks", { json: { prompt: "x" } })).status, 404)
    }).pipe(memory()))

  it.effect("takes a create on demand", () =>
    Effect.gen(function*() {
      const created = yield* call("POST", "/v1/tasks", { json: { prompt: "x", duration: 8 } })
      assert.match(created.json.id, /^vid_20260420_001$/)
      assert.strictEqual(created.json.status, "processing")
      const ledger = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual(ledger.creates.map(({ api, taskId }) => [api, taskId]), [["seeany", created.json.id]])
      assert.strictEqual((yield* call("POST", "/v1/tasks", { json: {} })).status, 400)
    }).pipe(memory({ seeanyCreate: true })))
})
