import { assert, describe, it } from "@effect/vitest"
import { NewApiWire, Video } from "@video-tasks/core"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = NewApiWire.toObservation

/** The page `GET /v1/video/generations/{task_id}` has no whole sample: its fields with its example values. */
const documented = {
  task_id: "abcd1234efgh",
  status: "completed",
  url: "https://example.com/video.mp4",
  format: "mp4",
  metadata: { duration: 5, fps: 30, width: 1280, height: 720, seed: 20231234 }
}

const documentedFailure = { task_id: "abcd1234efgh", status: "failed", error: { code: 1001, message: "refused" } }

const row = {
  id: 123,
  created_at: 1767000000,
  updated_at: 1767000090,
  task_id: "task_9f",
  platform: "54",
  user_id: 1,
  group: "default",
  channel_id: 7,
  quota: 2500,
  action: "generate",
  status: "SUCCESS",
  fail_reason: "",
  result_url: "https://a.example/v.mp4",
  submit_time: 1767000000,
  start_time: 1767000015,
  finish_time: 1767000090,
  progress: "100%",
  properties: { input: "a cat", upstream_model_name: "seedance-upstream", origin_model_name: "seedance" },
  data: { id: "cgt-1", status: "succeeded", content: { video_url: "https://b.example/v.mp4" }, duration: 5 }
}

const wrapped = (data: unknown, code: unknown = "success") => ({ code, message: "", data })

describe("NewApiWire, the documented form", () => {
  it("reads the finished task with everything that it says of the video", () => {
    assertReads(read, documented, {
      status: "SUCCESS",
      videos: [video({
        url: "https://example.com/video.mp4",
        mimeType: "video/mp4",
        durationSeconds: 5,
        width: 1280,
        height: 720,
        fps: 30,
        seed: 20231234
      })],
      remoteId: "abcd1234efgh"
    })
  })

  it.each([["queued", "SUBMITTED"], ["in_progress", "IN_PROGRESS"]] as const)("reads %s", (status, expected) => {
    assertReads(read, { task_id: "abcd1234efgh", status }, { status: expected, videos: [], remoteId: "abcd1234efgh" })
  })

  it("reads the failed task, whose code is an integer", () => {
    assertReads(read, documentedFailure, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ code: "1001", message: "refused", providerCode: 1001 }),
      remoteId: "abcd1234efgh"
    })
  })

  it("needs none of its fields but one", () => {
    assertReads(read, { status: "completed" }, { status: "SUCCESS", videos: [] })
    assertReads(read, { url: documented.url }, { status: "SUCCESS", videos: [video({ url: documented.url })] })
    assertReads(read, { task_id: "t1" }, { status: "IN_PROGRESS", videos: [], remoteId: "t1" })
    assertReads(read, { status: "failed", error: { message: "no" } }, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ message: "no" })
    })
    assert.strictEqual(problem(read, { format: "mp4", metadata: { duration: 5 } }).kind, "notATask")
  })

  it("has every field of the page in its schema", () => {
    const fields = Object.keys({ ...documented, ...documentedFailure })
    assert.deepStrictEqual(fields.filter((field) => !(field in NewApiWire.Task.fields)), [])
  })

  it.each([
    ["mp4", "video/mp4"],
    [".MP4", "video/mp4"],
    ["webm", "video/webm"],
    ["mov", "video/quicktime"],
    ["video/webm", "video/webm"],
    ["h264 in mp4", undefined],
    ["", undefined],
    [null, undefined]
  ])("reads the format %j as %j", (format, expected) => {
    assert.strictEqual(observed(read, { ...documented, format }).videos[0]?.mimeType, expected)
  })
})

