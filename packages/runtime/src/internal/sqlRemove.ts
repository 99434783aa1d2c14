/**
 * Removing tasks that have ended: the rows and their journals, in one transaction.
 */
import type { Outcome } from "@video-tasks/core/Submission"
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

/** @internal */
export const make = (
  sql: SqlClient,
  failures: SqlFailures,
  share?: Share
): Pick<TaskStore["Service"], "remove" | "takeBack"> => {
  // An event that comes at the same moment waits until the row is gone, and then meets no task.
  const locked = sql.literal(sql.onDialectOrElse({ pg: () => "FOR UPDATE", orElse: () => "" }))

  const removeSome = Effect.fnUntraced(function*(ids: ReadonlyArray<TaskId>) {
    const rows = yield* sql<{ readonly id: string }>`
      SELECT id FROM video_tasks_tasks WHERE id IN ${sql.in(ids)} AND status IN ${sql.in(terminal)} ${locked}`
    if (rows.length === 0) return 0
    const ended = rows.map(({ id }) => id)
    yield* sql`DELETE FROM video_tasks_events WHERE task_id IN ${sql.in(ended)}`
    yield* sql`DELETE FROM video_tasks_tasks WHERE id IN ${sql.in(ended)}`
    return ended.length
  })

  const remove = Effect.fnUntraced(function*(ids: ReadonlyArray<TaskId>) {
    let count = 0
    for (let start = 0; start < ids.length; start += idsAtOnce) {
      const some = removeSome(ids.slice(start, start + idsAtOnce))
      count += yield* inTransaction(sql, "relaxed", asOwner(sql, failures, share, some))
    }
    return count
  })

  const takeBack = Effect.fnUntraced(function*(id: TaskId, outcome: Outcome) {
    if ((yield* removeSome([id])) === 0) return false
    const data = yield* Rows.encodeOutcome(outcome)
    yield* sql`UPDATE video_tasks_submissions SET outcome = ${outcome._tag}, outcome_data = ${data} WHERE id = ${id}`
    return true
  })

  return {
    remove: (ids) => orFail(failures, "tasks could not be removed")(remove(ids)),
    takeBack: (id, outcome) =>
      orFail(failures, "the outcome of a create could not be taken back")(
        inTransaction(sql, "full", asOwner(sql, failures, share, takeBack(id, outcome)))
      )
  }
}
