/**
 * What people mistype or mix up is told before anything is done, and destroys nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import process from "node:process"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

const create = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt", "A boat"]

const id = "01890a5d-ac96-774b-bcce-b302099a8057"

/** A user with folders of their own. */
const user = () => {
  const [data, cwd] = [Command.emptyFolder(), Command.emptyFolder()]
  const vt = Effect.fnUntraced(function*(args: ReadonlyArray<string>, env: Record<string, string> = {}) {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const all = { GENERIC_API_KEY: "sk-secret-1234567890", GENERIC_BASE_URL: baseUrl, ...env }
    return yield* Effect.promise(() => Command.run(command.file, args, { cwd, data, env: all }))
  })
  return { cwd, vt, at: (name: string) => path.join(fs.realpathSync(cwd), name) }
}

const posts = Effect.flatMap(Simulator.Simulator, ({ ledger }) => Effect.map(ledger, ({ posts }) => posts))

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

describe("a store that was mistyped", { concurrent: true }, () => {
  live(
    "is missed by every command that only looks (13), and not made",
    Effect.gen(function*() {
      const { at, cwd, vt } = user()
      const commands = [
        ["list"],
        ["list", "--watch"],
        ["show", id],
        ["wait", id],
        ["status", id],
        ["url", id],
        ["cancel", id],
        ["download", id, "--output", "a.mp4"],
        ["resolve", id, "--discard"],
        ["resume"],
        ["export"],
        ["prune", "--older-than", "1d"]
      ]
      const told = yield* Effect.forEach(commands, (args) => vt([...args, "--store", "typo/tasks.db", "--json"]), {
        concurrency: 3
      })
      for (const ran of told) {
        const [line] = Command.lines(ran)
        assert.deepStrictEqual([ran.code, line?.error.reason, line?.error.message], [
          13,
          "StoreError",
          `There is no store ${at("typo/tasks.db")}.`
        ])
      }
      const named = yield* vt(["list"], { VIDEO_TASKS_STORE: "typo.db" })
      assert.deepStrictEqual([named.code, named.stdout], [13, ""])
      assert.include(named.stderr, `error: There is no store ${at("typo.db")}.\n`)
      assert.deepStrictEqual(fs.readdirSync(cwd), [])
    })
  )

  live(
    "is made by what keeps tasks, and the user's own by anything",
    Effect.gen(function*() {
      const { at, vt } = user()
      const listed = yield* vt(["list"])
      assert.deepStrictEqual([listed.code, listed.stdout, listed.stderr], [0, "", "The store holds no task yet.\n"])
      const lost = yield* vt(["list", "--status", "ambiguous"])
      assert.deepStrictEqual([lost.code, lost.stderr], [0, "No create has lost its answer.\n"])
      const created = yield* vt([...create, "--store", "new/tasks.db"])
      assert.strictEqual(created.code, 0, created.stderr)
      const waited = yield* vt(["wait", created.stdout.trim(), "--store", "other.db", ...fast])
      assert.strictEqual(waited.code, 0, waited.stderr)
      assert.deepStrictEqual([fs.existsSync(at("new/tasks.db")), fs.existsSync(at("other.db"))], [true, true])
    })
  )

  live(
    "is told from an id of which too little was written (2)",
    Effect.gen(function*() {
      const { vt } = user()
      for (const args of [["show", "019"], ["wait", "0"], ["resolve", "01-", "--discard"]]) {
        const ran = yield* vt(args)
        assert.deepStrictEqual([ran.code, ran.stdout], [2, ""])
        assert.include(ran.stderr, "Expected: at least the first 4 characters of an id")
      }
      assert.include((yield* vt(["show", "boat"])).stderr, "Expected: a handle that begins with vt1_")
    })
  )
})

