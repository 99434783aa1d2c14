import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, TaskId, TaskMachine } from "@video-tasks/core"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Command from "./utils/command.ts"
import * as fixtures from "./utils/tasks.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const fast = "--poll-floor 40ms --poll-ceiling 100ms"

/** A user with folders of their own, whose lines go to the shell. */
const user = () => {
  const [data, cwd] = [Command.emptyFolder(), Command.emptyFolder()]
  const file = path.join(data, "video-tasks", "tasks.db")
  const sh = Effect.fnUntraced(function*(line: string, script: ReadonlyArray<Script.Line> = []) {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    yield* (yield* Simulator.Simulator).script(script)
    const env = { GENERIC_API_KEY: "sk-secret-1234567890", GENERIC_BASE_URL: baseUrl }
    return yield* Effect.promise(() => Command.shell(command.file, line, { cwd, data, env }))
  })
  const submissions = TaskStore.TaskStore.use((store) => store.submissions({})).pipe(
    Effect.map(({ items }) => items.map(({ outcome }) => outcome._tag)),
    Effect.provide(Effect.sync(() => SqliteTaskStore.layer({ filename: file })).pipe(Effect.runSync))
  )
  return { cwd, file, sh, submissions }
}

const create = "vt create -p generic -m kling-v1 --prompt"

const ledger = Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

