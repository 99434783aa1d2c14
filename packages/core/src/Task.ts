/**
 * A task as a tagged union by status, so that videos exist only on success and a failure only on failed tasks.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Archived } from "./Archived.ts"
import { TaskHandle } from "./TaskHandle.ts"
import { TaskId } from "./TaskId.ts"
import { Cost, Failure, Video } from "./Video.ts"
import * as VideoTaskError from "./VideoTaskError.ts"

const common = {
  /** Our id. */
  id: TaskId,
  /** What is needed to ask about the task again. */
  handle: TaskHandle,
  /** The model that runs, as asked for or as the provider names it. */
  model: Schema.optionalKey(Schema.String),
  /** When the task was created or attached here, in ms since the epoch. */
  createdAt: Schema.Finite,
  /** When the task last changed, in ms since the epoch. */
  updatedAt: Schema.Finite,
  /** The highest progress seen, 0 to 100. */
  progress: Schema.optionalKey(Schema.Finite),
  /** What it costs: the bill, and before there is one the estimate. A failed task without a bill has no cost. */
  cost: Schema.optionalKey(Cost),
  /** What was expected to be paid when it was submitted. */
  estimate: Schema.optionalKey(Cost)
}

const running = {
  ...common,
  /** How long the provider thinks that the task still takes, in ms. */
  estimatedRemainingMs: Schema.optionalKey(Schema.Finite)
}

/**
 * The provider has the task and has not begun.
 *
 * @category models
 * @since 0.1.0
 */
export class Submitted extends Schema.Class<Submitted>("@video-tasks/core/Task/Submitted")({
  status: Schema.tag("SUBMITTED"),
  ...running
}) {}

/**
 * The provider works on the task.
 *
 * @category models
 * @since 0.1.0
 */
export class InProgress extends Schema.Class<InProgress>("@video-tasks/core/Task/InProgress")({
  status: Schema.tag("IN_PROGRESS"),
  ...running
}) {}

/**
 * The task succeeded. `videos` can be empty: some APIs report success and hand nothing over.
 *
 * @category models
 * @since 0.1.0
 */
export class Success extends Schema.Class<Success>("@video-tasks/core/Task/Success")({
  status: Schema.tag("SUCCESS"),
  ...common,
  /** What to download. */
  videos: Schema.Array(Video),
  /** When the success was reported, in ms since the epoch. */
  completedAt: Schema.Finite,
  /** Where its files are kept, once they are. */
  archived: Schema.optionalKey(Archived)
}) {}

/**
 * The provider refused the job or could not do it.
 *
 * @category models
 * @since 0.1.0
 */
export class Failed extends Schema.Class<Failed>("@video-tasks/core/Task/Failed")({
  status: Schema.tag("FAILED"),
  ...common,
  /** Why. */
  failure: Failure,
  /** When the failure was reported, in ms since the epoch. */
  completedAt: Schema.Finite
}) {}

/**
 * An internal fault that the provider reports as such, or a task that the provider no longer knows.
 *
 * @category models
 * @since 0.1.0
 */
export class Errored extends Schema.Class<Errored>("@video-tasks/core/Task/Errored")({
  status: Schema.tag("ERROR"),
  ...common,
  /** Why; `failure.code` is `not_found` when the provider no longer knows the task. */
  failure: Failure,
  /** When the fault was reported, in ms since the epoch. */
  completedAt: Schema.Finite
}) {}

/**
 * Somebody cancelled the task.
 *
 * @category models
 * @since 0.1.0
 */
export class Cancelled extends Schema.Class<Cancelled>("@video-tasks/core/Task/Cancelled")({
  status: Schema.tag("CANCELLED"),
  ...common,
  /** When the cancellation was reported, in ms since the epoch. */
  completedAt: Schema.Finite,
  /**
   * `true` when it is known to have been cancelled through this library. Absent when the provider or somebody else did it,
   * and also when another process saw the end before the one that had it cancelled could store that: an end that stands in
   * the store is never written again.
   */
  byRequest: Schema.optionalKey(Schema.Boolean)
}) {}

/**
 * The provider gave the task up because it took too long.
 *
 * @category models
 * @since 0.1.0
 */
export class Expired extends Schema.Class<Expired>("@video-tasks/core/Task/Expired")({
  status: Schema.tag("EXPIRED"),
  ...common,
  /** When the expiry was reported, in ms since the epoch. */
  completedAt: Schema.Finite
}) {}

/**
 * A task as a schema.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Union([Submitted, InProgress, Success, Failed, Errored, Cancelled, Expired])

/**
 * A task. Read `status` first: it decides which fields there are.
 *
 * @category models
 * @since 0.1.0
 */
export type Task = typeof Task.Type

/**
 * A task that has ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Ended = Success | Failed | Errored | Cancelled | Expired

/**
 * Returns `true` when the task has ended.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isEnded = (task: Task): task is Ended => task.status !== "SUBMITTED" && task.status !== "IN_PROGRESS"

/**
 * The typed error that an end is to somebody who asked for the video; `undefined` for a success that has one.
 *
 * **Details**
 *
 * `TaskFailed`, `TaskErrored`, `TaskNotFound` (the provider no longer knows the task), `TaskCancelled`, `TaskExpired`, or
 * `MissingResult`; each carries the handle.
 *
 * @category getters
 * @since 0.1.0
 */
export const failureOf = (task: Ended): VideoTaskError.VideoTaskError | undefined =>
  hasVideo(task) ? undefined : errorOf(task)

/**
 * The success of a task that has ended; fails with the error of `failureOf` when it has no video.
 *
 * @category getters
 * @since 0.1.0
 */
export const successOf = (task: Ended): Effect.Effect<Success, VideoTaskError.VideoTaskError> =>
  hasVideo(task) ? Effect.succeed(task) : Effect.fail(errorOf(task))

// internal

const hasVideo = (task: Ended): task is Success => task.status === "SUCCESS" && task.videos.length > 0

const errorOf = (task: Ended): VideoTaskError.VideoTaskError => {
  const { handle } = task
  return VideoTaskError.make({ provider: handle.provider, operation: "await", handle, reason: reasonOf(task) })
}

const reasonOf = (task: Ended): VideoTaskError.Reason => {
  switch (task.status) {
    case "SUCCESS":
      return new VideoTaskError.MissingResult({ detail: "the provider reported success without a link" })
    case "FAILED":
      return new VideoTaskError.TaskFailed({ failure: task.failure })
    case "ERROR":
      return task.failure.code === "not_found"
        ? new VideoTaskError.TaskNotFound({ remoteId: task.handle.remoteId, detail: task.failure.message })
        : new VideoTaskError.TaskErrored({ failure: task.failure })
    case "CANCELLED":
      return new VideoTaskError.TaskCancelled(task.byRequest === undefined ? {} : { byRequest: task.byRequest })
    case "EXPIRED":
      return new VideoTaskError.TaskExpired()
  }
}
