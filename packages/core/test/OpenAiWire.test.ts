import { assert, describe, it } from "@effect/vitest"
import { OpenAiWire, Video } from "@video-tasks/core"
import { Result } from "effect"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = OpenAiWire.toObservation

/** The bodies of OpenAI's reference (openai-node, `resources/videos.ts`) and of CometAPI's Sora pages. */
const samples = {
  queued: {
    id: "video_123",
    object: "video",
    model: "sora-2",
    status: "queued",
    progress: 0,
    created_at: 1712697600,
    completed_at: null,
    expires_at: null,
    prompt: "A paper airplane",
    seconds: "4",
    size: "720x1280",
    remixed_from_video_id: null,
    error: null
  },
  failed: {
    id: "video_123",
    object: "video",
    model: "sora-2",
    status: "failed",
    progress: 100,
    created_at: 1712697600,
    completed_at: null,
    expires_at: null,
    prompt: "…",
    seconds: "4",
    size: "720x1280",
    remixed_from_video_id: null,
    error: { code: "moderation_blocked", message: "The prompt was blocked." }
  },
  completed: {
    id: "video_123",
    object: "video",
    model: "sora-2-pro",
    status: "completed",
    progress: 100,
    created_at: 1712697600,
    completed_at: 1712697700,
    expires_at: 1712701300,
    prompt: null,
    seconds: "8",
    size: "1792x1024",
    remixed_from_video_id: "video_100",
    error: null
  },
  cometCreate: {
    id: "video_69b2",
    object: "video",
    model: "sora-2",
    status: "queued",
    progress: 0,
    seconds: "4",
    size: "1280x720",
    created_at: 1773366766
  }
}

const url = "https://cdn.example.com/v.mp4?sig=c0ffee"

describe("OpenAiWire, the bodies of the pages", () => {
  it("reads a queued job", () => {
    assertReads(read, samples.queued, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      model: "sora-2",
      remoteId: "video_123",
      createdAt: 1712697600_000
    })
  })

  it("reads CometAPI's answer to a create", () => {
    assertReads(read, samples.cometCreate, {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      model: "sora-2",
      remoteId: "video_69b2",
      createdAt: 1773366766_000
    })
  })

  it("reads a finished job, which has no link: its file is at the content route", () => {
    assertReads(read, samples.completed, {
      status: "SUCCESS",
      progress: 100,
      videos: [],
      model: "sora-2-pro",
      remoteId: "video_123",
      createdAt: 1712697600_000,
      completedAt: 1712697700_000,
      expiresAt: 1712701300_000
    })
  })

  it("reads a failed job, whose progress is 100", () => {
    assertReads(read, samples.failed, {
      status: "FAILED",
      progress: 100,
      videos: [],
      failure: new Video.Failure({
        code: "moderation_blocked",
        message: "The prompt was blocked.",
        providerCode: "moderation_blocked"
      }),
      model: "sora-2",
      remoteId: "video_123",
      createdAt: 1712697600_000
    })
  })

  it.each(
    [
      ["queued", "SUBMITTED"],
      ["in_progress", "IN_PROGRESS"],
      ["completed", "SUCCESS"],
      ["failed", "FAILED"],
      ["succeeded", "SUCCESS"],
      ["cancelled", "CANCELLED"],
      ["SUCCESS", "SUCCESS"],
      ["IN_PROGRESS", "IN_PROGRESS"],
      ["error", "ERROR"]
    ] as const
  )("reads the word %s as %s, bare and wrapped", (word, status) => {
    for (const sample of Object.values(samples)) {
      const body = { ...sample, status: word }
      assert.deepStrictEqual(reading(read, body), { status })
      assert.deepStrictEqual(reading(read, { code: "success", message: "", data: body }), { status })
    }
  })

  it("keeps a word that nobody knows", () => {
    assert.deepStrictEqual(reading(read, { ...samples.queued, status: "storyboarding" }), {
      unrecognised: "storyboarding"
    })
  })

  it("has every field of the samples in its schema", () => {
    const fields = new Set(Object.values(samples).flatMap((sample) => Object.keys(sample)))
    assert.deepStrictEqual([...fields].filter((field) => !(field in OpenAiWire.Task.fields)), [])
  })

  it("shows the prompt, the origin of a remix and the expiry in what it keeps for people", () => {
    const { raw } = observed(read, { ...samples.completed, prompt: "A paper airplane" })
    for (const part of ["A paper airplane", "video_100", "1712701300"]) assert.include(raw, part)
  })
})

