import { assert, describe, it } from "@effect/vitest"
import { SqliteTaskStore } from "@video-tasks/node"
import { type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Command from "./utils/command.ts"
import { aLeaseLater } from "./utils/leases.ts"

const generic = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt"]

/** Reads as fast as the simulated minutes pass. */
const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

/** Runs the bundled command against the simulator; tasks are kept in a folder of the test. */
const vt = Effect.fnUntraced(function*(data: string, args: ReadonlyArray<string>, options: Command.RunOptions & {
  readonly script?: ReadonlyArray<Script.Line>
} = {}) {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  if (options.script !== undefined) yield* (yield* Simulator.Simulator).script(options.script)
  const env = {
    GENERIC_API_KEY: "sk-secret-1234567890",
    GENERIC_BASE_URL: baseUrl,
    COMETAPI_KEY: "sk-secret-1234567890",
    COMETAPI_BASE_URL: baseUrl,
    ...options.env
  }
  return yield* Effect.promise(() => Command.run(command.file, args, { ...options, data, env }))
})

const ledger = Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

/** The store that the command keeps for a user without settings. */
const fileIn = (data: string) => SqliteTaskStore.layer({ filename: path.join(data, "video-tasks", "tasks.db") })

const posted = Effect.repeat(ledger, { until: ({ posts }) => posts > 0, schedule: Schedule.spaced("20 millis") })

describe("the store of the command", { concurrent: true }, () => {
  live(
    "is a file that only its user can read, and a task is found in it by its id or the beginning of it",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const created = yield* vt(data, [...generic, "A boat", "--json"])
      assert.strictEqual(created.code, 0, created.stderr)
      const file = path.join(data, "video-tasks", "tasks.db")
      const modes = [fs.statSync(path.dirname(file)).mode & 0o777, fs.statSync(file).mode & 0o777]
      assert.deepStrictEqual(modes, [0o700, 0o600])
      const [row] = Command.lines(yield* vt(data, ["list", "--json"]))
      assert.strictEqual(row?.handle, Command.lines(created)[0]?.handle)
      const id = row?.id ?? ""
      const waited = yield* vt(data, ["wait", id.slice(0, 18), ...fast])
      assert.strictEqual(waited.code, 0, waited.stderr)
      const url = yield* vt(data, ["url", id])
      assert.match(url.stdout, /^http:\/\/127\.0\.0\.1:\d+\/files\/\S+\n$/)
      const shown = yield* vt(data, ["show", id])
      assert.match(shown.stdout, /\nprompt {2}A boat\n[^]*created with kling-v1\n[^]*SUCCESS.* a video/)
      assert.deepStrictEqual<unknown>(Command.lines(yield* vt(data, ["show", id, "--json"]))[0]?.request, {
        prompt: "A boat"
      })
      assert.strictEqual((yield* vt(data, ["wait", "ffffffff"])).code, 4)
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "is not opened by what needs none",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      for (const args of [["--version"], ["--help"], ["diagram"], ["models", "--provider", "cometapi"]]) {
        assert.strictEqual((yield* vt(data, args)).code, 0)
      }
      assert.deepStrictEqual(fs.readdirSync(data), [])
      assert.strictEqual((yield* vt(data, ["list", "--store", "memory"])).code, 0)
      assert.deepStrictEqual(fs.readdirSync(data), [])
    })
  )

  live(
    "is refused with 13 when it is no database or not there, and no password is shown",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const foreign = path.join(data, "foreign.db")
      fs.writeFileSync(foreign, "this is no database, but long enough to be looked at as one".repeat(20))
      const broken = yield* vt(data, ["list", "--store", foreign, "--json"])
      assert.strictEqual(broken.code, 13, broken.stderr)
      assert.strictEqual(Command.lines(broken)[0]?.error.reason, "StoreError")
      const url = "postgres://me:pass-word-7@127.0.0.1:1/db"
      const remote = yield* vt(data, ["list"], { env: { VIDEO_TASKS_STORE: url } })
      assert.strictEqual(remote.code, 13, remote.stderr)
      assert.notInclude(remote.stdout + remote.stderr, "pass-word-7")
      const wrong = yield* vt(data, ["list", "--store", "mysql://me:pass-word-7@host/db"])
      assert.strictEqual(wrong.code, 2)
      assert.notInclude(wrong.stdout + wrong.stderr, "pass-word-7")
    })
  )

  live(
    "lets resume go on with what a killed process has left, and brings the file",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const cwd = Command.emptyFolder()
      const killed = yield* vt(data, [...generic, "A boat [job=20]", "--wait", ...fast], {
        interrupt: { when: "vt1_", signal: "SIGKILL" }
      })
      assert.strictEqual(killed.signal, "SIGKILL")
      yield* aLeaseLater(fileIn(data))
      const resumed = yield* vt(data, ["resume", "--output", "out", "--json", ...fast], { cwd })
      assert.strictEqual(resumed.code, 0, resumed.stderr)
      const last = Command.lines(resumed).at(-1)
      assert.strictEqual(last?.task.status, "SUCCESS")
      const [file = ""] = fs.readdirSync(path.join(cwd, "out"))
      assert.strictEqual(last?.files[0].bytes, fs.statSync(path.join(cwd, "out", file)).size)
      assert.strictEqual((yield* vt(data, ["resume"])).code, 0)
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "shows a create whose answer is lost as ambiguous, and lets it be settled",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const lost = yield* vt(data, [...generic, "A boat"], { script: [{ on: "create", fault: "reset-after-accept" }] })
      assert.strictEqual(lost.code, 9, lost.stderr)
      const rows = Command.lines(yield* vt(data, ["list", "--status", "ambiguous", "--json"]))
      assert.deepStrictEqual(rows.map((row) => [row.handle, row.status]), [[null, "ambiguous"]])
      const id = rows[0]?.id ?? ""
      assert.include(lost.stderr, `resolve ${id} --remote REMOTE_ID`)
      assert.deepStrictEqual<unknown>(rows[0]?.request, { prompt: "A boat" })
      assert.match((yield* vt(data, ["show", id])).stdout, /\nprompt {2}A boat\n/)
      assert.strictEqual((yield* vt(data, ["wait", id])).code, 9)
      const remoteId = (yield* ledger).tasks[0]?.taskId ?? ""
      const settled = yield* vt(data, ["resolve", id, "--remote", remoteId, "--json"])
      assert.strictEqual(settled.code, 0, settled.stderr)
      assert.strictEqual(Command.lines(settled)[0]?.remoteId, remoteId)
      assert.strictEqual((yield* vt(data, ["wait", id, ...fast])).code, 0)
      assert.strictEqual((yield* vt(data, ["resolve", id, "--discard"])).code, 2)
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "tells a create that a living process sends from one whose answer is lost",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const looked = yield* Deferred.make<void>()
      const sent = yield* Effect.forkChild(
        vt(data, [...generic, "A boat"], {
          script: [{ on: "create", fault: "late", seconds: 600 }],
          interrupt: { when: () => Effect.runPromise(Deferred.await(looked)), signal: "SIGKILL" }
        })
      )
      yield* posted
      const rows = Command.lines(yield* vt(data, ["list", "--json"]))
      assert.deepStrictEqual(rows.map((row) => [row.handle, row.status]), [[null, "sending"]])
      assert.deepStrictEqual(Command.lines(yield* vt(data, ["list", "--status", "ambiguous", "--json"])), [])
      const shown = yield* vt(data, ["show", rows[0]?.id ?? ""])
      assert.match(shown.stdout, /status {2}sending\n[^]*known {3}a process waits for the answer\n/)
      yield* Deferred.succeed(looked, undefined)
      assert.strictEqual((yield* Fiber.join(sent)).signal, "SIGKILL")
    })
  )

  live(
    "is named by the commands that are printed, as a shell takes it",
    Effect.gen(function*() {
      const store = path.join(Command.emptyFolder(), "my tasks.db")
      const lost = yield* vt("", [...generic, "A boat", "--store", store], {
        script: [{ on: "create", fault: "reset-after-accept" }]
      })
      const [, id] = /resolve --store '\/.*my tasks\.db' (\S{36}) --discard/.exec(lost.stderr) ?? []
      const told = Command.lines(
        yield* vt("", [...generic, "A boat", "--json", "--store", store], {
          script: [{ on: "create", fault: "reset-after-accept" }]
        })
      )
      const error = told.at(-1)?.error as { readonly submissionId?: string } | undefined
      const rows = Command.lines(yield* vt("", ["list", "--store", store, "--json"]))
      assert.deepStrictEqual(rows.map((row) => row.id), [id, error?.submissionId])
    })
  )

  live(
    "is shared by two waits of one task",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const handle = (yield* vt(data, [...generic, "A boat"])).stdout.trim()
      const wait = vt(data, ["wait", handle, "--json", ...fast])
      const both = yield* Effect.all([wait, wait], { concurrency: 2 })
      assert.deepStrictEqual(both.map(({ code }) => code), [0, 0])
      for (const ran of both) assert.strictEqual(Command.lines(ran).at(-1)?.type, "task.finished")
    })
  )

  live(
    "is carried to another one without secrets, once, and old tasks are removed",
    Effect.gen(function*() {
      const [data, other] = [Command.emptyFolder(), Command.emptyFolder()]
      const cwd = Command.emptyFolder()
      assert.strictEqual((yield* vt(data, [...generic, "A boat", "--wait", ...fast])).code, 0)
      assert.strictEqual((yield* vt(data, [...generic, "A boat [stuck]"])).code, 0)
      assert.strictEqual((yield* vt(data, ["export", "--output", "e.jsonl"], { cwd })).code, 0)
      const text = fs.readFileSync(path.join(cwd, "e.jsonl"), "utf8")
      assert.notInclude(text, "Signature")
      assert.strictEqual((yield* vt(data, ["export"])).stdout.split("\n").length, text.split("\n").length)
      const first = yield* vt(other, ["import", "e.jsonl"], { cwd })
      assert.strictEqual(first.stdout, "4 imported, 0 known already\n", first.stderr)
      assert.strictEqual((yield* vt(other, ["import", "e.jsonl"], { cwd })).stdout, "0 imported, 4 known already\n")
      const third = Command.emptyFolder()
      const [head = "", ...rest] = text.trimEnd().split("\n").slice(0, -1)
      const creates = rest.filter((line) => line.includes("\"type\":\"submission\""))
      const cutShort = creates.map((line) => {
        const { submission, ...others } = JSON.parse(line)
        return JSON.stringify({ ...others, submission: { ...submission, outcome: { _tag: "pending" } } })
      })
      for (
        const { lines, said } of [
          { lines: cutShort, said: "2 imported, 0" },
          { lines: creates, said: "2 imported, 0" },
          { lines: creates, said: "0 imported, 2" }
        ]
      ) {
        const end = JSON.stringify({ type: "end", lines: lines.length })
        fs.writeFileSync(path.join(cwd, "creates.jsonl"), [head, ...lines, end].join("\n"))
        assert.strictEqual((yield* vt(third, ["import", "creates.jsonl"], { cwd })).stdout, `${said} known already\n`)
      }
      fs.writeFileSync(path.join(cwd, "new.jsonl"), text.replace("\"format\":2", "\"format\":3"))
      assert.strictEqual((yield* vt(other, ["import", "new.jsonl"], { cwd })).code, 2)
      fs.writeFileSync(path.join(cwd, "broken.jsonl"), text.replace("task.observed", "task.obscured"))
      assert.match((yield* vt(other, ["import", "broken.jsonl"], { cwd })).stderr, /lines 4$/m)
      assert.strictEqual((yield* vt(other, ["prune", "--older-than", "0ms"])).stdout, "1 task removed\n")
      const left = Command.lines(yield* vt(other, ["list", "--json"]))
      assert.deepStrictEqual(left.length, 1)
    })
  )
})

