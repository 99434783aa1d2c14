import { assert, describe, it } from "@effect/vitest"
import { Observation, Submission, type TaskEvent, TaskHandle, TaskId, TaskMachine } from "@video-tasks/core"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Clock, Effect, Fiber, Layer, Queue, Stdio, Terminal } from "effect"
import { TestClock } from "effect/testing"
import { spawn, spawnSync } from "node:child_process"
import * as path from "node:path"
import * as Facts from "../src/internal/facts.ts"
import * as Reporter from "../src/internal/reporter.ts"
import { Screen } from "../src/internal/screen.ts"
import * as Style from "../src/internal/style.ts"
import { watch } from "../src/internal/watch.ts"
import * as Board from "../src/internal/watchBoard.ts"
import * as WatchStore from "../src/internal/watchStore.ts"
import * as View from "../src/internal/watchView.ts"
import * as Command from "./utils/command.ts"
import { recorded } from "./utils/screen.ts"
import * as fixtures from "./utils/tasks.ts"

const idOf = (n: number) => TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-b302099a8${String(n).padStart(3, "0")}`)

const created = (n: number, at: number): TaskEvent.Created => ({
  type: "task.created",
  at,
  id: idOf(n),
  model: "m-1",
  handle: TaskHandle.TaskHandle.make({ ...fixtures.handle, remoteId: `task_${n}`, createdAt: at })
})

const observed = (at: number, fields: Partial<typeof Observation.Observation.Type>): TaskEvent.TaskEvent => ({
  type: "task.observed",
  at,
  observation: new Observation.Observation({ videos: [], ...fields })
})

/** Puts a task into the store. */
const put = Effect.fnUntraced(function*(n: number, at: number) {
  const store = yield* TaskStore.TaskStore
  const snapshot = TaskMachine.persist(TaskMachine.initial(created(n, at)))
  yield* store.append(idOf(n), 0, [created(n, at)], { snapshot })
})

/** Lets something happen to a task of the store. */
const happen = Effect.fnUntraced(function*(n: number, event: TaskEvent.TaskEvent) {
  const store = yield* TaskStore.TaskStore
  const stored = yield* store.load(idOf(n))
  if (stored === undefined) return yield* Effect.die("no such task")
  const { snapshot } = TaskMachine.step(TaskMachine.restore(stored.snapshot), event)
  yield* store.append(idOf(n), stored.version, [event], { snapshot: TaskMachine.persist(snapshot) })
})

const everything = {
  provider: undefined,
  newest: Infinity,
  creates: true,
  ended: undefined,
  matches: () => true
}

const terminal = (size: { columns: number; rows: number }) =>
  Effect.gen(function*() {
    const keys = yield* Queue.unbounded<Terminal.UserInput>()
    const sizes = yield* Queue.unbounded<Terminal.Size>()
    yield* Queue.offer(sizes, size)
    const pictures: Array<ReadonlyArray<string>> = []
    const { layer, screen, written } = recorded()
    const filled = Screen.of({
      ...screen,
      fills: true,
      filled: Effect.succeed((lines) => Effect.sync(() => void pictures.push(lines)))
    })
    const press = (name: string, ctrl = false) =>
      Queue.offer(keys, { input: undefined as never, key: { name, ctrl, meta: false, shift: false } })
    const services = Layer.mergeAll(
      layer,
      Layer.succeed(Screen, filled),
      Layer.succeed(Reporter.Reporter, Reporter.make(filled, { json: false, quiet: false })),
      Layer.succeed(
        Terminal.Terminal,
        Terminal.make({
          columns: Effect.sync(() => size.columns),
          rows: Effect.sync(() => size.rows),
          size: Effect.succeed(sizes),
          readInput: Effect.succeed(keys),
          readLine: Effect.never,
          display: () => Effect.void
        })
      ),
      Stdio.layerTest({ stdinIsTerminal: Effect.succeed(true) })
    )
    const resize = (columns: number, rows: number) => {
      Object.assign(size, { columns, rows })
      return Queue.offer(sizes, { columns, rows })
    }
    return { pictures, written, press, resize, services }
  })

const second = TestClock.adjust("1 second")

describe("watch", () => {
  it.effect("shows what changes in the store, and leaves the last list behind", () =>
    Effect.gen(function*() {
      const { pictures, press, services, written } = yield* terminal({ columns: 140, rows: 10 })
      yield* put(1, 0)
      const watching = yield* Effect.forkChild(Effect.provide(watch(everything), services))
      yield* TestClock.adjust("0 millis")
      yield* happen(1, observed(500, { status: "IN_PROGRESS", progress: 10 }))
      yield* put(2, 500)
      yield* second
      yield* happen(1, observed(1500, { progress: 60 }))
      yield* second
      yield* happen(1, observed(2500, { status: "FAILED" }))
      yield* second
      yield* press("q")
      yield* Fiber.join(watching)
      const said = pictures.map((lines) => lines.slice(2, 4).map((line) => line.replaceAll(/ {2,}/g, " | ")))
      assert.deepStrictEqual(said, [
        ["01890a5d-ac96-774b-bcce-b302099a8001 | SUBMITTED | cometapi | m-1 | 0.0s | — | —", hint],
        [
          "01890a5d-ac96-774b-bcce-b302099a8001 | IN_PROGRESS | ━───────── | 10 % | cometapi | m-1 | 1s | — | — | SUBMITTED → IN_PROGRESS",
          "01890a5d-ac96-774b-bcce-b302099a8002 | SUBMITTED | cometapi | m-1 | 0.5s | — | — | new"
        ],
        [
          "01890a5d-ac96-774b-bcce-b302099a8001 | IN_PROGRESS | ━━━━━━──── | 60 % | cometapi | m-1 | 2s | — | — | +50 %",
          "01890a5d-ac96-774b-bcce-b302099a8002 | SUBMITTED | cometapi | m-1 | 2s | — | — | new"
        ],
        [
          "01890a5d-ac96-774b-bcce-b302099a8001 | FAILED | cometapi | m-1 | 3s | 3s | — | IN_PROGRESS → FAILED",
          "01890a5d-ac96-774b-bcce-b302099a8002 | SUBMITTED | cometapi | m-1 | 3s | — | — | new"
        ]
      ])
      assert.deepStrictEqual(written.out, [pictures.at(-1)?.slice(0, -1).join("\n")])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("draws anew for another size of the terminal, and is interrupted by Ctrl-C", () =>
    Effect.gen(function*() {
      const { pictures, press, resize, services, written } = yield* terminal({ columns: 120, rows: 10 })
      for (const n of [1, 2, 3, 4, 5, 6]) yield* put(n, n)
      const watching = yield* Effect.forkChild(Effect.provide(watch(everything), services))
      yield* TestClock.adjust("0 millis")
      yield* resize(30, 6)
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(pictures.map((lines) => lines.length), [9, 6])
      assert.deepStrictEqual(pictures[1]?.slice(0, 5), [
        "6 SUBMITTED",
        "ID                  STATUS",
        "01890a5d-ac96-774b  SUBMITTED",
        "01890a5d-ac96-774b  SUBMITTED",
        "… 4 more"
      ])
      yield* press("c", true)
      const exit = yield* Fiber.await(watching)
      assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(written.out.length, 1)
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("reads once what is asked for, then what changed, and now and then what is unfinished", () =>
    Effect.gen(function*() {
      const real = yield* TaskStore.TaskStore
      const asked: Array<unknown> = []
      const spied = TaskStore.TaskStore.of({
        ...real,
        list: (filter, cursor) => {
          asked.push([filter.status, filter.changedSince])
          return real.list(filter, cursor)
        }
      })
      yield* put(1, 0)
      yield* happen(1, observed(1, { status: "FAILED" }))
      const { layer, screen, written } = recorded()
      const reporter = Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: true, quiet: false }))
      const services = Layer.mergeAll(
        layer,
        reporter,
        Layer.succeed(TaskStore.TaskStore, spied),
        Layer.succeed(Terminal.Terminal, {} as never),
        Stdio.layerTest({})
      )
      const unfinished = {
        ...everything,
        creates: false,
        ended: [],
        matches: (status: Facts.Facts["status"]) => status === "SUBMITTED" || status === "IN_PROGRESS"
      }
      yield* Effect.forkChild(Effect.provide(watch(unfinished), services))
      yield* TestClock.adjust("0 millis")
      yield* put(2, 2)
      yield* second
      yield* happen(2, observed(1500, { status: "ERROR" }))
      yield* second
      yield* second
      assert.deepStrictEqual(
        written.out.map((line) => JSON.parse(line)).map(({ id, status }) => [id, status]),
        [[idOf(2), "SUBMITTED"], [idOf(2), "ERROR"]]
      )
      const running = ["SUBMITTED", "IN_PROGRESS"]
      assert.deepStrictEqual(asked, [
        [running, undefined],
        [undefined, -60_000],
        [undefined, -59_000],
        [undefined, -58_000]
      ])
      yield* TestClock.adjust("27 seconds")
      assert.deepStrictEqual(asked.at(-1), [running, undefined])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("shows no more what was removed from the store, a little later", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const { look } = WatchStore.make(everything)
      for (const n of [1, 2, 3]) yield* put(n, 0)
      for (const n of [1, 2]) yield* happen(n, observed(500, { status: "FAILED" }))
      const ids = (all: ReadonlyArray<Board.Read>) => all.map(({ facts }) => facts.id)
      assert.deepStrictEqual(ids((yield* look).reads), [idOf(1), idOf(2), idOf(3)])
      yield* store.remove([idOf(1)])
      const gone: Array<string> = []
      for (let looks = 1; looks <= 30; looks++) {
        yield* TestClock.adjust("2 minutes")
        const found = yield* look
        gone.push(...found.gone)
        // What has ended is not told again because it was looked for.
        assert.notInclude(ids(looks > 1 ? found.reads : []), idOf(2))
      }
      assert.deepStrictEqual(gone, [idOf(1)])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("goes on when the store does not answer for a moment, and says so once", () =>
    Effect.gen(function*() {
      const real = yield* TaskStore.TaskStore
      let looks = 0
      const shaky = TaskStore.TaskStore.of({
        ...real,
        list: (filter, cursor) => {
          looks++
          return looks === 2 || looks === 3
            ? Effect.fail(new TaskStore.TaskStoreError({ detail: "database is locked", retryable: true }))
            : real.list(filter, cursor)
        }
      })
      const { layer, screen, written } = recorded()
      const services = Layer.mergeAll(
        layer,
        Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true })),
        Layer.succeed(TaskStore.TaskStore, shaky),
        Layer.succeed(Terminal.Terminal, {} as never),
        Stdio.layerTest({})
      )
      yield* Effect.forkChild(Effect.provide(watch(everything), services))
      yield* TestClock.adjust("0 millis")
      yield* put(1, 10)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(written.err, ["The store failed: database is locked. Looking again."])
      assert.strictEqual(written.out.length, 1)
    }).pipe(Effect.provide(TaskStore.layerMemory)))
})

const hint = "q ends this. Looks at the store only; no provider is asked."

const read = (facts: Partial<Facts.Facts>, version = 1): Board.Read => ({
  facts: { ...Facts.ofTask(fixtures.submitted()), ...facts },
  version
})

describe("watchBoard", () => {
  it("keeps a row that is no longer wanted for ten seconds", () => {
    const board = Board.make({ newest: Infinity, matches: (status) => status === "SUBMITTED" })
    board.take([read({})], 0)
    const [row] = board.take([read({ status: "SUCCESS" }, 2)], 1000)
    assert.strictEqual(row?.change?.words, "SUBMITTED → SUCCESS")
    assert.strictEqual(board.rows(10_999).length, 1)
    assert.strictEqual(board.rows(11_000).length, 0)
  })

  it("shows a create whose answer is lost as the task that it became", () => {
    const board = Board.make({ newest: Infinity, matches: () => true })
    const submission = new Submission.Submission({
      id: fixtures.submitted().id,
      provider: "cometapi",
      family: "seedance",
      model: "m",
      account: "default",
      requestHash: "0",
      startedAt: 1,
      outcome: { _tag: "ambiguous", detail: "lost" }
    })
    board.take([{ facts: Facts.ofCreate({ submission, status: "ambiguous" }), version: 0 }], 0)
    const [row] = board.take([read({})], 1000)
    assert.strictEqual(row?.change?.words, "ambiguous → SUBMITTED")
    board.remove([submission.id])
    assert.deepStrictEqual(board.rows(2000), [])
  })

  it("shows the newest only when asked to, and forgets what ended long ago", () => {
    const board = Board.make({ newest: 2, matches: () => true })
    const many = Array.from({ length: 6000 }, (_, n) => read({ id: `t${n}`, createdAt: n, status: "SUCCESS" }))
    board.take(many, 0)
    assert.deepStrictEqual(board.rows(0).map(({ facts }) => facts.id), ["t5998", "t5999"])
    const all = Board.make({ newest: Infinity, matches: () => true })
    all.take(many, 0)
    assert.strictEqual(all.rows(0).length, 5000)
  })
})

describe("watchView", () => {
  const rows = (count: number, facts: (n: number) => Partial<Facts.Facts> = () => ({})): ReadonlyArray<Board.Row> =>
    Array.from({ length: count }, (_, n) => ({ ...read({ createdAt: n, ...facts(n) }), isLeaving: false }))

  it("never leaves the terminal, whatever its size", () => {
    const wide = rows(40, (n) => ({ model: "模型".repeat(20), progress: n * 2, cost: undefined }))
    for (const columns of [1, 5, 20, 37, 40, 60, 80, 100, 200]) {
      for (const height of [1, 2, 3, 4, 10, 50]) {
        const lines = View.picture(Style.ansi, wide, { columns, rows: height }, { now: 1e6, hint, note: "a note" })
        assert.isAtMost(lines.length, height)
        for (const line of lines) assert.isAtMost(Style.width(line), columns)
      }
    }
  })

  it("leaves out first what ended longest ago", () => {
    const mixed = rows(6, (n) => ({ id: `t${n}`, status: n < 4 ? "SUCCESS" : "SUBMITTED", updatedAt: n }))
    const lines = View.picture(Style.none, mixed, { columns: 120, rows: 7 }, { now: 0, hint })
    assert.deepStrictEqual(lines.map((line) => line.split(" ")[0]), ["4", "ID", "t3", "t4", "t5", "…", "q"])
    assert.strictEqual(lines[5], "… 3 more")
  })

  it("lets no text of a provider command the terminal", () => {
    const [, , line = ""] = View.picture(Style.none, rows(1, () => ({ model: "\u001B]0;evil\u0007m" })), {
      columns: 120,
      rows: 9
    }, { now: 0 })
    // oxlint-disable-next-line no-control-regex
    assert.notMatch(line, /[\u0000-\u001F]/)
  })
})

const command = Command.bundled()

const storeAt = (filename: string) => SqliteTaskStore.layer({ filename })

const script = "/usr/bin/script"

const hasScript = spawnSync(script, ["--version"]).status === 0

describe("list --watch", () => {
  it.live("tells one line for each task that another process changes", () =>
    Effect.gen(function*() {
      const file = path.join(Command.emptyFolder(), "tasks.db")
      const now = yield* Clock.currentTimeMillis
      yield* Effect.provide(put(1, now - 2000), storeAt(file))
      const change = Effect.andThen(
        happen(1, observed(now - 1000, { status: "IN_PROGRESS", progress: 40 })),
        put(2, now)
      )
      const ran = yield* Effect.promise(() => {
        let isChanged = false
        return Command.run(command.file, ["list", "--watch", "--json", "--store", file], {
          interrupt: { when: "task_2", signal: "SIGINT" },
          onOutput: () => {
            if (isChanged) return
            isChanged = true
            Effect.runFork(Effect.provide(change, storeAt(file)))
          }
        })
      })
      assert.strictEqual(ran.code, 130)
      assert.deepStrictEqual(
        Command.lines(ran).map(({ remoteId, status }) => [remoteId, status]),
        [["task_1", "SUBMITTED"], ["task_1", "IN_PROGRESS"], ["task_2", "SUBMITTED"]]
      )
      assert.strictEqual(ran.stderr, "")
    }), 30_000)

  it.live.skipIf(!hasScript)(
    "fills a terminal, ends with q, and gives the terminal back with the last list",
    () =>
      Effect.gen(function*() {
        const file = path.join(Command.emptyFolder(), "tasks.db")
        yield* Effect.provide(put(1, 1000), storeAt(file))
        const said = yield* Effect.promise(() =>
          new Promise<{ text: string; code: number | null }>((resolve) => {
            const line = `stty cols 100 rows 12; "${process.execPath}" "${command.file}" list --watch --store "${file}"`
            const child = spawn(script, ["-qefc", line, "/dev/null"], {
              env: { PATH: process.env["PATH"] ?? "", HOME: path.dirname(file), TERM: "xterm-256color" }
            })
            let text = ""
            let isAsked = false
            child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
              text += chunk
              if (!isAsked && text.includes("q ends this")) {
                isAsked = true
                child.stdin.write("q")
              }
            })
            child.on("close", (code) => resolve({ text, code }))
          })
        )
        assert.strictEqual(said.code, 0, said.text)
        const [before = "", after = ""] = said.text.split("\u001B[?1049l")
        assert.include(before, "\u001B[?1049h\u001B[?25l")
        assert.isTrue(before.endsWith("\u001B[?25h"))
        assert.match(after, /1 .*SUBMITTED[^]*01890a5d-ac96-774b/)
        assert.notInclude(after, "q ends this")
      }),
    30_000
  )
})
