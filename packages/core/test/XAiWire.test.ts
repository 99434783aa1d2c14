import { assert, describe, it } from "@effect/vitest"
import { type StatusWord, Video, XAiWire } from "@video-tasks/core"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = XAiWire.toObservation

const id = "7f2c1f0e-5b0e-4c43-9a55-0f4a9a0f3b11"

const url = "https://vidgen.x.ai/xai-vidgen-bucket/v.mp4"

/** xAI's own answers: they hold no id but the one to a create. */
const native = {
  created: { request_id: id },
  pending: { status: "pending", progress: 30 },
  done: {
    status: "done",
    video: { url, duration: 5, respect_moderation: true },
    model: "grok-imagine-video",
    usage: { cost_in_usd_ticks: 500000000 },
    progress: 100
  },
  failed: {
    status: "failed",
    video: { duration: 0 },
    model: "",
    error: { code: "internal_error", message: "Video generation failed" }
  },
  expired: { status: "expired" }
}

/** A row of CometAPI's older page, word for word but for the ids. */
const row = {
  code: "success",
  message: "",
  data: {
    task_id: id,
    action: "VIDEO_GENERATION",
    status: "SUCCESS",
    fail_reason: url,
    submit_time: 1773297002,
    start_time: 0,
    finish_time: 1773297014,
    progress: "100%",
    data: {
      model: "grok-imagine-video",
      usage: { cost_in_usd_ticks: 500000000 },
      video: { url, duration: 1, respect_moderation: true },
      status: "done"
    }
  }
}

const usd = (amount: number) => new Video.Cost({ amount, unit: "USD", kind: "bill" })

const inRow = (data: object) => ({ ...row, data: { ...row.data, fail_reason: "", ...data } })

describe("XAiWire, xAI's own answers", () => {
  it("reads a create as a job that runs", () => {
    assertReads(read, native.created, { status: "IN_PROGRESS", videos: [], remoteId: id })
  })

  it("reads a create that says `pending`", () => {
    assertReads(read, { request_id: id, status: "pending" }, { status: "IN_PROGRESS", videos: [], remoteId: id })
  })

  it("reads a pending job, which has no id", () => {
    assertReads(read, native.pending, { status: "IN_PROGRESS", progress: 30, videos: [] })
  })

  it("reads a finished job with its file and its bill", () => {
    assertReads(read, native.done, {
      status: "SUCCESS",
      progress: 100,
      model: "grok-imagine-video",
      videos: [video({ url, durationSeconds: 5 })],
      cost: usd(0.05)
    })
  })

  it("reads a failed job with its reason", () => {
    assertReads(read, native.failed, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({
        code: "internal_error",
        message: "Video generation failed",
        providerCode: "internal_error",
        retryable: true
      })
    })
  })

  it("reads an expired job", () => {
    assertReads(read, native.expired, { status: "EXPIRED", videos: [] })
  })
})

describe("XAiWire, CometAPI's answers", () => {
  it("quirk 20: reads a body of only `request_id` as a job that runs", () => {
    assertReads(read, { request_id: id }, { status: "IN_PROGRESS", videos: [], remoteId: id })
  })

  it("reads the flat form with an id and progress", () => {
    assertReads(read, { request_id: id, model: "grok-imagine-video", status: "processing", progress: 40 }, {
      status: "IN_PROGRESS",
      progress: 40,
      model: "grok-imagine-video",
      videos: [],
      remoteId: id
    })
  })

  it("quirks 4, 5, 6: reads the old row, whose link is in `fail_reason` and whose bill is two levels down", () => {
    assertReads(read, row, {
      status: "SUCCESS",
      progress: 100,
      model: "grok-imagine-video",
      videos: [video({ url, durationSeconds: 1 })],
      cost: usd(0.05),
      remoteId: id,
      createdAt: 1773297002_000,
      completedAt: 1773297014_000
    })
  })

  it("quirk 6: finds the link of a row that has it only inside, and none in the reason of a failure", () => {
    assert.deepStrictEqual(links(read, inRow({})), [url])
    const failed = observed(read, inRow({ status: "FAILURE", fail_reason: "blocked by moderation", data: null }))
    assert.deepStrictEqual([failed.status, failed.failure?.message], ["FAILED", "blocked by moderation"])
  })

  it("quirk 5: believes the row before the vendor's word inside it", () => {
    const lagging = observed(read, inRow({ status: "IN_PROGRESS", progress: "30%" }))
    assert.deepStrictEqual([lagging.status, lagging.videos, lagging.cost], ["IN_PROGRESS", [], undefined])
  })

  it("quirk 15: reads a row that is not there as one", () => {
    assert.strictEqual(problem(read, { code: "success", message: "", data: null }).kind, "missing")
  })
})

