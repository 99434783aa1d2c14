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
import { alone } from "./sqlOwn.ts"
import { readable } from "./sqlPages.ts"
import * as Rows from "./sqlRows.ts"
import { asOwner, mayNotSleep, only, ownersOf, type Share } from "./sqlShare.ts"
import { select } from "./sqlTasks.ts"

/** Databases limit the parameters of a statement. */
const idsAtOnce = 1000

/** After how many ms leases that are over are swept away. */
const keptMs = 86_400_000

/** Names the lock under which PostgreSQL's claimers come one after the other: "vtcl". */
const claimLock = 0x7674636c

/** What somebody wants to claim. */
interface Wish {
  readonly owner: string
  readonly limit: number
  readonly until: number
  readonly now: number
  readonly ids: ReadonlyArray<TaskId> | undefined
}

/** @internal */
export const make = (
  sql: SqlClient,
  failures: SqlFailures,
  share?: Share
): Pick<TaskStore["Service"], "claim" | "leaseOf" | "renew" | "release"> => {
  const owed = new Owed()

  const relaxed = <A, E>(write: Effect.Effect<A, E>) =>
    inTransaction(sql, "relaxed", asOwner(sql, failures, share, write))

  const claim = (wish: Wish) =>
    Effect.suspend(() => {
      const taken = owed.take(wish)
      const claimed = Effect.andThen(
        relaxed(taking(sql, share, wish, taken)),
        alone(sql, Effect.suspend(() => load(sql, wish.owner, [...taken])))
      )
      return Effect.onError(claimed, () => Effect.sync(() => owed.add(wish.owner, taken)))
    })

  const release = Effect.fnUntraced(function*(owner: string, ids: ReadonlyArray<TaskId>) {
    for (let start = 0; start < ids.length; start += idsAtOnce) {
      yield* sql`UPDATE video_tasks_tasks SET claim_owner = NULL
        WHERE id IN ${sql.in(ids.slice(start, start + idsAtOnce))} AND claim_owner = ${owner}`
    }
  })

  return {
    claim: (owner, limit, until, now, ids) =>
      orFail(failures, "tasks could not be claimed")(claim({ owner, limit, until, now, ids })),
    leaseOf: (owner) => orFail(failures, "a lease could not be read")(alone(sql, leaseOf(sql, owner))),
    renew: (owner, until) =>
      orFail(failures, "claims could not be renewed")(
        relaxed(Effect.andThen(renew(sql, owner, until), share === undefined ? Effect.void : sweep(sql, share, owner)))
      ),
    release: (owner, ids) => orFail(failures, "tasks could not be given back")(relaxed(release(owner, ids)))
  }
}

/**
 * What was taken, as far as anybody knows, by a claim that then failed: it is not free, and nobody has been handed it. The
 * next claim of the same owner hands it out.
 */
class Owed {
  readonly #owed = new Map<string, Set<TaskId>>()

  take({ ids, limit, owner }: Wish): Set<TaskId> {
    const owed = this.#owed.get(owner)
    if (owed === undefined) return new Set()
    const wanted = ids === undefined ? [...owed] : ids.filter((id) => owed.has(id))
    const taken = new Set(wanted.slice(0, limit))
    for (const id of taken) owed.delete(id)
    if (owed.size === 0) this.#owed.delete(owner)
    return taken
  }

  add(owner: string, taken: ReadonlySet<TaskId>): void {
    if (taken.size > 0) this.#owed.set(owner, new Set([...this.#owed.get(owner) ?? [], ...taken]))
  }
}

/** Takes what is free, and notes it in `taken`. */
const taking = Effect.fnUntraced(function*(
  sql: SqlClient,
  share: Share | undefined,
  wish: Wish,
  taken: Set<TaskId>
): Effect.fn.Return<void, SqlError> {
  const { limit, now, owner, until } = wish
  yield* dropLapsed(sql, owner, now)
  const rows = yield* take(sql, share, { ...wish, limit: limit - taken.size })
  for (const { id } of rows) taken.add(id)
  if (taken.size === 0) return
  yield* sql`DELETE FROM video_tasks_leases WHERE until <= ${now - keptMs} AND owner <> ${owner}`
  yield* hold(sql, owner, until)
})

