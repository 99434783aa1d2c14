/**
 * Removing tasks that have ended: the rows, their journals and what was asked for, in one transaction.
 */
import { type Outcome, Submission } from "@video-tasks/core/Submission"
import type { TaskId } from "@video-tasks/core/TaskId"
import { terminal } from "@video-tasks/core/TaskStatus"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { TaskStore } from "../TaskStore.ts"
import { inTransaction } from "./sqlDurability.ts"
import { orFail, type SqlFailures } from "./sqlFailures.ts"
import * as Rows from "./sqlRows.ts"
import { asOwner, type Share } from "./sqlShare.ts"

/** Databases limit the parameters of a statement. */
const idsAtOnce = 500

/** What belongs to a store. */
interface Db {
  readonly sql: SqlClient
  readonly failures: SqlFailures
  readonly share: Share | undefined
}

/** @internal */
export const make = (
  sql: SqlClient,
  failures: SqlFailures,
  share?: Share
): Pick<TaskStore["Service"], "remove" | "takeBack"> => {
  const db: Db = { sql, failures, share }
  return {
    remove: (ids) => orFail(failures, "tasks could not be removed")(remove(db, ids)),
    takeBack: (id, outcome) =>
      orFail(failures, "the outcome of a create could not be taken back")(
        inTransaction(sql, "full", asOwner(sql, failures, share, takeBack(db, id, outcome)))
      )
  }
}

const remove = Effect.fnUntraced(function*({ failures, share, sql }: Db, ids: ReadonlyArray<TaskId>) {
  let count = 0
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const some = ids.slice(start, start + idsAtOnce)
    const work = Effect.tap(removeTasks(sql, some), () => forgetRequests(sql, some))
    count += yield* inTransaction(sql, "relaxed", asOwner(sql, failures, share, work))
  }
  return count
})

const takeBack = Effect.fnUntraced(function*({ sql }: Db, id: TaskId, outcome: Outcome) {
  if ((yield* removeTasks(sql, [id])) === 0) return false
  const data = yield* Rows.encodeOutcome(outcome)
  yield* sql`UPDATE video_tasks_submissions SET outcome = ${outcome._tag}, outcome_data = ${data} WHERE id = ${id}`
  return true
})

const removeTasks = Effect.fnUntraced(function*(sql: SqlClient, ids: ReadonlyArray<TaskId>) {
  // An event that comes at the same moment waits until the row is gone, and then meets no task.
  const locked = sql.literal(sql.onDialectOrElse({ pg: () => "FOR UPDATE", orElse: () => "" }))
  const rows = yield* sql<{ readonly id: string }>`
    SELECT id FROM video_tasks_tasks WHERE id IN ${sql.in(ids)} AND status IN ${sql.in(terminal)} ${locked}`
  if (rows.length === 0) return 0
  const ended = rows.map(({ id }) => id)
  yield* sql`DELETE FROM video_tasks_events WHERE task_id IN ${sql.in(ended)}`
  yield* sql`DELETE FROM video_tasks_tasks WHERE id IN ${sql.in(ended)}`
  return ended.length
})

/** What was asked for goes with the task; that it was asked for stays. */
const forgetRequests = Effect.fnUntraced(function*(sql: SqlClient, ids: ReadonlyArray<TaskId>) {
  const rows = yield* sql<Rows.SubmissionRow>`
    SELECT CAST(seq AS TEXT) AS position, id, outcome_data, data FROM video_tasks_submissions
    WHERE id IN ${sql.in(ids)} AND outcome IN ('created', 'rejected')
    AND NOT EXISTS (SELECT 1 FROM video_tasks_tasks t WHERE t.id = video_tasks_submissions.id)`
  for (const row of rows) {
    const { request, ...rest } = yield* Rows.decodeSubmission(row)
    if (request === undefined) continue
    const data = yield* Rows.encodeSubmission(new Submission(rest))
    yield* sql`UPDATE video_tasks_submissions SET data = ${data} WHERE seq = CAST(${row.position} AS BIGINT)`
  }
})
