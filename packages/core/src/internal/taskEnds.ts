/**
 * The reasons for which a task that has ended has no video to give; public as part of `VideoTaskError`.
 */
import * as Schema from "effect/Schema"
import { Failure } from "../Video.ts"
import { reasonId as id, unstopped } from "./reason.ts"

/**
 * The task ended as `FAILED`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskFailed extends Schema.TaggedError<TaskFailed>(id("TaskFailed"))("TaskFailed", { failure: Failure }) {
  readonly retryable = false
  override get message(): string {
    const { message, retryable } = this.failure
    const advice = retryable === true
      ? "The provider's code says that a new attempt may work: submit a new one."
      : retryable === false
      ? "The provider's code says that the same input fails again: change it before you submit a new one."
      : "Change the prompt or the input before you submit a new one."
    return `The task failed: ${unstopped(message)}. ${advice}`
  }
}

/**
 * The task ended as `ERROR`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskErrored extends Schema.TaggedError<TaskErrored>(id("TaskErrored"))("TaskErrored", {
  failure: Failure
}) {
  readonly retryable = false
  override get message(): string {
    return `The provider had an internal fault: ${unstopped(this.failure.message)}. A new task may work.`
  }
}

/**
 * The task ended as `CANCELLED`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskCancelled extends Schema.TaggedError<TaskCancelled>(id("TaskCancelled"))("TaskCancelled", {
  /** `true` when it was cancelled through this library, absent when the provider or somebody else did it. */
  byRequest: Schema.optionalKey(Schema.Boolean)
}) {
  readonly retryable = false
  override get message(): string {
    return "The task was cancelled. Submit a new one if you still want the video."
  }
}

/**
 * The task ended as `EXPIRED`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskExpired extends Schema.TaggedError<TaskExpired>(id("TaskExpired"))("TaskExpired", {}) {
  readonly retryable = false
  override get message(): string {
    return "The provider gave the task up because it took too long. Submit a new one if you still want the video."
  }
}

/**
 * The task succeeded, and no video was handed over.
 *
 * @category errors
 * @since 0.1.0
 */
export class MissingResult extends Schema.TaggedError<MissingResult>(id("MissingResult"))("MissingResult", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The task succeeded without a video: ${unstopped(this.detail)}. Ask for it again later with the same handle.`
  }
}