describe("XAiWire, words", () => {
  it.each<readonly [unknown, StatusWord.Reading]>([
    ["queued", { status: "SUBMITTED" }],
    ["processing", { status: "IN_PROGRESS" }],
    ["pending", { status: "IN_PROGRESS" }],
    ["PENDING", { status: "IN_PROGRESS" }],
    [undefined, { status: "IN_PROGRESS" }],
    ["", { status: "IN_PROGRESS" }],
    ["done", { status: "SUCCESS" }],
    ["failed", { status: "FAILED" }],
    ["expired", { status: "EXPIRED" }],
    ["moderating", { unrecognised: "moderating" }]
  ])("reads %j as %j", (status, expected) => {
    assert.deepStrictEqual(reading(read, { request_id: id, status }), expected)
  })

  it.each<readonly [string, StatusWord.Reading]>([
    ["NOT_START", { status: "SUBMITTED" }],
    ["SUBMITTED", { status: "SUBMITTED" }],
    ["QUEUED", { status: "SUBMITTED" }],
    ["IN_PROGRESS", { status: "IN_PROGRESS" }],
    ["SUCCESS", { status: "SUCCESS" }],
    ["FAILURE", { status: "FAILED" }]
  ])("reads the row's %s as %j", (status, expected) => {
    assert.deepStrictEqual(reading(read, inRow({ status, data: null })), expected)
  })
})

describe("XAiWire, quirks", () => {
  it("quirk 8: `done` that moderation withholds is a failure that costs money", () => {
    const body = { ...native.done, video: { url, respect_moderation: false } }
    const { cost, failure, status, videos } = observed(read, body)
    assert.deepStrictEqual([status, failure?.code, cost, videos], ["FAILED", "moderation", usd(0.05), []])
  })

  it("quirk 8: moderation withholds a video also without a word, and inside a row", () => {
    const withheld = { url, respect_moderation: false }
    assert.strictEqual(observed(read, { video: withheld }).status, "FAILED")
    const inside = observed(read, inRow({ fail_reason: url, data: { ...row.data.data, video: withheld } }))
    assert.deepStrictEqual([inside.status, inside.cost], ["FAILED", usd(0.05)])
  })

  it.each([false, "false", " FALSE "])("takes %j of respect_moderation for withheld", (respect_moderation) => {
    assert.strictEqual(observed(read, { ...native.done, video: { url, respect_moderation } }).status, "FAILED")
    assert.strictEqual(observed(read, { video: { url, respect_moderation } }).status, "FAILED")
  })

  it.each([true, "true", null, "", 0, 1, "no", [false]])("takes %j of it for let out", (respect_moderation) => {
    assert.strictEqual(observed(read, { ...native.done, video: { url, respect_moderation } }).status, "SUCCESS")
  })

  it("reads a link without a word as success, and billed", () => {
    const { status: _, ...body } = native.done
    const { cost, status } = observed(read, body)
    assert.deepStrictEqual([status, cost], ["SUCCESS", usd(0.05)])
  })

  it("reads `done` without a link as a success without videos", () => {
    assertReads(read, { status: "done", video: { duration: 5 } }, { status: "SUCCESS", videos: [] })
  })

  it("quirk 12: the error of a failed job may be a sentence", () => {
    const { failure } = observed(read, { status: "failed", error: "Content moderated" })
    assert.deepStrictEqual(failure, new Video.Failure({ message: "Content moderated" }))
  })

  it("keeps the bill of a job that failed or expired, and takes none from one that runs", () => {
    const { usage } = native.done
    for (const status of ["failed", "expired"]) {
      assert.deepStrictEqual(observed(read, { status, usage }).cost, usd(0.05))
    }
    assert.strictEqual(observed(read, { status: "pending", usage }).cost, undefined)
  })

  it.each([
    [500000000, 0.05],
    [3500000000, 0.35],
    [700000000, 0.07],
    ["8100000000", 0.81],
    [1, 1e-10],
    [10_000_000_000, 1],
    [0, 0]
  ])("counts %j ticks as exactly %d USD", (ticks, amount) => {
    assert.deepStrictEqual(observed(read, { ...native.done, usage: { cost_in_usd_ticks: ticks } }).cost, usd(amount))
  })

  it.each([[null], [-1], ["many"], [{}]])("takes %j for no ticks", (ticks) => {
    assert.strictEqual(observed(read, { ...native.done, usage: { cost_in_usd_ticks: ticks } }).cost, undefined)
  })

  it("counts tokens where only those are told", () => {
    assert.deepStrictEqual(
      observed(read, { ...native.done, usage: { total_tokens: 1200 } }).cost,
      new Video.Cost({ amount: 1200, unit: "tokens", kind: "bill" })
    )
  })

  it("quirk 11: lengths may be 6.5 or text", () => {
    for (const duration of [6.5, "6.5"]) {
      assert.strictEqual(observed(read, { status: "done", video: { url, duration } }).videos[0]?.durationSeconds, 6.5)
    }
  })

  it.each(["message", "error"])("reads an expired job that says why in `%s`", (field) => {
    assert.strictEqual(observed(read, { status: "expired", [field]: "The request has expired" }).status, "EXPIRED")
  })

  it("finds the public link of a file that xAI was asked to keep", () => {
    const file_output = {
      file_id: "file_1",
      filename: "v.mp4",
      public_url: "https://files.x.ai/v.mp4",
      public_url_expires_at: 1773300000
    }
    assertReads(read, { status: "done", video: { duration: 5, file_output } }, {
      status: "SUCCESS",
      videos: [video({ url: file_output.public_url, durationSeconds: 5, expiresAt: 1773300000_000 })]
    })
    assert.deepStrictEqual(links(read, { status: "done", video: { url, file_output } }), [url])
  })

  it("is no task without an id, a word and a link", () => {
    assert.strictEqual(problem(read, {}).kind, "notATask")
    assert.strictEqual(problem(read, { video: {}, model: "" }).kind, "notATask")
  })

  it.each([
    [{ code: "invalid-argument", error: "duration must be at most 15" }],
    [{ error: "duration must be at most 15" }],
    [{ error: { message: "duration must be at most 15", type: "invalid_request_error", param: null, code: null } }]
  ])("reads %j as a refusal", (body) => {
    const { detail, kind } = problem(read, body)
    assert.deepStrictEqual([kind, detail], ["refused", "duration must be at most 15"])
  })
})

