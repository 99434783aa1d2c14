import { assert, describe, it } from "@effect/vitest"
import { ErrorBody, RunwayWire, Video, VideoTaskError } from "@video-tasks/core"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = RunwayWire.toObservation

const id = "17f20503-6c24-4c16-946b-35dbbce2af2f"

const url = "https://dnznrvs05pmza.cloudfront.net/v.mp4?_jwt=abc"

const createdAt = "2026-05-01T12:47:47.351Z"

const createdAtMs = 1_777_639_667_351

/** The variants of the answer to `GET /v1/tasks/{id}` in Runway's own SDK (4.20). */
const native = {
  created: { id, estimatedCost: { credits: 25 } },
  pending: { id, status: "PENDING", createdAt, estimatedCost: { credits: 25 } },
  throttled: { id, status: "THROTTLED", createdAt, estimatedCost: { credits: 25 } },
  running: { id, status: "RUNNING", createdAt, progress: 0.45, estimatedCost: { credits: 25 } },
  succeeded: { id, status: "SUCCEEDED", createdAt, output: [url], cost: { credits: 25 } },
  failed: {
    id,
    status: "FAILED",
    createdAt,
    failure: "The prompt was refused",
    failureCode: "SAFETY.INPUT.TEXT",
    cost: { credits: 5 }
  },
  cancelled: { id, status: "CANCELLED", createdAt, cost: { credits: 0 } }
}

/** CometAPI's page of March 2026. */
const row = {
  task_id: id,
  action: "IMAGE_TO_VIDEO",
  status: "QUEUED",
  fail_reason: "",
  submit_time: 1773366766,
  start_time: 0,
  finish_time: 0,
  progress: "0%",
  data: { id, status: "PENDING", createdAt: "2026-03-13T09:52:46+08:00" }
}

const wrapped = (more: object) => ({ code: "success", message: "", data: { ...row, ...more } })

/** CometAPI's old callback page. */
const callback = {
  task_id: "t1",
  status: "3",
  prompt: "…",
  prompt_en: "…",
  video_url: "https://cdn.example.com/v.mp4",
  poster: "https://cdn.example.com/p.jpg",
  last_frame: "https://cdn.example.com/l.jpg",
  msg: null,
  point: "320",
  refund: "0",
  create_time: "1728622596",
  update_time: "1728622700"
}

describe("RunwayWire, native", () => {
  it("reads the answer to a create, which is an id, as a pending task", () => {
    assertReads(read, { id }, { status: "SUBMITTED", videos: [], remoteId: id })
    assertReads(read, native.created, { status: "SUBMITTED", videos: [], remoteId: id })
  })

  it("reads a task that waits, also behind the limit of the account", () => {
    for (const body of [native.pending, native.throttled]) {
      assertReads(read, body, { status: "SUBMITTED", videos: [], remoteId: id, createdAt: createdAtMs })
    }
  })

  it("reads the running task, whose progress is a share of 1", () => {
    assertReads(read, native.running, {
      status: "IN_PROGRESS",
      progress: 45,
      videos: [],
      remoteId: id,
      createdAt: createdAtMs
    })
  })

  it("reads the finished task with its file and its bill in credits", () => {
    const { raw: _, ...rest } = observed(read, native.succeeded)
    assert.deepStrictEqual(links(read, native.succeeded), [url])
    assert.deepStrictEqual({ ...rest, videos: rest.videos.length }, {
      status: "SUCCESS",
      videos: 1,
      cost: new Video.Cost({ amount: 25, unit: "credits", kind: "bill" }),
      remoteId: id,
      createdAt: createdAtMs
    })
  })

  it("reads the failed task with its reason, and what it still costs", () => {
    assertReads(read, native.failed, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({
        code: "SAFETY.INPUT.TEXT",
        message: "The prompt was refused",
        providerCode: "SAFETY.INPUT.TEXT",
        retryable: false
      }),
      cost: new Video.Cost({ amount: 5, unit: "credits", kind: "bill" }),
      remoteId: id,
      createdAt: createdAtMs
    })
  })

  it("reads the cancelled task", () => {
    assertReads(read, native.cancelled, {
      status: "CANCELLED",
      videos: [],
      cost: new Video.Cost({ amount: 0, unit: "credits", kind: "bill" }),
      remoteId: id,
      createdAt: createdAtMs
    })
  })

  it("takes an estimate for no bill, and a bill only from a task that has ended", () => {
    for (const body of [native.created, native.pending, native.running, { ...native.running, cost: { credits: 3 } }]) {
      assert.strictEqual(observed(read, body).cost, undefined)
    }
  })
})

