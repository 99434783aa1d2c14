import { assert, describe, it } from "@effect/vitest"
import { CometApiWire, Video } from "@video-tasks/core"
import { Result, Schema } from "effect"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = CometApiWire.toObservation

/** The samples of the pages `GET /v1/videos/{id}`, `POST /v1/videos` and of the video overview, word for word. */
const samples = {
  query: {
    id: "task_abc123",
    model: "doubao-seedance-2-0-fast",
    object: "video",
    status: "IN_PROGRESS",
    progress: 45,
    created_at: 1776567610,
    completed_at: null
  },
  create: {
    id: "task_abc123",
    task_id: "task_abc123",
    object: "video",
    model: "doubao-seedance-2-0-fast",
    status: "SUBMITTED",
    progress: 0,
    created_at: 1776681149
  },
  overviewCreate: {
    id: "task_example",
    task_id: "task_example",
    object: "video",
    model: "your-video-model-id",
    status: "queued",
    progress: 0,
    created_at: 1779872000
  },
  overviewQuery: {
    id: "task_example",
    object: "video",
    model: "your-video-model-id",
    status: "completed",
    progress: 100,
    completed_at: 1779872300,
    video_url: "https://example.com/generated-video.mp4"
  }
}

const done = { id: "t1", object: "video", status: "SUCCESS", progress: 100 }

const url = "https://cdn.example.com/v.mp4?X-Tos-Expires=86400&X-Tos-Signature=c0ffee"

describe("CometApiWire, the samples of the pages", () => {
  it("reads the query page's running task", () => {
    assertReads(read, samples.query, {
      status: "IN_PROGRESS",
      progress: 45,
      videos: [],
      model: "doubao-seedance-2-0-fast",
      remoteId: "task_abc123",
      createdAt: 1776567610_000
    })
  })

  it("reads the create page's answer", () => {
    assertReads(read, samples.create, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      model: "doubao-seedance-2-0-fast",
      remoteId: "task_abc123",
      createdAt: 1776681149_000
    })
  })

  it("reads the overview's answer to a create", () => {
    assertReads(read, samples.overviewCreate, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      model: "your-video-model-id",
      remoteId: "task_example",
      createdAt: 1779872000_000
    })
  })

  it("reads the overview's finished task", () => {
    assertReads(read, samples.overviewQuery, {
      status: "SUCCESS",
      progress: 100,
      videos: [video({ url: "https://example.com/generated-video.mp4" })],
      model: "your-video-model-id",
      remoteId: "task_example",
      completedAt: 1779872300_000
    })
  })

  it.each(
    [
      ["SUBMITTED", "SUBMITTED"],
      ["IN_PROGRESS", "IN_PROGRESS"],
      ["SUCCESS", "SUCCESS"],
      ["FAILED", "FAILED"],
      ["ERROR", "ERROR"],
      ["queued", "SUBMITTED"],
      ["in_progress", "IN_PROGRESS"],
      ["completed", "SUCCESS"],
      ["failed", "FAILED"],
      ["error", "ERROR"]
    ] as const
  )("reads the word %s on each of them as %s", (word, status) => {
    for (const sample of Object.values(samples)) {
      assert.deepStrictEqual(reading(read, { ...sample, status: word }), { status })
    }
  })

  it("has every field of the samples in its schema", () => {
    const fields = new Set(Object.values(samples).flatMap((sample) => Object.keys(sample)))
    assert.deepStrictEqual([...fields].filter((field) => !(field in CometApiWire.Task.fields)), [])
  })

  it("brings every field of the samples somewhere", () => {
    const whole = { ...samples.overviewCreate, ...samples.overviewQuery, status: "SUCCESS", video_url: url }
    const { completedAt, createdAt, model, progress, raw, remoteId, status, videos } = observed(read, whole)
    assert.deepStrictEqual({ completedAt, createdAt, model, progress, remoteId, status, videos: videos.length }, {
      completedAt: 1779872300_000,
      createdAt: 1779872000_000,
      model: "your-video-model-id",
      progress: 100,
      remoteId: "task_example",
      status: "SUCCESS",
      videos: 1
    })
    // `object` is the same for every task, and is kept for people only.
    assert.include(raw, "\"object\":\"video\"")
  })
})

