import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { VideoProvider, VideoProviders } from "@video-tasks/core"
import type { VideoRequest, VideoTaskError } from "@video-tasks/core"
import { SqliteClient } from "@video-tasks/node"
import { SqlBuckets, SqlTaskStore, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Cause, Effect, Exit, Fiber, Latch, Layer, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as Postgres from "./support/postgres.ts"
import * as Tasks from "./support/storeTasks.ts"

let server: Postgres.Postgres
let databases = 0

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

/** A client of a database of its own. */
const postgres = (options: Partial<PgClient.PgPoolConfig> = {}) =>
  Layer.unwrap(Effect.suspend(() => {
    const name = `inside_${++databases}`
    const made = Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(`CREATE DATABASE ${name}`))
    return Effect.as(
      Effect.provide(made, PgClient.layer({ url: Redacted.make(server.url) })),
      PgClient.layer({ url: Redacted.make(server.url.replace(/postgres$/, name)), ...options })
    )
  }))

const sqlite = SqliteClient.layer({ filename: ":memory:" })

const over = <A, E>(client: Layer.Layer<A, E>) => SqlTaskStore.layer.pipe(Layer.provideMerge(client))

const store = TaskStore.TaskStore

const request: VideoRequest.VideoRequest = { provider: "double", family: "double", model: "model-1", prompt: "a fox" }

/** What a caller does within a transaction that is then rolled back. */
const rolledBack = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    let made: Exit.Exit<A, E> | undefined
    const exit = yield* Effect.exit(sql.withTransaction(Effect.gen(function*() {
      yield* sql`INSERT INTO theirs (id) VALUES (1)`
      made = yield* Effect.exit(body)
      return yield* Effect.fail("rolled back" as const)
    })))
    assert.deepStrictEqual(exit, Exit.fail("rolled back"))
    assert.deepStrictEqual(yield* sql`SELECT id FROM theirs`, [])
    if (made === undefined) return yield* Effect.die("nothing was done")
    return yield* made
  })

