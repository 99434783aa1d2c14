import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PostgresTaskStore, SqliteClient } from "@video-tasks/node"
import { SqlTaskStore, TaskStore } from "@video-tasks/runtime"
import { Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as CommitEater from "./support/commitEater.ts"
import * as HookedClient from "./support/hookedClient.ts"
import * as Postgres from "./support/postgres.ts"
import * as SlowReader from "./support/slowReader.ts"
import * as Tasks from "./support/storeTasks.ts"

let server: Postgres.Postgres
let databases = 0

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

/** A database of its own, over a port that leads to the server. */
const fresh = Effect.suspend(() => {
  const database = `claims_${++databases}`
  return Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`CREATE DATABASE ${database}`)
    return (port = server.port) => {
      const url = new URL(server.url)
      url.port = String(port)
      url.pathname = `/${database}`
      return Redacted.make(url.href)
    }
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(server.url) })))
})

const postgres = Layer.unwrap(Effect.map(fresh, (urlOf) => PgClient.layer({ url: urlOf() })))

const idsOf = (tasks: ReadonlyArray<TaskStore.StoredTask>) => tasks.map((one) => one.snapshot.task.id)

const some = (...numbers: ReadonlyArray<number>) => numbers.map(Tasks.idOf)

const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.gen(function*() {
    while (!isSo()) yield* Effect.sleep(5)
  }).pipe(Effect.timeout("20 seconds"), Effect.orDie)

/** What a claim reads once it has taken. */
const reading = "SELECT CAST(t.seq AS TEXT)"

const dialects = {
  SQLite: SqliteClient.layer({ filename: ":memory:" }),
  PostgreSQL: postgres
}

for (const [dialect, client] of Object.entries(dialects)) {
  describe(`a claim on ${dialect}`, () => {
    /** Four tasks, and what happens between the taking of a claim and its reading. */
    const interrupted = <A, E, R>(
      test: (between: (happens: Effect.Effect<unknown, unknown>) => void) => Effect.Effect<A, E, R>
    ) => {
      const { hook, layer } = HookedClient.make(client)
      return Effect.andThen(
        Effect.forEach([1, 2, 3, 4], Tasks.make),
        Effect.suspend(() => test((happens) => hook.before(reading, happens)))
      ).pipe(Effect.provide(SqlTaskStore.layer.pipe(Layer.provideMerge(layer))))
    }

    it.effect("hands out nothing that has ended, is gone or is another's before it is read", () =>
      interrupted(Effect.fnUntraced(function*(between) {
        const store = yield* TaskStore.TaskStore
        const taken: Array<ReadonlyArray<string>> = []
        between(
          Effect.gen(function*() {
            yield* Tasks.advance(1, Tasks.succeeded)
            taken.push(idsOf(yield* store.claim("b", 10, 30_000, 10_000, some(2))))
            yield* Tasks.advance(3, Tasks.succeeded)
            yield* store.remove(some(3))
          }).pipe(Effect.provideService(TaskStore.TaskStore, store))
        )
        const claimed = yield* store.claim("a", 10, 10_000, 5000)
        assert.deepStrictEqual([idsOf(claimed), taken], [some(4), [some(2)]])
        assert.deepStrictEqual((yield* store.load(Tasks.idOf(2)))?.claim, { owner: "b", until: 30_000 })
      })))

    it.effect("hands out the next time what it took and could not read", () =>
      interrupted(Effect.fnUntraced(function*(between) {
        const sql = yield* SqlClient.SqlClient
        const store = yield* TaskStore.TaskStore
        between(sql.unsafe("SELECT nothing FROM nowhere"))
        assert.strictEqual((yield* Effect.flip(store.claim("a", 3, 10_000, 5000)))._tag, "TaskStoreError")
        assert.deepStrictEqual(idsOf(yield* store.claim("b", 10, 10_000, 5000)), some(4))
        assert.deepStrictEqual(idsOf(yield* store.claim("a", 10, 20_000, 6000, some(2, 4))), some(2))
        assert.deepStrictEqual(idsOf(yield* store.claim("a", 1, 20_000, 6000)), some(1))
        const rest = yield* store.claim("a", 10, 20_000, 6000)
        assert.deepStrictEqual(rest.map(({ claim, snapshot }) => [snapshot.task.id, claim]), [
          [Tasks.idOf(3), { owner: "a", until: 20_000 }]
        ])
        assert.deepStrictEqual(yield* store.claim("a", 10, 20_000, 6000), [])
      })))

    it.effect("forgets what it took and could not read once that is free again", () =>
      interrupted(Effect.fnUntraced(function*(between) {
        const store = yield* TaskStore.TaskStore
        const taken = yield* Deferred.make<void>()
        between(Effect.andThen(Deferred.succeed(taken, undefined), Effect.never))
        const claim = yield* Effect.forkChild(store.claim("a", 3, 10_000, 5000))
        yield* Deferred.await(taken)
        yield* Fiber.interrupt(claim)
        assert.deepStrictEqual(idsOf(yield* store.claim("b", 2, 20_000, 10_000)), some(1, 2))
        assert.deepStrictEqual(idsOf(yield* store.claim("a", 10, 20_000, 10_000)), some(3, 4))
      })))
  })
}

