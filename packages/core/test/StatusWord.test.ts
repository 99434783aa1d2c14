import { assert, describe, it } from "@effect/vitest"
import { CometApiWire, NewApiWire, SeeAnyWire, StatusWord, type TaskStatus } from "@video-tasks/core"
import { reading } from "./utils/wire.ts"

const known: ReadonlyArray<readonly [word: string, status: TaskStatus.TaskStatus]> = [
  ["SUBMITTED", "SUBMITTED"],
  ["submitted", "SUBMITTED"],
  ["queued", "SUBMITTED"],
  ["QUEUED", "SUBMITTED"],
  ["NOT_START", "SUBMITTED"],
  ["not_start", "SUBMITTED"],
  ["pending", "SUBMITTED"],
  ["PENDING", "SUBMITTED"],
  ["THROTTLED", "SUBMITTED"],
  ["created", "SUBMITTED"],
  ["Queueing", "SUBMITTED"],
  ["Preparing", "SUBMITTED"],
  ["in_queue", "SUBMITTED"],
  ["IN_QUEUE", "SUBMITTED"],
  ["in queue", "SUBMITTED"],
  ["IN_PROGRESS", "IN_PROGRESS"],
  ["in_progress", "IN_PROGRESS"],
  ["in-progress", "IN_PROGRESS"],
  ["In Progress", "IN_PROGRESS"],
  ["inProgress", "IN_PROGRESS"],
  [" IN_PROGRESS\n", "IN_PROGRESS"],
  ["processing", "IN_PROGRESS"],
  ["Processing", "IN_PROGRESS"],
  ["running", "IN_PROGRESS"],
  ["RUNNING", "IN_PROGRESS"],
  ["generating", "IN_PROGRESS"],
  ["SUCCESS", "SUCCESS"],
  ["success", "SUCCESS"],
  ["Success", "SUCCESS"],
  ["completed", "SUCCESS"],
  ["COMPLETED", "SUCCESS"],
  ["succeeded", "SUCCESS"],
  ["SUCCEEDED", "SUCCESS"],
  ["succeed", "SUCCESS"],
  ["done", "SUCCESS"],
  ["ok", "SUCCESS"],
  ["OK", "SUCCESS"],
  ["partial_failed", "SUCCESS"],
  ["3", "SUCCESS"],
  ["FAILED", "FAILED"],
  ["failed", "FAILED"],
  ["Failed ", "FAILED"],
  ["FAILURE", "FAILED"],
  ["failure", "FAILED"],
  ["fail", "FAILED"],
  ["Fail", "FAILED"],
  ["ERROR", "ERROR"],
  ["error", "ERROR"],
  ["cancelled", "CANCELLED"],
  ["CANCELLED", "CANCELLED"],
  ["canceled", "CANCELLED"],
  ["CANCELED", "CANCELLED"],
  ["expired", "EXPIRED"],
  ["EXPIRED", "EXPIRED"]
]

const unknown = ["archived", "PAUSED", "warming up", "status", "7", "constructor", "__proto__", "toString", "完成"]

const silent = ["unknown", "UNKNOWN", " Unknown "]

const apis = [
  ["CometAPI", CometApiWire.toObservation, (status: unknown) => ({ id: "t1", object: "video", status })],
  ["SeeAny", SeeAnyWire.toObservation, (status: unknown) => ({ id: "t1", object: "video_generation", status })],
  ["New-API, documented", NewApiWire.toObservation, (status: unknown) => ({ task_id: "t1", status })],
  ["New-API, row", NewApiWire.toObservation, (status: unknown) => ({
    code: "success",
    message: "",
    data: { id: 1, task_id: "t1", status, fail_reason: "", data: null }
  })]
] as const

describe("StatusWord", () => {
  it.each(known)("reads %j as %s", (word, status) => {
    assert.deepStrictEqual(StatusWord.read(word), { status })
  })

  it.each(unknown)("shows %j, which nobody knows, and takes it for no state", (word) => {
    assert.deepStrictEqual(StatusWord.read(word), { unrecognised: word })
  })

  it.each(silent)("reads %j as no state and nothing to warn about", (word) => {
    assert.deepStrictEqual(StatusWord.read(word), {})
  })

  it.each([undefined, null, "", "  ", true, {}, [], ["SUCCESS"], Number.NaN, Number.POSITIVE_INFINITY])(
    "reads %j as no word",
    (word) => {
      assert.deepStrictEqual(StatusWord.read(word), {})
    }
  )

  it("reads the number 3 as it reads the text", () => {
    assert.deepStrictEqual(StatusWord.read(3), { status: "SUCCESS" })
    assert.deepStrictEqual(StatusWord.read(4), { unrecognised: "4" })
  })

  it("lets an API override words in any spelling, and keeps the others", () => {
    const xai = StatusWord.vocabulary({ PENDING: "IN_PROGRESS", "3": null, "Warming-Up": "SUBMITTED" })
    assert.deepStrictEqual(
      ["pending", "Pending", 3, "warming up", "done"].map((word) => StatusWord.read(word, xai)),
      [{ status: "IN_PROGRESS" }, { status: "IN_PROGRESS" }, {}, { status: "SUBMITTED" }, { status: "SUCCESS" }]
    )
    assert.deepStrictEqual(StatusWord.read("pending"), { status: "SUBMITTED" })
  })

  it("cuts an unknown word to 64 characters and takes secrets out of it", () => {
    assert.deepStrictEqual(StatusWord.read("x".repeat(100)), { unrecognised: "x".repeat(64) })
    assert.deepStrictEqual(StatusWord.read(`${"x".repeat(63)}🎬`), { unrecognised: "x".repeat(63) })
    assert.deepStrictEqual(StatusWord.read("https://a.example/v?sign=1"), { unrecognised: "https://a.example/v" })
  })

  describe.each(apis)("at %s", (_, read, body) => {
    it.each(known)("%j is %s", (word, status) => {
      assert.deepStrictEqual(reading(read, body(word)), { status })
    })

    it.each(unknown)("%j keeps the task as it is, and is shown", (word) => {
      assert.deepStrictEqual(reading(read, body(word)), { unrecognised: word })
    })

    it.each(silent)("%j keeps the task as it is", (word) => {
      assert.deepStrictEqual(reading(read, body(word)), {})
    })

    it.each([undefined, null, "", {}, [], true])("%j is no word: an id alone means that the task runs", (word) => {
      assert.deepStrictEqual(reading(read, body(word)), { status: "IN_PROGRESS" })
    })
  })
})