describe("NewApiWire, the forms that gateways send", () => {
  it("reads the answer to a create", () => {
    const body = {
      id: "task_9fK",
      task_id: "task_9fK",
      object: "video",
      model: "kling-v1",
      status: "queued",
      progress: 0,
      created_at: 1767000000
    }
    assertReads(read, body, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      model: "kling-v1",
      remoteId: "task_9fK",
      createdAt: 1767000000_000
    })
  })

  it("reads the documented answer to a create, of two fields", () => {
    const body = { task_id: "task_9fK", status: "processing" }
    assertReads(read, body, { status: "IN_PROGRESS", videos: [], remoteId: "task_9fK" })
  })

  it("(a) reads a video object: the link is in metadata, completed_at in every answer", () => {
    const body = {
      id: "task_1",
      task_id: "task_1",
      object: "video",
      model: "doubao-seedance-1-0-pro",
      status: "completed",
      progress: 100,
      created_at: 1767000000,
      completed_at: 1767000090,
      expires_at: 1767086490,
      seconds: "5",
      size: "1280x720",
      metadata: { url: "https://a.example/v.mp4" }
    }
    assertReads(read, body, {
      status: "SUCCESS",
      progress: 100,
      videos: [video({
        url: "https://a.example/v.mp4",
        durationSeconds: 5,
        width: 1280,
        height: 720,
        expiresAt: 1767086490_000
      })],
      model: "doubao-seedance-1-0-pro",
      remoteId: "task_1",
      createdAt: 1767000000_000,
      completedAt: 1767000090_000
    })
    assertReads(read, { ...body, status: "in_progress", progress: 30, metadata: { url: "" } }, {
      status: "IN_PROGRESS",
      progress: 30,
      videos: [],
      model: "doubao-seedance-1-0-pro",
      remoteId: "task_1",
      createdAt: 1767000000_000,
      completedAt: 1767000090_000
    })
  })

  it("(a) Kling's: times in ms, no model, a code without text", () => {
    const body = { id: "t1", object: "video", model: "", status: "failed", progress: 100, created_at: 1722769557708 }
    assertReads(read, { ...body, completed_at: 1722769599999, error: { message: "no", code: "" } }, {
      status: "FAILED",
      progress: 100,
      videos: [],
      failure: new Video.Failure({ message: "no", providerCode: "" }),
      remoteId: "t1",
      createdAt: 1722769557708,
      completedAt: 1722769599999
    })
  })

  it("(a) Hailuo's: metadata.url is a sentence when the task failed", () => {
    const body = { id: "t1", object: "video", status: "failed", metadata: { url: "content is not allowed" } }
    assertReads(read, body, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ message: "content is not allowed" }),
      remoteId: "t1"
    })
  })

  it("(a) Gemini's: a success without any link", () => {
    assertReads(read, { id: "t1", object: "video", status: "completed", progress: 100 }, {
      status: "SUCCESS",
      progress: 100,
      videos: [],
      remoteId: "t1"
    })
  })

  it("(a) Ali's: completed while progress still says 30", () => {
    const { progress, status } = observed(read, { id: "t1", status: "completed", progress: 30, metadata: { url: "" } })
    assert.deepStrictEqual({ progress, status }, { progress: 30, status: "SUCCESS" })
  })

  it("(a) xAI's: a video that moderation withholds", () => {
    const body = { id: "t1", status: "completed", metadata: { url: "", duration: 0, respect_moderation: false } }
    assert.deepStrictEqual(reading(read, body), { status: "FAILED" })
  })

  it("(b) reads a row: its own link first, details from the vendor, the quota as the bill", () => {
    assertReads(read, wrapped(row), {
      status: "SUCCESS",
      progress: 100,
      videos: [video({ url: "https://a.example/v.mp4", durationSeconds: 5 })],
      cost: new Video.Cost({ amount: 2500, unit: "quota", kind: "bill" }),
      model: "seedance",
      remoteId: "task_9f",
      createdAt: 1767000000_000,
      startedAt: 1767000015_000,
      completedAt: 1767000090_000
    })
  })

  it("(b) reads a row that has not begun: 0 is not yet, the quota an estimate", () => {
    const { properties: _, result_url: __, ...fields } = row
    const body = { ...fields, status: "NOT_START", progress: "0%", start_time: 0, finish_time: 0, data: null }
    assertReads(read, wrapped(body), {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      cost: new Video.Cost({ amount: 2500, unit: "quota", kind: "estimate" }),
      remoteId: "task_9f",
      createdAt: 1767000000_000
    })
  })

  it("(b) reads a failed row: FAILURE, 100%, a reason, the quota given back", () => {
    const { properties: _, result_url: __, ...fields } = row
    const body = { ...fields, status: "FAILURE", fail_reason: "任务超时(1440分钟)", data: { status: "failed" } }
    assertReads(read, wrapped(body), {
      status: "FAILED",
      progress: 100,
      videos: [],
      failure: new Video.Failure({ message: "任务超时(1440分钟)" }),
      remoteId: "task_9f",
      createdAt: 1767000000_000,
      startedAt: 1767000015_000,
      completedAt: 1767000090_000
    })
  })

  it("(b) reads a reason that is the upstream's answer as JSON in a string", () => {
    const fail_reason = JSON.stringify({ error: { code: "InvalidParameter", message: "bad duration" } })
    assert.deepStrictEqual(
      observed(read, wrapped({ ...row, status: "FAILURE", fail_reason })).failure,
      new Video.Failure({ code: "InvalidParameter", message: "bad duration", providerCode: "InvalidParameter" })
    )
  })

  it("(b) quirk 6: finds the link in fail_reason, on success only", () => {
    const { result_url: _, ...fields } = { ...row, data: null, fail_reason: "https://a.example/v.mp4" }
    assert.deepStrictEqual(links(read, wrapped(fields)), ["https://a.example/v.mp4"])
    for (const status of ["IN_PROGRESS", "FAILURE", "UNKNOWN"]) {
      const { failure, videos } = observed(read, wrapped({ ...fields, status }))
      assert.deepStrictEqual({ failure, videos }, { failure: undefined, videos: [] })
    }
  })

  it.each([
    ["data.data.data.task_result.videos[0].url", {
      data: { task_result: { videos: [{ url: "https://a.example/v" }] } }
    }],
    ["data.data.content.video_url", { content: { video_url: "https://a.example/v" } }],
    ["data.data.output[0]", { output: ["https://a.example/v"] }],
    ["data.data.video.url", { video: { url: "https://a.example/v" } }]
  ])("(b) finds the link in the vendor's answer, at %s", (_, data) => {
    assert.deepStrictEqual(links(read, wrapped({ task_id: "t1", status: "SUCCESS", data })), ["https://a.example/v"])
  })

  it("(b) reads clones: code 0, lower case, data.video_url, data.error as a sentence", () => {
    assertReads(read, wrapped({ task_id: "t1", status: "success", video_url: "https://a.example/v.mp4" }, 0), {
      status: "SUCCESS",
      videos: [video({ url: "https://a.example/v.mp4" })],
      remoteId: "t1"
    })
    assertReads(read, wrapped({ task_id: "t1", status: "failed", error: "no" }, 0), {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ message: "no" }),
      remoteId: "t1"
    })
  })

  it("(b) quirk 9: the number of the row is not the task's id", () => {
    assert.strictEqual(observed(read, wrapped({ id: 123, status: "QUEUED" })).remoteId, undefined)
    assert.strictEqual(observed(read, wrapped({ id: "123", task_id: "t1", status: "QUEUED" })).remoteId, "t1")
  })

  it("(b) quirk 3: a quota or a time that makes no sense is absent", () => {
    const { cost, createdAt } = observed(
      read,
      wrapped({ task_id: "t1", status: "QUEUED", quota: -1, submit_time: "x" })
    )
    assert.deepStrictEqual({ cost, createdAt }, { cost: undefined, createdAt: undefined })
  })

  it("(c) reads Gemini's and Vertex's form: flat inside a wrapper", () => {
    const data = { error: null, format: "mp4", metadata: null, status: "succeeded", task_id: "t1" }
    assertReads(read, wrapped({ ...data, url: "https://a.example/v.mp4" }), {
      status: "SUCCESS",
      videos: [video({ url: "https://a.example/v.mp4", mimeType: "video/mp4" })],
      remoteId: "t1"
    })
    assertReads(read, wrapped({ ...data, status: "processing", url: "" }), {
      status: "IN_PROGRESS",
      videos: [],
      remoteId: "t1"
    })
  })

  it("(d) quirk 15: a wrapper without a task is a missing task", () => {
    const expected = { kind: "missing", detail: "the answer holds no task" }
    for (const code of ["success", "SUCCESS", 0, "0"]) {
      assert.deepStrictEqual(problem(read, { code, data: null }), expected)
      assert.deepStrictEqual(problem(read, { code, message: "", data: null }), expected)
    }
  })

  it("(e) reads a shortened row without a wrapper and without a link", () => {
    const body = {
      created_at: 1767000000,
      fail_reason: "",
      finished_at: 1767000090,
      platform: "54",
      progress: "100%",
      status: "SUCCESS",
      task_id: "t1"
    }
    assertReads(read, body, {
      status: "SUCCESS",
      progress: 100,
      videos: [],
      remoteId: "t1",
      createdAt: 1767000000_000,
      completedAt: 1767000090_000
    })
  })

  it("quirk 14: unknown, the word for a row that was not looked at yet, says nothing", () => {
    assert.deepStrictEqual(reading(read, { id: "t1", object: "video", status: "unknown", progress: 0 }), {})
    assert.deepStrictEqual(reading(read, wrapped({ ...row, status: "UNKNOWN" })), {})
  })

  it("clones of /v1/videos: an error as a sentence, the link in data[0], a percent sign in a flat body", () => {
    assert.deepStrictEqual(
      links(read, { id: "t1", status: "completed", progress: "100%", data: [{ url: "https://a.example/v.mp4" }] }),
      ["https://a.example/v.mp4"]
    )
    const { failure, progress } = observed(read, { id: "t1", status: "failed", progress: "0%", error: "no" })
    assert.deepStrictEqual({ failure, progress }, { failure: new Video.Failure({ message: "no" }), progress: 0 })
  })

  it("a fork fills metadata.url in while the task still waits: no video yet", () => {
    const body = { id: "t1", status: "queued", metadata: { url: "https://a.example/v.mp4" } }
    assert.deepStrictEqual(links(read, body), [])
  })
})

describe("NewApiWire, refusals", () => {
  it.each(
    [
      [{ code: "invalid_request", message: "prompt is required", data: null }, "refused", "invalid_request"],
      [{ code: "get_task_failed", message: "no", data: null }, "refused", "get_task_failed"],
      [{ error: { message: "Invalid token", type: "new_api_error", code: "" } }, "refused", "new_api_error"],
      [{ code: "task_not_exist", message: "task_not_exist", data: null }, "missing", "task_not_exist"]
    ] as const
  )("%j", (body, kind, code) => {
    const found = problem(read, body)
    assert.deepStrictEqual({ kind: found.kind, code: found.code }, { kind, code })
  })
})
