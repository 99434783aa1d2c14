import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as Conductor from "./chaos/conductor.ts"
import * as Figures from "./chaos/figures.ts"
import type { Plan } from "./chaos/outcome.ts"
import * as Verdict from "./chaos/verdict.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const setting = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise)

/** CHAOS_TASKS=2000 CHAOS_SECONDS=240 is the full size. */
const plan: Plan = {
  seed: setting("CHAOS_SEED", 20_261_121),
  tasks: setting("CHAOS_TASKS", 60),
  seconds: setting("CHAOS_SECONDS", 20)
}

describe("a cluster in chaos", () => {
  it.live(
    "ends all tasks right, and sends no create twice",
    () =>
      Effect.gen(function*() {
        process.stdout.write(`chaos, seed ${plan.seed} (CHAOS_SEED, CHAOS_TASKS, CHAOS_SECONDS)\n`)
        const outcome = yield* Conductor.play(server, plan)
        process.stdout.write(Figures.figures(outcome))
        const found = Verdict.violations(outcome)
        if (found.length > 0) process.stdout.write(Figures.diary(outcome))
        assert.deepStrictEqual(found, [])
      }),
    plan.seconds * 1000 + 300_000
  )
})
