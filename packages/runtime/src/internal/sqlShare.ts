/**
 * A share of a store: one bucket of its tasks, which belongs to one owner at a time.
 *
 * Each taking of a bucket has a number, the epoch. Every write of its owner looks at it in the same transaction, under a
 * lock that the next taking waits for: whoever has lost the bucket writes nothing more, however late it wakes up.
 */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import type { TaskStoreError } from "../TaskStore.ts"
import type { SqlFailures } from "./sqlFailures.ts"

/** @internal */
export interface Share {
  readonly bucket: number
  /** How many buckets there are. */
  readonly count: number
  readonly epoch: number
  /** Hears that somebody else has taken the bucket. */
  readonly lost: () => void
}

/**
 * The bucket of an id, from the random end of it.
 *
 * @internal
 */
export const bucketOf = (id: string, count: number): number => Number.parseInt(id.slice(-4), 16) % count

/**
 * The same in PostgreSQL, as the indexes have it.
 *
 * @internal
 */
export const bucketSql = (column: string, count: number): string =>
  `(('x' || right(${column}, 4))::bit(16)::int % ${count})`

/**
 * How all owners of a bucket are called.
 *
 * @internal
 */
export const ownersOf = (bucket: number): string => `bucket-${bucket}:`

/**
 * What a statement about many rows is held to; nothing for the whole store.
 *
 * @internal
 */
export const only = (sql: SqlClient, share: Share | undefined, column: string): ReadonlyArray<Fragment> =>
  share === undefined ? [] : [sql`${sql.literal(bucketSql(column, share.count))} = ${share.bucket}`]

/**
 * Begins a transaction that writes: fails when the bucket is somebody else's by now.
 *
 * @internal
 */
export const asOwner = <A, E>(
  sql: SqlClient,
  failures: SqlFailures,
  share: Share | undefined,
  write: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError | TaskStoreError> => {
  if (share === undefined) return write
  const { bucket, epoch } = share
  return sql`SELECT ${mayNotSleep(sql)} FROM video_tasks_buckets
    WHERE bucket = ${bucket} AND epoch = ${epoch} FOR SHARE`.pipe(
    Effect.flatMap((rows): Effect.Effect<A, E | TaskStoreError> =>
      rows.length > 0 ? write : Effect.fail(lost(failures, share))
    )
  )
}

/**
 * Has PostgreSQL end a session that falls asleep in the middle of this transaction: what it has locked, others wait for.
 *
 * @internal
 */
export const mayNotSleep = (sql: SqlClient): Fragment =>
  sql.literal(`set_config('idle_in_transaction_session_timeout', '${longestSleepMs}', TRUE)`)

/** How long a transaction may wait for its next statement, in ms. */
const longestSleepMs = 3000

/** @internal */
export const lost = (failures: SqlFailures, share: Share): TaskStoreError => {
  share.lost()
  return failures.refused(`bucket ${share.bucket} was taken over by another runner`)
}
