import { assert, describe, it } from "@effect/vitest"
import { ArkWire, Observation, type StatusWord, Video } from "@video-tasks/core"
import { Result } from "effect"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = ArkWire.toObservation

/** The finished task of the page, with its optional fields. */
const succeeded = {
  id: "cgt-20260427170604-ctz6g",
  model: "doubao-seedance-1-5-pro-251215",
  status: "succeeded",
  content: { video_url: "https://tos.example.com/v.mp4", last_frame_url: "https://tos.example.com/last.png" },
  usage: { completion_tokens: 108900, total_tokens: 108900 },
  created_at: 1743414619,
  updated_at: 1743414673,
  seed: 10,
  resolution: "720p",
  ratio: "16:9",
  duration: 5,
  framespersecond: 24,
  service_tier: "default",
  execution_expires_after: 172800,
  generate_audio: true,
  draft: false
}

const file = {
  url: "https://tos.example.com/v.mp4",
  thumbnailUrl: "https://tos.example.com/last.png",
  durationSeconds: 5,
  fps: 24,
  resolution: "720p",
  seed: 10,
  expiresAt: 1743414673_000 + 86_400_000
}

const bill = new Video.Cost({ amount: 108900, unit: "tokens", kind: "bill" })

const whole = {
  status: "SUCCESS",
  videos: [video(file)],
  cost: bill,
  model: "doubao-seedance-1-5-pro-251215",
  remoteId: "cgt-20260427170604-ctz6g",
  createdAt: 1743414619_000,
  completedAt: 1743414673_000
} as const

const running = {
  id: "cgt-20260427170604-ctz6g",
  model: "doubao-seedance-1-5-pro-251215",
  status: "running",
  created_at: 1743414619,
  updated_at: 1743414640,
  service_tier: "default",
  execution_expires_after: 172800
}

describe("ArkWire, the documented bodies", () => {
  it("reads the answer to a create, an id and nothing else, as a task that is queued", () => {
    assertReads(read, { id: "cgt-2026" }, { status: "SUBMITTED", videos: [], remoteId: "cgt-2026" })
  })

  it("reads a running task, which tells no progress and no end", () => {
    assertReads(read, running, {
      status: "IN_PROGRESS",
      videos: [],
      model: "doubao-seedance-1-5-pro-251215",
      remoteId: "cgt-20260427170604-ctz6g",
      createdAt: 1743414619_000
    })
  })

  it("reads a finished task with its file, its last frame, its tokens and the day that the links live", () => {
    assertReads(read, succeeded, whole)
  })

  it("reads a failed task, which is a 200, with its reason", () => {
    const error = {
      code: "OutputVideoSensitiveContentDetected",
      message: "The request failed because the output video may contain sensitive information."
    }
    assertReads(read, { ...running, status: "failed", error }, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ ...error, providerCode: "OutputVideoSensitiveContentDetected" }),
      model: "doubao-seedance-1-5-pro-251215",
      remoteId: "cgt-20260427170604-ctz6g",
      createdAt: 1743414619_000,
      completedAt: 1743414640_000
    })
  })

  it.each<[string, StatusWord.Reading]>([
    ["queued", { status: "SUBMITTED" }],
    ["running", { status: "IN_PROGRESS" }],
    ["succeeded", { status: "SUCCESS" }],
    ["failed", { status: "FAILED" }],
    ["cancelled", { status: "CANCELLED" }],
    ["expired", { status: "EXPIRED" }],
    ["Succeeded", { status: "SUCCESS" }],
    ["CANCELED", { status: "CANCELLED" }],
    ["pondering", { unrecognised: "pondering" }]
  ])("reads the status %s as %o", (status, expected) => {
    assert.deepStrictEqual(reading(read, { id: "cgt-1", status }), expected)
  })
})

