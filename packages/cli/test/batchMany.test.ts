import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Schedule } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Children from "./KillTest/children.ts"
import * as Command from "./utils/command.ts"

const count = 500

/** A minute of the API is 60 ms here. */
const server = SimulatorServer.layerSimulator({ speed: 1000, seed: 11 })

interface Line {
  readonly line: number
  readonly remoteId: string | null
  readonly status: string | null
  readonly file: string | null
}

const modelOf = (line: number): string => `clip-${line}`

const linesOf = (file: string): ReadonlyArray<Line> =>
  fs.readFileSync(file, "utf8").trimEnd().split("\n").map((line): Line => JSON.parse(line))

describe("a batch of many lines", () => {
  it.live("is killed, is stopped, and goes on: each line is paid once and told once", () =>
    Effect.gen(function*() {
      const cwd = Command.emptyFolder()
      const child = yield* Effect.promise(() => Children.bundle("batch", cwd))
      const { ledger } = yield* Simulator.Simulator
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const lines = Array.from(
        { length: count },
        (_, n) => ({ provider: "generic", model: modelOf(n + 1), prompt: "a" })
      )
      fs.writeFileSync(path.join(cwd, "b.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"))
      const args = ["batch", "b.jsonl", "-c", "200", "--store", "tasks.db", "--output", "out", "--report", "r.jsonl"]
      const env = { GENERIC_API_KEY: "sk-many-1234567890", GENERIC_BASE_URL: baseUrl, BATCH_RATE: "5000" }
      const run = (stop?: { readonly after: number; readonly signal: NodeJS.Signals }) => {
        const posts = Effect.repeat(ledger, {
          until: (now) => now.posts >= (stop?.after ?? 0),
          schedule: Schedule.spaced("10 millis")
        })
        const interrupt = stop && { signal: stop.signal, when: () => Effect.runPromise(posts) }
        return Effect.promise(() => Command.run(child, args, { cwd, env, ...(interrupt && { interrupt }) }))
      }
      assert.strictEqual((yield* run({ after: 120, signal: "SIGKILL" })).signal, "SIGKILL")
      const stopped = yield* run({ after: 300, signal: "SIGINT" })
      assert.deepStrictEqual([stopped.signal, stopped.code], [null, 130], stopped.stderr)
      const last = yield* run()
      const report = linesOf(path.join(cwd, "r.jsonl"))
      const done = report.filter(({ status }) => status === "SUCCESS")
      const open = report.filter(({ status }) => status === "ambiguous")
      assert.deepStrictEqual(report.map(({ line }) => line), lines.map((_, n) => n + 1))
      // Those whose answer was out when the process was killed.
      assert.isAtMost(open.length, 200)
      assert.strictEqual(done.length + open.length, count, last.stderr)
      const words = `${count} of ${count} · ${done.length} succeeded${
        open.length === 0 ? "" : ` · ${open.length} ambiguous`
      }`
      assert.deepStrictEqual([last.code, last.stdout], [open.length === 0 ? 0 : 14, `ready\n${words}\n`], last.stderr)
      assert.deepStrictEqual(
        done.map(({ file }) => path.basename(file ?? "")).toSorted(),
        fs.readdirSync(path.join(cwd, "out")).filter((name) => !name.startsWith(".")).toSorted()
      )
      const { creates } = yield* ledger
      const paid = creates.map(({ model }) => model)
      assert.strictEqual(new Set(paid).size, paid.length)
      const told = new Map(
        report.map(({ line, remoteId, status }) => [modelOf(line), status === "ambiguous" || remoteId])
      )
      assert.deepStrictEqual(
        creates.filter(({ model, taskId }) => told.get(model) !== true && told.get(model) !== taskId),
        []
      )
    }).pipe(Effect.provide(server)), 120_000)
})