describe("XAiWire.isRetryable", () => {
  it.each<readonly [string | number | null | undefined, boolean | undefined]>([
    ["internal_error", true],
    ["INTERNAL_ERROR", true],
    ["Internal server error", true],
    ["service_unavailable", true],
    ["timeout", true],
    ["content_policy_violation", false],
    ["moderated", false],
    ["internal_content_filter", false],
    ["Client specified an invalid argument", false],
    ["something_new", undefined],
    ["", undefined],
    [13, undefined],
    [null, undefined],
    [undefined, undefined]
  ])("says of %j: %j", (code, expected) => {
    assert.strictEqual(XAiWire.isRetryable(code), expected)
  })
})

describe("XAiWire.toChargedFailure", () => {
  const usage = { cost_in_usd_ticks: 500000000 }

  it("reads a refusal with a bill as a job that failed, body and all", () => {
    const body = { code: "Client specified an invalid argument", error: "Generated video rejected", usage }
    const { videos, ...found } = { ...XAiWire.toChargedFailure(body) }
    assert.deepStrictEqual([videos, found], [[], {
      status: "FAILED",
      failure: new Video.Failure({
        code: "Client specified an invalid argument",
        message: "Generated video rejected",
        providerCode: "Client specified an invalid argument",
        retryable: false
      }),
      cost: usd(0.05),
      raw: JSON.stringify(body)
    }])
  })

  it("reads the shape with an object for an error, and a usage in tokens", () => {
    const found = XAiWire.toChargedFailure({ error: { message: "blocked", code: "m" }, usage: { total_tokens: 7 } })
    assert.deepStrictEqual([found?.status, found?.failure?.message, found?.failure?.code, found?.cost?.amount], [
      "FAILED",
      "blocked",
      "m",
      7
    ])
  })

  it.each([
    [{ code: "not-found", error: "no such request" }],
    [{ error: "no such request", usage: null }],
    [{ error: { message: "no such request" } }],
    [{ error: "Incorrect API key provided", usage: {} }],
    [{ error: "no permission", usage: "{}" }],
    [{ error: "try later", usage: { requests: 3 } }],
    [{ error: "duration must be at most 15", usage: { total_tokens: 0 } }],
    [{ error: "no such request", usage: { cost_in_usd_ticks: 0, total_tokens: "0" } }],
    [{ error: "no such request", usage: { cost_in_usd_ticks: "many", total_tokens: -7 } }],
    [[]],
    ["moderated"],
    [null]
  ])("is no answer to %j", (body) => {
    assert.strictEqual(XAiWire.toChargedFailure(body), undefined)
  })
})
