/**
 * A `TaskStore` in a database: one implementation and one set of tables for SQLite and PostgreSQL.
 *
 * It speaks to any `SqlClient` of these two dialects. On Node, `@video-tasks/node` has a layer for each.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as SqlAway from "./internal/sqlAway.ts"
import * as SqlDurability from "./internal/sqlDurability.ts"
import * as SqlStore from "./internal/sqlStore.ts"
import { TaskStore, type TaskStoreError } from "./TaskStore.ts"

/**
 * How hard a transaction is confirmed: `full` outlives a power cut, `relaxed` outlives the process.
 *
 * **Details**
 *
 * The intent of a create, its task and its end are `full`. Progress and claims are `relaxed`: after a power cut they are
 * learned again by asking. A driver for SQLite reads this when it hands out its connection (`PRAGMA synchronous`);
 * PostgreSQL needs nothing of its driver.
 *
 * @category references
 * @since 0.1.0
 */
export const Durability: Context.Reference<"full" | "relaxed"> = SqlDurability.Durability

/**
 * Brings the tables up to date and makes the store.
 *
 * **Details**
 *
 * - Tables are named `video_tasks_…`, so that the store can live in a database with others.
 * - What belongs to one step (the task's row, its events, the outcome of its submission, its claim) is one transaction.
 * - Fails with `TaskStoreError` when the tables can't be made, or were written by a newer version, and where PostgreSQL is
 *   older than 14.
 * - What a call confirms lasts, whatever transaction of the same client its caller is in. On PostgreSQL the store has a
 *   connection of its own for it: within a transaction it needs a second one of the pool. On SQLite, where there is one, the
 *   call fails with a `TaskStoreError` that is not `retryable`, and nothing was done; so nothing is sent by a `submit` there.
 * - On PostgreSQL a connection that has not answered for 10 s (30 s where rows are listed) is closed; the call fails with a
 *   `TaskStoreError` that is `retryable`. Whoever is interrupted leaves within half a second.
 * - Links of videos are stored whole, with their signatures: whoever reads the database can fetch the videos.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<TaskStore["Service"], TaskStoreError, SqlClient> = SqlClient.pipe(
  Effect.flatMap(SqlStore.open),
  Effect.map((sql) => SqlStore.of(sql))
)

/**
 * Provides the store on whatever `SqlClient` there is.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<TaskStore, TaskStoreError, SqlClient> = Layer.effect(TaskStore, make)

/**
 * Whether a database that failed so is only away: it, or the way to it, may be back without anybody's doing. A password, a
 * name of a database or a certificate that is no good stays so.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAway: (error: SqlError) => boolean = SqlAway.isAway
