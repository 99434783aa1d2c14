import { assert, describe, it } from "@effect/vitest"
import type { TaskObserver } from "@video-tasks/runtime"
import { Effect, Fiber } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Contract } from "../src/index.ts"
import * as Answer from "../src/internal/answer.ts"
import { Board } from "../src/internal/board.ts"
import * as Listen from "../src/internal/listen.ts"
import { PollLogs } from "../src/internal/pollLogs.ts"
import { ProviderLines } from "../src/internal/providerLines.ts"
import { ask } from "./support/server.ts"
import { idOf } from "./support/world.ts"

const rowOf = (n: number, fields: Partial<Contract.Row> = {}): Contract.Row => ({
  id: idOf(n),
  provider: "double",
  family: "double",
  state: "IN_PROGRESS",
  isRetrying: false,
  followed: "nobody",
  createdAt: 0,
  updatedAt: n,
  last: "",
  lastAt: n,
  ...fields
})

const successOf = (n: number, tookMs: number): Contract.Row => rowOf(n, { state: "SUCCESS", completedAt: tookMs })

const pollOf = (n: number, at: number, message = "x".repeat(200)): TaskObserver.ObservedPoll => ({
  id: idOf(n),
  provider: "double",
  at,
  tookMs: 1,
  poll: 1,
  failuresInARow: 1,
  outcome: "failed",
  failure: { reason: "ProviderUnavailable", message }
})

describe("Listen", () => {
  it.live("answers also what came before it served, such as a page that a browser has still open", () =>
    Effect.gen(function*() {
      const { port, serve } = yield* Listen.open("127.0.0.1", 0)
      const early = yield* Effect.forkChild(ask(port, "/"))
      // Until it has come: no clock moves what the machine sends to itself.
      yield* Effect.sleep(100)
      yield* serve(Effect.succeed(HttpServerResponse.text("served")))
      assert.strictEqual((yield* Fiber.join(early)).body, "served")
    }).pipe(Effect.scoped))
})

describe("PollLogs", () => {
  it("keeps within its bytes, and forgets the reads of those first that were read longest ago", () => {
    const logs = new PollLogs(50_000)
    for (let at = 0; at < 2000; at++) logs.add(pollOf(1 + at % 100, at))
    logs.add(pollOf(7, 2000))
    assert.isAtMost(logs.bytes, 50_000)
    assert.isAbove(logs.bytes, 40_000)
    assert.deepStrictEqual(logs.of(idOf(1)), [])
    assert.strictEqual(logs.of(idOf(7)).at(-1)?.at, 2000)
    for (let n = 1; n <= 100; n++) logs.remove(idOf(n))
    assert.strictEqual(logs.bytes, 0)
  })

  it("counts what the last read of each task failed with, in full", () => {
    const message = "x".repeat(2000)
    const logs = new PollLogs(100_000)
    logs.add(pollOf(1, 1, message))
    assert.isAbove(logs.bytes, 2 * message.length)
    logs.add({ ...pollOf(1, 2), outcome: "unchanged", failure: undefined })
    assert.isBelow(logs.bytes, message.length)
    for (let n = 1; n <= 100; n++) logs.add(pollOf(n, 3, message))
    const kept = Array.from({ length: 100 }, (_, n) => logs.failureOf(idOf(n + 1))).filter((one) => one !== undefined)
    assert.isAtMost(kept.reduce((sum, one) => sum + 2 * one.message.length, 0), 100_000)
    assert.isDefined(logs.failureOf(idOf(100)))
  })
})

