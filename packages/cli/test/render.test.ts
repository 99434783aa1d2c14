import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, Video, VideoTaskError } from "@video-tasks/core"
import { usage } from "../src/internal/problem.ts"
import * as Render from "../src/internal/render.ts"
import * as Style from "../src/internal/style.ts"
import * as fixtures from "./utils/tasks.ts"

const now = 1_032_000

const info = { polls: 3, failures: 0, nextPollAt: now + 8_000, expectedEndAt: now + 40_000 }

const handle = TaskHandle.format(fixtures.handle)

const wide = (moment: Render.Moment) => Render.liveLines(Style.none, [moment], 120)[0] ?? ""

describe("render", () => {
  it("shows a finished task with its full link, since it is the result", () => {
    assert.strictEqual(
      Render.block(Style.none, fixtures.success(), { now: 1_092_000 }),
      [
        "status  SUCCESS  after 1m 32s",
        "task    cometapi · task_abc123",
        `handle  ${handle}`,
        "model   doubao-seedance-2-0-fast",
        `video   ${fixtures.signedUrl}`,
        "        5 s, 1280×720, link good for 24h 00m"
      ].join("\n")
    )
  })

  it("shows the files that were saved", () => {
    const files = [{ ...fixtures.saved, bytes: 1_234_567 }]
    const lines = Render.block(Style.none, fixtures.success(), { now, files }).split("\n")
    assert.deepStrictEqual(lines.slice(-2), ["file    out.mp4  1.2 MB", "        sha256 abcd"])
  })

  it("shows why a task failed", () => {
    const text = Render.block(Style.none, fixtures.failed(), { now })
    assert.include(text, "status  FAILED  after 1m 32s\n")
    assert.include(text, "reason  the prompt was refused (content_policy)")
  })

  it("says that a success brought no video", () => {
    assert.include(Render.block(Style.none, fixtures.success({ videos: [] }), { now }), "video   none was handed over")
  })

  it("writes one plain line for one change", () => {
    assert.strictEqual(
      Render.plainLine({ task: fixtures.inProgress(), info, now }),
      "[32s]  cometapi/task_abc123  IN_PROGRESS  45 %  (next read 8s, ETA 40s)"
    )
  })

  it.each([[2_400, "2s"], [2_600, "3s"], [300, "1s"], [8_000, "8s"]])(
    "counts a next read in %d ms down to the nearest second",
    (ms, said) => {
      const soon = { ...info, nextPollAt: now + ms }
      assert.include(Render.plainLine({ task: fixtures.inProgress(), info: soon, now }), `(next read ${said}, `)
    }
  )

  it("tells of a read that failed", () => {
    const trouble = { ...info, failures: 1, lastFailure: "HTTP 503" }
    assert.include(Render.plainLine({ task: fixtures.inProgress(), info: trouble, now }), "retry in 8s: HTTP 503")
    assert.include(wide({ task: fixtures.inProgress(), info: trouble, now }), "retry in 8s: HTTP 503")
  })

  it("draws bar, percent, state, elapsed time, next read and expected end", () => {
    assert.strictEqual(
      wide({ task: fixtures.inProgress(), info, now }),
      "cometapi  task_abc123  ███████████░░░░░░░░░░░░░    45%  IN_PROGRESS     32s  next read 8s  ETA 40s"
    )
  })

  it("guesses from the expected end where there is no progress, and says so", () => {
    const line = wide({ task: fixtures.submitted(), info, now })
    assert.include(line, "▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░   ~44%")
  })

  it("aligns several tasks", () => {
    const other = TaskHandle.TaskHandle.make({ ...fixtures.handle, provider: "seeany", remoteId: "vid_1" })
    const lines = Render.liveLines(Style.none, [
      { task: fixtures.inProgress(), info, now },
      { task: fixtures.inProgress({ handle: other, progress: 100 }), info, now }
    ], 120)
    assert.strictEqual(lines[0]?.indexOf("IN_PROGRESS"), lines[1]?.indexOf("IN_PROGRESS"))
  })

  it.each([40, 59, 79, 99, 120, 200])("never draws wider than a terminal of %d columns", (columns) => {
    const trouble = { ...info, failures: 2, lastFailure: "HTTP 503: ".padEnd(300, "x") }
    const long = TaskHandle.TaskHandle.make({ ...fixtures.handle, remoteId: "task_".padEnd(300, "y") })
    const lines = Render.liveLines(Style.ansi, [
      { task: fixtures.inProgress({ handle: long }), info: trouble, now },
      { task: fixtures.failed(), info, now }
    ], columns)
    for (const line of lines) assert.isBelow(Style.width(line), columns)
  })

  it("lets no text of a provider command the terminal", () => {
    const evil = fixtures.handle.remoteId + "\u001B[2J\u0007\u009B31m"
    const task = fixtures.inProgress({ handle: TaskHandle.TaskHandle.make({ ...fixtures.handle, remoteId: evil }) })
    for (
      const text of [wide({ task, now }), Render.plainLine({ task, now }), Render.block(Style.none, task, { now })]
    ) {
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(text, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/)
    }
  })

  it.each(
    [
      [{ amount: 0.25, unit: "USD", kind: "estimate" }, "0.25 USD (estimate)"],
      [{ amount: 0.31, unit: "USD", kind: "bill" }, "0.31 USD (estimate: 0.25 USD)"],
      [{ amount: 25, unit: "credits", kind: "bill" }, "25 credits (estimate: 0.25 USD)"]
    ] as const
  )("shows the bill %o beside the estimate", (fields, expected) => {
    const task = fixtures.success({
      cost: new Video.Cost(fields),
      estimate: new Video.Cost({ amount: 0.25, unit: "USD", kind: "estimate" })
    })
    assert.include(Render.block(Style.none, task, { now: 0 }).split("\n"), `cost    ${expected}`)
  })

  it("says what failed, and then what to do", () => {
    const error = VideoTaskError.make({
      provider: "cometapi",
      operation: "await",
      handle: fixtures.handle,
      requestId: "req_1",
      reason: new VideoTaskError.WaitTimedOut({ waitedMs: 60_000 })
    })
    assert.strictEqual(
      Render.failure(Style.none, error),
      [
        "error: The task is still running after 60 s of waiting. It is not lost: wait again with the same handle.",
        `  handle: ${handle}`,
        `  go on:  npx pnpm@12 video-tasks wait ${handle}`,
        "  request id, for the provider's support: req_1"
      ].join("\n")
    )
    assert.strictEqual(Render.failure(Style.none, usage("No.", ["Do this."])), "error: No.\n  Do this.")
  })

  it("names the command that goes on", () => {
    assert.include(Render.goOn(Style.none, [fixtures.handle]), `video-tasks wait ${handle}`)
  })

  it.each([
    [999, "999 B"],
    [1_500, "1.5 kB"],
    [2_000_000, "2.0 MB"],
    [3_210_000_000, "3.21 GB"]
  ])("writes %d bytes as %s", (count, expected) => {
    assert.strictEqual(Render.bytes(count), expected)
  })
})
