/**
 * The `TaskStore` in a file: what a command or a single process wants.
 *
 * @since 0.1.0
 */
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { type TaskStore, TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlClient } from "effect/sql/SqlClient"
import * as SqliteClient from "./SqliteClient.ts"

/**
 * Keeps submissions, tasks and their journals in an SQLite file.
 *
 * **Details**
 *
 * Several processes can share the file: they claim tasks, so that none follows what another one does. Fails with
 * `TaskStoreError` when the file can't be written, is damaged or no database, or was written by a newer version.
 *
 * **Gotchas**
 *
 * The links of finished videos are in the file with their signatures. It is made with mode 0600.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: SqliteClient.Options): Layer.Layer<TaskStore, TaskStoreError> =>
  SqlTaskStore.layer.pipe(
    Layer.provide(Layer.effect(
      SqlClient,
      Effect.mapError(SqliteClient.make(options), (error) =>
        new TaskStoreError({
          detail: `the store ${options.filename} could not be opened: ${error.message}`,
          retryable: error.isRetryable
        }))
    )),
    Layer.provide(Reactivity.layer)
  )
