/**
 * A `TaskStore` in PostgreSQL whose tasks are dealt out in buckets, for several processes that each own some of them.
 *
 * Who owns which bucket is decided elsewhere, by whatever knows which processes are alive. Here each taking of a bucket has
 * a number, the epoch, and every write of its owner is held to it: whoever was thought dead and wakes up writes nothing more.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SqlClient } from "effect/sql/SqlClient"
import { orFail } from "./internal/sqlFailures.ts"
import * as SqlOwn from "./internal/sqlOwn.ts"
import * as Share from "./internal/sqlShare.ts"
import * as SqlStore from "./internal/sqlStore.ts"
import type { TaskStore, TaskStoreError } from "./TaskStore.ts"

/**
 * The database deals its tasks out in another number of buckets than was asked for. That number never changes.
 *
 * @category errors
 * @since 0.1.0
 */
export class BucketCountChanged
  extends Schema.TaggedError<BucketCountChanged>("@video-tasks/runtime/SqlBuckets/BucketCountChanged")(
    "BucketCountChanged",
    { expected: Schema.Int, actual: Schema.Int }
  )
{
  override get message(): string {
    return `the database has ${this.actual} buckets, not ${this.expected}: their number is fixed at the first start`
  }
}

/**
 * A bucket that was taken, for as long as nobody else takes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bucket {
  readonly bucket: number
  /** Which taking of the bucket this is, from 1. */
  readonly epoch: number
  /** The name under which its tasks are claimed. */
  readonly owner: string
  /**
   * The store, held to the bucket: it claims and lists only what is in it, and writes only while it is not lost. What an
   * earlier owner of the bucket claimed is free. A write after it is lost fails with a `TaskStoreError` that is not
   * `retryable`.
   */
  readonly store: TaskStore["Service"]
  /** Fails with a `TaskStoreError` when the bucket is lost, or when that can't be found out. */
  readonly confirm: Effect.Effect<void, TaskStoreError>
  /** Waits until a write or a look has found that the bucket is lost. */
  readonly lost: Effect.Effect<void>
  /** Whether a write or a look has found that. */
  readonly isLost: Effect.Effect<boolean>
}

/**
 * Who took a bucket last.
 *
 * @category models
 * @since 0.1.0
 */
export interface BucketOwner {
  readonly bucket: number
  /** 0 when nobody ever took it. */
  readonly epoch: number
  /** The name that the taker gave. */
  readonly runner: string | undefined
  /** In ms since the epoch, by the clock of the taker. */
  readonly takenAt: number | undefined
}

/**
 * The buckets of a database.
 *
 * @category models
 * @since 0.1.0
 */
export interface Buckets {
  readonly count: number
  /** The whole store, held to nothing. */
  readonly store: TaskStore["Service"]
  /** Takes a bucket from whoever has it. */
  readonly take: (bucket: number, runner: string) => Effect.Effect<Bucket, TaskStoreError>
  /** Who took which bucket last. */
  readonly owners: Effect.Effect<ReadonlyArray<BucketOwner>, TaskStoreError>
}

/**
 * Returns the bucket of a task: the last four digits of its id, which are random, modulo the number of buckets.
 *
 * @category getters
 * @since 0.1.0
 */
export const bucketOf: (id: string, count: number) => number = Share.bucketOf

/**
 * Brings the tables up to date and deals the tasks out in `count` buckets, from 1 to 4096; without a count in as many as the
 * database has, 32 when it has none. Fails with `TaskStoreError` when the database is not PostgreSQL or can't be used, and
 * with `BucketCountChanged` when it was opened with another number.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  wanted?: number
): Effect.fn.Return<Buckets, TaskStoreError | BucketCountChanged, SqlClient> {
  if (wanted !== undefined && !isCount(wanted)) {
    return yield* Effect.fail(SqlStore.failures.refused(`${wanted} is no number of buckets: it is from 1 to 4096`))
  }
  const client = yield* SqlClient
  if (!SqlOwn.isPostgres(client)) return yield* Effect.fail(SqlStore.failures.refused("buckets need PostgreSQL"))
  const tables = yield* SqlStore.open(client)
  const { sql } = tables
  const count = yield* orFail(SqlStore.failures, "the buckets could not be made")(
    SqlOwn.outside(sql, deal(sql, wanted ?? standard))
  )
  if (wanted !== undefined && count !== wanted) {
    return yield* Effect.fail(new BucketCountChanged({ expected: wanted, actual: count }))
  }
  const apart = SqlOwn.apart(sql, SqlStore.failures)
  return {
    count,
    store: SqlStore.of(tables),
    take: (bucket, runner) => apart(take(tables, count, bucket, runner)),
    owners: apart(
      orFail(SqlStore.failures, "the owners of the buckets could not be read")(SqlOwn.alone(sql, owners(sql)))
    )
  }
})

// internal

const standard = 32

const isCount = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= 4096

/** Names the lock under which the tables of the buckets are made: "vtbk". */
const dealLock = 0x7674626b