/** A store with so many tasks that their list fills a pipe. */
const filled = Effect.fnUntraced(function*(file: string) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const fill = Effect.forEach(
    Array.from({ length: 999 }, (_, n) => n),
    Effect.fnUntraced(function*(n) {
      const store = yield* TaskStore.TaskStore
      const id = TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-b302099a8${String(n).padStart(3, "0")}`)
      const handle = TaskHandle.TaskHandle.make({ ...fixtures.handle, remoteId: `task_${n}`, createdAt: n })
      const created = { type: "task.created", at: n, id, handle, model: "m-1" } as const
      yield* store.append(id, 0, [created], { snapshot: TaskMachine.persist(TaskMachine.initial(created)) })
    }),
    { discard: true }
  )
  yield* Effect.provide(fill, SqliteTaskStore.layer({ filename: file }), { local: true })
})

/** What becomes of a batch: one line is refused at once, one task fails soon, and the creates of the others are out meanwhile. */
const slow: ReadonlyArray<Script.Line> = [
  { on: "create", fault: "413" },
  { on: "create", nth: 3, times: "always", fault: "late", seconds: 2 }
]

const lines = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => JSON.stringify({ provider: "generic", model: "kling-v1", prompt: `A fox ${n} [fail] [job=100]` })
  ).join("\n")

/** Every create has its answer in the store, and every task is in the report. */
const isWhole = Effect.fnUntraced(
  function*<E, R>(cwd: string, submissions: Effect.Effect<ReadonlyArray<string>, E, R>) {
    const ids = (yield* ledger).tasks.map(({ taskId }) => taskId).toSorted()
    assert.isAbove(ids.length, 0)
    const made = (yield* submissions).toSorted()
    assert.deepStrictEqual(made, [...ids.map(() => "created"), "rejected"])
    const report = fs.readFileSync(path.join(cwd, "r.jsonl"), "utf8").trimEnd().split("\n")
    assert.deepStrictEqual(
      report.flatMap((line): ReadonlyArray<string> => JSON.parse(line).remoteId ?? []).toSorted(),
      ids
    )
  }
)

const noSpace = "error: The output can't be written: no space is left (ENOSPC).\n"

describe("a reader that goes", { concurrent: true }, () => {
  live(
    "ends what only lists at once and without a word, as SIGPIPE does (141)",
    Effect.gen(function*() {
      const { file, sh } = user()
      yield* filled(file)
      for (const line of ["vt export", "vt list --json"]) {
        const ran = yield* sh(`${line} | head -1`)
        assert.deepStrictEqual([ran.codes, ran.stderr], [[141], ""], line)
        assert.strictEqual(ran.stdout.trimEnd().split("\n").length, 1)
        assert.isObject(JSON.parse(ran.stdout))
      }
      for (const line of ["vt --help", "vt --version", "vt list", "vt diagram", "vt nonsense --json 2>/dev/null"]) {
        const ran = yield* sh(`${line} >&3`)
        assert.deepStrictEqual([ran.codes, ran.stdout, ran.stderr], [[141], "", ""], line)
      }
    })
  )

  live(
    "stops a batch as Ctrl-C does: creates that are out are waited for, and the report is whole",
    Effect.gen(function*() {
      const { cwd, sh, submissions } = user()
      fs.writeFileSync(path.join(cwd, "b.jsonl"), lines(6))
      const ran = yield* sh(`vt batch b.jsonl --json --report r.jsonl --concurrency 8 ${fast} | head -1`, slow)
      assert.deepStrictEqual(ran.codes, [141], ran.stderr)
      assert.notMatch(ran.stderr, /EPIPE|^ +at /m)
      assert.match(ran.stderr, /Nothing is lost: the same command goes on\./)
      yield* isWhole(cwd, submissions)
    })
  )

  for (const wait of ["", " --wait --json"]) {
    live(
      `still tells the handle of what was paid for to whoever reads stderr${wait}`,
      Effect.gen(function*() {
        const { sh, submissions } = user()
        const ran = yield* sh(`${create} "A fox [stuck]"${wait} >&3`)
        assert.deepStrictEqual(ran.codes, [141], ran.stderr)
        assert.match(ran.stderr, /^Stopped waiting\..*\n {2}video-tasks wait vt1_\S+\n$/)
        assert.deepStrictEqual(yield* submissions, ["created"])
      })
    )
  }

  live(
    "goes on when nobody reads stderr (0)",
    Effect.gen(function*() {
      const { sh } = user()
      const ran = yield* sh(`${create} "A fox" --wait ${fast} 2>&3`)
      assert.deepStrictEqual(ran.codes, [0])
      assert.match(ran.stdout, /^status {2}SUCCESS/m)
    })
  )
})

describe.skipIf(!fs.existsSync("/dev/full"))("an output that can't be written", { concurrent: true }, () => {
  live(
    "is a failure of whatever prints results (13)",
    Effect.gen(function*() {
      const { sh } = user()
      const made = yield* sh(`${create} "A fox" --quiet --wait ${fast}`)
      assert.deepStrictEqual(made.codes, [0], made.stderr)
      const [handle = ""] = made.stdout.split("\n")
      const all = [
        "--help",
        "--version",
        "list",
        "list --json",
        "export",
        "diagram",
        `show ${handle}`,
        `status ${handle}`
      ]
      for (const line of all) {
        const ran = yield* sh(`vt ${line} >/dev/full`)
        assert.deepStrictEqual([ran.codes, ran.stderr], [[13], noSpace], line)
      }
    })
  )

  live(
    "does not hide the handle of what was paid for (13)",
    Effect.gen(function*() {
      const { sh, submissions } = user()
      const ran = yield* sh(`${create} "A fox [stuck]" >/dev/full`)
      assert.deepStrictEqual(ran.codes, [13], ran.stderr)
      assert.match(ran.stderr, /^Stopped waiting\..*\n {2}video-tasks wait vt1_\S+\nerror: The output can't be written/)
      assert.deepStrictEqual(yield* submissions, ["created"])
    })
  )

  live(
    "does not hide what else went wrong (13)",
    Effect.gen(function*() {
      const { sh } = user()
      const ran = yield* sh(`${create} "" --json >/dev/full`)
      assert.deepStrictEqual(ran.codes, [13], ran.stderr)
      assert.match(ran.stderr, /^error: .*prompt.*\n[^]*error: The output can't be written: no space is left/)
    })
  )

  live(
    "stops a batch, which says what it has done in its report (13)",
    Effect.gen(function*() {
      const { cwd, sh, submissions } = user()
      fs.writeFileSync(path.join(cwd, "b.jsonl"), lines(4))
      const ran = yield* sh(`vt batch b.jsonl --json --report r.jsonl ${fast} >/dev/full`, slow)
      assert.deepStrictEqual(ran.codes, [13], ran.stderr)
      assert.match(ran.stderr, /the same command goes on\.\nerror: The output can't be written: no space is left/)
      yield* isWhole(cwd, submissions)
    })
  )

  live(
    "counts also when the disk has taken a part of it (13)",
    Effect.gen(function*() {
      const { cwd, file, sh } = user()
      yield* filled(file)
      for (const line of ["list", "export"]) {
        // 64 KiB; the files of the store are smaller.
        const ran = yield* sh(`(ulimit -f 128; vt ${line} > cut 2> said)`)
        assert.deepStrictEqual(ran.codes, [13], line)
        const said = fs.readFileSync(path.join(cwd, "said"), "utf8")
        assert.strictEqual(said, "error: The output can't be written: the file gets too large (EFBIG).\n")
        assert.isAbove(fs.statSync(path.join(cwd, "cut")).size, 0)
      }
    })
  )

  live(
    "leaves no part of a file behind (13)",
    Effect.gen(function*() {
      const { cwd, file, sh } = user()
      yield* filled(file)
      const ran = yield* sh("(ulimit -f 128; vt export --output e.jsonl)")
      assert.deepStrictEqual(
        [ran.codes, ran.stderr],
        [[13], "error: The file e.jsonl can't be written: the file gets too large (EFBIG).\n"]
      )
      assert.deepStrictEqual(fs.readdirSync(cwd), [])
    })
  )
})

describe("a proxy that can't be meant", { concurrent: true }, () => {
  for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"]) {
    live(
      `is wrong use, named by its variable and without its password (2): ${name}`,
      Effect.gen(function*() {
        const { sh } = user()
        const ran = yield* sh(`${name}='ht!tp://me:secret@proxy' ${create} "A fox"`)
        assert.deepStrictEqual([ran.codes, ran.stdout], [[2], ""])
        assert.strictEqual(
          ran.stderr,
          `error: ${name} does not name a proxy; allowed: HOST:PORT, http://…, https://… or socks5://…\n`
        )
        assert.strictEqual((yield* ledger).posts, 0)
      })
    )
  }

  live(
    "keeps nobody from what asks no provider, and an empty one is none (0)",
    Effect.gen(function*() {
      const { sh } = user()
      const ran = yield* sh(
        `HTTPS_PROXY=ht!tp://x vt list; https_proxy= HTTPS_PROXY= ${create} "A fox" --quiet`
      )
      assert.deepStrictEqual(ran.codes, [0, 0], ran.stderr)
    })
  )
})