describe("CometApiWire, the older wrapped forms", () => {
  it("reads a wrapped row, whose vendor lags behind or is ahead", () => {
    const body = {
      code: "success",
      message: "",
      data: {
        task_id: "8d1c",
        action: "IMAGE_TO_VIDEO",
        status: "QUEUED",
        fail_reason: "",
        submit_time: 1773366766,
        start_time: 0,
        finish_time: 0,
        progress: "0%",
        data: { id: "17f2", status: "PENDING", createdAt: "2026-03-13T09:52:46+08:00" }
      }
    }
    assertReads(read, body, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      remoteId: "8d1c",
      createdAt: 1773366766_000
    })
  })

  it("reads a finished row whose only link is in fail_reason, and takes the details from the vendor's answer", () => {
    const body = {
      code: "success",
      message: "",
      data: {
        task_id: "x1",
        action: "VIDEO_GENERATION",
        status: "SUCCESS",
        fail_reason: "https://vidgen.x.ai/a.mp4",
        submit_time: 1773297002,
        start_time: 0,
        finish_time: 1773297014,
        progress: "100%",
        data: {
          model: "grok-imagine-video",
          usage: { cost_in_usd_ticks: 500000000 },
          video: { url: "https://vidgen.x.ai/b.mp4", duration: 1, respect_moderation: true },
          status: "done"
        }
      }
    }
    assertReads(read, body, {
      status: "SUCCESS",
      progress: 100,
      videos: [video({ url: "https://vidgen.x.ai/a.mp4", durationSeconds: 1 })],
      remoteId: "x1",
      createdAt: 1773297002_000,
      completedAt: 1773297014_000
    })
  })

  it("reads any sample in a wrapper as it reads it bare", () => {
    for (const sample of Object.values(samples)) {
      for (const code of ["success", "SUCCESS", 0, "0", 200]) {
        const { raw: _, ...wrapped } = observed(read, { code, message: "", data: sample })
        const { raw: __, ...bare } = observed(read, sample)
        assert.deepStrictEqual(wrapped, bare)
      }
    }
  })
})

describe("CometApiWire, the clones of OpenAI's videos", () => {
  it("reads the blog's Veo: succeeded, with the link in output[0]", () => {
    const body = { id: "task_v", object: "video", model: "veo3-fast", status: "succeeded", output: [url] }
    const { model, remoteId, status, videos } = observed(read, body)
    assert.deepStrictEqual({ model, remoteId, status, videos }, {
      model: "veo3-fast",
      remoteId: "task_v",
      status: "SUCCESS",
      videos: [video({ url })]
    })
  })

  it("reads the blog's other ends", () => {
    assert.deepStrictEqual(reading(read, { id: "task_v", status: "failed", output: [] }), { status: "FAILED" })
    assert.deepStrictEqual(reading(read, { id: "task_v", status: "cancelled", output: null }), { status: "CANCELLED" })
  })

  it("reads a flat body whose progress is a text", () => {
    assertReads(read, { id: "task_w", object: "video", model: "wan2.5", status: "queued", progress: "0%" }, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      model: "wan2.5",
      remoteId: "task_w"
    })
  })

  it("reads a flat failure whose error is a sentence", () => {
    const body = { id: "task_w", status: "failed", progress: "100%", error: "the picture was refused" }
    assertReads(read, body, {
      status: "FAILED",
      progress: 100,
      videos: [],
      failure: new Video.Failure({ message: "the picture was refused" }),
      remoteId: "task_w"
    })
  })

  it("reads a flat success whose only link is in a list of data", () => {
    const body = { id: "task_w", status: "completed", progress: "100%", error: "", seconds: "8", data: [{ url }] }
    const { failure, progress, status, videos } = observed(read, body)
    assert.deepStrictEqual({ failure, progress, status, videos }, {
      failure: undefined,
      progress: 100,
      status: "SUCCESS",
      videos: [video({ url, durationSeconds: 8 })]
    })
  })

  it("reads a size that is written 16x9 as no pixels", () => {
    const [clip] = observed(read, { id: "task_v", status: "completed", size: "16x9", video_url: url }).videos
    assert.deepStrictEqual([clip?.width, clip?.height], [undefined, undefined])
  })

  it("reads the callback of the guide: task_id, and the link in result.video_url", () => {
    const body = { task_id: "task_v", status: "completed", progress: 100, result: { video_url: url } }
    assert.deepStrictEqual([observed(read, body).remoteId, links(read, body)], ["task_v", [url]])
  })
})

