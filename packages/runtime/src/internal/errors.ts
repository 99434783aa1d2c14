import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { TaskStoreError, VersionConflict } from "../TaskStore.ts"
import { bounded } from "./bounded.ts"

/** Stores are tried a few times: 50, 100, 200 and 400 ms apart. */
const storeRetries = Schedule.exponential(50).pipe(Schedule.upTo({ times: 4 }))

/**
 * Tries a call to the store again while it says that it may succeed later.
 *
 * @internal
 */
export const retried = <A, E extends { readonly _tag: string }>(
  call: Effect.Effect<A, E | TaskStoreError>
): Effect.Effect<A, E | TaskStoreError> =>
  Effect.retry(call, {
    schedule: storeRetries,
    while: (error) => error._tag === "TaskStoreError" && (error as TaskStoreError).retryable
  })

/**
 * Asks a store a few times, if need be, and waits for its answer for so long and no longer.
 *
 * @internal
 */
export const retryStore = <A, E extends { readonly _tag: string }>(
  call: Effect.Effect<A, E | TaskStoreError>
): Effect.Effect<A, E | TaskStoreError> => bounded(retried(call))

/** @internal */
export const fromStore = (
  error: TaskStoreError | VersionConflict,
  provider: string,
  handle?: TaskHandle
): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider,
    operation: "store",
    handle,
    reason: new VideoTaskError.StoreError({
      detail: error.message,
      retryable: error._tag === "VersionConflict" || error.retryable
    })
  })

/**
 * The same error, of this task.
 *
 * @internal
 */
export const ofTask = (error: VideoTaskError.VideoTaskError, handle: TaskHandle): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider: error.provider,
    operation: error.operation,
    reason: error.reason,
    requestId: error.requestId,
    handle
  })