describe("ProviderLines", () => {
  it("says by which time half and nine tenths of the successes were there, also after some have gone", () => {
    const lines = new ProviderLines()
    const took = [90, 10, 50, 30, 70, 20, 100, 40, 80, 60]
    took.forEach((ms, index) => lines.replace(undefined, successOf(index, ms)))
    assert.deepStrictEqual([lines.all[0]?.p50Ms, lines.all[0]?.p90Ms, lines.all[0]?.ended], [50, 90, 10])
    took.slice(0, 9).forEach((ms, index) => lines.replace(successOf(index, ms), undefined))
    assert.deepStrictEqual([lines.all[0]?.p50Ms, lines.all[0]?.p90Ms, lines.all[0]?.ended], [60, 60, 1])
    lines.replace(successOf(9, 60), undefined)
    assert.deepStrictEqual(lines.all, [])
  })

  it("counts as failed what neither succeeded nor was cancelled", () => {
    const lines = new ProviderLines()
    const states = [
      "SUCCESS",
      "FAILED",
      "ERROR",
      "CANCELLED",
      "EXPIRED",
      "SUBMITTED",
      "submitting",
      "ambiguous"
    ] as const
    states.forEach((state, n) => lines.replace(undefined, rowOf(n, { state })))
    const [line] = lines.all
    assert.deepStrictEqual([line?.ended, line?.failed, line?.running], [5, 3, 2])
  })

  it("has no new version when a line changes in what it does not count", () => {
    const lines = new ProviderLines()
    lines.replace(undefined, rowOf(1))
    const { version } = lines
    lines.replace(rowOf(1), rowOf(1, { progress: 50, lastAt: 9 }))
    assert.strictEqual(lines.version, version)
    lines.replace(rowOf(1), rowOf(1, { isRetrying: true }))
    assert.strictEqual(lines.version, version + 1)
  })
})

describe("Board", () => {
  it("makes room for a hundredth at once, and leaves what runs where it is", () => {
    const gone: Array<string> = []
    const board = new Board({ maxTasks: 1000, gone: (id) => gone.push(id) })
    for (let n = 1; n <= 500; n++) board.put(rowOf(n))
    for (let n = 501; n <= 1001; n++) board.put(successOf(n, 1))
    assert.deepStrictEqual(gone, Array.from({ length: 10 }, (_, n) => idOf(501 + n)))
    assert.deepStrictEqual([board.size, board.leftOut, board.evictedUpTo], [991, { running: 0, ended: 10 }, 510])
    board.leave({ running: 0, ended: 0 })
    assert.deepStrictEqual([board.leftOut, board.evictedUpTo], [undefined, -Infinity])
  })

  it("lets what runs go, too, when there is nothing else: the stalest first", () => {
    const board = new Board({ maxTasks: 2, gone: () => undefined })
    for (const n of [2, 1, 3]) board.put(rowOf(n))
    assert.deepStrictEqual(board.rows.map(({ id }) => id), [idOf(2), idOf(3)])
    assert.deepStrictEqual(board.leftOut, { running: 1, ended: 0 })
  })
})

describe("the answer of a provider", () => {
  it("shows fields that are known to be safe, in whatever spelling, and counts the others", () => {
    const raw = JSON.stringify({
      taskId: "t1",
      "task-status": "ok",
      internal: { secret: 1 },
      data: [{ url: "https://cdn.example.com/v.mp4?sign=SECRET", note: "x" }],
      message: "key sk-abcdefghijkl is wrong"
    })
    assert.deepStrictEqual(JSON.parse(Answer.shown(raw) ?? ""), {
      taskId: "t1",
      "task-status": "ok",
      data: [{ url: "https://cdn.example.com/v.mp4", "…": "1 field is not shown" }],
      message: "key <redacted> is wrong",
      "…": "1 field is not shown"
    })
  })

  it("is not shown when it was cut", () => {
    assert.isUndefined(Answer.shown("{\"id\":\"t1\",\"data\":{\"secret\":\"ab…"))
    assert.isUndefined(Answer.shown(undefined))
  })

  it("ends where it is too deep or too long", () => {
    const deep = JSON.stringify(Array.from({ length: 20 }).reduce<unknown>((inner) => ({ data: inner }), "end"))
    assert.notInclude(Answer.shown(deep) ?? "", "end")
    const long = JSON.stringify({ videos: Array.from({ length: 500 }, (_, n) => n), message: "x".repeat(5000) })
    assert.isBelow((Answer.shown(long) ?? "").length, 2000)
  })
})