describe("a file that is something else", { concurrent: true }, () => {
  live(
    "is not written over by the report of a batch (2), and nothing is sent",
    Effect.gen(function*() {
      const { at, cwd, vt } = user()
      const line = `${JSON.stringify({ provider: "generic", model: "kling-v1", prompt: "A boat" })}\n`
      for (const name of ["b.jsonl", "c.jsonl.part"]) fs.writeFileSync(at(name), line)
      fs.symlinkSync("b.jsonl", at("link.jsonl"))
      fs.mkdirSync(at("sub"))
      for (
        const [file, report] of [
          ["b.jsonl", "b.jsonl"],
          ["b.jsonl", "sub/../b.jsonl"],
          ["b.jsonl", at("b.jsonl")],
          ["b.jsonl", "link.jsonl"],
          ["link.jsonl", "b.jsonl"],
          ["c.jsonl.part", "c.jsonl"]
        ] as const
      ) {
        const ran = yield* vt(["batch", file, "--report", report, "--output", "out"])
        assert.deepStrictEqual([ran.code, ran.stdout], [2, ""], ran.stderr)
        assert.strictEqual(
          ran.stderr,
          `error: The report ${report} would be written over the batch itself, ${file}. Name another file.\n`
        )
      }
      const store = yield* vt(["batch", "b.jsonl", "--store", "t.db", "--report", "sub/../t.db"])
      assert.strictEqual(store.code, 2)
      assert.include(store.stderr, "would be written over the store, t.db.")
      assert.deepStrictEqual(fs.readdirSync(cwd).sort(), ["b.jsonl", "c.jsonl.part", "link.jsonl", "sub"])
      assert.deepStrictEqual(["b.jsonl", "c.jsonl.part"].map((name) => fs.readFileSync(at(name), "utf8")), [line, line])
      assert.strictEqual(yield* posts, 0)
    })
  )

  live(
    "is not written over by an export of the store (2)",
    Effect.gen(function*() {
      const { at, vt } = user()
      assert.strictEqual((yield* vt([...create, "--store", "t.db"])).code, 0)
      fs.symlinkSync("t.db", at("link.db"))
      const ran = yield* vt(["export", "--store", "t.db", "--output", "link.db", "--overwrite"])
      assert.deepStrictEqual([ran.code, ran.stderr], [2, "error: link.db is the store itself. Name another file.\n"])
      assert.strictEqual(Command.lines(yield* vt(["list", "--store", "t.db", "--json"])).length, 1)
    })
  )

  live(
    "is refused at once as a folder, also where no folder can be made (2)",
    Effect.gen(function*() {
      const { at, vt } = user()
      fs.writeFileSync(at("b.jsonl"), JSON.stringify({ provider: "generic", model: "kling-v1", prompt: "A boat" }))
      const places = ["b.jsonl", "b.jsonl/out", ...(process.platform === "linux" ? ["/proc/none/out"] : [])]
      for (const place of places) {
        const batch = yield* vt(["batch", "b.jsonl", "--output", place])
        assert.deepStrictEqual([batch.code, batch.stderr], [2, `error: The folder ${place} cannot be made.\n`])
        const archived = yield* vt([...create, "--wait", "--archive", place])
        assert.strictEqual(archived.code, 2)
        assert.match(archived.stderr, /^error: The archive \S+ (?:is no folder|cannot be made)\./)
      }
      if (process.platform === "linux") {
        const archived = yield* vt([...create, "--wait", "--archive", "/proc"])
        assert.deepStrictEqual([archived.code, archived.stderr], [
          2,
          "error: The archive /proc cannot be written to.\n"
        ])
      }
      assert.strictEqual(yield* posts, 0)
    })
  )
})

describe("what was asked for", { concurrent: true }, () => {
  live(
    "is kept unless VIDEO_TASKS_KEEP_REQUESTS says no, which is not guessed (2)",
    Effect.gen(function*() {
      const { at, vt } = user()
      const kept = (env: Record<string, string>) =>
        Effect.gen(function*() {
          const created = yield* vt([...create, "--json"], env)
          assert.strictEqual(created.code, 0, created.stderr)
          const [shown] = Command.lines(yield* vt(["show", Command.lines(created)[0]?.handle ?? "", "--json"]))
          return shown?.request
        })
      assert.deepStrictEqual<unknown>(yield* kept({}), { prompt: "A boat" })
      assert.deepStrictEqual<unknown>(yield* kept({ VIDEO_TASKS_KEEP_REQUESTS: "yes" }), { prompt: "A boat" })
      assert.isUndefined(yield* kept({ VIDEO_TASKS_KEEP_REQUESTS: "false" }))
      fs.writeFileSync(at(".env"), "VIDEO_TASKS_KEEP_REQUESTS=no\n")
      assert.isUndefined(yield* kept({}))
      const ran = yield* vt(create, { VIDEO_TASKS_KEEP_REQUESTS: "flase" })
      assert.deepStrictEqual([ran.code, ran.stdout], [2, ""])
      assert.include(ran.stderr, "VIDEO_TASKS_KEEP_REQUESTS is not understood; allowed: true or false.")
      assert.strictEqual(yield* posts, 4)
    })
  )
})

describe("wrong use", { concurrent: true }, () => {
  live(
    "is told in a line or two that say where help is (2), and help says what is chosen",
    Effect.gen(function*() {
      const { vt } = user()
      const told = (args: ReadonlyArray<string>) => Effect.map(vt(args), ({ code, stderr }) => [code, stderr])
      assert.deepStrictEqual(yield* told(["wait"]), [
        2,
        "error: Missing required argument: handle\n  How it is used:  video-tasks wait --help\n"
      ])
      assert.deepStrictEqual(yield* told(["lst"]), [
        2,
        "error: Unknown subcommand \"lst\" for \"video-tasks\"\n  Did you mean this?\n    list\n  How it is used:  video-tasks --help\n"
      ])
      assert.deepStrictEqual(yield* told(["list", "--limt", "\u001b[31m"]), [
        2,
        "error: Unrecognized flag: --limt in command video-tasks list\n  Did you mean this?\n    --limit\n  How it is used:  video-tasks list --help\n"
      ])
      const help = yield* vt(["--help"])
      assert.match(help.stdout, /VIDEO_TASKS_DASHBOARD_TOKEN +As dashboard --token/)
      assert.match(help.stdout, /VIDEO_TASKS_KEEP_REQUESTS +false: /)
      const dashboard = (yield* vt(["dashboard", "--help"])).stdout
      for (const one of ["(4600)", "(127.0.0.1)", "(10,000)"]) assert.include(dashboard, one)
    })
  )
})
