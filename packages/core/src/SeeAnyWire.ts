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
 * The page (SeeAny, `GET /v1/tasks/{task_id}`) knows `id`, `object`, `status`, `progress` and `estimated_remaining` of a
 * running task; `completed_at`, `video_url`, `thumbnail_url`, `duration`, `resolution` and `usage` of a finished one;
 * `error` of a failed one. The file and the reason are looked for only in an answer that reports one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  model: Field.Label,
  /** 0 to 100. */
  progress: Field.Percent,
  /** Seconds. */
  estimated_remaining: Field.Amount,
  /** Unix seconds. */
  created_at: Field.Time,
  /** Unix seconds. */
  completed_at: Field.Time,
  /** What the task has cost, for example 0.7 `CNY`. */
  usage: Field.object({ cost: Field.Amount, cost_unit: Field.Label })
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
    progress: task.progress,
    estimatedRemainingMs: task.estimated_remaining === undefined ? undefined : task.estimated_remaining * 1000,
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
