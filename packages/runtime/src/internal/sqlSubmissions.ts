/**
 * The creates and what became of them, as rows.
 */
import type { Outcome, Submission } from "@video-tasks/core/Submission"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Lease, Page, StoreSubmissionFilter, TaskStore, TaskStoreError } from "../TaskStore.ts"
import { hold } from "./sqlClaims.ts"
import { inTransaction } from "./sqlDurability.ts"
import type { SqlFailures } from "./sqlFailures.ts"
import { orFail } from "./sqlFailures.ts"
import { alone } from "./sqlOwn.ts"
import { behind, pageOf, pageSize, positionOf, rangeOf } from "./sqlPages.ts"
import * as Rows from "./sqlRows.ts"
import { asOwner, only, type Share } from "./sqlShare.ts"

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
): Pick<TaskStore["Service"], "begin" | "settle" | "submission" | "submissions"> => {
  const db: Db = { sql, failures, share }
  return {
    begin: (submission, sender) =>
      orFail(failures, "the intent of a create could not be stored")(
        // On the disk before anything is sent: the lease comes along.
        inTransaction(sql, "full", asOwner(sql, failures, share, begin(db, submission, sender)))
      ),
    settle: (id, outcome) =>
      orFail(failures, "the outcome of a create could not be stored")(
        share === undefined
          ? alone(sql, settle(db, id, outcome))
          : inTransaction(sql, "full", asOwner(sql, failures, share, settle(db, id, outcome)))
      ),
    submission: (id) => orFail(failures, `submission ${id} could not be read`)(alone(sql, submission(db, id))),
    submissions: (filter, cursor) =>
      orFail(failures, "submissions could not be read")(alone(sql, submissions(db, filter, cursor), "walks"))
  }
}

const begin = Effect.fnUntraced(function*({ failures, sql }: Db, submission: Submission, sender: Lease | undefined) {
  const { id, model, outcome, provider, startedAt } = submission
  const made = outcome._tag === "created" ? [] : yield* sql`SELECT id FROM video_tasks_tasks WHERE id = ${id}`
  if (made.length > 0) return yield* Effect.fail(failures.refused(`task ${id} exists already`))
  const row = {
    id,
    provider: Rows.plain(provider),
    model: Rows.plain(model),
    started_at: startedAt,
    outcome: outcome._tag,
    outcome_data: yield* Rows.encodeOutcome(outcome),
    data: yield* Rows.encodeSubmission(submission)
  }
  const added = yield* sql`INSERT INTO video_tasks_submissions ${sql.insert(row)} ON CONFLICT DO NOTHING RETURNING id`
  if (added.length === 0) return yield* Effect.fail(failures.refused(`submission ${id} exists already`))
  if (sender !== undefined) yield* hold(sql, sender.owner, sender.until)
})

const settle = Effect.fnUntraced(function*({ failures, sql }: Db, id: TaskId, outcome: Outcome) {
  if (yield* settled(sql, id, outcome)) return
  const found = yield* sql`SELECT id FROM video_tasks_submissions WHERE id = ${id}`
  if (found.length === 0) return yield* Effect.fail(failures.refused(`there is no submission ${id}`))
})

const submission = Effect.fnUntraced(function*({ sql }: Db, id: TaskId) {
  const [row] = yield* sql<Rows.SubmissionRow>`
    SELECT CAST(seq AS TEXT) AS position, id, outcome_data, data FROM video_tasks_submissions WHERE id = ${id}`
  return row === undefined ? undefined : yield* Rows.decodeSubmission(row)
})

const submissions = Effect.fnUntraced(function*(
  { failures, share, sql }: Db,
  { idPrefix, newestFirst = false, outcome }: StoreSubmissionFilter,
  cursor?: string
): Effect.fn.Return<Page<Submission>, TaskStoreError | SqlError> {
  const after = yield* positionOf(cursor, failures)
  const ids = idPrefix === undefined ? [] : rangeOf(idPrefix)
  if (ids === undefined) return { items: [] }
  const rows = yield* sql<Rows.SubmissionRow>`
    SELECT CAST(seq AS TEXT) AS position, id, outcome_data, data FROM video_tasks_submissions WHERE ${
    sql.and([
      ...behind(sql, "seq", { cursor, after, newestFirst }),
      ...(outcome === undefined ? [] : [sql`outcome = ${outcome}`]),
      ...only(sql, share, "id"),
      ...ids.map(([from, to]) => sql`id BETWEEN ${from} AND ${to}`)
    ])
  } ORDER BY seq ${sql.literal(newestFirst ? "DESC" : "ASC")} LIMIT ${pageSize + 1}`
  return yield* pageOf(rows, Rows.decodeSubmission)
})

/**
 * Writes what became of a create; `false` when there is nothing to write: no such submission, already so, or `created`.
 *
 * @internal
 */
export const settled = Effect.fnUntraced(function*(sql: SqlClient, id: TaskId, outcome: Outcome) {
  const data = yield* Rows.encodeOutcome(outcome)
  const rows = yield* sql`
    UPDATE video_tasks_submissions SET outcome = ${outcome._tag}, outcome_data = ${data}
    WHERE id = ${id} AND outcome <> 'created' AND outcome_data <> ${data} RETURNING id`
  return rows.length > 0
})
