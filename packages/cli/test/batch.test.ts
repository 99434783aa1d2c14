import { assert, describe, it } from "@effect/vitest"
import { type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Schedule } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const ledger = Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)

/** A folder with a batch of its own, and the command that runs it against the simulator of the test. */
const folder = (...lines: ReadonlyArray<Readonly<Record<string, unknown>>>) => {
  const [data, cwd] = [Command.emptyFolder(), Command.emptyFolder()]
  const file = (name: string) => path.join(cwd, name)
  const write = (...all: typeof lines) =>
    fs.writeFileSync(
      file("b.jsonl"),
      all.map((line) => JSON.stringify({ provider: "generic", model: "kling-v1", prompt: "A fox", ...line })).join("\n")
    )
  write(...lines)
  const any = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Options = {}) {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    if (options.script !== undefined) yield* (yield* Simulator.Simulator).script(options.script)
    const keys = { GENERIC_API_KEY: "sk-secret-1234567890", COMETAPI_KEY: "sk-secret-1234567890" }
    const env = { ...keys, GENERIC_BASE_URL: baseUrl, COMETAPI_BASE_URL: baseUrl, ...options.env }
    return yield* Effect.promise(() => Command.run(command.file, args, { data, ...options, cwd, env }))
  })
  const vt = (flags: ReadonlyArray<string> = [], options: Options = {}) =>
    any(["batch", "b.jsonl", "--poll-floor", "40ms", "--poll-ceiling", "100ms", ...flags], options)
  const report = () =>
    fs.readFileSync(file("r.jsonl"), "utf8").trimEnd().split("\n").map((line): Command.Line => JSON.parse(line))
  return { cwd, data, file, write, any, vt, report }
}

/** Lines of 0.25 USD each. */
const seedances = (...numbers: ReadonlyArray<number>) =>
  numbers.map((n) => ({
    provider: "cometapi",
    model: "doubao-seedance-2-0-fast",
    prompt: `${n}`,
    seconds: 5
  }))

type Options = Command.RunOptions & { readonly script?: ReadonlyArray<Script.Line> }

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>,
  timeout = 120_000
) => it.live(name, () => Effect.provide(body, server, { local: true }), timeout)