describe("ArkWire, quirks", () => {
  it("quirk 11: reads numbers in strings", () => {
    const sloppy = {
      ...succeeded,
      usage: { completion_tokens: "108900", total_tokens: "108900" },
      created_at: "1743414619",
      updated_at: "1743414673",
      duration: "5",
      framespersecond: "24",
      seed: "10"
    }
    assertReads(read, sloppy, whole)
  })

  it.each([
    [{ total_tokens: 7, completion_tokens: 5 }, 7],
    [{ completion_tokens: "5" }, 5],
    [{ total_tokens: 0 }, 0],
    [{ total_tokens: -1 }, undefined],
    [{ total_tokens: "many" }, undefined],
    [{}, undefined],
    [null, undefined]
  ])("quirk 11: a usage of %j is a bill of %j tokens", (usage, tokens) => {
    assert.strictEqual(observed(read, { ...succeeded, usage }).cost?.amount, tokens)
  })

  it("a task that runs has no bill yet, whatever its usage says", () => {
    assert.strictEqual(observed(read, { ...running, usage: { total_tokens: 0 } }).cost, undefined)
  })

  it.each([
    [5.1, 5.1],
    [" 5.1 ", 5.1],
    [-1, undefined],
    [null, undefined]
  ])("quirk 11: a duration of %j is %j seconds; -1 was only a wish", (duration, expected) => {
    assert.strictEqual(observed(read, { ...succeeded, duration }).videos[0]?.durationSeconds, expected)
  })

  it.each([
    [[{ video_url: "https://tos.example.com/v.mp4", last_frame_url: "https://tos.example.com/last.png" }]],
    [[{ type: "video_url", video_url: { url: "https://tos.example.com/v.mp4" }, last_frame_url: file.thumbnailUrl }]],
    [[{ type: "text", text: "done" }, { url: "https://tos.example.com/v.mp4", last_frame_url: file.thumbnailUrl }]]
  ])("a clone sends the content as a list: %j", (content) => {
    assertReads(read, { ...succeeded, content }, whole)
  })

  it("quirk 7: takes the file of a model that makes no video when there is none", () => {
    const file_url = "https://tos.example.com/model.zip"
    assert.deepStrictEqual(links(read, { ...succeeded, content: { file_url } }), [file_url])
    assert.deepStrictEqual(links(read, { ...succeeded, content: { ...succeeded.content, file_url } }), [file.url])
  })

  it.each([[{}], [[]], [null], [undefined], [{ video_url: "" }], [{ video_url: null }], [{ video_url: "gone" }]])(
    "quirk 8: a success whose content is %j has no video and stays a success",
    (content) => {
      const { status, videos } = observed(read, { ...succeeded, content })
      assert.deepStrictEqual([status, videos], ["SUCCESS", []])
    }
  )

  it("hands over no picture, video or sound that was sent along", () => {
    const sent = ["first_frame", "last_frame", "reference_image", "reference_video", "reference_audio"]
      .map((role) => ({ type: "video_url", role, video_url: { url: `https://me.example/${role}` } }))
    const made = { type: "video_url", video_url: { url: "https://tos.example.com/v.mp4" } }
    const succeeded = (content: unknown) => ({ id: "cgt-1", status: "succeeded", content })
    assert.deepStrictEqual(links(read, succeeded(sent)), [])
    assert.deepStrictEqual(links(read, succeeded([...sent, made])), [made.video_url.url])
    assert.deepStrictEqual(links(read, succeeded([...sent, { ...made, role: "output_video" }])), [made.video_url.url])
  })

  it("quirk 2: reads links only from a success", () => {
    for (const status of ["queued", "running", "failed", "cancelled", "expired"]) {
      assert.deepStrictEqual(observed(read, { ...succeeded, status }).videos, [])
    }
  })

  it("quirk 10: reads ms and ISO times, and takes 0 for unset", () => {
    const at = (updated_at: unknown) => observed(read, { ...succeeded, updated_at })
    for (const time of [1743414673000, "1743414673000", "2025-03-31T09:51:13Z", "2025-03-31T17:51:13+08:00"]) {
      assert.deepStrictEqual([at(time).completedAt, at(time).videos[0]?.expiresAt], [
        1743414673_000,
        1743501073_000
      ])
    }
    for (const time of [0, null, "soon"]) {
      assert.deepStrictEqual([at(time).completedAt, at(time).videos[0]?.expiresAt], [undefined, undefined])
    }
  })

  it("believes an expiry that the body tells", () => {
    assert.strictEqual(observed(read, { ...succeeded, expires_at: 1743420000 }).videos[0]?.expiresAt, 1743420000_000)
  })

  it("quirk 12: an error that is null or says nothing is no failure", () => {
    assertReads(read, { ...succeeded, error: null }, whole)
    for (const error of [null, {}, "", { code: "", message: "" }]) {
      assert.strictEqual(observed(read, { ...running, status: "failed", error }).failure, undefined)
    }
  })

  it("quirk 19: extra fields change nothing", () => {
    assertReads(read, { ...succeeded, platform: "54", x: [{ status: "failed" }], tools: null }, whole)
  })

  it("quirk 4 and 5: reads it in a gateway's row, whose own state counts, with the tokens of the task inside", () => {
    const row = {
      code: "success",
      message: "",
      data: {
        id: 121,
        task_id: "task_abc123",
        status: "IN_PROGRESS",
        progress: "30%",
        submit_time: 1743414619,
        data: succeeded
      }
    }
    assert.deepStrictEqual(reading(read, row), { status: "IN_PROGRESS" })
    const done = observed(read, { ...row, data: { ...row.data, status: "SUCCESS", updated_at: 1743414680 } })
    assert.deepStrictEqual(
      [done.status, done.remoteId, done.cost, done.videos[0]?.expiresAt],
      ["SUCCESS", "task_abc123", bill, 1743414680_000 + ArkWire.linkMs]
    )
    assert.deepStrictEqual(links(read, { ...row, data: { ...row.data, status: "SUCCESS" } }), [file.url])
    assert.deepStrictEqual(reading(read, { code: "success", data: { task_id: "t", data: succeeded } }), {
      status: "SUCCESS"
    })
  })

  it("says why a body is no task", () => {
    assert.deepStrictEqual(problem(read, { total: 0, items: [] }), {
      kind: "notATask",
      detail: "the answer has no id, no status and no link"
    })
    const error = { code: "InvalidParameter", message: "The parameter `duration` is not valid.", type: "BadRequest" }
    assert.deepStrictEqual(problem(read, { error }), {
      kind: "refused",
      detail: "The parameter `duration` is not valid.",
      code: "InvalidParameter"
    })
    assert.strictEqual(problem(read, []).kind, "notATask")
  })
})

describe("ArkWire.toPage", () => {
  it("gives the items as they are and how many there are in all", () => {
    const page = Result.getOrThrow(ArkWire.toPage({ total: 3, items: [succeeded, running] }))
    assert.deepStrictEqual(page, { items: [succeeded, running], total: 3 })
    assert.deepStrictEqual(page.items.map((item) => observed(read, item).status), ["SUCCESS", "IN_PROGRESS"])
  })

  it("takes null for an empty list, and the page out of a wrapper", () => {
    assert.deepStrictEqual(Result.getOrThrow(ArkWire.toPage({ total: 0, items: null })), { items: [], total: 0 })
    assert.deepStrictEqual(Result.getOrThrow(ArkWire.toPage({ code: 0, data: { total: "1", items: [1] } })), {
      items: [1],
      total: 1
    })
  })

  it.each([[null], [[]], ["x"], [{}], [{ items: "none" }], [{ data: {} }]])("refuses %j", (body) => {
    assert.strictEqual(Result.getOrThrow(Result.flip(ArkWire.toPage(body))).kind, "notATask")
  })

  it("gives whole observations", () => {
    assert.instanceOf(Result.getOrThrow(ArkWire.toObservation(succeeded)), Observation.Observation)
  })
})
