import { assert, describe, it } from "@effect/vitest"
import { PostgresTaskStore, SqliteTaskStore } from "@video-tasks/node"
import { type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Redacted, Schedule } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll } from "vitest"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as Command from "./utils/command.ts"
import { aLeaseLater } from "./utils/leases.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()
let postgres: Postgres.Postgres

beforeAll(async () => {
  postgres = await Postgres.start()
}, 120_000)

afterAll(async () => {
  await postgres.stop()
})

const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

const generic = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt"]

/** A user with folders of their own. */
const user = () => {
  const [data, cwd] = [Command.emptyFolder(), Command.emptyFolder()]
  const vt = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Command.RunOptions = {}) {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const env = {
      GENERIC_API_KEY: "sk-secret-1234567890",
      GENERIC_BASE_URL: baseUrl,
      COMETAPI_KEY: "sk-secret-1234567890",
      COMETAPI_BASE_URL: baseUrl,
      ...options.env
    }
    return yield* Effect.promise(() => Command.run(command.file, args, { ...options, cwd, data, env }))
  })
  return { cwd, vt, file: path.join(data, "video-tasks", "tasks.db") }
}

const ledger = Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)

const script = (lines: ReadonlyArray<Script.Line>) =>
  Effect.flatMap(Simulator.Simulator, (simulator) => simulator.script(lines))

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 90_000)

const posted = Effect.repeat(ledger, { until: ({ posts }) => posts > 0, schedule: Schedule.spaced("20 millis") })

describe("resume", { concurrent: true }, () => {
  live(
    "finds the task of a create whose process was killed, and brings its file",
    Effect.gen(function*() {
      const { cwd, file, vt } = user()
      yield* script([{ on: "create", fault: "late", seconds: 600 }])
      const services = yield* Effect.context<Simulator.Simulator>()
      const kling = ["create", "--provider", "cometapi", "--model", "kling-v1-6", "--prompt", "A fox"]
      const killed = yield* vt(kling, {
        interrupt: { when: () => Effect.runPromiseWith(services)(posted), signal: "SIGKILL" }
      })
      assert.deepStrictEqual([killed.signal, killed.stdout], ["SIGKILL", ""])
      // Until the lease of the process lapses, it may live.
      const [sending] = Command.lines(yield* vt(["list", "--json"]))
      assert.deepStrictEqual([sending?.handle, sending?.status], [null, "sending"])
      yield* aLeaseLater(SqliteTaskStore.layer({ filename: file }))
      const [lost] = Command.lines(yield* vt(["list", "--status", "ambiguous", "--json"]))
      assert.deepStrictEqual([lost?.handle, lost?.remoteId], [null, null])
      const resumed = yield* vt(["resume", "--output", "out", "--json", ...fast])
      assert.strictEqual(resumed.code, 0, resumed.stderr)
      const { posts, tasks } = yield* ledger
      const told = Command.lines(resumed).filter(({ type }) => type === "task.finished")
      assert.deepStrictEqual(
        [posts, told.map(({ task }) => [task.status, task.remoteId])],
        [1, [["SUCCESS", tasks[0]?.taskId]]]
      )
      assert.strictEqual(fs.readdirSync(path.join(cwd, "out")).length, 1)
      const [row] = Command.lines(yield* vt(["list", "--json"]))
      assert.deepStrictEqual([row?.id, row?.remoteId, row?.status], [lost?.id, tasks[0]?.taskId, "SUCCESS"])
    })
  )
})