describe("a batch that goes on", { concurrent: true }, () => {
  live(
    "pays for no line again whose task was carried here without its create (2)",
    Effect.gen(function*() {
      const { any, file, vt } = folder({ prompt: "1" }, { prompt: "2" }, { prompt: "3", key: "c" })
      assert.strictEqual((yield* vt()).code, 0)
      assert.strictEqual((yield* any(["export", "--output", "e.jsonl"])).code, 0)
      const all = fs.readFileSync(file("e.jsonl"), "utf8").split("\n")
      const tasks = all.filter((line) => line.includes("\"type\":\"task\""))
      fs.writeFileSync(file("cut.jsonl"), [all[0], ...tasks].join("\n"))
      const data = Command.emptyFolder()
      const refused = yield* any(["import", "cut.jsonl"], { data })
      assert.deepStrictEqual([refused.code, refused.stdout], [2, ""])
      assert.match(refused.stderr, /cut off[^]*import cut\.jsonl --incomplete/)
      const taken = yield* any(["import", "cut.jsonl", "--incomplete"], { data })
      assert.strictEqual(taken.stdout, "3 imported, 0 known already\n", taken.stderr)
      const again = yield* vt([], { data })
      assert.deepStrictEqual([again.code, again.stdout], [0, "3 of 3 · 3 succeeded\n"], again.stderr)
      assert.strictEqual((yield* ledger).posts, 3)
    })
  )

  live(
    "refuses to pay for its lines again at another API, and says how to (2)",
    Effect.gen(function*() {
      const { vt } = folder({ prompt: "1" }, { prompt: "2", key: "b" })
      assert.strictEqual((yield* vt()).code, 0)
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const moved = yield* vt([], { env: { GENERIC_BASE_URL: `${baseUrl}/elsewhere` } })
      assert.deepStrictEqual([moved.code, moved.stdout], [2, ""])
      for (const line of [1, 2]) assert.include(moved.stderr, `line ${line}: went to ${baseUrl}: go on there`)
      assert.include(moved.stderr, "--run NAME")
      assert.strictEqual((yield* ledger).posts, 2)
    })
  )

  live(
    "counts under a limit what earlier runs sent without one, at today's price (14)",
    Effect.gen(function*() {
      const { report, vt, write } = folder(...seedances(1, 2))
      assert.strictEqual((yield* vt()).code, 0)
      write(...seedances(1, 2, 3, 4))
      const ran = yield* vt(["--max-cost", "0.75", "--report", "r.jsonl"])
      assert.strictEqual(ran.code, 14, ran.stderr)
      assert.strictEqual((yield* ledger).posts, 3)
      assert.strictEqual(report().filter(({ error }) => error?.reason === "BudgetExceeded").length, 1)
    })
  )

  live(
    "refuses a limit where nobody can say what earlier runs have cost (2)",
    Effect.gen(function*() {
      const { vt, write } = folder({ prompt: "of unknown price" })
      assert.strictEqual((yield* vt()).code, 0)
      write({ prompt: "of unknown price" }, ...seedances(1))
      const refused = yield* vt(["--max-cost", "9"])
      assert.deepStrictEqual([refused.code, refused.stdout], [2, ""])
      assert.match(refused.stderr, /Nobody can say[^]*line 1: was sent in an earlier run, and its price is unknown/)
      assert.strictEqual((yield* ledger).posts, 1)
      // What is there is brought, since nothing is sent.
      write({ prompt: "of unknown price" })
      assert.strictEqual((yield* vt(["--max-cost", "9"])).code, 0)
    })
  )

  live(
    "holds one limit over two processes at the same lines",
    Effect.gen(function*() {
      const { vt } = folder(...seedances(1, 2, 3, 4, 5, 6))
      const script: ReadonlyArray<Script.Line> = [{ on: "create", fault: "late", seconds: 0.3, times: "always" }]
      const ran = yield* Effect.all([vt(["--max-cost", "0.5"], { script }), vt(["--max-cost", "0.5"])], {
        concurrency: 2
      })
      assert.deepStrictEqual(ran.map(({ code }) => code), [14, 14])
      assert.strictEqual(ran.filter(({ stderr }) => stderr.includes("Waiting until it has ended")).length, 1)
      assert.strictEqual((yield* ledger).posts, 2)
    })
  )

  live(
    "refuses a changed request under an old key, by its line (2)",
    Effect.gen(function*() {
      const old = [{ key: "a" }, { key: "b", seconds: 5, options: { z: 1, a: [2] } }]
      const { vt, write } = folder(...old)
      assert.strictEqual((yield* vt()).code, 0)
      assert.strictEqual((yield* vt()).code, 0)
      write(...old.slice(0, 1), { ...old[1], prompt: "A boat" })
      const changed = yield* vt()
      assert.strictEqual(changed.code, 2, changed.stdout)
      assert.include(changed.stderr, "line 2: key stands for another request of an earlier run")
      assert.strictEqual((yield* ledger).posts, 2)
    })
  )

  live(
    "takes no old file for a video: replaced with --overwrite, refused without, left alone when proven",
    Effect.gen(function*() {
      const { file, report, vt } = folder({ output: "old.mp4" })
      fs.writeFileSync(file("old.mp4"), "an old file")
      assert.strictEqual((yield* vt(["--report", "r.jsonl"])).code, 2)
      assert.strictEqual((yield* vt(["--report", "r.jsonl", "--overwrite"])).code, 0)
      const [first] = report()
      const video = fs.readFileSync(file("old.mp4"))
      assert.notInclude(video.toString("latin1"), "an old file")
      assert.deepStrictEqual(first?.files[0].bytes, video.length)
      const { mtimeMs } = fs.statSync(file("old.mp4"))
      for (const flags of [["--report", "r.jsonl", "--overwrite"], ["--report", "r.jsonl"], []]) {
        assert.strictEqual((yield* vt(flags)).code, 0)
        assert.strictEqual(fs.statSync(file("old.mp4")).mtimeMs, mtimeMs)
      }
      assert.deepStrictEqual(report(), [first])
      fs.writeFileSync(file("old.mp4"), "x".repeat(video.length))
      const refused = yield* vt(["--report", "r.jsonl"])
      assert.strictEqual(refused.code, 2, refused.stderr)
      assert.strictEqual(fs.readFileSync(file("old.mp4"), "utf8"), "x".repeat(video.length))
      assert.strictEqual((yield* vt(["--overwrite"])).code, 0)
      assert.isTrue(fs.readFileSync(file("old.mp4")).equals(video))
      assert.strictEqual((yield* ledger).posts, 1)
      assert.deepStrictEqual(fs.readdirSync(path.dirname(file("old.mp4"))).toSorted(), [
        "b.jsonl",
        "old.mp4",
        "r.jsonl"
      ])
    })
  )

  live(
    "tells what became of its lines when the report can't be written (13)",
    Effect.gen(function*() {
      const { file, vt } = folder({ prompt: "A fox" })
      fs.mkdirSync(file("reports"))
      const services = yield* Effect.context<Simulator.Simulator>()
      const posted = Effect.repeat(ledger, { until: ({ posts }) => posts > 0, schedule: Schedule.spaced("10 millis") })
      const gone = Effect.andThen(posted, Effect.sync(() => fs.rmSync(file("reports"), { recursive: true })))
      const ran = yield* vt(["--report", "reports/r.jsonl", "--json"], {
        interrupt: { when: () => Effect.runPromiseWith(services)(gone), signal: "SIGCONT" }
      })
      assert.strictEqual(ran.code, 13, ran.stderr)
      assert.deepStrictEqual(Command.lines(ran).map(({ type }) => type), ["batch.line", "batch", "error"])
      assert.include(ran.stderr, "reports/r.jsonl could not be written")
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "names its store in the commands that it prints",
    Effect.gen(function*() {
      const { report, vt } = folder({ prompt: "A fox" })
      const flags = ["--store", "my tasks.db", "--report", "r.jsonl"]
      yield* vt(flags, { script: [{ on: "create", fault: "reset-after-accept" }] })
      const ran = yield* vt(flags)
      assert.strictEqual(ran.code, 9, ran.stderr)
      const [line] = report()
      const command = `video-tasks resolve --store 'my tasks.db' ${line?.id} --remote REMOTE_ID`
      assert.include(ran.stderr, command)
      assert.include(line?.error.hint ?? [], command)
    })
  )

  live(
    "counts a line as done whose task was removed, by its report only, and reads nothing again",
    Effect.gen(function*() {
      const { any, file, report, vt } = folder({ prompt: "A fox", output: "a.mp4" })
      const flags = ["--report", "r.jsonl"]
      assert.strictEqual((yield* vt(flags)).code, 0)
      assert.strictEqual((yield* any(["prune", "--older-than", "0ms"])).stdout, "1 task removed\n")
      const again = yield* vt(flags)
      assert.deepStrictEqual([again.code, again.stdout], [0, "1 of 1 · 1 succeeded\n"], again.stderr)
      fs.rmSync(file("a.mp4"))
      const gone = yield* vt(flags)
      assert.strictEqual(gone.code, 4, gone.stderr)
      assert.deepStrictEqual([report()[0]?.status, report()[0]?.error.reason], ["removed", "TaskNotFound"])
      assert.strictEqual((yield* any(["list", "--json"])).stdout, "")
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    live(
      `leaves the handles of all that was created in its report after ${signal}`,
      Effect.gen(function*() {
        const lines = Array.from({ length: 3 }, (_, n) => ({ prompt: `A fox ${n} [stuck]` }))
        const { report, vt } = folder(...lines)
        const services = yield* Effect.context<Simulator.Simulator>()
        const handles = () => {
          try {
            return report().filter(({ remoteId }) => typeof remoteId === "string").length
          } catch {
            return 0
          }
        }
        const when = Effect.repeat(ledger, {
          until: ({ posts }) => posts === 3 && (signal === "SIGINT" || handles() === 3),
          schedule: Schedule.spaced("20 millis")
        })
        const ended = yield* vt(["--report", "r.jsonl"], {
          interrupt: { when: () => Effect.runPromiseWith(services)(when), signal }
        })
        assert.strictEqual(ended.signal ?? ended.code, signal === "SIGKILL" ? "SIGKILL" : 130, ended.stderr)
        const { tasks } = yield* ledger
        assert.deepStrictEqual(
          report().map(({ remoteId }) => remoteId ?? "none").toSorted(),
          tasks.map(({ taskId }) => taskId).toSorted()
        )
      })
    )
  }
})
