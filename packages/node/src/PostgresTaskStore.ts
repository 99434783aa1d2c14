/**
 * The `TaskStore` in PostgreSQL: what several machines share.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { type TaskStore, TaskStoreError } from "@video-tasks/runtime/TaskStore"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Redacted from "effect/Redacted"
import { SqlClient } from "effect/sql/SqlClient"

/**
 * Which database, and how.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** For example `postgres://user:password@host:5432/database`; a secret, since a password may stand in it. */
  readonly url: Redacted.Redacted
  /**
   * How many connections are open at most.
   *
   * @default 10
   */
  readonly maxConnections?: number | undefined
  /**
   * How long a connection may take.
   *
   * @default "5 seconds"
   */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * After how long without a word the machine at the other end is asked whether it is there. One that is gone is known some
   * 10 s later; who waits for an answer gives up by himself, after 10 s.
   *
   * @default "30 seconds"
   */
  readonly keepAlive?: Duration.Input | undefined
  /**
   * Whether statements are prepared by name. Switch it off behind a pooler that hands each statement to another
   * connection.
   *
   * @default true
   */
  readonly prepare?: boolean | undefined
}

/**
 * Keeps submissions, tasks and their journals in PostgreSQL, in tables named `video_tasks_…`.
 *
 * **Details**
 *
 * Any number of processes can share the database: they claim tasks, so that none follows what another one does. Fails
 * with `TaskStoreError` when the database can't be reached, is older than PostgreSQL 14, or its tables were written by a
 * newer version. A connection that falls silent is closed after 10 s (30 s where rows are listed), and what was asked over it
 * fails as `retryable`; the others go on.
 *
 * **Gotchas**
 *
 * The links of finished videos are in the database with their signatures.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<TaskStore, TaskStoreError> =>
  SqlTaskStore.layer.pipe(
    Layer.provide(Layer.effect(
      SqlClient,
      Effect.mapError(
        PgClient.make({ ...options, keepAlive: options.keepAlive ?? "30 seconds", applicationName: "video-tasks" }),
        (error) =>
          new TaskStoreError({
            detail: `the store in PostgreSQL could not be opened: ${error.message}`,
            retryable: SqlTaskStore.isAway(error)
          })
      )
    )),
    Layer.provide(Reactivity.layer)
  )