describe("OpenAiWire, quirks", () => {
  it("quirk 2: completed_at on a running job proves nothing", () => {
    const body = { ...samples.queued, status: "in_progress", completed_at: 1712697700 }
    assert.deepStrictEqual(reading(read, body), { status: "IN_PROGRESS" })
  })

  it("quirk 3: progress is of 100, never decided by its size, and ends nothing", () => {
    const progress = (value: unknown) => observed(read, { ...samples.queued, status: "in_progress", progress: value })
    assert.deepStrictEqual([1, 0.45, "45%", 100].map((value) => progress(value).progress), [1, 0.45, 45, 100])
    assert.strictEqual(progress(100).status, "IN_PROGRESS")
  })

  it("quirk 7: finds the link of those relatives that send one, with its expiry, length and size", () => {
    const found = video({ url, durationSeconds: 8, width: 1792, height: 1024, expiresAt: 1712701300_000 })
    for (
      const place of [
        { video_url: url },
        { metadata: { url } },
        { url },
        { output: [url] },
        { data: [{ url }] },
        { result: { video_url: url } }
      ]
    ) {
      const body = { ...samples.completed, ...place }
      assert.deepStrictEqual(links(read, body), [url])
      assert.deepStrictEqual(observed(read, body).videos, [found])
    }
  })

  it("quirk 8: a link is a video only with success", () => {
    for (const status of ["queued", "in_progress", "failed"]) {
      assert.deepStrictEqual(links(read, { ...samples.completed, status, video_url: url }), [])
    }
  })

  it("quirk 11: seconds is a text", () => {
    const [clip] = observed(read, { ...samples.completed, seconds: "12", video_url: url }).videos
    assert.strictEqual(clip?.durationSeconds, 12)
  })

  it.each([
    [{ code: "moderation_blocked", message: "m" }, "m", "moderation_blocked"],
    [{ code: "", message: "m" }, "m", undefined],
    [{ code: null, message: "m" }, "m", undefined],
    ["m", "m", undefined],
    [{ message: "m", headers: { "retry-after": "1" }, param: null, type: null }, "m", undefined]
  ])("quirk 12: takes the reason of a failure from error %j", (error, message, code) => {
    const { failure, status } = observed(read, { ...samples.failed, error })
    assert.deepStrictEqual([status, failure?.message, failure?.code], ["FAILED", message, code])
  })

  it("quirk 12: error: null on a success is no failure", () => {
    assert.strictEqual(observed(read, samples.completed).failure, undefined)
  })

  it("quirk 13: a 2xx that says task_not_exist is a missing job", () => {
    assert.deepStrictEqual(problem(read, { code: "task_not_exist", message: "task_not_exist", data: null }), {
      kind: "missing",
      detail: "task_not_exist",
      code: "task_not_exist"
    })
  })

  it("quirk 19: unknown fields change nothing", () => {
    const { raw: _, ...noisy } = observed(read, { ...samples.completed, quality: "standard", x: { y: [1] } })
    const { raw: __, ...clean } = observed(read, samples.completed)
    assert.deepStrictEqual(noisy, clean)
  })

  it("quirk 32: shows no signed query", () => {
    const observation = observed(read, { ...samples.completed, video_url: url })
    assert.notInclude(JSON.stringify(observation), "c0ffee")
  })
})

describe("OpenAiWire, what is no job", () => {
  it.each([
    [null, "the answer is null, not an object"],
    [{}, "the answer has no id, no status and no link"],
    [{ object: "list", data: [samples.queued] }, "the answer has no id, no status and no link"]
  ])("%j is not a job", (body, detail) => {
    assert.deepStrictEqual(problem(read, body), { kind: "notATask", detail })
  })

  it("takes an error without an id for a refusal", () => {
    const error = { message: "no", type: "invalid_request_error", param: null, code: null }
    assert.deepStrictEqual(problem(read, { error }), {
      kind: "refused",
      detail: "no",
      code: "invalid_request_error"
    })
  })
})

describe("OpenAiWire.toPage", () => {
  const page = {
    object: "list",
    data: [samples.queued, samples.completed],
    first_id: "video_123",
    last_id: "video_124",
    has_more: true
  }

  const pageOf = (body: unknown) => Result.getOrThrow(OpenAiWire.toPage(body))

  it("gives the jobs as they came, and where the next page begins", () => {
    assert.deepStrictEqual(pageOf(page), { items: page.data, after: "video_124" })
  })

  it("takes the id of the last job where last_id is missing", () => {
    assert.strictEqual(pageOf({ ...page, last_id: null }).after, "video_123")
  })

  it("has no next page unless the answer says so", () => {
    for (const has_more of [false, undefined, "yes"]) assert.strictEqual(pageOf({ ...page, has_more }).after, undefined)
  })

  it("reads an account without jobs", () => {
    assert.deepStrictEqual(pageOf({ object: "list", data: [], first_id: null, last_id: null, has_more: false }), {
      items: [],
      after: undefined
    })
    assert.deepStrictEqual(pageOf({ object: "list", data: [], has_more: true }), { items: [], after: undefined })
  })

  it.each([[null], [[]], [{}], [{ data: {} }], ["list"], [samples.queued]])("%j is no list", (body) => {
    const failure = Result.getOrThrow(Result.flip(OpenAiWire.toPage(body)))
    assert.deepStrictEqual([failure.kind, failure.detail], ["notATask", "the answer has no list of jobs"])
  })

  it("says what a refusal says", () => {
    const failure = Result.getOrThrow(Result.flip(OpenAiWire.toPage({ error: { message: "no", code: "c" } })))
    assert.deepStrictEqual([failure.kind, failure.detail, failure.code], ["refused", "no", "c"])
  })
})