describe("a claim", () => {
  it.effect("takes more at once than a statement has parameters", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const all = Array.from({ length: 1001 }, (_, n) => n + 1)
      yield* Effect.forEach(all, Tasks.make, { discard: true })
      assert.deepStrictEqual(idsOf(yield* store.claim("a", 2000, 10_000, 5000)), all.map(Tasks.idOf))
    }).pipe(Effect.provide(SqlTaskStore.layer.pipe(Layer.provide(SqliteClient.layer({ filename: ":memory:" }))))))

  it.live("is not held up by one that has stopped reading what it claimed", () =>
    Effect.gen(function*() {
      const urlOf = yield* fresh
      const link = yield* Effect.acquireRelease(
        Effect.promise(() => SlowReader.start(server.port)),
        ({ close }) => Effect.sync(close)
      )
      const slow = yield* Layer.build(PostgresTaskStore.layer({ url: urlOf(link.port), maxConnections: 1 }))
      const quick = yield* Layer.build(Layer.fresh(PostgresTaskStore.layer({ url: urlOf() })))
      const raw = "x".repeat(1_000_000)
      yield* Effect.forEach(Array.from({ length: 21 }, (_, n) => n + 1), (n) => Tasks.answered(n, raw)).pipe(
        Effect.provide(quick)
      )
      const claimOf = (owner: string) => TaskStore.TaskStore.use((store) => store.claim(owner, 20, 10_000, 5000))
      link.stopAfter(100_000)
      const first = yield* Effect.forkChild(Effect.provide(claimOf("a"), slow))
      yield* until(link.isStopped)
      const others = yield* Effect.timeout(Effect.provide(claimOf("b"), quick), "10 seconds")
      assert.deepStrictEqual(idsOf(others), some(21))
      link.goOn()
      assert.deepStrictEqual(idsOf(yield* Fiber.join(first)).length, 20)
    }), 40_000)

  it.live("hands out the next time what it took when only its confirmation was lost", () =>
    Effect.gen(function*() {
      const urlOf = yield* fresh
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => CommitEater.start(server.port)),
        ({ stop }) => Effect.sync(stop)
      )
      yield* Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        yield* Effect.forEach([1, 2, 3], (n) => Tasks.make(n))
        proxy.eat("after")
        yield* Effect.flip(store.claim("a", 2, 10_000, 5000))
        assert.deepStrictEqual(idsOf(yield* store.claim("b", 1, 10_000, 5000)), some(3))
        assert.deepStrictEqual(idsOf(yield* store.claim("a", 10, 10_000, 5000)), some(1, 2))
        yield* store.release("a", some(1, 2))
        proxy.eat("before")
        yield* Effect.flip(store.claim("a", 2, 10_000, 5000))
        assert.deepStrictEqual(idsOf(yield* store.claim("b", 1, 10_000, 5000)), some(1))
        assert.deepStrictEqual(idsOf(yield* store.claim("a", 10, 10_000, 5000)), some(2))
        assert.deepStrictEqual(proxy.eaten, ["after", "before"])
      }).pipe(Effect.provide(PostgresTaskStore.layer({ url: urlOf(proxy.port), maxConnections: 1, prepare: false })))
    }), 30_000)
})
