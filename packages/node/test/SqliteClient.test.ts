import { assert, describe, it } from "@effect/vitest"
import { SqliteClient } from "@video-tasks/node"
import { SqlTaskStore } from "@video-tasks/runtime"
import { Clock, Effect, Fiber, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Tasks from "./support/storeTasks.ts"

const inMemory = SqliteClient.layer({ filename: ":memory:" })

const reasonOf = <A, E extends { readonly reason: { readonly _tag: string } }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason._tag)

/** A file that somebody else is writing. */
const held = Effect.gen(function*() {
  const filename = path.join(yield* Tasks.folder, "test.db")
  yield* Effect.provide(
    SqlClient.SqlClient.use((sql) => sql`CREATE TABLE t (n INTEGER)`),
    SqliteClient.layer({ filename })
  )
  const holder = yield* Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(filename)),
    (opened) => Effect.sync(() => opened.close())
  )
  // The client proves that it can write when it is opened: only then is the file taken.
  return { filename, holder }
})

describe("SqliteClient", () => {
  it.effect("gives back numbers, texts, bytes and nothing as they were", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const bytes = new Uint8Array([0, 255, 7])
      const rows = yield* sql`SELECT ${1.5} AS a, ${"é\u{1F3AC}"} AS b, ${bytes} AS c, ${null} AS d, ${true} AS e`
      assert.deepStrictEqual(rows, [{ a: 1.5, b: "é\u{1F3AC}", c: bytes, d: null, e: 1 }])
    }).pipe(Effect.provide(inMemory)))

  it.effect("gives back large integers as bigints, where it is asked to", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const large = 9_007_199_254_740_993n
      const select = sql`SELECT ${large} AS n, 1 AS small`
      assert.deepStrictEqual(
        yield* Effect.provideService(select, SqlClient.SafeIntegers, true),
        [{ n: large, small: 1n }]
      )
      assert.strictEqual(yield* reasonOf(select), "UnknownError")
      assert.deepStrictEqual(yield* sql`SELECT 1 AS small`, [{ small: 1 }])
    }).pipe(Effect.provide(inMemory)))

  it.effect("gives back rows, values, a stream or what was changed, from one statement", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const select = sql`SELECT 1 AS a, 2 AS b UNION SELECT 3, 4`
      assert.deepStrictEqual(yield* select.values, [[1, 2], [3, 4]])
      assert.deepStrictEqual(yield* select, [{ a: 1, b: 2 }, { a: 3, b: 4 }])
      assert.deepStrictEqual(yield* select.unprepared, [{ a: 1, b: 2 }, { a: 3, b: 4 }])
      assert.deepStrictEqual(yield* select.valuesUnprepared, [[1, 2], [3, 4]])
      assert.deepStrictEqual(yield* Stream.runCollect(select.stream), [{ a: 1, b: 2 }, { a: 3, b: 4 }])
      yield* sql`CREATE TABLE t (n INTEGER)`
      const changed = yield* sql`INSERT INTO t VALUES (1), (2)`.raw
      assert.deepStrictEqual({ ...(changed as object) }, { changes: 2, lastInsertRowid: 2 })
      assert.deepStrictEqual(yield* sql`SELECT n FROM t`.raw, [{ n: 1 }, { n: 2 }])
    }).pipe(Effect.provide(inMemory)))

  it.effect("tells errors apart as other drivers do", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, parent INTEGER REFERENCES t (id))`
      yield* sql`INSERT INTO t VALUES (1, 'a', NULL)`
      const unique = yield* Effect.flip(sql`INSERT INTO t VALUES (2, 'a', NULL)`)
      assert.deepStrictEqual(
        [unique.reason._tag, "constraint" in unique.reason && unique.reason.constraint],
        ["UniqueViolation", "t.name"]
      )
      assert.strictEqual(yield* reasonOf(sql`INSERT INTO t VALUES (1, 'b', NULL)`), "ConstraintError")
      assert.strictEqual(yield* reasonOf(sql`INSERT INTO t VALUES (2, 'b', 7)`), "ConstraintError")
      const syntax = yield* Effect.flip(sql`SELEKT 1`)
      assert.deepStrictEqual(
        [syntax.reason._tag, syntax.message, SqliteClient.problemOf(syntax)],
        ["UnknownError", "near \"SELEKT\": syntax error", undefined]
      )
      const unbound = yield* Effect.flip(sql`SELECT ${{ a: 1 }}`)
      assert.strictEqual(unbound.reason._tag, "UnknownError")
      assert.deepStrictEqual(yield* sql`SELECT COUNT(*) AS n FROM t`, [{ n: 1 }])
    }).pipe(Effect.provide(inMemory)))

  it.effect("undoes an inner transaction alone, and an outer one with all that is in it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE t (n INTEGER)`
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`INSERT INTO t VALUES (1)`
        yield* Effect.ignore(sql.withTransaction(Effect.andThen(sql`INSERT INTO t VALUES (2)`, Effect.fail("no"))))
      }))
      yield* Effect.ignore(sql.withTransaction(Effect.andThen(
        sql.withTransaction(sql`INSERT INTO t VALUES (3)`),
        Effect.fail("no")
      )))
      assert.deepStrictEqual(yield* sql`SELECT n FROM t`, [{ n: 1 }])
    }).pipe(Effect.provide(inMemory)))

  it.effect("lets one transaction after the other read and write", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE t (n INTEGER)`
      yield* sql`INSERT INTO t VALUES (0)`
      const increment = sql.withTransaction(Effect.gen(function*() {
        const [row] = yield* sql<{ readonly n: number }>`SELECT n FROM t`
        yield* Effect.yieldNow
        yield* sql`UPDATE t SET n = ${(row?.n ?? 0) + 1}`
      }))
      yield* Effect.all(Array.from({ length: 100 }, () => increment), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* sql`SELECT n FROM t`, [{ n: 100 }])
    }).pipe(Effect.provide(inMemory)))

  it.effect("keeps no more prepared statements than it may", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < 10; n++) {
          assert.deepStrictEqual(yield* sql`SELECT ${sql.literal(String(n))} AS n`, [{ n }])
        }
      }
    }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:", cacheSize: 3 }))))

  it.effect("waits for the disk unless it is told that it need not", () =>
    Effect.gen(function*() {
      const filename = path.join(yield* Tasks.folder, "test.db")
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const level = Effect.map(sql`PRAGMA synchronous`, (rows) => rows[0]?.["synchronous"])
        assert.strictEqual(yield* level, 2)
        const relaxed = yield* Effect.provideService(sql.withTransaction(level), SqlTaskStore.Durability, "relaxed")
        assert.strictEqual(relaxed, 1)
        assert.strictEqual(yield* sql.withTransaction(level), 2)
        assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
      }).pipe(Effect.provide(SqliteClient.layer({ filename })))
    }))

  it.live("lets everything else go on while it waits for another process, and writes when that is done", () =>
    Effect.gen(function*() {
      const { filename, holder } = yield* held
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        holder.exec("BEGIN IMMEDIATE")
        const write = (n: number) =>
          n % 2 === 0 ? sql`INSERT INTO t VALUES (1)` : sql.withTransaction(sql`DELETE FROM t`)
        const writes = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 10 }, (_, n) => n), write, { concurrency: "unbounded" })
        )
        // Whoever held up this process would never come to this.
        yield* Effect.sleep("200 millis")
        holder.exec("COMMIT")
        yield* Fiber.join(writes)
      }).pipe(Effect.provide(SqliteClient.layer({ filename, busyTimeout: "1 second" })))
    }))

  it.effect("counts the place in line as a part of the wait", () =>
    Effect.gen(function*() {
      const { filename, holder } = yield* held
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        holder.exec("BEGIN IMMEDIATE")
        const write = Effect.flip(sql`INSERT INTO t VALUES (1)`)
        const writes = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 10 }, () => write), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("200 millis")
        const problems = (yield* Fiber.join(writes)).map(SqliteClient.problemOf)
        assert.deepStrictEqual(problems, Array.from({ length: 10 }, () => "busy" as const))
        assert.isAtMost(yield* Clock.currentTimeMillis, 200)
      }).pipe(Effect.provide(SqliteClient.layer({ filename, busyTimeout: "200 millis" })))
    }))

  it.effect("says that another process holds the file, and that it may be free later", () =>
    Effect.gen(function*() {
      const filename = path.join(yield* Tasks.folder, "test.db")
      const open = Effect.map(
        Layer.build(Layer.fresh(SqliteClient.layer({ filename, busyTimeout: "1 millis" }))),
        (services) => SqlClient.SqlClient.pipe(Effect.provide(services))
      )
      const holder = yield* Effect.flatten(open)
      const other = yield* Effect.flatten(open)
      yield* holder`CREATE TABLE t (n INTEGER)`
      yield* holder.withTransaction(Effect.gen(function*() {
        yield* holder`INSERT INTO t VALUES (1)`
        const error = yield* Effect.flip(other`INSERT INTO t VALUES (2)`)
        assert.deepStrictEqual(
          [error.reason._tag, error.isRetryable, SqliteClient.problemOf(error)],
          ["LockTimeoutError", true, "busy"]
        )
        assert.deepStrictEqual(yield* other`SELECT n FROM t`, [])
      }))
      yield* other`INSERT INTO t VALUES (2)`
      assert.deepStrictEqual(yield* holder`SELECT n FROM t`, [{ n: 1 }, { n: 2 }])
    }))
})
