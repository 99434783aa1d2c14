/**
 * A step of a task, in one transaction: its row, its events, and for a new task its submission and its claim. PostgreSQL
 * takes it as one statement.
 */
import type { Created } from "@video-tasks/core/TaskEvent"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { TaskStore, TaskStoreError, VersionConflict } from "../TaskStore.ts"
import { hold } from "./sqlClaims.ts"
import { columnsOf, type EventRow, identityOf, isLast, type Step } from "./sqlColumns.ts"
import { inTransaction } from "./sqlDurability.ts"
import { orFail, type SqlFailures } from "./sqlFailures.ts"
import { alone } from "./sqlOwn.ts"
import * as Rows from "./sqlRows.ts"
import type { Share } from "./sqlShare.ts"
import * as SqlSteps from "./sqlSteps.ts"
import { settled } from "./sqlSubmissions.ts"

/** Databases limit the parameters of a statement. */
const eventsAtOnce = 500

/** After a connection broke: 50, 100 and 200 ms later. */
const lookAgain = Schedule.exponential(50).pipe(Schedule.upTo({ times: 3 }))

type AppendError = TaskStoreError | VersionConflict | SqlError | Schema.SchemaError

/**
 * What PostgreSQL has for steps.
 *
 * @internal
 */
export interface Postgres {
  readonly steps: SqlSteps.Steps
  readonly share: Share | undefined
}

/** @internal */
export const make = (
  sql: SqlClient,
  failures: SqlFailures,
  postgres?: Postgres
): Pick<TaskStore["Service"], "append"> => ({
  append: (id, expected, events, next) =>
    orFail(failures, `task ${id} could not be stored`)(append(sql, failures, postgres, { id, expected, events, next }))
})

const append = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures,
  postgres: Postgres | undefined,
  step: Step
): Effect.fn.Return<number, AppendError> {
  const { events: [first], expected, id } = step
  const created = expected === 0 && first?.type === "task.created" ? first : undefined
  if (created === undefined && (expected === 0 || first === undefined)) {
    const actual = yield* versionOf(sql, id)
    if (actual !== expected) return yield* Effect.fail(failures.conflict(id, expected, actual))
    if (expected > 0) return actual
    return yield* Effect.fail(failures.refused(`the first event of ${id} is not task.created`))
  }
  const mustSurvive = created !== undefined || isLast(step)
  const write = postgres !== undefined
    ? inOneStatement(sql, failures, postgres, step, created)
    : inTransaction(
      sql,
      mustSurvive ? "full" : "relaxed",
      created === undefined ? update(sql, failures, step) : insert(sql, failures, step, created)
    )
  return yield* Effect.catchTag(write, "SqlError", (error) => unlessWritten(sql, step, error))
})

const inOneStatement = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures,
  { share, steps }: Postgres,
  step: Step,
  created: Created | undefined
): Effect.fn.Return<number, AppendError> {
  const { events, expected, id, next } = step
  if (created === undefined) {
    const verdict = yield* SqlSteps.update(steps, failures, share, step)
    if (verdict === "stepped") return expected + events.length
    return yield* Effect.fail(failures.conflict(id, expected, yield* versionOf(sql, id)))
  }
  const isMade = yield* SqlSteps.insert(sql, failures, share, step, created)
  return isMade ? events.length : yield* taken(sql, failures, id, Rows.keyOf(next.snapshot.task.handle))
})

/**
 * A connection that breaks while a transaction is confirmed leaves it open whether it was. Said to have failed, the step
 * would be tried again, meet itself, and a task that was paid for would count as not stored.
 */
const unlessWritten = Effect.fnUntraced(function*(
  sql: SqlClient,
  { events, expected, id }: Step,
  error: SqlError
): Effect.fn.Return<number, AppendError> {
  if (error.reason._tag !== "ConnectionError") return yield* Effect.fail(error)
  const wanted = yield* Effect.forEach(events, (event) => Rows.encodeEvent(event))
  const found = yield* alone(
    sql,
    sql<{ readonly data: string }>`
      SELECT data FROM video_tasks_events WHERE task_id = ${id} AND seq >= ${expected} ORDER BY seq`
  ).pipe(
    Effect.retry({ schedule: lookAgain, while: (failure) => failure.isRetryable }),
    Effect.mapError(() => error)
  )
  const isWritten = found.length === wanted.length && found.every((row, index) => row.data === wanted[index])
  return isWritten ? expected + events.length : yield* Effect.fail(error)
})

const insert = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures,
  step: Step,
  created: Created
): Effect.fn.Return<number, AppendError> {
  const { id, next: { claim } } = step
  const { events, task } = yield* columnsOf(step)
  const row = { ...identityOf(step), ...task }
  const added = yield* sql`INSERT INTO video_tasks_tasks ${sql.insert(row)} ON CONFLICT DO NOTHING RETURNING id`
  if (added.length === 0) return yield* taken(sql, failures, id, row.handle_key)
  yield* insertEvents(sql, events)
  yield* settled(sql, id, { _tag: "created", handle: created.handle })
  if (claim !== undefined && !isLast(step)) yield* hold(sql, claim.owner, claim.until)
  return events.length
})

const update = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures,
  step: Step
): Effect.fn.Return<number, AppendError> {
  const { expected, id } = step
  const { events, task: { raw, ...task } } = yield* columnsOf(step)
  const changes = { ...task, ...(raw === null ? {} : { raw }), ...(isLast(step) ? { claim_owner: null } : {}) }
  const changed = yield* sql`
    UPDATE video_tasks_tasks SET ${sql.update(changes)} WHERE id = ${id} AND version = ${expected} RETURNING id`
  if (changed.length === 0) return yield* Effect.fail(failures.conflict(id, expected, yield* versionOf(sql, id)))
  yield* insertEvents(sql, events)
  return task.version
})

const insertEvents = Effect.fnUntraced(function*(
  sql: SqlClient,
  rows: ReadonlyArray<EventRow>
): Effect.fn.Return<void, SqlError> {
  for (let start = 0; start < rows.length; start += eventsAtOnce) {
    const [first, ...rest] = rows.slice(start, start + eventsAtOnce)
    if (first !== undefined) yield* sql`INSERT INTO video_tasks_events ${sql.insert([first, ...rest])}`
  }
})

const versionOf = (sql: SqlClient, id: TaskId): Effect.Effect<number, SqlError> =>
  Effect.map(
    alone(sql, sql<{ readonly version: number }>`SELECT version FROM video_tasks_tasks WHERE id = ${id}`),
    (rows) => rows[0]?.version ?? 0
  )

/** Somebody has the id already, or the handle. */
const taken = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures,
  id: TaskId,
  key: string
): Effect.fn.Return<never, SqlError | VersionConflict> {
  const rows = yield* alone(
    sql,
    sql<{ readonly id: TaskId; readonly version: number }>`
      SELECT id, version FROM video_tasks_tasks WHERE id = ${id} OR handle_key = ${key}`
  )
  const twin = rows.find((row) => row.id === id) ?? rows[0]
  return yield* Effect.fail(failures.conflict(twin?.id ?? id, 0, twin?.version ?? 0))
})
