/**
 * Reading CometAPI's video tasks: `POST /v1/videos` and `GET /v1/videos/{id}`.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import type { Observation } from "./Observation.ts"
import * as StatusWord from "./StatusWord.ts"
import type { WireProblem } from "./WireProblem.ts"

/**
 * A video task as CometAPI sends it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * These are the fields of the pages (CometAPI, `POST /v1/videos`, `GET /v1/videos/{id}`, video overview) and the times of
 * the wrapped rows that older pages show. Where else a finished video, or the reason of a failure, stands differs from
 * model to model and is looked for only in an answer that reports one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  id: Field.Text,
  /** The same as `id`, in the answer to a create. */
  task_id: Field.Text,
  /** Always `video`. */
  object: Field.Label,
  /** Five words in two spellings; `task_status` and `state` are what other models' answers call it. */
  status: Field.Word,
  task_status: Field.Word,
  state: Field.Word,
  model: Field.Label,
  /** 0 to 100; `"45%"` in wrapped rows. */
  progress: Field.Percent,
  /** Unix seconds. */
  created_at: Field.Time,
  submit_time: Field.Time,
  start_time: Field.Time,
  /** Unix seconds or null. Some versions fill it in while the task runs: it proves nothing. */
  completed_at: Field.Time,
  finish_time: Field.Time,
  /** Signed and short-lived; only with success. */
  video_url: Field.Link
})

/**
 * Reads the answer to a create or to a query as what it says, in either vocabulary (`SUBMITTED` … `ERROR` of the query
 * page, `queued` … `error` of the overview page) and bare or wrapped as `{ code, message, data }`.
 *
 * **Details**
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` when it says that there is no such task. Never throws.
 *
 * **Example** (A poll)
 *
 * ```ts import.meta.vitest
 * import { CometApiWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = CometApiWire.toObservation({ id: "task_abc123", object: "video", status: "IN_PROGRESS", progress: 45 })
 * Result.getOrThrow(read).status // => "IN_PROGRESS"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation: (body: unknown) => Result.Result<Observation, WireProblem> = WireObservation.reader({
  task: Task,
  ids: ["id", "task_id"],
  vocabulary: StatusWord.vocabulary(),
  parts: (task) => ({
    word: task.status ?? task.task_status ?? task.state,
    progress: task.progress,
    model: task.model,
    createdAt: task.created_at ?? task.submit_time,
    startedAt: task.start_time,
    completedAt: task.completed_at ?? task.finish_time
  })
})
