import { assert, describe, it } from "@effect/vitest"
import { SeeAnyWire, Video } from "@video-tasks/core"
import { assertReads, observed, problem, reading, video } from "./utils/wire.ts"

const read = SeeAnyWire.toObservation

/** The samples of the page `GET /v1/tasks/{task_id}`, word for word. */
const samples = {
  processing: {
    id: "vid_20260603_001",
    object: "video_generation",
    status: "processing",
    progress: 65,
    estimated_remaining: 42
  },
  completed: {
    id: "vid_20260603_001",
    object: "video_generation",
    status: "completed",
    completed_at: 1748908920,
    video_url: "https://cdn.seeany.com/video/vid_001/output.mp4",
    thumbnail_url: "https://cdn.seeany.com/video/vid_001/thumb.jpg",
    duration: 5,
    resolution: "720p",
    usage: { cost: 0.70, cost_unit: "CNY" }
  },
  failed: {
    id: "vid_20260603_001",
    object: "video_generation",
    status: "failed",
    error: { code: "content_policy_violation", message: "生成内容违反内容安全策略" }
  }
}

describe("SeeAnyWire, the samples of the page", () => {
  it("reads the running task, whose rest is in seconds", () => {
    assertReads(read, samples.processing, {
      status: "IN_PROGRESS",
      progress: 65,
      estimatedRemainingMs: 42_000,
      videos: [],
      remoteId: "vid_20260603_001"
    })
  })

  it("reads the finished task with its file and its bill", () => {
    assertReads(read, samples.completed, {
      status: "SUCCESS",
      videos: [video({
        url: "https://cdn.seeany.com/video/vid_001/output.mp4",
        thumbnailUrl: "https://cdn.seeany.com/video/vid_001/thumb.jpg",
        durationSeconds: 5,
        resolution: "720p"
      })],
      cost: new Video.Cost({ amount: 0.7, unit: "CNY", kind: "bill" }),
      remoteId: "vid_20260603_001",
      completedAt: 1748908920_000
    })
  })

  it("reads the failed task with its reason", () => {
    assertReads(read, samples.failed, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({
        code: "content_policy_violation",
        message: "生成内容违反内容安全策略",
        providerCode: "content_policy_violation"
      }),
      remoteId: "vid_20260603_001"
    })
  })

  it("has every field of the samples in its schema", () => {
    const fields = new Set(Object.values(samples).flatMap((sample) => Object.keys(sample)))
    assert.deepStrictEqual([...fields].filter((field) => !(field in SeeAnyWire.Task.fields)), [])
  })

  it("keeps `object`, the one field without a place of its own, for people", () => {
    for (const sample of Object.values(samples)) {
      assert.include(observed(read, sample).raw, "\"object\":\"video_generation\"")
    }
  })
})

describe("SeeAnyWire, quirks", () => {
  it.each([
    ["42", 42_000],
    [0, 0],
    [1.5, 1500],
    [-1, undefined],
    [1e300, undefined],
    ["soon", undefined],
    [null, undefined]
  ])("quirk 11: an estimate of %j is %j ms", (estimated_remaining, expected) => {
    assert.strictEqual(observed(read, { ...samples.processing, estimated_remaining }).estimatedRemainingMs, expected)
  })

  it.each(
    [
      [{ cost: "0.70", cost_unit: "CNY" }, { amount: 0.7, unit: "CNY", kind: "bill" }],
      [{ cost: 0, cost_unit: "CNY" }, { amount: 0, unit: "CNY", kind: "bill" }],
      [{ cost: 0.7 }, undefined],
      [{ cost_unit: "CNY" }, undefined],
      [{ cost: -1, cost_unit: "CNY" }, undefined],
      [[], undefined],
      [null, undefined]
    ] as const
  )("quirk 11: a usage of %j costs %j", (usage, expected) => {
    assert.deepStrictEqual(
      observed(read, { ...samples.completed, usage }).cost,
      expected === undefined ? undefined : new Video.Cost(expected)
    )
  })

  it("quirk 4 and 15: the live host says no with HTTP 200, a code and msg", () => {
    assert.deepStrictEqual(problem(read, { code: 40101, msg: "未登录" }), {
      kind: "refused",
      detail: "未登录",
      code: "40101"
    })
    assert.deepStrictEqual(problem(read, { code: 1, msg: "no", data: null }).kind, "refused")
    assert.deepStrictEqual(problem(read, { code: 1, msg: "no", data: { status: "failed" } }).kind, "refused")
  })

  it("quirk 4: reads the live host's wrapper, whose images are no videos", () => {
    const task = (status: string, more: object) => ({
      code: 0,
      msg: "ok",
      data: { status, ...more, assets: [{ work_uuid: "w1", images: [{ url: "https://a.example/1.png" }] }] }
    })
    assertReads(read, task("running", { progress: 30, task_uuid: "wtask_1" }), {
      status: "IN_PROGRESS",
      progress: 30,
      videos: [],
      remoteId: "wtask_1"
    })
    assertReads(read, task("partial_failed", {}), { status: "SUCCESS", videos: [] })
    assertReads(read, task("failed", { error_message: "too dark" }), {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ message: "too dark" })
    })
  })

  it("quirk 12: an error may be a sentence, or say nothing", () => {
    const failed = (error: unknown) => observed(read, { ...samples.failed, error }).failure
    assert.deepStrictEqual(failed("too dark"), new Video.Failure({ message: "too dark" }))
    assert.deepStrictEqual(failed({ code: 7 }), new Video.Failure({ message: "7", code: "7", providerCode: 7 }))
    for (const error of [null, {}, [], "", { code: "", message: "" }]) assert.strictEqual(failed(error), undefined)
  })

  it("an error on a task that runs or succeeded is no failure", () => {
    for (const sample of [samples.processing, samples.completed]) {
      assert.strictEqual(observed(read, { ...sample, error: samples.failed.error }).failure, undefined)
    }
  })

  it("shows the words of other APIs for what they mean here too", () => {
    assert.deepStrictEqual(["queued", "succeeded"].map((status) => reading(read, { id: "v", status }).status), [
      "SUBMITTED",
      "SUCCESS"
    ])
  })
})