describe("RunwayWire, wrapped", () => {
  it("reads the row that waits", () => {
    assertReads(read, wrapped({}), {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      remoteId: id,
      createdAt: 1773366766_000
    })
  })

  it("reads the row that runs, by the row's own words and times", () => {
    const running = {
      status: "IN_PROGRESS",
      progress: "45%",
      start_time: 1773366770,
      data: { ...row.data, status: "RUNNING" }
    }
    assertReads(read, wrapped(running), {
      status: "IN_PROGRESS",
      progress: 45,
      videos: [],
      remoteId: id,
      createdAt: 1773366766_000,
      startedAt: 1773366770_000
    })
  })

  it("reads the row that is done, whose link and bill are in the vendor's answer", () => {
    const done = wrapped({
      status: "SUCCESS",
      progress: "100%",
      finish_time: 1773366800,
      data: { ...row.data, status: "SUCCEEDED", output: [url], cost: { credits: 25 } }
    })
    const { completedAt, cost, progress, status } = observed(read, done)
    assert.deepStrictEqual([status, progress, completedAt, cost?.amount, cost?.unit], [
      "SUCCESS",
      100,
      1773366800_000,
      25,
      "credits"
    ])
    assert.deepStrictEqual(links(read, done), [url])
  })

  it("reads the row that failed: the reason from the row, the code from the vendor's answer", () => {
    const failed = wrapped({
      status: "FAILURE",
      progress: "100%",
      fail_reason: "refused",
      data: { ...row.data, status: "FAILED", failure: "no", failureCode: "INTERNAL.BAD_OUTPUT.CODE01" }
    })
    assert.deepStrictEqual(
      observed(read, failed).failure,
      new Video.Failure({
        code: "INTERNAL.BAD_OUTPUT.CODE01",
        message: "refused",
        providerCode: "INTERNAL.BAD_OUTPUT.CODE01",
        retryable: true
      })
    )
  })

  it("reads the old callback, where every value is a string", () => {
    assertReads(read, callback, {
      status: "SUCCESS",
      videos: [video({ url: "https://cdn.example.com/v.mp4", thumbnailUrl: "https://cdn.example.com/p.jpg" })],
      remoteId: "t1",
      createdAt: 1728622596_000
    })
  })
})

describe("RunwayWire, status words", () => {
  it.each(
    [
      ["PENDING", "SUBMITTED"],
      ["THROTTLED", "SUBMITTED"],
      ["RUNNING", "IN_PROGRESS"],
      ["SUCCEEDED", "SUCCESS"],
      ["FAILED", "FAILED"],
      ["CANCELLED", "CANCELLED"],
      ["CANCELED", "CANCELLED"],
      ["NOT_START", "SUBMITTED"],
      ["SUBMITTED", "SUBMITTED"],
      ["QUEUED", "SUBMITTED"],
      ["IN_PROGRESS", "IN_PROGRESS"],
      ["SUCCESS", "SUCCESS"],
      ["FAILURE", "FAILED"],
      ["3", "SUCCESS"]
    ] as const
  )("%s is %s in any case, native and wrapped", (word, status) => {
    for (const spelling of [word, word.toLowerCase(), ` ${word} `]) {
      assert.deepStrictEqual(reading(read, { ...native.pending, status: spelling }), { status })
      assert.deepStrictEqual(reading(read, wrapped({ status: spelling })), { status })
    }
  })

  it("keeps a word or a number of the old callback that nobody knows", () => {
    assert.deepStrictEqual(reading(read, { ...native.pending, status: "DREAMING" }), { unrecognised: "DREAMING" })
    assert.deepStrictEqual(reading(read, { ...callback, status: "1", video_url: "" }), { unrecognised: "1" })
  })

  it("says nothing of a row that the gateway has not looked at", () => {
    assert.deepStrictEqual(reading(read, wrapped({ status: "UNKNOWN" })), {})
  })
})

