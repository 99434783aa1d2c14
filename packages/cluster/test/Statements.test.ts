import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { VideoProvider } from "@video-tasks/core"
import { Effect, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start(["shared_preload_libraries=pg_stat_statements"])
}, 60_000)

afterAll(() => server.stop())

const count = 100

/** What the database was asked for since it was last looked at. */
const statements = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`
    const rows = yield* sql<{ query: string; calls: number; rows: number }>`
      SELECT query, calls::int AS calls, rows::int AS rows FROM pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`
    yield* sql`SELECT pg_stat_statements_reset()`
    return (text: string) => {
      const found = rows.filter(({ query }) => query.includes(text))
      return {
        calls: found.reduce((sum, { calls }) => sum + calls, 0),
        rows: found.reduce((sum, row) => sum + row.rows, 0)
      }
    }
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })), Effect.orDie)

describe("Statements", () => {
  it.live(
    "writes nothing for a read that changes nothing, and one statement for all changes of a moment",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const url = yield* World.fresh(server)
        let reads = 0
        let progress = 10
        const provider = VideoProvider.double({
          observe: () =>
            Effect.sync(() => {
              reads++
              return World.running(progress)
            })
        })
        const { cluster, tasks } = yield* World.runner(url, provider, {
          poll: { floor: "50 millis", ceiling: "50 millis" },
          budget: { requestsPerSecond: 5000, burst: 500, concurrency: 64 }
        })
        yield* World.until("all is served", Effect.map(cluster.owned, ({ length }) => length === cluster.buckets))
        yield* Effect.forEach(Array.from({ length: count }), () => tasks.submit(World.request), { concurrency: 16 })
        const at = (wanted: number) =>
          Effect.map(
            Stream.runCollect(tasks.list()),
            (all) => all.every((task) => task.progress === wanted)
          )
        yield* World.until("all are at 10", at(10))
        yield* statements(url)

        const before = reads
        yield* World.until("they are read again", Effect.sync(() => reads > before + 20 * count))
        const quiet = yield* statements(url)
        const polls = reads - before
        assert.deepStrictEqual(quiet("stepped AS ("), { calls: 0, rows: 0 })
        assert.strictEqual(quiet("UPDATE video_tasks_tasks").rows, 0)
        assert.strictEqual(quiet("INSERT INTO video_tasks_events").rows, 0)
        // Reads of one moment are loaded together.
        assert.isBelow(quiet("t.id = ANY(").calls, polls)

        progress = 50
        yield* World.until("all are at 50", at(50))
        const loud = yield* statements(url)
        assert.strictEqual(loud("stepped AS (").rows, count)
        assert.isBelow(loud("stepped AS (").calls, count)
        assert.strictEqual(loud("INSERT INTO video_tasks_events").calls, loud("stepped AS (").calls)
      })),
    60_000
  )
})