/** What an owner lost while it was away is free for all, before the owner comes back. */
const dropLapsed = (sql: SqlClient, owner: string, now: number) =>
  sql`UPDATE video_tasks_tasks SET claim_owner = NULL
    WHERE status IN ('SUBMITTED', 'IN_PROGRESS') AND claim_owner = ${owner}
    AND EXISTS (SELECT 1 FROM video_tasks_leases WHERE owner = ${owner} AND ${lapsed(sql, "until", now)})`

/** An answer of no size: who is slow to read it must not keep the lock from the others. */
const take = (
  sql: SqlClient,
  share: Share | undefined,
  wish: Wish
): Effect.Effect<ReadonlyArray<{ readonly id: TaskId }>, SqlError> => {
  const { owner } = wish
  const found = free(sql, share, wish)
  return sql.onDialectOrElse({
    // The lock makes the next claimer see what this one took. Rows that a step holds are left to the next claim.
    pg: () =>
      Effect.andThen(
        sql`SELECT ${mayNotSleep(sql)}, pg_advisory_xact_lock(${claimLock})`,
        sql<{ readonly id: TaskId }>`WITH free AS MATERIALIZED (${found} FOR UPDATE OF t SKIP LOCKED)
          UPDATE video_tasks_tasks SET claim_owner = ${owner} FROM free WHERE seq = free_seq RETURNING id`
      ),
    orElse: () =>
      sql<{ readonly id: TaskId }>`UPDATE video_tasks_tasks SET claim_owner = ${owner}
        WHERE seq IN (${found}) RETURNING id`
  })
}

const free = (sql: SqlClient, share: Share | undefined, { ids, limit, now, owner }: Wish) =>
  sql`SELECT t.seq AS free_seq FROM video_tasks_tasks t LEFT JOIN video_tasks_leases l ON l.owner = t.claim_owner
    WHERE ${
    sql.and([
      "t.status IN ('SUBMITTED', 'IN_PROGRESS')",
      sql`(l.until IS NULL OR ${lapsed(sql, "l.until", now)} ${inherited(sql, share, owner)})`,
      ...only(sql, share, "t.id"),
      ...(ids === undefined ? [] : [sql`t.id IN ${sql.in(ids)}`])
    ])
  } ORDER BY t.seq LIMIT ${limit}`

/** What an earlier owner of the same bucket holds is the next one's at once: that one writes nothing any more. */
const inherited = (sql: SqlClient, share: Share | undefined, owner: string) =>
  share === undefined
    ? sql.literal("")
    : sql`OR (t.claim_owner LIKE ${`${ownersOf(share.bucket)}%`} AND t.claim_owner <> ${owner})`

/** What was taken, oldest first, without what has ended since then, or is somebody else's. */
const load = Effect.fnUntraced(function*(
  sql: SqlClient,
  owner: string,
  ids: ReadonlyArray<TaskId>
): Effect.fn.Return<ReadonlyArray<StoredTask>, SqlError> {
  const rows: Array<Rows.TaskRow> = []
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const some = ids.slice(start, start + idsAtOnce)
    const among = sql.onDialectOrElse({
      pg: () => sql`t.id = ANY(${some}::text[])`,
      orElse: () => sql`t.id IN ${sql.in(some)}`
    })
    rows.push(...yield* select(sql, sql`${among} AND t.claim_owner = ${owner}`))
  }
  return yield* readable(rows.toSorted((a, b) => Number(a.position) - Number(b.position)), Rows.decodeTask)
})

/** Whether a lease holds nothing any more: it is over, or was written by a wrong clock. */
const lapsed = (sql: SqlClient, column: string, now: number): Fragment =>
  sql`(${sql.literal(column)} <= ${now} OR ${sql.literal(column)} > ${now + longestLeaseMs})`

/**
 * Until when a lease is that is written while there is one: until the later of both, unless a wrong clock has written that
 * one. `lease` names the one that there is.
 *
 * @internal
 */
export const lengthened = (lease: string): string =>
  `CASE WHEN ${lease}.until BETWEEN excluded.until AND excluded.until + ${longestLeaseMs}
    THEN ${lease}.until ELSE excluded.until END`

/**
 * Makes a lease, or lengthens the one that there is; returns until when it is.
 *
 * @internal
 */
export const hold = (sql: SqlClient, owner: string, until: number): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{ readonly until: number }>`
      INSERT INTO video_tasks_leases ${sql.insert({ owner, until })}
      ON CONFLICT (owner) DO UPDATE SET until = ${sql.literal(lengthened("video_tasks_leases"))}
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
