/**
 * The tables, and how they came to be: one list of migrations for SQLite and PostgreSQL.
 *
 * Times are ms since the epoch in `DOUBLE PRECISION`, the one type that both databases hand back as the number that it
 * was. JSON is text: PostgreSQL's own type would refuse what JSON allows (U+0000) and reorder what it takes.
 */
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { TaskStoreError } from "../TaskStore.ts"
import type { SqlFailures } from "./sqlFailures.ts"

const migrationsTable = "video_tasks_migrations"

/** A number for each row in the order of arrival: what pages go by. */
const numbered = (sql: SqlClient) =>
  sql.onDialectOrElse({
    pg: () => sql.literal("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    orElse: () => sql.literal("INTEGER PRIMARY KEY AUTOINCREMENT")
  })

/** Rows in the order of their key, so that a journal lies together and is written once. */
const clustered = (sql: SqlClient) =>
  sql.literal(sql.onDialectOrElse({ sqlite: () => "WITHOUT ROWID", orElse: () => "" }))

const createTables = Effect.gen(function*() {
  const sql = yield* SqlClient
  yield* sql`CREATE TABLE video_tasks_submissions (
    seq ${numbered(sql)},
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    started_at DOUBLE PRECISION NOT NULL,
    outcome TEXT NOT NULL,
    outcome_data TEXT NOT NULL,
    data TEXT NOT NULL
  )`
  yield* sql`CREATE INDEX video_tasks_submissions_outcome ON video_tasks_submissions (outcome, seq)`
  yield* sql`CREATE TABLE video_tasks_tasks (
    seq ${numbered(sql)},
    id TEXT NOT NULL UNIQUE,
    handle_key TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    base_url TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    model TEXT,
    status TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL,
    version INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    raw TEXT,
    claim_owner TEXT
  )`
  yield* sql`CREATE INDEX video_tasks_tasks_unfinished ON video_tasks_tasks (seq, claim_owner)
    WHERE status IN ('SUBMITTED', 'IN_PROGRESS')`
  yield* sql`CREATE TABLE video_tasks_events (
    task_id TEXT NOT NULL REFERENCES video_tasks_tasks (id),
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (task_id, seq)
  ) ${clustered(sql)}`
  yield* sql`CREATE TABLE video_tasks_leases (
    owner TEXT NOT NULL PRIMARY KEY,
    until DOUBLE PRECISION NOT NULL
  )`
})

/** For those who follow what others change. */
const indexChanges = Effect.gen(function*() {
  const sql = yield* SqlClient
  yield* sql`CREATE INDEX video_tasks_tasks_changed ON video_tasks_tasks (updated_at)`
})

const migrations = { "0001_create_tables": createTables, "0002_index_changes": indexChanges }

const known = Object.keys(migrations).length

/**
 * Brings the tables up to date, in one transaction; those of a newer version are refused as they are.
 *
 * @internal
 */
export const migrate = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures
): Effect.fn.Return<void, TaskStoreError | SqlError> {
  yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table: migrationsTable }).pipe(
    Effect.provideService(SqlClient, sql),
    Effect.catchTag(
      "MigrationError",
      ({ kind, message }) => Effect.fail(failures.refused(`the tables could not be made: ${message} (${kind})`))
    )
  )
  const rows = yield* sql<{ readonly id: number }>`SELECT MAX(migration_id) AS id FROM ${sql(migrationsTable)}`
  const found = rows[0]?.id ?? 0
  if (found > known) {
    return yield* Effect.fail(failures.refused(
      `the store was written by a newer version of video-tasks (schema ${found}, this one knows ${known}): use that one`
    ))
  }
})