/** A batch of so many lines, in a folder of its own. */
const batchOf = (count: number) => {
  const cwd = Command.emptyFolder()
  const lines = Array.from(
    { length: count },
    (_, n) =>
      JSON.stringify({
        provider: "generic",
        model: "kling-v1",
        prompt: `A fox ${n % 2}`,
        ...(n === 0 ? { key: "a" } : {})
      })
  )
  fs.writeFileSync(path.join(cwd, "b.jsonl"), lines.join("\n"))
  const report = () =>
    fs.readFileSync(path.join(cwd, "r.jsonl"), "utf8").trimEnd().split("\n").map((line): Command.Line =>
      JSON.parse(line)
    )
  return { cwd, report, args: ["batch", "b.jsonl", "--output", "out", "--report", "r.jsonl", ...fast] }
}

describe("batch", { concurrent: true }, () => {
  live(
    "makes every line once, and the same command sends nothing again",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const { args, cwd, report } = batchOf(30)
      const ran = yield* vt(data, args, { cwd })
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.strictEqual(ran.stdout, "30 of 30 · 30 succeeded\n")
      assert.deepStrictEqual(
        report().map((line) => [line.line, line.status]),
        Array.from({ length: 30 }, (_, n) => [n + 1, "SUCCESS"])
      )
      assert.strictEqual(fs.readdirSync(path.join(cwd, "out")).length, 30)
      assert.isTrue(fs.existsSync(path.join(cwd, "out", "a.mp4")))
      // Lines that move are still the same lines.
      const moved = fs.readFileSync(path.join(cwd, "b.jsonl"), "utf8").split("\n").toReversed().join("\n")
      fs.writeFileSync(path.join(cwd, "b.jsonl"), moved)
      assert.strictEqual((yield* vt(data, args, { cwd })).code, 0)
      assert.strictEqual((yield* ledger).posts, 30)
    })
  )

  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    live(
      `goes on after ${signal}, and sends no line twice`,
      Effect.gen(function*() {
        const data = Command.emptyFolder()
        const { args, cwd, report } = batchOf(30)
        const services = yield* Effect.context<Simulator.Simulator>()
        const ended = yield* vt(data, args, {
          cwd,
          interrupt: { when: () => Effect.runPromiseWith(services)(posted), signal }
        })
        assert.strictEqual(ended.signal ?? ended.code, signal === "SIGKILL" ? "SIGKILL" : 130, ended.stderr)
        if (signal === "SIGKILL") yield* aLeaseLater(fileIn(data))
        const again = yield* vt(data, args, { cwd })
        const lines = report()
        const ambiguous = lines.filter((line) => line.status === "ambiguous").length
        assert.strictEqual(lines.filter((line) => line.status === "SUCCESS").length, 30 - ambiguous)
        assert.strictEqual(again.code, ambiguous === 0 ? 0 : 14, again.stderr)
        const { posts } = yield* ledger
        assert.isAtMost(posts, 30)
        assert.isAtLeast(posts, 30 - ambiguous)
      })
    )
  }

  live(
    "names everything that is wrong with the file before anything is sent (2)",
    Effect.gen(function*() {
      const { args, cwd } = batchOf(1)
      const wrong = [
        "{\"provider\":\"generic\",\"model\":\"m\"",
        "{\"provider\":\"generic\",\"prompt\":\"x\",\"second\":5}",
        "{\"provider\":\"nobody\",\"model\":\"m\",\"prompt\":\"x\"}",
        "{\"provider\":\"cometapi\",\"model\":\"doubao-seedance-2-0-fast\",\"prompt\":\"x\",\"seconds\":99}"
      ]
      fs.writeFileSync(path.join(cwd, "b.jsonl"), wrong.join("\n"))
      const ran = yield* vt(Command.emptyFolder(), args, { cwd })
      assert.strictEqual(ran.code, 2)
      for (
        const text of ["line 1: is not JSON", "line 2: model", "line 2: second", "line 3: provider", "line 4: seconds"]
      ) {
        assert.include(ran.stderr, text)
      }
      assert.strictEqual((yield* ledger).posts, 0)
    })
  )

  live(
    "refuses two lines that write one file, before anything is sent (2)",
    Effect.gen(function*() {
      const { args, cwd } = batchOf(0)
      const line = (output: string) => JSON.stringify({ provider: "generic", model: "m", prompt: output, output })
      fs.writeFileSync(path.join(cwd, "b.jsonl"), [line("a.mp4"), line("./x/../a.mp4")].join("\n"))
      const ran = yield* vt(Command.emptyFolder(), args, { cwd })
      assert.strictEqual(ran.code, 2, ran.stderr)
      assert.match(ran.stderr, /line 2: output is \S+a\.mp4, which line 1 writes too/)
      assert.strictEqual((yield* ledger).posts, 0)
    })
  )

  live(
    "reports a line whose answer is lost, and does not send it again (14)",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const { args, cwd, report } = batchOf(3)
      const script: ReadonlyArray<Script.Line> = [{ on: "create", nth: 2, fault: "reset-after-accept" }]
      for (const options of [{ cwd, script }, { cwd }]) {
        const ran = yield* vt(data, args, options)
        assert.strictEqual(ran.code, 14, ran.stderr)
        const ambiguous = report().filter((line) => line.status === "ambiguous").length
        const succeeded = report().filter((line) => line.status === "SUCCESS").length
        assert.deepStrictEqual([ambiguous, succeeded], [1, 2])
      }
      assert.strictEqual((yield* ledger).posts, 3)
    })
  )

  live(
    "holds its budget over all runs (14)",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const { args, cwd, report } = batchOf(0)
      const lines = Array.from(
        { length: 4 },
        (_, n) =>
          JSON.stringify({ provider: "cometapi", model: "doubao-seedance-2-0-fast", prompt: `x ${n}`, seconds: 5 })
      )
      fs.writeFileSync(path.join(cwd, "b.jsonl"), lines.join("\n"))
      for (const _ of [1, 2]) {
        const ran = yield* vt(data, [...args, "--max-cost", "0.5"], { cwd })
        assert.strictEqual(ran.code, 14, ran.stderr)
        assert.deepStrictEqual(report().filter((line) => line.status === "SUCCESS").length, 2)
        assert.strictEqual((yield* ledger).posts, 2)
      }
    })
  )
})
