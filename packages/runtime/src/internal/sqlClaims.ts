/**
 * Who follows which task, and until when.
 *
 * The time stands once for each owner, not in every task: what is extended every few seconds is one small row, however
 * many tasks an owner holds.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import { longestLeaseMs } from "../Standing.ts"
import type { StoredTask, TaskStore } from "../TaskStore.ts"
import { inTransaction } from "./sqlDurability.ts"
import { orFail, type SqlFailures } from "./sqlFailures.ts"
import { readable } from "./sqlPages.ts"
import * as Rows from "./sqlRows.ts"
import { asOwner, mayNotSleep, only, ownersOf, type Share } from "./sqlShare.ts"

/** Databases limit the parameters of a statement. */
const idsAtOnce = 1000

/** After how many ms leases that are over are swept away. */
const keptMs = 86_400_000

/** Names the lock under which PostgreSQL's claimers come one after the other: "vtcl". */
const claimLock = 0x7674636c

type Claimed = Omit<Rows.TaskRow, "claim_owner" | "claim_until">

/** @internal */
export const make = (
  sql: SqlClient,
  failures: SqlFailures,
  share?: Share
): Pick<TaskStore["Service"], "claim" | "leaseOf" | "renew" | "release"> => {
  /** What an owner lost while it was away is free for all, before the owner comes back. */
  const dropLapsed = (owner: string, now: number) =>
    sql`UPDATE video_tasks_tasks SET claim_owner = NULL
      WHERE status IN ('SUBMITTED', 'IN_PROGRESS') AND claim_owner = ${owner}
      AND EXISTS (SELECT 1 FROM video_tasks_leases WHERE owner = ${owner} AND ${lapsed(sql, "until", now)})`

  /** What an earlier owner of the same bucket holds is the next one's at once: that one writes nothing any more. */
  const inherited = (owner: string) =>
    share === undefined
      ? sql.literal("")
      : sql`OR (t.claim_owner LIKE ${`${ownersOf(share.bucket)}%`} AND t.claim_owner <> ${owner})`

  const free = (owner: string, limit: number, now: number, ids: ReadonlyArray<TaskId> | undefined) =>
    sql`SELECT t.seq AS free_seq FROM video_tasks_tasks t LEFT JOIN video_tasks_leases l ON l.owner = t.claim_owner
      WHERE ${
      sql.and([
        "t.status IN ('SUBMITTED', 'IN_PROGRESS')",
        sql`(l.until IS NULL OR ${lapsed(sql, "l.until", now)} ${inherited(owner)})`,
        ...only(sql, share, "t.id"),
        ...(ids === undefined ? [] : [sql`t.id IN ${sql.in(ids)}`])
      ])
    } ORDER BY t.seq LIMIT ${limit}`

  const take = (owner: string, limit: number, now: number, ids: ReadonlyArray<TaskId> | undefined) => {
    const columns = sql.literal("CAST(seq AS TEXT) AS position, id, version, snapshot, raw")
    return sql.onDialectOrElse({
      // The lock makes the next claimer see what this one took. Rows that a step holds are left to the next claim.
      pg: () =>
        Effect.andThen(
          sql`SELECT ${mayNotSleep(sql)}, pg_advisory_xact_lock(${claimLock})`,
          sql<Claimed>`WITH free AS MATERIALIZED (${free(owner, limit, now, ids)} FOR UPDATE OF t SKIP LOCKED)
            UPDATE video_tasks_tasks SET claim_owner = ${owner} FROM free WHERE seq = free_seq RETURNING ${columns}`
        ),
      orElse: () =>
        sql<Claimed>`UPDATE video_tasks_tasks SET claim_owner = ${owner}
          WHERE seq IN (${free(owner, limit, now, ids)}) RETURNING ${columns}`
    })
  }

  const claim = Effect.fnUntraced(function*(
    owner: string,
    limit: number,
    until: number,
    now: number,
    ids: ReadonlyArray<TaskId> | undefined
  ): Effect.fn.Return<ReadonlyArray<StoredTask>, SqlError> {
    yield* dropLapsed(owner, now)
    const rows = yield* take(owner, limit, now, ids)
    if (rows.length === 0) return []
    yield* sql`DELETE FROM video_tasks_leases WHERE until <= ${now - keptMs} AND owner <> ${owner}`
    const heldUntil = yield* hold(sql, owner, until)
    const ordered = rows.toSorted((a, b) => Number(a.position) - Number(b.position))
    return yield* readable(ordered, (row) => Rows.decodeTask({ ...row, claim_owner: owner, claim_until: heldUntil }))
  })

  const release = Effect.fnUntraced(function*(owner: string, ids: ReadonlyArray<TaskId>) {
    for (let start = 0; start < ids.length; start += idsAtOnce) {
      yield* sql`UPDATE video_tasks_tasks SET claim_owner = NULL
        WHERE id IN ${sql.in(ids.slice(start, start + idsAtOnce))} AND claim_owner = ${owner}`
    }
  })

  const relaxed = <A, E, R>(write: Effect.Effect<A, E, R>) =>
    inTransaction(sql, "relaxed", asOwner(sql, failures, share, write))

  return {
    claim: (owner, limit, until, now, ids) =>
      orFail(failures, "tasks could not be claimed")(relaxed(claim(owner, limit, until, now, ids))),
    leaseOf: (owner) => orFail(failures, "a lease could not be read")(leaseOf(sql, owner)),
    renew: (owner, until) =>
      orFail(failures, "claims could not be renewed")(
        relaxed(Effect.andThen(renew(sql, owner, until), share === undefined ? Effect.void : sweep(sql, share, owner)))
      ),
    release: (owner, ids) => orFail(failures, "tasks could not be given back")(relaxed(release(owner, ids)))
  }
}

/** Whether a lease holds nothing any more: it is over, or was written by a wrong clock. */
const lapsed = (sql: SqlClient, column: string, now: number): Fragment =>
  sql`(${sql.literal(column)} <= ${now} OR ${sql.literal(column)} > ${now + longestLeaseMs})`

/**
 * Makes a lease, or lengthens the one that there is; returns until when it is. One that a wrong clock has written is put
 * right.
 *
 * @internal
 */
export const hold = (sql: SqlClient, owner: string, until: number): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{ readonly until: number }>`
      INSERT INTO video_tasks_leases ${sql.insert({ owner, until })}
      ON CONFLICT (owner) DO UPDATE SET until = CASE
        WHEN excluded.until > video_tasks_leases.until THEN excluded.until
        WHEN video_tasks_leases.until > excluded.until + ${longestLeaseMs} THEN excluded.until
        ELSE video_tasks_leases.until END
      RETURNING until`,
    (rows) => rows[0]?.until ?? until
  )

/** A bucket that changes hands leaves a lease each time. What has lapsed says nothing any more. */
const sweep = (sql: SqlClient, { bucket }: Share, owner: string): Effect.Effect<unknown, SqlError> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      sql`DELETE FROM video_tasks_leases
        WHERE owner LIKE ${`${ownersOf(bucket)}%`} AND owner <> ${owner} AND ${lapsed(sql, "until", now)}`
  )

const renew = (sql: SqlClient, owner: string, until: number): Effect.Effect<unknown, SqlError> =>
  sql`UPDATE video_tasks_leases SET until = ${until} WHERE owner = ${owner}`

const leaseOf = (sql: SqlClient, owner: string): Effect.Effect<number | undefined, SqlError> =>
  Effect.map(
    sql<{ readonly until: number }>`SELECT until FROM video_tasks_leases WHERE owner = ${owner}`,
    (rows) => rows[0]?.until
  )
