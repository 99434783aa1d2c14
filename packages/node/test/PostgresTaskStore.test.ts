import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PostgresTaskStore } from "@video-tasks/node"
import { SqlTaskStore, TaskStore, TaskStoreSuite } from "@video-tasks/runtime"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as CommitEater from "./support/commitEater.ts"
import * as Postgres from "./support/postgres.ts"
import * as Tasks from "./support/storeTasks.ts"

let server: Postgres.Postgres
let databases = 0

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const sqlOf = (database: string) => PgClient.layer({ url: Redacted.make(server.url.replace(/postgres$/, database)) })

/** A database of its own, empty. */
const fresh = Effect.suspend(() => {
  const database = `test_${++databases}`
  return Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`CREATE DATABASE ${database}`)
    return database
  }).pipe(Effect.provide(sqlOf("postgres")))
})

const storeOf = (database: string) =>
  PostgresTaskStore.layer({ url: Redacted.make(server.url.replace(/postgres$/, database)) })

describe("PostgresTaskStore", () => {
  for (const one of TaskStoreSuite.cases) {
    it.effect(one.name, () => Effect.provide(one.effect, Layer.unwrap(Effect.map(fresh, storeOf))))
  }

  it.effect("makes its tables once, when many processes start at the same time", () =>
    Effect.gen(function*() {
      const database = yield* fresh
      const made = yield* Effect.forEach(
        [1, 2, 3, 4],
        (n) => Effect.provide(Tasks.make(n), Layer.fresh(storeOf(database))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(made, [1, 1, 1, 1])
      const kept = yield* Effect.flatMap(TaskStore.TaskStore, (store) => store.list({})).pipe(
        Effect.provide(storeOf(database))
      )
      assert.deepStrictEqual(kept.items.map((one) => one.snapshot.task.id).sort(), [1, 2, 3, 4].map(Tasks.idOf))
    }))

  it.effect("refuses tables of a newer version", () =>
    Effect.gen(function*() {
      const database = yield* fresh
      yield* Effect.provide(Tasks.make(1), storeOf(database))
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql`INSERT INTO video_tasks_migrations (migration_id, name) VALUES (99, 'of_the_future')`).pipe(
          Effect.provide(sqlOf(database))
        )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.fresh(storeOf(database)))))
      assert.deepStrictEqual([error.detail, error.retryable], [
        "the store was written by a newer version of video-tasks (schema 99, this one knows 2): use that one",
        false
      ])
    }))

  it.effect("leaves a task that somebody is writing to the next claim, and waits for nobody", () =>
    Effect.gen(function*() {
      const both = SqlTaskStore.layer.pipe(Layer.provideMerge(sqlOf(yield* fresh)))
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const store = yield* TaskStore.TaskStore
        for (const n of [1, 2, 3]) yield* Tasks.make(n)
        const claimed = yield* sql.withTransaction(Effect.andThen(
          sql`UPDATE video_tasks_tasks SET updated_at = 7 WHERE id = ${Tasks.idOf(2)}`,
          // Out of the transaction, on a connection of its own.
          Effect.promise(() => Effect.runPromise(store.claim("a", 10, 10_000, 5000)))
        ))
        assert.deepStrictEqual(claimed.map((one) => one.snapshot.task.id), [1, 3].map(Tasks.idOf))
        const rest = yield* store.claim("b", 10, 10_000, 5000)
        assert.deepStrictEqual(rest.map((one) => one.snapshot.task.id), [Tasks.idOf(2)])
      }).pipe(Effect.provide(both))
    }))

  it.effect("gives no task to two of many processes that claim and take over at once", () =>
    Effect.gen(function*() {
      const database = yield* fresh
      const count = 200
      yield* Effect.forEach(Array.from({ length: count }, (_, n) => n + 1), Tasks.make, { discard: true }).pipe(
        Effect.provide(storeOf(database))
      )
      const stores = yield* Effect.forEach(["a", "b", "c", "d"], (name) =>
        Effect.map(Layer.build(Layer.fresh(storeOf(database))), (services) => ({
          name,
          store: Context.get(services, TaskStore.TaskStore)
        })))
      const taken: Array<string> = []
      // All that is claimed in the first round has lapsed in the second one.
      for (const now of [1000, 3000]) {
        yield* Effect.forEach(stores, ({ name, store }) =>
          Effect.gen(function*() {
            for (;;) {
              const claimed = yield* store.claim(`${name}-${now}`, 3, now + 1000, now)
              taken.push(...claimed.map((one) =>
                `${now} ${one.snapshot.task.id}`
              ))
              if (claimed.length === 0) break
            }
          }), { concurrency: "unbounded" })
      }
      const wanted = [1000, 3000].flatMap((now) =>
        Array.from({ length: count }, (_, n) => `${now} ${Tasks.idOf(n + 1)}`)
      )
      assert.deepStrictEqual(taken.sort(), wanted.sort())
    }), 60_000)

  it.effect("works again after its connections were cut", () =>
    Effect.gen(function*() {
      const database = yield* fresh
      yield* Effect.gen(function*() {
        yield* Tasks.make(1)
        yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
          sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = ${database} AND pid <> pg_backend_pid()`).pipe(Effect.provide(sqlOf("postgres")))
        const version = yield* Tasks.advance(1, Tasks.progressed(10)).pipe(
          Effect.retry({ times: 5, while: (error) => error._tag === "TaskStoreError" && error.retryable })
        )
        assert.strictEqual(version, 2)
      }).pipe(Effect.provide(storeOf(database)))
    }))

  it.live("knows that a step was written when only its confirmation was lost", () =>
    Effect.gen(function*() {
      const database = yield* fresh
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => CommitEater.start(Number(new URL(server.url).port))),
        ({ stop }) => Effect.sync(stop)
      )
      const url = new URL(server.url)
      url.port = String(proxy.port)
      url.pathname = `/${database}`
      yield* Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        proxy.eat("after")
        assert.strictEqual(yield* Tasks.make(1), 1)
        proxy.eat("before")
        const error = yield* Effect.flip(Tasks.make(2))
        assert.deepStrictEqual(error._tag === "TaskStoreError" && error.retryable, true)
        assert.isUndefined(yield* store.load(Tasks.idOf(2)))
        assert.deepStrictEqual(proxy.eaten, ["after", "before"])
      }).pipe(
        Effect.provide(PostgresTaskStore.layer({ url: Redacted.make(url.href), maxConnections: 1, prepare: false }))
      )
    }), 30_000)

  it.effect("says that no server can be reached, and that it may be later", () =>
    Effect.gen(function*() {
      const url = Redacted.make("postgres://tester:geheim@127.0.0.1:1/postgres")
      const error = yield* Effect.flip(Layer.build(PostgresTaskStore.layer({ url })))
      assert.instanceOf(error, TaskStore.TaskStoreError)
      assert.isTrue(error.retryable)
      assert.notInclude(JSON.stringify(error), "geheim")
    }))
})