describe("CometApiWire, quirks", () => {
  it("quirk 1: mixes both vocabularies, and the blog's third", () => {
    assert.deepStrictEqual(
      ["Completed", "succeeded", "In_Progress", "QUEUED"].map((status) => reading(read, { id: "t1", status }).status),
      ["SUCCESS", "SUCCESS", "IN_PROGRESS", "SUBMITTED"]
    )
  })

  it("quirk 2: completed_at on a running task proves nothing", () => {
    const body = { ...samples.query, status: "in_progress", progress: 30, completed_at: 1777385485 }
    assert.deepStrictEqual(reading(read, body), { status: "IN_PROGRESS" })
    assert.strictEqual(observed(read, body).completedAt, 1777385485_000)
  })

  it.each([
    [45, 45],
    ["45%", 45],
    [" 45.5 % ", 45.5],
    ["45", 45],
    [0.45, 0.45],
    [1, 1],
    ["0%", 0],
    [-5, 0],
    [101, 100],
    ["1e400", undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ["half", undefined],
    ["", undefined],
    [null, undefined],
    [[45], undefined]
  ])("quirk 3: progress %j is %j of 100, and never decided by its size", (progress, expected) => {
    const { progress: actual, status } = observed(read, { id: "t1", status: "in_progress", progress })
    assert.deepStrictEqual({ actual, status }, { actual: expected, status: "IN_PROGRESS" })
  })

  it("quirk 3: a progress of 100 does not end a task", () => {
    assert.deepStrictEqual(reading(read, { ...samples.query, progress: 100 }), { status: "IN_PROGRESS" })
  })

  it("quirk 5: the outer word counts, the inner only where there is none", () => {
    const row = (status: unknown) => ({
      code: "success",
      data: { task_id: "t1", status, data: { status: "succeeded" } }
    })
    assert.deepStrictEqual(reading(read, row("IN_PROGRESS")), { status: "IN_PROGRESS" })
    assert.deepStrictEqual(reading(read, row("")), { status: "SUCCESS" })
    assert.deepStrictEqual(reading(read, { id: "t1", data: { status: "failed" } }), { status: "FAILED" })
  })

  it("quirk 6: a link is a video only with success, and only when it is one", () => {
    for (const status of ["queued", "in_progress", "failed", "error", "unknown", "nonsense", "cancelled", "expired"]) {
      assert.deepStrictEqual(links(read, { ...done, status, video_url: url, fail_reason: url, output: [url] }), [])
    }
    for (
      const video_url of ["the prompt was refused", "ftp://a.example/v.mp4", "/v1/videos/t1/content", "https://", 7]
    ) {
      assert.deepStrictEqual(links(read, { ...done, video_url }), [])
    }
    assert.deepStrictEqual(links(read, { ...done, fail_reason: "https://a.example/v.mp4 was lost" }), [])
  })

  it.each([
    ["video_url", { video_url: url }],
    ["metadata.url", { metadata: { url } }],
    ["url", { url }],
    ["result_url", { result_url: url }],
    ["data.result_url", { data: { result_url: url } }],
    ["data.url", { data: { url } }],
    ["data[0].url", { data: [{ url }] }],
    ["result.video_url", { result: { video_url: url } }],
    ["result.url", { result: { url } }],
    ["output[0], a string", { output: [url] }],
    ["output[0].url", { output: [{ url }] }],
    ["output, a string", { output: url }],
    ["video.url", { video: { url } }],
    ["content.video_url", { content: { video_url: url } }],
    ["content[].video_url", { content: [{ type: "text" }, { video_url: url }] }],
    ["task_result.videos[0].url", { task_result: { videos: [{ id: "1", url }] } }],
    ["outputs[].url", { outputs: [{ type: "video", url }] }],
    ["fail_reason", { fail_reason: url }],
    ["data.task_result.videos[0].url", { data: { task_result: { videos: [{ url }] } } }],
    ["data.data.task_result.videos[0].url", { data: { data: { task_result: { videos: [{ url }] } } } }]
  ])("quirk 7: finds the link at %s", (_, place) => {
    assert.deepStrictEqual(links(read, { ...done, ...place }), [url])
    assert.deepStrictEqual(links(read, { code: "success", message: "", data: { ...done, ...place } }), [url])
  })

  it("quirk 7: prefers the places in the documented order, and gives all links of a list once", () => {
    const at = (n: number) => `https://a.example/${n}.mp4`
    assert.deepStrictEqual(
      links(read, { ...done, output: [at(4)], url: at(3), metadata: { url: at(2) }, video_url: at(1) }),
      [at(1)]
    )
    assert.deepStrictEqual(links(read, { ...done, output: [at(4)], url: at(3), metadata: { url: at(2) } }), [at(2)])
    assert.deepStrictEqual(links(read, { ...done, output: [at(1), at(2), null, 7, at(1), "no link"] }), [at(1), at(2)])
  })

  it.each([
    ["url", { url }],
    ["metadata.url", { metadata: { url } }],
    ["content, a string", { content: url }],
    ["content.video_url", { content: [{ type: "video_url", role: "reference_video", video_url: { url } }] }],
    ["data[0].url", { data: [{ url }] }],
    ["fail_reason", { fail_reason: url }]
  ])("quirk 7: without a word a link at %s may be the request's own, and proves nothing", (_, place) => {
    const { status, videos } = observed(read, { id: "t1", ...place })
    assert.deepStrictEqual([status, videos], ["IN_PROGRESS", []])
    assert.strictEqual(problem(read, place).kind, "notATask")
  })

  it.each([
    ["video_url", { video_url: url }],
    ["output", { output: [url] }],
    ["outputs", { outputs: [{ url }] }],
    ["video.url", { video: { url } }],
    ["task_result", { task_result: { videos: [{ url }] } }]
  ])("quirk 7: without a word a link at %s is a result, since nothing else stands there", (_, place) => {
    for (const body of [place, { id: "t1", ...place }]) {
      assert.deepStrictEqual([observed(read, body).status, links(read, body)], ["SUCCESS", [url]])
    }
  })

  it("quirk 8: success without a link is a success without videos", () => {
    for (const place of [{}, { video_url: null }, { metadata: { url: "" } }, { output: [] }, { video: null }]) {
      const { status, videos } = observed(read, { ...done, ...place })
      assert.deepStrictEqual({ status, videos }, { status: "SUCCESS", videos: [] })
    }
  })

  it("quirk 8: a video that the vendor's moderation withholds is a failure", () => {
    for (const body of [{ video: { url, respect_moderation: false } }, { metadata: { respect_moderation: false } }]) {
      const { failure, status, videos } = observed(read, { id: "t1", status: "done", ...body })
      assert.deepStrictEqual({ code: failure?.code, status, videos }, {
        code: "moderation",
        status: "FAILED",
        videos: []
      })
    }
  })

  it("quirk 9: an id is a text, and never a number that JSON has rounded", () => {
    assert.strictEqual(observed(read, { id: "2032273942220931072", status: "queued" }).remoteId, "2032273942220931072")
    assert.strictEqual(observed(read, { id: 123, task_id: "t1", status: "queued" }).remoteId, "t1")
    assert.strictEqual(observed(read, { id: 123, status: "queued" }).remoteId, "123")
    assert.strictEqual(
      observed(read, JSON.parse("{\"id\":2032273942220931072,\"status\":\"queued\"}")).remoteId,
      undefined
    )
    assert.strictEqual(observed(read, { code: 0, data: { id: 123, status: "queued" } }).remoteId, undefined)
    assert.strictEqual(observed(read, { code: 0, task_id: "t1", data: { id: 123, status: "queued" } }).remoteId, "t1")
  })

  it.each([
    [1776567610, 1776567610_000],
    [1776567610_123, 1776567610_123],
    ["1776567610", 1776567610_000],
    ["1776567610123", 1776567610_123],
    ["2026-04-19T03:00:10.000Z", 1776567610_000],
    ["2026-04-19T11:00:10+08:00", 1776567610_000],
    ["2026-04-19 03:00:10", 1776567610_000],
    ["2026-04-19T11:00:10+0800", 1776567610_000],
    [1776567610.5, 1776567610_500],
    [0, undefined],
    ["0", undefined],
    [-1, undefined],
    [null, undefined],
    ["", undefined],
    ["0001-01-01T00:00:00Z", undefined],
    ["2026-13-45T99:99:99Z", undefined],
    ["yesterday", undefined],
    [1e300, undefined],
    [{}, undefined]
  ])("quirk 10: the time %j is %j", (created_at, expected) => {
    assert.strictEqual(observed(read, { id: "t1", status: "queued", created_at }).createdAt, expected)
  })

  it("quirk 11: numbers may come as text", () => {
    assert.deepStrictEqual(
      observed(read, { ...done, video_url: url, seconds: "4", size: "1280x720", fps: "24", seed: "7" }).videos,
      [video({ url, durationSeconds: 4, width: 1280, height: 720, fps: 24, seed: 7 })]
    )
    assert.deepStrictEqual(
      observed(read, { ...done, video_url: url, duration: "5.1", seconds: "4", size: "16:9", width: "wide" }).videos,
      [video({ url, durationSeconds: 5.1 })]
    )
    assert.deepStrictEqual(observed(read, { ...done, video_url: url, duration: -1 }).videos, [video({ url })])
  })

  it.each([
    [
      "error.message",
      { error: { code: "InvalidParameter", message: "m" } },
      "m",
      "InvalidParameter",
      "InvalidParameter"
    ],
    ["error, with an empty code", { error: { code: "", message: "m" } }, "m", undefined, ""],
    ["error, with a null code", { error: { code: null, message: "m" } }, "m", undefined, null],
    ["error, with a number", { error: { code: 5000, message: "m" } }, "m", "5000", 5000],
    ["error, a sentence", { error: "m" }, "m", undefined, undefined],
    ["fail_reason", { fail_reason: "m", message: "success" }, "m", undefined, undefined],
    ["message", { message: "m", code: "E1" }, "m", "E1", "E1"],
    ["metadata.error", { metadata: { error: "m" } }, "m", undefined, undefined],
    ["metadata.error.message", { metadata: { error: { message: "m", code: 7 } } }, "m", "7", 7],
    ["failure and failureCode", { failure: "m", failureCode: "INTERNAL" }, "m", "INTERNAL", "INTERNAL"],
    ["the link's place", { metadata: { url: "m" } }, "m", undefined, undefined],
    ["the vendor's answer", { data: { error: { message: "m", code: "v" } } }, "m", "v", "v"],
    ["a code alone", { error: { code: "content_policy" } }, "content_policy", "content_policy", "content_policy"]
  ])("quirk 12: takes the reason of a failure from %s", (_, place, message, code, providerCode) => {
    for (const status of ["FAILED", "ERROR"] as const) {
      const { failure, status: actual } = observed(read, { id: "t1", status, ...place })
      assert.strictEqual(actual, status)
      assert.deepStrictEqual(
        failure,
        new Video.Failure({
          message,
          ...(code === undefined ? {} : { code }),
          ...(providerCode === undefined ? {} : { providerCode })
        })
      )
    }
  })

  it("quirk 12: takes the first reason in the documented order", () => {
    const all = {
      error: { message: "1" },
      fail_reason: "2",
      message: "3",
      metadata: { error: "4" },
      failure: "5"
    }
    const failed = (fields: object) => observed(read, { id: "t1", status: "FAILED", ...fields }).failure?.message
    assert.strictEqual(failed(all), "1")
    assert.strictEqual(failed({ ...all, error: null }), "2")
    assert.strictEqual(failed({ ...all, error: {}, fail_reason: url }), "3")
    assert.strictEqual(failed({ ...all, error: null, fail_reason: "", message: "SUCCESS" }), "4")
    assert.strictEqual(failed({ failure: "5" }), "5")
    assert.strictEqual(failed({}), undefined)
  })

  it("quirk 12: error: null on a success is no failure", () => {
    const { failure, status } = observed(read, { ...done, error: null, video_url: url })
    assert.deepStrictEqual({ failure, status }, { failure: undefined, status: "SUCCESS" })
  })

  it("quirk 13: a 2xx that says task_not_exist is a missing task", () => {
    assert.deepStrictEqual(problem(read, { code: "task_not_exist", message: "task_not_exist", data: null }), {
      kind: "missing",
      detail: "task_not_exist",
      code: "task_not_exist"
    })
    assert.deepStrictEqual(problem(read, { error: { message: "task_not_exist", type: "cometapi_error" } }), {
      kind: "missing",
      detail: "task_not_exist",
      code: "cometapi_error"
    })
  })

  it("quirk 15: a wrapper without a task is a missing task", () => {
    for (const body of [{ code: "success" }, { code: 0, status: "ok" }, { status: "success" }, { success: true }]) {
      assert.deepStrictEqual(problem(read, { ...body, data: null }), {
        kind: "missing",
        detail: "the answer holds no task"
      })
    }
  })

  it("quirk 19: unknown fields change nothing", () => {
    const noise = { platform: "54", user_id: 1, group: "default", quota: 2500, properties: {}, x: { y: [1] } }
    const { raw: _, ...noisy } = observed(read, { ...samples.query, ...noise })
    const { raw: __, ...clean } = observed(read, samples.query)
    assert.deepStrictEqual(noisy, clean)
  })

  it("quirk 32: shows no signed query, and keeps the link whole for the download", () => {
    const observation = observed(read, { ...done, video_url: url })
    assert.deepStrictEqual(links(read, { ...done, video_url: url }), [url])
    assert.notInclude(observation.raw, "c0ffee")
    assert.notInclude(JSON.stringify(observation), "c0ffee")
    assert.notInclude(String(observation.videos[0]?.url), "cdn.example.com")
  })
})

describe("CometApiWire, what is no task", () => {
  it.each([
    [null, "the answer is null, not an object"],
    [[], "the answer is an array, not an object"],
    ["SUCCESS", "the answer is a string, not an object"],
    [42, "the answer is a number, not an object"],
    [undefined, "the answer is undefined, not an object"],
    [{}, "the answer has no id, no status and no link"],
    [{ hello: "world" }, "the answer has no id, no status and no link"],
    [{ status: 404, path: "/v1/videos/x" }, "the answer has no id, no status and no link"],
    [{ object: "list", data: [{ id: "t1", status: "completed", url }] }, "the answer has no id, no status and no link"],
    [{ code: "success", message: "" }, "the answer has no id, no status and no link"],
    [{ code: "success", data: {} }, "the data has no id, no status and no link"],
    [{ code: "success", data: "t1" }, "the answer has no id, no status and no link"]
  ])("%j is not a task", (body, detail) => {
    assert.deepStrictEqual(problem(read, body), { kind: "notATask", detail })
  })

  it.each([
    [{ code: "InvalidParameter", message: "no", data: null }, { detail: "no", code: "InvalidParameter" }],
    [{ error: { message: "no", type: "comet_api_error", code: "" } }, { detail: "no", code: "comet_api_error" }],
    [{ error: "no" }, { detail: "no" }],
    [{ status: 404, error: "Not Found", path: "/" }, { detail: "Not Found" }],
    [{ success: false, message: "no" }, { detail: "no" }],
    [{ status: "error", message: "no" }, { detail: "no" }],
    [{ code: 500, message: "no", status: "failed" }, { detail: "no", code: "500" }],
    [{ code: "success", data: { error: { message: "no" } } }, { detail: "no" }],
    [{ code: 1, data: {} }, { detail: "{\"code\":1,\"data\":{}}", code: "1" }]
  ])("%j is a refusal", (body, expected) => {
    assert.deepStrictEqual(problem(read, body), { kind: "refused", ...expected })
  })

  it("never takes a body with an id for a refusal: a task may have been paid", () => {
    for (const body of [{ code: 500, error: { message: "no" } }, { success: false, message: "no" }, { error: "no" }]) {
      for (const task of [{ ...body, id: "t1" }, { ...body, task_id: "t1" }, { ...body, data: { task_id: "t1" } }]) {
        const { remoteId, status } = observed(read, task)
        assert.deepStrictEqual({ remoteId, status }, { remoteId: "t1", status: "IN_PROGRESS" })
      }
    }
  })

  it("takes a link without a word for a success, unless there is an error", () => {
    assert.deepStrictEqual(reading(read, { id: "t1", video_url: url }), { status: "SUCCESS" })
    assert.deepStrictEqual(reading(read, { video_url: url }), { status: "SUCCESS" })
    assert.deepStrictEqual(reading(read, { id: "t1", video_url: url, error: "no" }), { status: "IN_PROGRESS" })
  })

  it("takes the words of a wrapper that spells its success as a status for the wrapper's", () => {
    assert.deepStrictEqual(
      reading(read, { status: "success", message: "", data: { task_id: "t1", status: "processing" } }),
      { status: "IN_PROGRESS" }
    )
  })
})

describe("CometApiWire.Task", () => {
  it("decodes whatever fits and leaves out the rest", () => {
    assert.deepStrictEqual(
      Schema.decodeUnknownResult(CometApiWire.Task)({ id: 7, status: ["x"], progress: "45%", created_at: {}, more: 1 }),
      Result.succeed({ id: undefined, status: undefined, progress: 45, created_at: undefined })
    )
  })
})
