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