/** Makes what is missing, and returns how many buckets there are. */
const deal = (sql: SqlClient, count: number) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`SELECT pg_advisory_xact_lock(${dealLock})`
    const found = yield* sql`SELECT to_regclass('video_tasks_buckets')::text AS name`
    if (found[0]?.["name"] === null) yield* makeTables(sql, count)
    const rows = yield* sql<{ readonly count: number }>`SELECT count(*)::int AS count FROM video_tasks_buckets`
    return rows[0]?.count ?? 0
  }))

const makeTables = Effect.fnUntraced(function*(sql: SqlClient, count: number) {
  const bucket = sql.literal(Share.bucketSql("id", count))
  yield* sql`CREATE TABLE video_tasks_buckets (
    bucket INTEGER NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    runner TEXT,
    taken_at DOUBLE PRECISION
  )`
  yield* sql`INSERT INTO video_tasks_buckets (bucket, epoch) SELECT n, 0 FROM generate_series(0, ${count} - 1) AS n`
  yield* sql`CREATE INDEX video_tasks_tasks_bucket ON video_tasks_tasks (${bucket}, seq)
    WHERE status IN ('SUBMITTED', 'IN_PROGRESS')`
  yield* sql`CREATE INDEX video_tasks_submissions_bucket ON video_tasks_submissions (${bucket}, outcome, seq)
    WHERE outcome IN ('pending', 'ambiguous')`
})

const take = Effect.fnUntraced(function*(
  tables: SqlStore.Tables,
  count: number,
  bucket: number,
  runner: string
): Effect.fn.Return<Bucket, TaskStoreError> {
  const { sql } = tables
  const now = yield* Clock.currentTimeMillis
  const rows = yield* orFail(SqlStore.failures, `bucket ${bucket} could not be taken`)(
    SqlOwn.alone(
      sql,
      sql<{ readonly epoch: number }>`UPDATE video_tasks_buckets
        SET epoch = epoch + 1, runner = ${runner}, taken_at = ${now} WHERE bucket = ${bucket} RETURNING epoch`
    )
  )
  const epoch = rows[0]?.epoch
  if (epoch === undefined) return yield* Effect.fail(SqlStore.failures.refused(`there is no bucket ${bucket}`))
  const lost = yield* Deferred.make<void>()
  const share: Share.Share = { bucket, count, epoch, lost: () => Deferred.doneUnsafe(lost, Effect.void) }
  return {
    bucket,
    epoch,
    owner: `${Share.ownersOf(bucket)}${epoch}:${runner}`,
    store: SqlStore.of(tables, share),
    confirm: SqlOwn.apart(sql, SqlStore.failures)(
      orFail(SqlStore.failures, `whose bucket ${bucket} is could not be found out`)(
        Effect.flatMap(
          SqlOwn.alone(sql, sql`SELECT 1 FROM video_tasks_buckets WHERE bucket = ${bucket} AND epoch = ${epoch}`),
          (found) => found.length > 0 ? Effect.void : Effect.fail(Share.lost(SqlStore.failures, share))
        )
      )
    ),
    lost: Deferred.await(lost),
    isLost: Deferred.isDone(lost)
  }
})

const owners = (sql: SqlClient) =>
  Effect.map(
    sql<{
      readonly bucket: number
      readonly epoch: number
      readonly runner: string | null
      readonly taken_at: number | null
    }>`SELECT bucket, epoch, runner, taken_at FROM video_tasks_buckets ORDER BY bucket`,
    (rows) =>
      rows.map(({ bucket, epoch, runner, taken_at }) => ({
        bucket,
        epoch,
        runner: runner ?? undefined,
        takenAt: taken_at ?? undefined
      }))
  )