describe("RunwayWire, quirks", () => {
  it.each([
    [0, 0],
    [0.01, 1],
    [0.07, 7],
    [0.29, 29],
    [0.455, 45.5],
    [1, 100],
    ["0.45", 45],
    ["45%", 45],
    // A mock's 100 is not a percentage here: it is more than all.
    [100, 100],
    [-1, 0],
    ["soon", undefined],
    [null, undefined]
  ])("quirk 3: native progress %j is %j", (progress, expected) => {
    assert.strictEqual(observed(read, { ...native.running, progress }).progress, expected)
  })

  it.each([["45%", 45], [45, 45], ["45", 45], [1, 1], ["0%", 0], [0.5, 0.5], ["100%", 100], [null, undefined]])(
    "quirk 3: progress %j of a row is %j",
    (progress, expected) => {
      assert.strictEqual(observed(read, wrapped({ status: "IN_PROGRESS", progress })).progress, expected)
    }
  )

  it("quirk 3: takes the vendor's share where the row has no progress", () => {
    const body = wrapped({ status: "IN_PROGRESS", progress: undefined, data: { ...row.data, progress: 0.3 } })
    assert.strictEqual(observed(read, body).progress, 30)
  })

  it("quirk 5: the row counts before the vendor's answer in it", () => {
    const body = wrapped({ status: "IN_PROGRESS", data: { ...row.data, status: "SUCCEEDED", output: [url] } })
    assert.deepStrictEqual([reading(read, body).status, links(read, body)], ["IN_PROGRESS", []])
  })

  it("quirk 6: reads the link of a success where the reason of a failure stands", () => {
    const body = wrapped({ status: "SUCCESS", fail_reason: url, data: null })
    assert.deepStrictEqual(links(read, body), [url])
    assert.deepStrictEqual(links(read, wrapped({ status: "IN_PROGRESS", fail_reason: url })), [])
  })

  it("quirk 7: reads `output` as a list, a bare link, or not at all before the end", () => {
    assert.deepStrictEqual(links(read, { ...native.succeeded, output: url }), [url])
    assert.deepStrictEqual(links(read, { ...native.succeeded, output: [url, `${url}2`] }), [url, `${url}2`])
    assert.deepStrictEqual(links(read, { ...native.running, output: [url] }), [])
    assert.deepStrictEqual(links(read, { ...callback, status: "SUCCESS" }), [callback.video_url])
  })

  it("quirk 8: a success may come without a link", () => {
    for (const output of [[], null, undefined, [""], ["not a link"]]) {
      assert.deepStrictEqual([reading(read, { ...native.succeeded, output }).status, links(read, { id, output })], [
        "SUCCESS",
        []
      ])
    }
  })

  it("quirk 8: without a word a link proves the success, and an id with news only that there is a task", () => {
    assert.strictEqual(reading(read, { id, output: [url] }).status, "SUCCESS")
    assert.strictEqual(reading(read, { id, progress: 0.2 }).status, "IN_PROGRESS")
    assert.strictEqual(problem(read, { createdAt }).kind, "notATask")
  })

  it.each([
    ["2026-05-01T12:47:47.351Z", createdAtMs],
    ["2026-05-01T20:47:47.351+08:00", createdAtMs],
    ["1728622596", 1_728_622_596_000],
    [1_728_622_596_000, 1_728_622_596_000],
    [0, undefined],
    ["", undefined],
    ["yesterday", undefined]
  ])("quirk 10: createdAt %j is %j", (createdAt, expected) => {
    assert.strictEqual(observed(read, { ...native.pending, createdAt }).createdAt, expected)
  })

  it("quirk 11: credits may come as text, and nonsense costs nothing", () => {
    const costs = [{ credits: "25" }, { credits: 0 }, { credits: -1 }, { credits: "many" }, {}, [], null, 7].map((
      cost
    ) => observed(read, { ...native.succeeded, cost }).cost?.amount)
    assert.deepStrictEqual(costs, [25, 0, undefined, undefined, undefined, undefined, undefined, undefined])
  })

  it("quirk 15: says that there is no such task, whatever the status of the answer", () => {
    assert.strictEqual(problem(read, { code: "task_not_exist", message: "task_not_exist", data: null }).kind, "missing")
    assert.strictEqual(problem(read, { code: "success", data: null }).kind, "missing")
    assert.strictEqual(problem(read, { error: "The task does not exist" }).kind, "missing")
  })

  it("quirk 19: does not mind fields that nobody knows", () => {
    const { raw: _, ...clean } = observed(read, native.running)
    const { raw: __, ...more } = observed(read, { ...native.running, platform: "54", artifacts: [{ deep: [1] }] })
    assert.deepStrictEqual(more, clean)
  })

  it("addition 7: reads lower-case words and the reason in `error.message`", () => {
    const failed = { id, status: "failed", progress: 100, error: { message: "too dark" } }
    assert.deepStrictEqual(observed(read, failed).failure, new Video.Failure({ message: "too dark" }))
    assert.strictEqual(observed(read, failed).progress, 100)
  })

  it("addition 7: a refusal says which field is wrong, and the id of the request", () => {
    assert.deepStrictEqual(
      ErrorBody.read({
        error: "Validation of body failed",
        issues: [
          { code: "invalid_type", message: "Required", path: ["promptImage"] },
          { code: "too_big", message: "Too long", path: ["promptImage", 0, "uri"] },
          { code: "custom", message: "Odd" },
          "noise",
          { path: ["x"] }
        ],
        docUrl: "https://docs.dev.runwayml.com/api",
        requestId: "r-1"
      }),
      {
        message: "Validation of body failed (promptImage: Required; promptImage.0.uri: Too long; Odd)",
        requestId: "r-1"
      }
    )
    for (const issues of [[], null, "x", [{}]]) {
      assert.deepStrictEqual(ErrorBody.read({ error: "Only HTTPS URLs are allowed", issues }), {
        message: "Only HTTPS URLs are allowed"
      })
    }
  })
})

