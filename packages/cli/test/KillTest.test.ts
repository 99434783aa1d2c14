import { assert, describe, it } from "@effect/vitest"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { play } from "./KillTest/play.ts"

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

describe("processes that are killed at any moment", () => {
  it.live(
    "lose no task, pay for none twice, and keep every file whole",
    () =>
      Effect.gen(function*() {
        process.stdout.write(`KILL_SEED=${seed} KILL_TASKS=${tasks} KILL_KILLS=${kills}\n`)
        const outcome = yield* play({ seed, tasks, kills, faults }, yield* folder)
        process.stdout.write(`${JSON.stringify(outcome)}\n`)
        const { ambiguous, creates, finished, open, orphans, unaccounted, unsought } = outcome
        assert.deepStrictEqual({ unaccounted, unsought, open }, { unaccounted: 0, unsought: 0, open: 0 })
        assert.isAtLeast(outcome.kills, kills)
        // Each create is a task or was reported; each submission is one or the other.
        assert.strictEqual(creates, outcome.tasks + orphans)
        assert.isAtMost(orphans, ambiguous)
        assert.strictEqual(outcome.tasks + ambiguous, tasks)
        assert.deepStrictEqual(finished, { tasks: creates, successes: creates, whole: creates })
      }).pipe(
        Effect.scoped,
        Effect.provide(SimulatorServer.layerSimulator({ seed, speed, jobSeconds: { min: 40, max: 200 } }))
      ),
    120_000 + kills * 5000
  )
})
