/**
 * What the database, or whoever is its owner, could not do.
 */
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"

/** @internal */
export const storeError = (detail: string, retryable: boolean): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider: "store",
    operation: "store",
    reason: new VideoTaskError.StoreError({ detail, retryable })
  })

/**
 * Whether a failure is of the store alone: it says nothing of a task.
 *
 * @internal
 */
export const isOfStore = ({ handle, reason }: VideoTaskError.VideoTaskError): boolean =>
  reason._tag === "StoreError" && handle === undefined
