import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PostgresTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Cause, Context, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import * as Postgres from "./support/postgres.ts"
import * as SilentLink from "./support/silentLink.ts"
import * as Tasks from "./support/storeTasks.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

/** A store over a link that can fall silent, with its layer's scope. */
const world = Effect.gen(function*() {
  const link = yield* Effect.acquireRelease(
    Effect.promise(() => SilentLink.open(server.port)),
    (one) => Effect.promise(() => one.close())
  )
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const url = Redacted.make(`postgres://tester@127.0.0.1:${link.port}/postgres`)
  const context = yield* Layer.buildWithScope(PostgresTaskStore.layer({ url }), scope)
  const store = Context.get(context, TaskStore.TaskStore)
  return { link, scope, store, context }
})

/** Waits until a fiber is over, and says for how many seconds that was by the clock. */
const secondsOf = (fiber: Fiber.Fiber<unknown, unknown>) =>
  Effect.gen(function*() {
    for (let seconds = 0;; seconds++) {
      // What is under way in the driver is done meanwhile.
      yield* Effect.promise(() => pause(30))
      if (fiber.pollUnsafe() !== undefined) return seconds
      if (seconds === 90) return assert.fail("it is not over after 90 seconds")
      yield* TestClock.adjust("1 second")
    }
  })

const errorOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return error instanceof TaskStore.TaskStoreError
    ? { detail: error.detail, retryable: error.retryable }
    : error ?? exit
}

/** Opens some connections. */
const warm = (store: TaskStore.TaskStore["Service"], count = 4) =>
  Effect.forEach(Array.from({ length: count }), () => store.events(Tasks.idOf(1)), { concurrency: count })

