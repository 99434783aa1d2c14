/**
 * Submits video tasks and follows each one to its end.
 *
 * @since 0.1.0
 */
import type { Ended, Success, Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import type { Video } from "@video-tasks/core/Video"
import type { CancelOutcome } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

/**
 * A task by its handle, or by our id when it is in the store.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskRef = TaskHandle | TaskId

/**
 * How to submit.
 *
 * @category options
 * @since 0.1.0
 */
export interface SubmitOptions {
  /**
   * `server-error` repeats a create after a 5xx, as CometAPI's overview advises: it may pay twice.
   *
   * @default "never"
   */
  readonly resubmit?: "never" | "server-error" | undefined
  /**
   * Submits with a retired model all the same.
   *
   * @default false
   */
  readonly force?: boolean | undefined
}

/**
 * How to wait.
 *
 * @category options
 * @since 0.1.0
 */
export interface WaitOptions {
  /**
   * The caller's patience, counted from the start of this wait; at least one read happens before it may end. The
   * default is the family's.
   */
  readonly deadline?: Duration.Input | undefined
}

/**
 * A task that exists at a provider and shall be followed.
 *
 * @category options
 * @since 0.1.0
 */
export interface AttachOptions {
  readonly provider: string
  readonly remoteId: string
  /** The default is the provider's first family. */
  readonly family?: string | undefined
}

/**
 * How a task is being read, for progress displays.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollInfo {
  /** Reads that were answered or failed. */
  readonly polls: number
  /** Reads that failed since the last good one. */
  readonly failures: number
  /** What the last failed read said. */
  readonly lastFailure?: string | undefined
  /** When the next read is due, in ms since the epoch. */
  readonly nextPollAt?: number | undefined
  /** When the task is expected to end, in ms since the epoch. */
  readonly expectedEndAt?: number | undefined
}

/**
 * Which tasks to list.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListFilter {
  readonly status?: ReadonlyArray<TaskStatus> | undefined
  readonly provider?: string | undefined
}

/**
 * Submits video tasks and follows each one to its end.
 *
 * **Details**
 *
 * A create is sent at most once. Every error after a task exists carries its handle. A poll never kills a task. Waiting
 * too long is `WaitTimedOut`, and the task stays resumable.
 *
 * @category services
 * @since 0.1.0
 */
export class VideoTasks extends Context.Service<VideoTasks, {
  /** Creates a task; the handle is in the store before it is returned, and polling has not begun. */
  readonly submit: (request: VideoRequest, options?: SubmitOptions) => Effect.Effect<TaskHandle, VideoTaskError>
  /** Adopts a task that was created elsewhere, or a handle from another process. Sends nothing. */
  readonly attach: (task: TaskHandle | AttachOptions) => Effect.Effect<TaskHandle, VideoTaskError>
  /** Emits the task as it is, then after every change; the last one has ended. */
  readonly observe: (task: TaskRef, options?: WaitOptions) => Stream.Stream<Task, VideoTaskError>
  /** Waits for the success of a task; every other end is a typed error. */
  readonly await: (task: TaskRef, options?: WaitOptions) => Effect.Effect<Success, VideoTaskError>
  /** Waits for the end of a task, whichever it is. */
  readonly awaitEnd: (task: TaskRef, options?: WaitOptions) => Effect.Effect<Ended, VideoTaskError>
  /** Reads a task once, now, and steps it; a task that has ended is not read again. */
  readonly refresh: (task: TaskRef) => Effect.Effect<Task, VideoTaskError>
  /** Asks the provider for fresh links of a successful task; fails with `MissingResult` when there are none. */
  readonly freshVideos: (task: TaskRef) => Effect.Effect<ReadonlyArray<Video>, VideoTaskError>
  /** Cancels at the provider where the API can, and says what became of it. */
  readonly cancel: (task: TaskRef) => Effect.Effect<CancelOutcome, VideoTaskError>
  /** The task as it is in the store. Sends nothing. */
  readonly get: (task: TaskRef) => Effect.Effect<Task, VideoTaskError>
  /** The tasks of the store, oldest first. */
  readonly list: (filter?: ListFilter) => Stream.Stream<Task, VideoTaskError>
  /** How a task is being read. */
  readonly pollInfo: (task: TaskRef) => Effect.Effect<PollInfo>
}>()("@video-tasks/runtime/VideoTasks") {}