describe("RunwayWire.isRetryable", () => {
  const answers: ReadonlyArray<readonly [string | number | null | undefined, boolean | undefined]> = [
    ["SAFETY", false],
    ["SAFETY.INPUT.TEXT", false],
    ["SAFETY.INPUT.IMAGE", false],
    ["SAFETY.INPUT.VIDEO", false],
    ["SAFETY.OUTPUT.VIDEO", false],
    ["INPUT_PREPROCESSING.SAFETY.TEXT", false],
    ["INPUT_PREPROCESSING.SAFETY.THIRD_PARTY", false],
    ["ASSET.INVALID", false],
    ["THIRD_PARTY.INPUT_VALIDATION", false],
    ["INTERNAL", true],
    ["INTERNAL.BAD_OUTPUT.CODE01", true],
    ["INPUT_PREPROCESSING.INTERNAL", true],
    ["THIRD_PARTY.UNAVAILABLE", true],
    [" internal ", true],
    [null, true],
    [undefined, undefined],
    ["", undefined],
    ["UNSAFETY", undefined],
    ["INTERNALS", undefined],
    ["SOMETHING.NEW", undefined],
    [7, undefined]
  ]

  it.each(answers)("of %j is %j", (code, expected) => {
    assert.strictEqual(RunwayWire.isRetryable(code), expected)
  })

  it("is asked of every failure, and stays away where the code says nothing", () => {
    for (const [failureCode, retryable] of answers) {
      const failure = observed(read, { ...native.failed, failureCode }).failure
      assert.strictEqual(failure?.retryable, retryable, JSON.stringify(failureCode))
      assert.strictEqual(failure !== undefined && "retryable" in failure, retryable !== undefined)
    }
  })

  it("is told to whoever reads why the task failed", () => {
    const words = ["THIRD_PARTY.UNAVAILABLE", "ASSET.INVALID", "SOMETHING.NEW"].map((failureCode) => {
      const { failure } = observed(read, { ...native.failed, failure: "no luck", failureCode })
      return failure === undefined ? "" : new VideoTaskError.TaskFailed({ failure }).message
    })
    assert.deepStrictEqual(words, [
      "The task failed: no luck. The provider's code says that a new attempt may work: submit a new one.",
      "The task failed: no luck. The provider's code says that the same input fails again: change it before you submit a " +
      "new one.",
      "The task failed: no luck. Change the prompt or the input before you submit a new one."
    ])
  })
})
