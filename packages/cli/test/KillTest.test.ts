import { assert, describe, it } from "@effect/vitest"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Play, play } from "./KillTest/play.ts"

const given = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

const seed = given("KILL_SEED", Math.floor(Math.random() * 2 ** 31))
const tasks = given("KILL_TASKS", 12)
const kills = given("KILL_KILLS", 20)

/** A minute of the APIs is three seconds here. */
const speed = 20

/** Answers to creates come late, so that a process can die while one is out; some never come; files come in drips. */
const faults = [
  { on: "create", fault: "reset-after-accept", nth: 1, times: { p: 0.04 } },
  { on: "create", fault: "late", seconds: 0.15, nth: 1, times: { p: 0.6 } },
  { on: "poll", fault: "503-html", nth: 1, times: { p: 0.05 } },
  { on: "download", fault: "late", seconds: 0.15, nth: 1, times: { p: 0.4 } },
  { on: "download", fault: "cut-at", nth: 1, times: { p: 0.2 } }
] as const

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-kill-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

const played = (kind: Play["kind"], atOnce: number) =>
  Effect.gen(function*() {
    process.stdout.write(`KILL_SEED=${seed} KILL_TASKS=${tasks} KILL_KILLS=${kills}\n`)
    const outcome = yield* play({ seed, tasks, kills, faults, kind, atOnce }, yield* folder)
    process.stdout.write(`${atOnce} × ${kind}: ${JSON.stringify(outcome)}\n`)
    const { ambiguous, creates, open, orphans, paidTwice, unaccounted, unsought } = outcome
    assert.deepStrictEqual({ paidTwice, unaccounted, unsought, open }, {
      paidTwice: 0,
      unaccounted: 0,
      unsought: 0,
      open: 0
    })
    assert.isAtLeast(outcome.kills, kills)
    // Each create is a task or was reported; each submission is one or the other, or was not sent.
    assert.strictEqual(creates, outcome.tasks + orphans)
    assert.isAtMost(orphans, ambiguous)
    assert.strictEqual(outcome.tasks + ambiguous + outcome.unsent, tasks)
    // Who was killed with no create in flight proves little; how many there are is luck, but not over so many kills.
    const inFlight = outcome.found + orphans
    process.stdout.write(`creates cut in flight: ${inFlight}\n`)
    if (kills >= 100 && tasks >= 40) assert.isAbove(inFlight, 0)
    return outcome
  }).pipe(
    Effect.scoped,
    Effect.provide(SimulatorServer.layerSimulator({ seed, speed, jobSeconds: { min: 40, max: 200 } }))
  )

const patience = 120_000 + kills * 5000

describe("processes that are killed at any moment", () => {
  it.live.each([1, 4])(
    "lose no task, pay for none twice, and keep every file whole: %d at once",
    (atOnce) =>
      Effect.gen(function*() {
        const { creates, finished } = yield* played("worker", atOnce)
        assert.deepStrictEqual(finished, { creates, tasks: creates, successes: creates, whole: creates })
      }),
    patience
  )

  it.live.each([1, 2])(
    "do so as well when each is a batch of the same lines: %d at once",
    (atOnce) =>
      Effect.gen(function*() {
        const { finished } = yield* played("batch", atOnce)
        // What made no task was discarded, and is made by the last run.
        const all = { creates: tasks, tasks, successes: tasks, whole: tasks, reported: tasks }
        assert.deepStrictEqual(finished, all)
      }),
    patience
  )
})