describe("a store in PostgreSQL", () => {
  live(
    "does all that one in a file does",
    Effect.gen(function*() {
      const { cwd, vt } = user()
      const url = postgres.url.replace("tester@", "tester:p%40ss-word@")
      const env = { VIDEO_TASKS_STORE: url }
      const created = yield* vt([...generic, "A boat", "--wait", "--json", ...fast], { env })
      assert.strictEqual(created.code, 0, created.stderr)
      const [row] = Command.lines(yield* vt(["list", "--json"], { env }))
      assert.deepStrictEqual([row?.status, row?.handle], ["SUCCESS", Command.lines(created)[0]?.handle])
      const shown = yield* vt(["show", (row?.id ?? "").slice(0, 13)], { env })
      assert.match(shown.stdout, /created with kling-v1\n[^]*SUCCESS.* a video/, shown.stderr)
      assert.strictEqual((yield* vt(["show", "ffffffff"], { env })).code, 4)

      const killed = yield* vt([...generic, "A boat [job=20]", "--wait", ...fast], {
        env,
        interrupt: { when: "vt1_", signal: "SIGKILL" }
      })
      assert.strictEqual(killed.signal, "SIGKILL")
      yield* aLeaseLater(PostgresTaskStore.layer({ url: Redacted.make(postgres.url) }))
      const resumed = yield* vt(["resume", "--output", "out", "--json", ...fast], { env })
      assert.strictEqual(resumed.code, 0, resumed.stderr)
      assert.strictEqual(Command.lines(resumed).at(-1)?.task.status, "SUCCESS")
      assert.strictEqual(fs.readdirSync(path.join(cwd, "out")).length, 1)

      const exported = yield* vt(["export", "--output", "pg.jsonl"], { env })
      assert.strictEqual(exported.code, 0, exported.stderr)
      const imported = yield* vt(["import", "pg.jsonl"])
      assert.strictEqual(imported.stdout, "4 imported, 0 known already\n", imported.stderr)
      assert.strictEqual((yield* vt([...generic, "A fox", "--wait", ...fast])).code, 0)
      assert.strictEqual((yield* vt(["export", "--output", "file.jsonl"])).code, 0)
      const back = yield* vt(["import", "file.jsonl"], { env })
      assert.strictEqual(back.stdout, "2 imported, 4 known already\n", back.stderr)
      const [here, there] = [yield* vt(["list", "--json"]), yield* vt(["list", "--json"], { env })]
      const ids = (ran: Command.Ran) => Command.lines(ran).map(({ id, status }) => `${id} ${status}`).sort()
      assert.deepStrictEqual([ids(there), ids(there).length], [ids(here), 3])
      assert.strictEqual((yield* ledger).posts, 3)
      for (const ran of [created, shown, killed, resumed, exported, back]) {
        for (const secret of ["p%40ss-word", "p@ss-word"]) assert.notInclude(ran.stdout + ran.stderr, secret)
      }
    })
  )
})

/** Where root reads and writes everything, the command runs as nobody. */
const asNobody = {
  NODE_OPTIONS: "--import=data:text/javascript,if(process.geteuid?.()===0)process.seteuid(65534)"
}

const refused = Effect.fnUntraced(function*(ran: Command.Ran, message: RegExp) {
  assert.strictEqual(ran.code, 13, ran.stderr)
  assert.strictEqual(ran.stdout, "")
  assert.match(ran.stderr, message)
  assert.notInclude(ran.stderr, "    at ")
})

describe("a store that can't be used", { concurrent: true }, () => {
  live(
    "is refused when a newer version wrote it (13), and stays as it is",
    Effect.gen(function*() {
      const { file, vt } = user()
      assert.strictEqual((yield* vt([...generic, "A boat"])).code, 0)
      const database = new DatabaseSync(file)
      database.exec("INSERT INTO video_tasks_migrations (migration_id, name) VALUES (99, 'of_the_future')")
      database.close()
      const before = fs.readFileSync(file)
      for (const args of [["list"], [...generic, "A boat"], ["resume"], ["export"]]) {
        yield* refused(yield* vt(args), /written by a newer version of video-tasks \(schema 99[^]*--store/)
      }
      assert.isTrue(before.equals(fs.readFileSync(file)))
      const [line] = Command.lines(yield* vt(["list", "--json"]))
      assert.strictEqual(line?.error.reason, "StoreError")
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "is refused when it is damaged (13), and nothing is sent",
    Effect.gen(function*() {
      const { file, vt } = user()
      assert.strictEqual((yield* vt([...generic, "A boat"])).code, 0)
      const bytes = fs.readFileSync(file)
      for (const suffix of ["-wal", "-shm"]) fs.rmSync(file + suffix, { force: true })
      fs.writeFileSync(file, bytes.fill(0xff, 100, bytes.length))
      for (const args of [["list"], [...generic, "A boat"], ["resume"]]) {
        yield* refused(yield* vt(args), /damaged|not an SQLite database/)
      }
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "is refused when it can't be written (13), and nothing is sent",
    Effect.gen(function*() {
      const { cwd, vt } = user()
      const store = path.join(cwd, "tasks.db")
      assert.strictEqual((yield* vt([...generic, "A boat", "--store", store])).code, 0)
      fs.chmodSync(store, 0o444)
      fs.chmodSync(cwd, 0o755)
      yield* refused(
        yield* vt([...generic, "A boat", "--store", store], { env: asNobody }),
        /tasks\.db could not be opened: the database file can't be written/
      )
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "is refused at once in a folder that takes none (13)",
    Effect.gen(function*() {
      const { vt } = user()
      yield* refused(
        yield* vt([...generic, "A boat", "--store", "/dev/null/tasks.db"]),
        /the database file can't be made/
      )
      if (process.platform === "linux") {
        yield* refused(
          yield* vt([...generic, "A boat", "--store", "/proc/none/tasks.db"]),
          /the database file can't be made/
        )
      }
    })
  )
})