describe("a connection to PostgreSQL that falls silent", () => {
  const calls: ReadonlyArray<
    readonly [what: string, Effect.Effect<unknown, unknown, TaskStore.TaskStore>, to: string]
  > = [
    [
      "a task is loaded",
      TaskStore.TaskStore.use((store) => store.load(Tasks.idOf(1))),
      `task ${Tasks.idOf(1)} could not be read`
    ],
    [
      "a journal is read",
      TaskStore.TaskStore.use((store) => store.events(Tasks.idOf(1))),
      `the journal of ${Tasks.idOf(1)} could not be read`
    ],
    ["an intent is written", Tasks.begin(7), "the intent of a create could not be stored"],
    [
      "tasks are claimed",
      TaskStore.TaskStore.use((store) => store.claim("a", 1, 60_000, 0)),
      "tasks could not be claimed"
    ]
  ]

  for (const [what, call, failed] of calls) {
    it.effect(`fails within 10 s while ${what}, and the next one is used`, () =>
      Effect.gen(function*() {
        const { context, link, store } = yield* world
        yield* store.load(Tasks.idOf(1))
        assert.strictEqual(link.strand(), 1)
        const fiber = yield* Effect.forkChild(Effect.exit(Effect.provideContext(call, context)))
        assert.strictEqual(yield* secondsOf(fiber), 10)
        assert.deepStrictEqual(errorOf(yield* Fiber.join(fiber)), {
          detail: `${failed}: the database has not answered within 10 s`,
          retryable: true
        })
        yield* Effect.provideContext(call, context)
      }))
  }

  it.effect("fails a step, and all that go with it, and the other tasks go on", () =>
    Effect.gen(function*() {
      const { context, link, store } = yield* world
      const ids = [21, 22, 23]
      yield* Effect.provideContext(Effect.forEach(ids, Tasks.make), context)
      const stored = yield* Effect.forEach(
        ids,
        (n) => Effect.provideContext(Tasks.stepped(n, Tasks.succeeded), context)
      )
      assert.strictEqual(link.strand(), 1)
      const steps = yield* Effect.forEach(stored, (step) => Effect.forkChild(Effect.exit(store.append(...step))))
      yield* Effect.promise(() => pause(30))
      // No further: whether they were written is looked up, and that takes its time.
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        (yield* Fiber.joinAll(steps)).map(errorOf),
        ids.map((n) => ({
          detail: `task ${Tasks.idOf(n)} could not be stored: the database has not answered within 10 s`,
          retryable: true
        }))
      )
      assert.deepStrictEqual(yield* Effect.forEach(stored, (step) => store.append(...step)), [2, 2, 2])
    }))

  it.effect("holds up nobody who has another one", () =>
    Effect.gen(function*() {
      const { link, store } = yield* world
      yield* store.load(Tasks.idOf(1))
      link.strand()
      const stuck = yield* Effect.forkChild(Effect.exit(store.events(Tasks.idOf(1))), { startImmediately: true })
      yield* Effect.promise(() => pause(30))
      assert.deepStrictEqual(yield* store.events(Tasks.idOf(1)), [])
      assert.isUndefined(stuck.pollUnsafe())
      yield* secondsOf(stuck)
    }))

  it.live("makes the others suspect: those that are silent too fail nobody", () =>
    Effect.gen(function*() {
      const { link, store } = yield* world
      yield* warm(store)
      assert.strictEqual(link.strand(), 4)
      assert.deepStrictEqual(errorOf(yield* Effect.exit(store.events(Tasks.idOf(1)))), {
        detail: `the journal of ${Tasks.idOf(1)} could not be read: the database has not answered within 10 s`,
        retryable: true
      })
      assert.deepStrictEqual(yield* warm(store), [[], [], [], []])
    }), 60_000)

  it.effect("keeps nobody who is interrupted, in line or in the middle", () =>
    Effect.gen(function*() {
      const { context, link, store } = yield* world
      yield* warm(store)
      link.strand()
      const stuck = yield* Effect.forEach(
        [store.load(Tasks.idOf(1)), store.load(Tasks.idOf(2)), store.events(Tasks.idOf(1)), Tasks.begin(8)],
        (call) => Effect.forkChild(Effect.provideContext(call, context), { startImmediately: true })
      )
      yield* Effect.promise(() => pause(30))
      const leaving = yield* Effect.forkChild(Effect.forEach(stuck, Fiber.interrupt, { concurrency: "unbounded" }))
      assert.strictEqual(yield* secondsOf(leaving), 1)
      // Afterwards the driver waits 5 s for what was called off.
    }), 30_000)

  // Linux tells which timer runs for a socket: 02 is the one of keep-alive.
  it.effect.skipIf(process.platform !== "linux")(
    "is asked whether it is there while nothing goes over it",
    () =>
      Effect.gen(function*() {
        const { link, store } = yield* world
        yield* store.load(Tasks.idOf(1))
        const to = `0100007F:${link.port.toString(16).toUpperCase().padStart(4, "0")}`
        const sockets = fs.readFileSync("/proc/net/tcp", "utf8").split("\n").map((line) => line.trim().split(/\s+/))
        const ours = sockets.filter(([, , remote]) => remote === to)
        assert.deepStrictEqual(ours.map(([, , , , , timer]) => timer?.slice(0, 2)), ["02"])
      })
  )

  it.live("lets the store be closed within seconds", () =>
    Effect.gen(function*() {
      const { context, link, scope, store } = yield* world
      yield* warm(store)
      link.cut()
      const stuck = yield* Effect.forEach(
        [store.load(Tasks.idOf(1)), store.events(Tasks.idOf(1)), store.claim("a", 1, 60_000, 0), Tasks.begin(9)],
        (call) => Effect.forkChild(Effect.provideContext(call, context), { startImmediately: true })
      )
      yield* Effect.sleep("50 millis")
      yield* Effect.forEach(stuck, Fiber.interrupt, { concurrency: "unbounded" })
      const closed = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
      const isClosed = yield* Effect.timeoutOption(Fiber.join(closed), "9 seconds")
      link.mend()
      assert.strictEqual(isClosed._tag, "Some")
    }), 30_000)
})
