/**
 * Tasks and their journals, read from rows.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import type { Page, StoredTask, StoreFilter, TaskStore, TaskStoreError } from "../TaskStore.ts"
import * as Portions from "./portions.ts"
import { orFail, type SqlFailures } from "./sqlFailures.ts"
import { alone, outside } from "./sqlOwn.ts"
import { behind, pageOf, pageSize, positionOf, rangeOf } from "./sqlPages.ts"
import * as Rows from "./sqlRows.ts"
import { only, type Share } from "./sqlShare.ts"

/** @internal */
export const select = (sql: SqlClient, where: Fragment): Effect.Effect<ReadonlyArray<Rows.TaskRow>, SqlError> =>
  sql<Rows.TaskRow>`
    SELECT CAST(t.seq AS TEXT) AS position, t.id, t.version, t.snapshot, t.raw, t.claim_owner, l.until AS claim_until
    FROM video_tasks_tasks t LEFT JOIN video_tasks_leases l ON l.owner = t.claim_owner WHERE ${where}`

/**
 * Loads tasks. Those that are wanted at the same time are loaded together.
 *
 * @internal
 */
export type Loads = (id: TaskId) => Effect.Effect<StoredTask | undefined, SqlError | Schema.SchemaError>

/**
 * Loads of PostgreSQL. All shares of a store have one in common.
 *
 * @internal
 */
export const loads = (sql: SqlClient): Loads =>
  Portions.make({
    keyOf: (id: TaskId) => id,
    run: (ids) =>
      outside(sql, alone(sql, select(sql, sql`t.id = ANY(${ids}::text[])`))).pipe(
        Effect.flatMap((rows) => {
          const byId = new Map(rows.map((row) => [row.id, row]))
          return Effect.forEach(ids, (id) => {
            const row = byId.get(id)
            return Effect.exit<StoredTask | undefined, SqlError | Schema.SchemaError, never>(
              row === undefined ? Effect.undefined : Rows.decodeTask(row)
            )
          })
        }),
        Effect.catch((error) => Effect.succeed(ids.map(() => Exit.fail(error))))
      )
  })

/** @internal */
export const make = (
  sql: SqlClient,
  failures: SqlFailures,
  postgres?: { readonly loads: Loads; readonly share: Share | undefined }
): Pick<TaskStore["Service"], "load" | "events" | "find" | "list"> => {
  const one = (where: Fragment): Effect.Effect<StoredTask | undefined, SqlError | Schema.SchemaError> =>
    Effect.flatMap(
      alone(sql, select(sql, where)),
      ([row]) => row === undefined ? Effect.undefined : Rows.decodeTask(row)
    )

  const events = Effect.fnUntraced(function*(id: TaskId) {
    const rows = yield* sql<{ readonly data: string }>`
      SELECT data FROM video_tasks_events WHERE task_id = ${id} ORDER BY seq`
    return yield* Effect.forEach(rows, (row) => Rows.decodeEvent(row.data))
  })

  const list = Effect.fnUntraced(function*(
    { changedSince, idPrefix, newestFirst = false, provider, status }: StoreFilter,
    cursor?: string
  ): Effect.fn.Return<Page<StoredTask>, TaskStoreError | SqlError> {
    const after = yield* positionOf(cursor, failures)
    const ids = idPrefix === undefined ? [] : rangeOf(idPrefix)
    if (ids === undefined) return { items: [] }
    // The sign keeps the database from walking through all rows in the order of pages: few of them have changed.
    const position = changedSince === undefined ? "t.seq" : "+t.seq"
    const rows = yield* select(
      sql,
      sql`${
        sql.and([
          ...behind(sql, position, { cursor, after, newestFirst }),
          ...(changedSince === undefined ? [] : [sql`t.updated_at >= ${changedSince}`]),
          ...(provider === undefined ? [] : [sql`t.provider = ${Rows.plain(provider)}`]),
          ...(status === undefined ? [] : [sql`t.status IN ${sql.in(status)}`]),
          ...only(sql, postgres?.share, "t.id"),
          ...ids.map(([from, to]) => sql`t.id BETWEEN ${from} AND ${to}`)
        ])
      } ORDER BY ${sql.literal(position)} ${sql.literal(newestFirst ? "DESC" : "ASC")} LIMIT ${pageSize + 1}`
    )
    return yield* pageOf(rows, Rows.decodeTask)
  })

  const find = (handle: TaskHandle) => Effect.suspend(() => one(sql`t.handle_key = ${Rows.keyOf(handle)}`))

  return {
    load: (id) => orFail(failures, `task ${id} could not be read`)(postgres?.loads(id) ?? one(sql`t.id = ${id}`)),
    events: (id) => orFail(failures, `the journal of ${id} could not be read`)(alone(sql, events(id))),
    find: (handle) => orFail(failures, "a task could not be looked up")(find(handle)),
    list: (filter, cursor) => orFail(failures, "tasks could not be read")(alone(sql, list(filter, cursor), "walks"))
  }
}
