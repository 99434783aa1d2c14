import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Submission, type TaskId } from "@video-tasks/core"
import { PostgresTaskStore, SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Clock, Context, Effect, Layer, Redacted, type Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Postgres from "../../node/test/support/postgres.ts"
import { type Contract, DashboardHub } from "../src/index.ts"
import { idOf, observed, running, success, writer } from "./support/world.ts"

let folder: string

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-dashboard-"))
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const submissionOf = (
  id: TaskId.TaskId,
  startedAt: number,
  outcome: Submission.Outcome,
  prompt: string
): Submission.Submission =>
  new Submission.Submission({
    id,
    provider: "double",
    family: "double",
    model: "model-1",
    account: "default",
    requestHash: "00",
    startedAt,
    request: { prompt, isWhole: true },
    outcome
  })

/** A store with nothing in it, each time. */
type Stores = Effect.Effect<Layer.Layer<TaskStore.TaskStore, TaskStore.TaskStoreError>, never, Scope.Scope>

/** Two processes on one store: one that writes, and one that shows. */
const twoProcesses = (make: Stores) =>
  Effect.gen(function*() {
    const store = yield* make
    const one = yield* Layer.build(Layer.fresh(store))
    // Memory is one process's own.
    const here = store === TaskStore.layerMemory ? Layer.succeedContext(one) : Layer.fresh(store)
    const writing = Context.get(one, TaskStore.TaskStore)
    const now = yield* Clock.currentTimeMillis
    const before = writer(writing)
    yield* writing.begin(submissionOf(idOf(1), now - 2000, { _tag: "pending" }, "a fox"))
    yield* before.create(1, now - 2000)
    yield* before.observe(1, now - 1000, success("https://cdn.example.com/v.mp4?X-Signature=SECRET"))
    const context = yield* Layer.build(
      DashboardHub.layer({ lookEveryMs: 20, owner: "here" }).pipe(Layer.provide(here))
    )
    return { hub: Context.get(context, DashboardHub.DashboardHub), store: writing, now, ...before }
  })

type Lines = ReadonlyArray<Partial<Contract.Row>>

/** Waits until the lines are so, and shows what they are when they don't become so. */
const untilLines = (hub: DashboardHub.DashboardHub["Service"], wanted: Lines) =>
  Effect.gen(function*() {
    const keys = Object.keys(wanted[0] ?? {}) as Array<keyof Contract.Row>
    let found: Lines = []
    for (let attempt = 0; attempt < 400; attempt++) {
      const { rows } = yield* hub.everything
      found = [...rows].sort((a, b) => a.id < b.id ? -1 : 1).map((row) =>
        Object.fromEntries(keys.map((key) => [key, row[key]]))
      )
      if (JSON.stringify(found) === JSON.stringify(wanted)) return
      yield* Effect.sleep(25)
    }
    assert.deepStrictEqual(found, wanted)
  })

const lives = (store: Stores) => {
  it.live("shows what was there, and what another process makes and changes", () =>
    Effect.gen(function*() {
      const { create, hub, now, observe } = yield* twoProcesses(store)
      yield* untilLines(hub, [{ id: idOf(1), state: "SUCCESS", prompt: "a fox", last: "succeeded" }])
      yield* create(2, now, { owner: "another", until: now + 60_000 })
      yield* untilLines(hub, [
        { id: idOf(1), state: "SUCCESS", followed: "nobody" },
        { id: idOf(2), state: "SUBMITTED", followed: "elsewhere" }
      ])
      yield* observe(2, now + 1, running(40))
      yield* untilLines(hub, [
        { id: idOf(1), state: "SUCCESS", progress: 100 },
        { id: idOf(2), state: "IN_PROGRESS", progress: 40 }
      ])
      yield* observe(2, now + 2, observed({ status: "CANCELLED" }))
      yield* untilLines(hub, [
        { id: idOf(1), state: "SUCCESS", followed: "nobody" },
        { id: idOf(2), state: "CANCELLED", followed: "nobody" }
      ])
      assert.notInclude(JSON.stringify(yield* hub.everything), "SECRET")
    }).pipe(Effect.scoped), 30_000)

  it.live("says who follows a task: this process by its name, or nobody", () =>
    Effect.gen(function*() {
      const { create, hub, now } = yield* twoProcesses(store)
      yield* create(2, now, { owner: "here", until: now + 60_000 })
      yield* create(3, now)
      yield* untilLines(hub, [
        { id: idOf(1), followed: "nobody" },
        { id: idOf(2), followed: "here" },
        { id: idOf(3), followed: "nobody" }
      ])
    }).pipe(Effect.scoped), 30_000)

  it.live(
    "shows creates that have made no task, until they have made one or are settled",
    () =>
      Effect.gen(function*() {
        const { create, hub, now, store: writing } = yield* twoProcesses(store)
        yield* writing.begin(submissionOf(idOf(2), now, { _tag: "pending" }, "a boat"))
        yield* writing.begin(submissionOf(idOf(3), now, { _tag: "pending" }, "a tram"))
        yield* untilLines(hub, [
          { id: idOf(1), state: "SUCCESS", prompt: "a fox" },
          { id: idOf(2), state: "submitting", prompt: "a boat" },
          { id: idOf(3), state: "submitting", prompt: "a tram" }
        ])
        yield* create(2, now)
        yield* writing.settle(idOf(3), { _tag: "ambiguous", detail: "HTTP 504" })
        yield* untilLines(hub, [
          { id: idOf(1), state: "SUCCESS", prompt: "a fox" },
          { id: idOf(2), state: "SUBMITTED", prompt: "a boat" },
          { id: idOf(3), state: "ambiguous", prompt: "a tram" }
        ])
        yield* writing.settle(idOf(3), { _tag: "rejected", reason: "HTTP 400" })
        yield* untilLines(hub, [
          { id: idOf(1), state: "SUCCESS" },
          { id: idOf(2), state: "SUBMITTED" }
        ])
      }).pipe(Effect.scoped),
    30_000
  )
}

describe("the watch over the store", () => {
  describe("in memory", () => lives(Effect.succeed(TaskStore.layerMemory)))

  let files = 0
  describe("in SQLite", () =>
    lives(Effect.sync(() => SqliteTaskStore.layer({ filename: path.join(folder, `${++files}.db`) }))))

  describe("in PostgreSQL", () =>
    lives(Effect.map(
      Effect.acquireRelease(Effect.promise(() => Postgres.start()), (server) => Effect.promise(server.stop)),
      ({ url }) => PostgresTaskStore.layer({ url: Redacted.make(url) })
    )))

  /** Lets time pass in small steps, so that whoever works between two sleeps is done before the next one ends. */
  const pass = (ms: number) => Effect.repeat(TestClock.adjust(500), { times: ms / 500 - 1 })

  const watched = (
    list: (store: TaskStore.TaskStore["Service"]) => TaskStore.TaskStore["Service"]["list"],
    options: DashboardHub.Options = {}
  ) =>
    Effect.gen(function*() {
      const memory = Context.get(yield* Layer.build(Layer.fresh(TaskStore.layerMemory)), TaskStore.TaskStore)
      const given = TaskStore.TaskStore.of({ ...memory, list: list(memory) })
      return {
        memory,
        given,
        hub: DashboardHub.layer(options).pipe(Layer.provide(Layer.succeed(TaskStore.TaskStore, given)))
      }
    })

  it.effect("says what is wrong with the store, keeps its lines, and goes on when the store does", () =>
    Effect.gen(function*() {
      let isBroken = false
      const { hub: layer, memory } = yield* watched((store) => (filter, cursor) =>
        isBroken
          ? Effect.fail(
            new TaskStore.TaskStoreError({ detail: "connection refused ?password=SECRET", retryable: true })
          )
          : store.list(filter, cursor)
      )
      const { create } = writer(memory)
      yield* create(1, 0)
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(500)
      isBroken = true
      yield* pass(10_000)
      assert.deepStrictEqual(
        [(yield* hub.summary).problem, (yield* hub.everything).rows.length],
        ["connection refused ", 1]
      )
      isBroken = false
      yield* create(2, 11_000)
      yield* pass(10_000)
      assert.deepStrictEqual([(yield* hub.summary).problem, (yield* hub.everything).rows.length], [undefined, 2])
    }).pipe(Effect.scoped))

  it.effect("begins when the store does", () =>
    Effect.gen(function*() {
      let isBroken = true
      const { hub: layer, memory } = yield* watched((store) => (filter, cursor) =>
        isBroken
          ? Effect.fail(new TaskStore.TaskStoreError({ detail: "no connection", retryable: true }))
          : store.list(filter, cursor)
      )
      yield* writer(memory).create(1, 0)
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(3000)
      assert.deepStrictEqual([(yield* hub.summary).problem, (yield* hub.everything).rows.length], ["no connection", 0])
      isBroken = false
      yield* pass(3000)
      assert.deepStrictEqual([(yield* hub.summary).problem, (yield* hub.everything).rows.length], [undefined, 1])
    }).pipe(Effect.scoped))

  it.effect("takes the newest tasks only, when there are more than the page shows", () =>
    Effect.gen(function*() {
      const { hub: layer, memory } = yield* watched((store) => store.list, { maxTasks: 150 })
      const { create, observe } = writer(memory)
      for (let n = 1; n <= 400; n++) {
        yield* create(n, n)
        if (n > 1) yield* observe(n, n, success("https://x.example/v.mp4"))
      }
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(20_000)
      const { rows } = yield* hub.everything
      const ids = new Set(rows.map(({ id }) => id))
      assert.deepStrictEqual([rows.length <= 150, ids.has(idOf(400)), ids.has(idOf(300)), ids.has(idOf(100))], [
        true,
        true,
        true,
        false
      ])
      // What is unfinished is never left out.
      assert.isTrue(ids.has(idOf(1)))
      const left = 400 - rows.length
      const { isTruncated, leftOut } = yield* hub.summary
      assert.deepStrictEqual([isTruncated, leftOut], [true, { running: 0, ended: left }])
    }).pipe(Effect.scoped))

  it.effect("says how many running tasks have no room, too", () =>
    Effect.gen(function*() {
      const { hub: layer, memory } = yield* watched((store) => store.list, { maxTasks: 10 })
      for (let n = 1; n <= 25; n++) yield* writer(memory).create(n, n)
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(3000)
      assert.deepStrictEqual((yield* hub.summary).leftOut, { running: 15, ended: 0 })
    }).pipe(Effect.scoped))

  it.effect("takes back what had no room, and says that nothing is left out, once others have been removed", () =>
    Effect.gen(function*() {
      const { hub: layer, memory } = yield* watched((store) => store.list, { maxTasks: 20 })
      const { create, observe } = writer(memory)
      for (let n = 1; n <= 30; n++) {
        yield* create(n, n)
        yield* observe(n, n, success("https://x.example/v.mp4"))
      }
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(3000)
      assert.deepStrictEqual((yield* hub.summary).leftOut, { running: 0, ended: 10 })
      yield* memory.remove(Array.from({ length: 15 }, (_, n) => idOf(16 + n)))
      yield* pass(30_000)
      const { isTruncated, leftOut } = yield* hub.summary
      assert.deepStrictEqual([isTruncated, leftOut], [false, undefined])
      assert.deepStrictEqual(
        (yield* hub.everything).rows.map(({ id }) => id).sort(),
        Array.from({ length: 15 }, (_, n) => idOf(1 + n))
      )
    }).pipe(Effect.scoped))

  it.effect("does not say that the store is well because one look at one task was", () =>
    Effect.gen(function*() {
      const { hub: layer, memory } = yield* watched(() => () =>
        Effect.fail(new TaskStore.TaskStoreError({ detail: "no connection", retryable: true }))
      )
      yield* writer(memory).create(1, 0)
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(1000)
      yield* hub.look(idOf(1))
      assert.deepStrictEqual([(yield* hub.summary).problem, (yield* hub.everything).rows.length], ["no connection", 1])
    }).pipe(Effect.scoped))

  it.effect("tells a create whose sender lives from one whose process is gone", () =>
    Effect.gen(function*() {
      const { hub: layer, memory } = yield* watched((store) => store.list)
      const sentBy = (n: number, owner: string, until: number) =>
        memory.begin(
          new Submission.Submission({ ...submissionOf(idOf(n), 0, { _tag: "pending" }, "a fox"), owner }),
          { owner, until }
        )
      yield* sentBy(1, "lives", 600_000)
      yield* sentBy(2, "dies", 5000)
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(1000)
      const lines = Effect.map(hub.everything, ({ rows }) =>
        rows.map(({ id, last, state }) => [id, state, last]).sort(([a = ""], [b = ""]) => a < b ? -1 : 1))
      assert.deepStrictEqual(yield* lines, [
        [idOf(1), "submitting", "the create is under way"],
        [idOf(2), "submitting", "the create is under way"]
      ])
      yield* pass(20_000)
      assert.deepStrictEqual(yield* lines, [
        [idOf(1), "submitting", "the create is under way"],
        [idOf(2), "ambiguous", "no answer is recorded: the process ended before it came"]
      ])
    }).pipe(Effect.scoped))

  it.effect("sees what a process with a wrong clock changes, a little later", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust(10_000_000)
      const { hub: layer, memory } = yield* watched((store) => store.list)
      const { create, observe } = writer(memory)
      yield* create(1, 10_000_000)
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(1000)
      yield* observe(1, 5_000_000, running(50))
      yield* create(2, 5_000_000)
      yield* pass(40_000)
      assert.deepStrictEqual((yield* hub.everything).rows.map(({ progress, state }) => [state, progress]), [
        ["IN_PROGRESS", 50],
        ["SUBMITTED", undefined]
      ])
      yield* observe(1, 5_000_001, observed({ status: "EXPIRED" }))
      yield* pass(40_000)
      assert.deepStrictEqual((yield* hub.everything).rows.map(({ state }) => state), ["EXPIRED", "SUBMITTED"])
    }).pipe(Effect.scoped))

  it.effect("forgets tasks that were removed, once somebody asks for them, or a little later", () =>
    Effect.gen(function*() {
      const { hub: layer, memory } = yield* watched((store) => store.list)
      const { create, observe } = writer(memory)
      for (const n of [1, 2, 3]) {
        yield* create(n, 0)
        if (n < 3) yield* observe(n, 1, success("https://x.example/v.mp4"))
      }
      const hub = Context.get(yield* Layer.build(layer), DashboardHub.DashboardHub)
      yield* pass(1000)
      yield* memory.remove([idOf(1), idOf(2)])
      yield* hub.look(idOf(1))
      assert.deepStrictEqual((yield* hub.everything).rows.map(({ id }) => id), [idOf(3), idOf(2)])
      yield* pass(30_000)
      assert.deepStrictEqual((yield* hub.everything).rows.map(({ id }) => id), [idOf(3)])
    }).pipe(Effect.scoped))

  it.effect("asks a store where nothing happens less and less often", () =>
    Effect.gen(function*() {
      const asked: Array<number> = []
      const { hub: layer } = yield* watched((store) => (filter, cursor) =>
        Effect.andThen(
          Effect.map(Clock.currentTimeMillis, (now) => {
            if (filter.changedSince !== undefined) asked.push(now)
          }),
          store.list(filter, cursor)
        )
      )
      yield* Layer.build(layer)
      yield* pass(40_000)
      const gaps = asked.slice(1).map((at, index) => at - asked[index]!)
      assert.deepStrictEqual(gaps.slice(1, 6), [3000, 4000, 5000, 5000, 5000])
    }).pipe(Effect.scoped))
})