const theirs = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE theirs (id INTEGER)`)

/** A provider that counts what it is sent. */
const counting = () => {
  let posts = 0
  const double = VideoProvider.double({})
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (...call) => Effect.andThen(Effect.sync(() => void posts++), double.create(...call))
  }
  return { posts: () => posts, provider }
}

const engine = (provider: VideoProvider.VideoProvider) =>
  VideoTasks.layer().pipe(
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
  )

const ended = Effect.andThen(Tasks.make(1), Tasks.advance(1, Tasks.succeeded))

type Step = Effect.Effect<unknown, unknown, TaskStore.TaskStore>

interface Write {
  readonly name: string
  readonly before?: Step
  readonly call: Step
  /** What is there afterwards, and what is. */
  readonly seen: Step
  readonly wanted: unknown
}

const writes: ReadonlyArray<Write> = [
  {
    name: "begin",
    call: Tasks.begin(1),
    seen: store.use((one) => Effect.map(one.submission(Tasks.idOf(1)), (found) => found?.outcome._tag)),
    wanted: "pending"
  },
  {
    name: "settle",
    before: Tasks.begin(1),
    call: store.use((one) => one.settle(Tasks.idOf(1), { _tag: "rejected", reason: "NotSent" })),
    seen: store.use((one) => Effect.map(one.submission(Tasks.idOf(1)), (found) => found?.outcome._tag)),
    wanted: "rejected"
  },
  {
    name: "takeBack",
    before: Effect.andThen(Tasks.begin(1), ended),
    call: store.use((one) => one.takeBack(Tasks.idOf(1), { _tag: "ambiguous", detail: "d" })),
    seen: store.use((one) => one.load(Tasks.idOf(1))),
    wanted: undefined
  },
  {
    name: "append of a new task",
    call: Tasks.make(1),
    seen: store.use((one) => Effect.map(one.load(Tasks.idOf(1)), (found) => found?.version)),
    wanted: 1
  },
  {
    name: "append of a step",
    before: Tasks.make(1),
    call: Tasks.advance(1, Tasks.progressed(10)),
    seen: store.use((one) => Effect.map(one.load(Tasks.idOf(1)), (found) => found?.version)),
    wanted: 2
  },
  {
    name: "claim",
    before: Tasks.make(1),
    call: store.use((one) => one.claim("a", 10, 1000, 0)),
    seen: store.use((one) => one.leaseOf("a")),
    wanted: 1000
  },
  {
    name: "renew",
    before: Effect.andThen(Tasks.make(1), store.use((one) => one.claim("a", 10, 1000, 0))),
    call: store.use((one) => one.renew("a", 2000)),
    seen: store.use((one) => one.leaseOf("a")),
    wanted: 2000
  },
  {
    name: "release",
    before: Effect.andThen(Tasks.make(1), store.use((one) => one.claim("a", 10, 1000, 0))),
    call: store.use((one) => one.release("a", [Tasks.idOf(1)])),
    seen: store.use((one) => Effect.map(one.claim("b", 10, 1000, 0), (taken) => taken.length)),
    wanted: 1
  },
  {
    name: "lock",
    call: store.use((one) => one.lock("n", 1000, 0)),
    seen: store.use((one) => one.lock("n", 1000, 0)),
    wanted: false
  },
  {
    name: "remove",
    before: ended,
    call: store.use((one) => one.remove([Tasks.idOf(1)])),
    seen: store.use((one) => one.load(Tasks.idOf(1))),
    wanted: undefined
  }
]

/** Everything that a store can be asked. */
const calls = (one: TaskStore.TaskStore["Service"]): Record<keyof TaskStore.TaskStore["Service"], Step> => ({
  begin: Tasks.begin(1),
  settle: one.settle(Tasks.idOf(1), { _tag: "pending" }),
  takeBack: one.takeBack(Tasks.idOf(1), { _tag: "pending" }),
  submission: one.submission(Tasks.idOf(1)),
  submissions: one.submissions({}),
  append: Tasks.make(1),
  load: one.load(Tasks.idOf(1)),
  events: one.events(Tasks.idOf(1)),
  find: one.find(Tasks.handleOf(1)),
  list: one.list({}),
  claim: one.claim("a", 1, 1000, 0),
  leaseOf: one.leaseOf("a"),
  renew: one.renew("a", 1000),
  release: one.release("a", [Tasks.idOf(1)]),
  lock: one.lock("n", 1000, 0),
  remove: one.remove([Tasks.idOf(1)])
})

const refusal = {
  detail:
    "the store was called within a transaction of its own connection, which it would wait for: call it before or after",
  retryable: false
}

/** How a call was refused. */
const refused = (exit: Exit.Exit<unknown, unknown>): unknown => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return error instanceof TaskStore.TaskStoreError
    ? { detail: error.detail, retryable: error.retryable }
    : error ?? exit
}

describe("PostgreSQL, within the caller's transaction", () => {
  for (const { before = Effect.void, call, name, seen, wanted } of writes) {
    it.effect(`keeps what ${name} confirmed when that is rolled back`, () =>
      Effect.gen(function*() {
        yield* theirs
        yield* before
        yield* rolledBack(call)
        assert.deepStrictEqual(yield* seen, wanted)
      }).pipe(Effect.provide(over(postgres()))))
  }

  it.effect("keeps the intent, and the task that was paid for", () =>
    Effect.gen(function*() {
      const { posts, provider } = counting()
      yield* theirs
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* rolledBack(tasks.submit(request))
        const found = yield* Stream.runCollect(tasks.submissions())
        assert.deepStrictEqual(found.map(({ outcome }) => outcome), [{ _tag: "created", handle }])
        assert.deepStrictEqual((yield* Stream.runCollect(tasks.list())).map((task) => task.handle), [handle])
        assert.strictEqual(posts(), 1)
      }).pipe(Effect.provide(engine(provider)))
    }).pipe(Effect.provide(over(postgres()))))

  it.live("takes no step of another task along", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* theirs
      yield* Tasks.make(1)
      yield* Tasks.make(2)
      const isHeld = yield* Latch.make()
      const isFree = yield* Latch.make()
      // Both steps wait here, and so go together.
      const holder = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        yield* sql`SELECT id FROM video_tasks_tasks WHERE id = ${Tasks.idOf(1)} FOR UPDATE`
        yield* isHeld.open
        yield* isFree.await
      })))
      yield* isHeld.await
      const user = yield* Effect.forkChild(rolledBack(Tasks.advance(1, Tasks.progressed(10))))
      yield* Effect.sleep("100 millis")
      const other = yield* Effect.forkChild(Tasks.advance(2, Tasks.succeeded))
      yield* Effect.sleep("100 millis")
      yield* isFree.open
      assert.deepStrictEqual([yield* Fiber.join(user), yield* Fiber.join(other)], [2, 2])
      yield* Fiber.join(holder)
      const one = yield* store
      const values = yield* Effect.forEach([1, 2], (n) => one.load(Tasks.idOf(n)))
      assert.deepStrictEqual(values.map((found) => found?.snapshot.value), ["IN_PROGRESS", "SUCCESS"])
    }).pipe(Effect.provide(over(postgres()))))

  it.effect("makes its tables, and reads, outside of that", () =>
    Effect.gen(function*() {
      yield* theirs
      const one = yield* rolledBack(Effect.gen(function*() {
        const one = yield* SqlTaskStore.make
        yield* one.append(...Tasks.created(1))
        return one
      }))
      assert.strictEqual((yield* one.load(Tasks.idOf(1)))?.version, 1)
    }).pipe(Effect.provide(postgres())))

  it.effect("keeps that a bucket was taken, and what its owner wrote", () =>
    Effect.gen(function*() {
      yield* theirs
      const { buckets, taken } = yield* rolledBack(Effect.gen(function*() {
        const buckets = yield* SqlBuckets.make(1)
        const taken = yield* buckets.take(0, "a")
        yield* taken.store.append(...Tasks.created(1))
        return { buckets, taken }
      }))
      yield* rolledBack(taken.confirm)
      assert.deepStrictEqual((yield* rolledBack(buckets.owners)).map(({ epoch, runner }) => [epoch, runner]), [[
        1,
        "a"
      ]])
      assert.strictEqual((yield* taken.store.load(Tasks.idOf(1)))?.version, 1)
    }).pipe(Effect.provide(postgres())))

  it.effect("says that it needs a second connection", () =>
    Effect.gen(function*() {
      yield* theirs
      const waiting = yield* Effect.forkChild(Effect.exit(rolledBack(Tasks.begin(1))), { startImmediately: true })
      while (waiting.pollUnsafe() === undefined) {
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      assert.deepStrictEqual(refused(yield* Fiber.join(waiting)), {
        detail: "no connection to the database was free: within a transaction the store needs a second one",
        retryable: true
      })
    }).pipe(Effect.provide(over(postgres({ maxConnections: 1 })))))
})

describe("SQLite, within the caller's transaction", () => {
  it.effect("refuses every call at once, and writes nothing", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const one = yield* store
      yield* theirs
      for (const [name, call] of Object.entries(calls(one))) {
        assert.deepStrictEqual(refused(yield* Effect.exit(rolledBack(call))), refusal, name)
        assert.deepStrictEqual(refused(yield* Effect.exit(rolledBack(sql.withTransaction(call)))), refusal, name)
      }
      assert.deepStrictEqual([(yield* one.submissions({})).items, (yield* one.list({})).items], [[], []])
    }).pipe(Effect.provide(over(sqlite))))

  it.effect("refuses to be opened", () =>
    Effect.gen(function*() {
      yield* theirs
      assert.deepStrictEqual(refused(yield* Effect.exit(rolledBack(SqlTaskStore.make))), refusal)
    }).pipe(Effect.provide(sqlite)))

  it.effect("serves who has outlived it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const isOver = yield* Latch.make()
      yield* Tasks.make(1)
      const fiber = yield* sql.withTransaction(
        Effect.forkDetach(Effect.andThen(isOver.await, Tasks.advance(1, Tasks.progressed(10))))
      )
      yield* isOver.open
      assert.strictEqual(yield* Fiber.join(fiber), 2)
    }).pipe(Effect.provide(over(sqlite))))

  it.effect("sends nothing, and waits for nothing", () =>
    Effect.gen(function*() {
      const { posts, provider } = counting()
      yield* theirs
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(request)
        const asked: Record<string, Effect.Effect<unknown, VideoTaskError.VideoTaskError>> = {
          submit: tasks.submit(request),
          get: tasks.get(handle),
          await: tasks.await(handle),
          awaitEnd: tasks.awaitEnd(handle),
          observe: Stream.runDrain(tasks.observe(handle)),
          cancel: tasks.cancel(handle),
          refresh: tasks.refresh(handle),
          track: tasks.track(handle),
          list: Stream.runDrain(tasks.list()),
          submissions: Stream.runDrain(tasks.submissions()),
          resume: tasks.resume()
        }
        for (const [name, call] of Object.entries(asked)) {
          const error = yield* Effect.flip(rolledBack(call))
          assert.deepStrictEqual(
            typeof error === "object" && error._tag === "VideoTaskError" && error.reason._tag === "StoreError" && {
              detail: error.reason.detail,
              retryable: error.reason.retryable
            },
            refusal,
            name
          )
        }
        assert.strictEqual(posts(), 1)
        assert.strictEqual((yield* Stream.runCollect(tasks.submissions())).length, 1)
      }).pipe(Effect.provide(engine(provider)))
    }).pipe(Effect.provide(over(sqlite))))
})
