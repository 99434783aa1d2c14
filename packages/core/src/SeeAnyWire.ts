/**
 * Reading SeeAny's tasks: `GET /v1/tasks/{task_id}`.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import type { Observation } from "./Observation.ts"
import * as StatusWord from "./StatusWord.ts"
import { Cost } from "./Video.ts"
import type { WireProblem } from "./WireProblem.ts"

/**
 * A task as SeeAny sends it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * These are the fields of the page (SeeAny, `GET /v1/tasks/{task_id}`), with the usual names of the model and of the time
 * of creation, which the page does not show. Where else a file or a reason may stand is looked for only in an answer that
 * reports one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  id: Field.Text,
  /** `video_generation` for a video. */
  object: Field.Label,
  /** `processing`, `completed` or `failed`; there is no word for waiting in a queue. */
  status: Field.Word,
  model: Field.Label,
  /** 0 to 100. */
  progress: Field.Percent,
  /** Seconds, read as ms. */
  estimated_remaining: Field.Seconds,
  /** Unix seconds. */
  created_at: Field.Time,
  /** Unix seconds. */
  completed_at: Field.Time,
  /** The finished file, a still picture of it, its length in seconds and its resolution, for example `720p`. */
  video_url: Field.Link,
  thumbnail_url: Field.Link,
  duration: Field.Amount,
  resolution: Field.Label,
  /** What the task has cost, for example 0.7 `CNY`. */
  usage: Field.object({ cost: Field.Amount, cost_unit: Field.Label }),
  /** Why it failed. */
  error: Field.object({ code: Field.Word, message: Field.Text })
})

/**
 * Reads the answer to a query as what it says.
 *
 * **Details**
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * (the live host answers errors with HTTP 200 and a `code` other than 0), `missing` when it says that there is no such
 * task. Never throws.
 *
 * **Example** (A poll)
 *
 * ```ts import.meta.vitest
 * import { SeeAnyWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = SeeAnyWire.toObservation({ id: "vid_20260603_001", status: "processing", estimated_remaining: 42 })
 * Result.getOrThrow(read).estimatedRemainingMs // => 42000
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation: (body: unknown) => Result.Result<Observation, WireProblem> = WireObservation.reader({
  task: Task,
  ids: ["id", "task_id", "task_uuid"],
  vocabulary: StatusWord.vocabulary(),
  parts: (task) => ({
    word: task.status,
    progress: task.progress,
    estimatedRemainingMs: task.estimated_remaining,
    model: task.model,
    createdAt: task.created_at,
    completedAt: task.completed_at,
    cost: () => billOf(task.usage)
  })
})

// internal

/** An amount without a unit is no price. */
const billOf = (usage: typeof Task.Type.usage): Cost | undefined =>
  usage?.cost === undefined || usage.cost_unit === undefined
    ? undefined
    : new Cost({ amount: usage.cost, unit: usage.cost_unit, kind: "bill" })
