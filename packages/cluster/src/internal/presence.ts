/**
 * Which runners live, by locks of the database that belong to sessions: whoever holds an address has a lock of its own name
 * as well, and both end with the session.
 */
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { outside } from "./outside.ts"

/** Nobody else in the database locks by a name that begins like these. The schema is of the cluster as well. */
const keyOf = (what: string, name: string): string =>
  `hashtextextended('${what} ' || coalesce(current_schema(), '') || ' ' || ${name}, 0)`

/** The key of the lock of an address, as SQL. */
export const addressKey = (address: string): string => keyOf("video_tasks_runner", address)

/** The key of the lock of the name of a runner, as SQL. */
export const nameKey = (name: string): string => keyOf("video_tasks_runner_name", name)

/** Whose advisory locks of one key are held in this database, as the columns `key` and `pid`. */
export const locks = `SELECT (l.classid::bigint << 32) | l.objid::bigint AS key, l.pid FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

/** Somebody who knows of his own buckets which he serves. */
interface Self {
  readonly name: string
  readonly owned: () => ReadonlyArray<number>
}

/** The buckets whose last taker lives; of those that were taken here last, the ones that are served. */
export const served = (sql: SqlClient, self?: Self): Effect.Effect<ReadonlyArray<number>, TaskStoreError> =>
  outside(
    sql,
    sql<{ readonly bucket: number; readonly runner: string }>`
      WITH held AS MATERIALIZED (${sql.literal(locks)})
      SELECT bucket, runner FROM video_tasks_buckets
      WHERE ${sql.literal(nameKey("runner"))} IN (SELECT key FROM held) ORDER BY bucket`
  ).pipe(
    Effect.map((rows) => {
      const owned = new Set(self?.owned())
      return rows.flatMap(({ bucket, runner }) => runner === self?.name && !owned.has(bucket) ? [] : [bucket])
    }),
    Effect.mapError((error) =>
      new TaskStoreError({
        detail: `which runners live could not be read: ${error.message}`,
        retryable: SqlTaskStore.isAway(error)
      })
    )
  )
