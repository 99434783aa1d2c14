/**
 * The database of a measurement: filled with running tasks at once, and asked what it had to do.
 */
import { PgClient } from "@effect/sql-pg"
import { TaskHandle } from "@video-tasks/core"
import { PostgresTaskStore } from "@video-tasks/node"
import { VideoTasks } from "@video-tasks/runtime"
import { Context, Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as fs from "node:fs"
import * as Postgres from "../../../node/test/support/postgres.ts"
import { now } from "../chaos/clock.ts"
import { providers } from "../chaos/worker.ts"

/** What the statements of a stretch of time were. */
interface Statements {
  readonly calls: number
  /** How many of them wrote, or waited for others. */
  readonly writes: number
  readonly most: ReadonlyArray<{ readonly calls: number; readonly query: string }>
}

interface Owner {
  readonly runner: string | null
  readonly at: number | null
}

export interface Database {
  /** A new database with so many running tasks. */
  readonly filled: (tasks: number, api: string) => Promise<string>
  /** Who took which bucket last, and when. */
  readonly owners: (url: string) => Promise<ReadonlyArray<Owner>>
  readonly reset: () => Promise<void>
  readonly statements: (url: string) => Promise<Statements>
  /** CPU of the server and all its processes since their start, in µs. */
  readonly cpu: () => Promise<number>
  readonly stop: () => Promise<void>
}

export const start = async (): Promise<Database> => {
  const server = await Postgres.start([
    "shared_preload_libraries=pg_stat_statements",
    "shared_buffers=256MB",
    "max_connections=200",
    "autovacuum=off"
  ])
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(server.url) }))
  const query = <Row>(text: string) =>
    runtime.runPromise(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Row & object>(text)))
  await query("CREATE EXTENSION pg_stat_statements")
  const [own] = await query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid")
  const postmaster = statOf(own?.pid ?? 0).parent
  let databases = 0
  return {
    filled: async (tasks, api) => {
      const name = `bench_${++databases}`
      await query(`CREATE DATABASE ${name}`)
      const url = server.url.replace(/postgres$/, name)
      await fill(url, tasks, api)
      return url
    },
    owners: (url) =>
      Effect.runPromise(
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql<Owner>`SELECT runner, taken_at AS at FROM video_tasks_buckets`)
          .pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
      ),
    reset: async () => void await query("SELECT pg_stat_statements_reset()"),
    statements: async (url) => {
      const name = url.slice(url.lastIndexOf("/") + 1)
      const rows = await query<{ readonly calls: number; readonly query: string }>(
        `SELECT s.calls::int AS calls, s.query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
          WHERE d.datname = '${name}' ORDER BY s.calls DESC`
      )
      const calls = (some: typeof rows) => some.reduce((sum, row) => sum + row.calls, 0)
      return {
        calls: calls(rows),
        writes: calls(rows.filter(({ query }) => /\b(INSERT|UPDATE|DELETE)\b/.test(query))),
        most: rows.slice(0, 8)
      }
    },
    cpu: async () => {
      const all = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => statOf(Number(pid)))
      return all.filter(({ parent, pid }) => pid === postmaster || parent === postmaster)
        .reduce((sum, { pid, reaped, self }) => sum + self + (pid === postmaster ? reaped : 0), 0)
    },
    stop: async () => {
      await runtime.dispose()
      await server.stop()
    }
  }
}

/** What Linux says of a process; its times in µs, of which there are a hundred ticks in a second. */
const statOf = (pid: number) => {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ").map(Number)
    const ticks = (...at: ReadonlyArray<number>) => at.reduce((sum, n) => sum + (fields[n] ?? 0), 0) * 10_000
    return { pid, parent: fields[1] ?? 0, self: ticks(11, 12), reaped: ticks(13, 14) }
  } catch {
    return { pid, parent: 0, self: 0, reaped: 0 }
  }
}

/** One task through the store, and copies of its rows. */
const fill = (url: string, tasks: number, api: string) =>
  Effect.runPromise(
    Effect.gen(function*() {
      const context = yield* Layer.build(
        VideoTasks.layer({ owner: "nobody" }).pipe(
          Layer.provide(providers(api, "nobody")),
          Layer.provide(PostgresTaskStore.layer({ url: Redacted.make(url) }))
        )
      )
      const engine = Context.get(context, VideoTasks.VideoTasks)
      if (tasks === 0) return
      yield* engine.refresh(
        yield* engine.attach(
          new TaskHandle.TaskHandle({
            provider: "cometapi",
            family: "seedance",
            remoteId: "remote-0",
            baseUrl: api,
            account: "default",
            createdAt: now()
          })
        )
      )
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE copies AS SELECT 'remote-' || n AS remote,
      overlay(overlay(gen_random_uuid()::text placing '7' from 15 for 1) placing left(t.id, 8) from 1 for 8) AS copy
      FROM generate_series(1, ${tasks - 1}) AS n, video_tasks_tasks t`
      yield* sql.unsafe(copyOf("video_tasks_tasks", ["id", "remote_id", "snapshot", "raw"], "t.id"))
      yield* sql.unsafe(copyOf("video_tasks_events", ["task_id", "data"], "t.task_id"))
      yield* sql`DROP TABLE copies`
      yield* sql`VACUUM ANALYZE`
    }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })), Effect.scoped)
  )

const columns: Readonly<Record<string, string>> = {
  video_tasks_tasks:
    "id handle_key provider account base_url remote_id model status created_at updated_at version snapshot raw",
  video_tasks_events: "task_id seq type at data"
}

/** Rows that differ only in their ids. */
const copyOf = (table: string, named: ReadonlyArray<string>, id: string): string => {
  const names = columns[table]?.split(" ") ?? []
  const values = names.map((name) =>
    name === "handle_key"
      ? "encode(sha256(c.copy::bytea), 'hex')"
      : named.includes(name)
      ? `replace(replace(t.${name}, ${id}, c.copy), 'remote-0', c.remote)`
      : `t.${name}`
  )
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${values.join(", ")} FROM ${table} t, copies c`
}
