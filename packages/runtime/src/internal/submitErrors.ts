/**
 * What a create fails with before and after it is sent.
 */
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { Order } from "./submit.ts"

/** @internal */
export const tooLong = (order: Order, retryAfterMs: number) =>
  Effect.fail(VideoTaskError.make({
    provider: order.lane.provider.id,
    operation: "create",
    reason: new VideoTaskError.RateLimited({
      retryAfterMs,
      detail: "the provider has asked this account to wait; the create was not sent"
    })
  }))

/** @internal */
export const overslept =
  "this process was away for longer than its lease, and another one may have taken the create for lost"

/** @internal */
export const unsent = (order: Order, detail: string): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider: order.lane.provider.id,
    operation: "create",
    reason: new VideoTaskError.NotSent({ detail })
  })

/** @internal */
export const ambiguous = (order: Order, detail: string): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider: order.lane.provider.id,
    operation: "create",
    reason: new VideoTaskError.SubmissionAmbiguous({ detail })
  })

/**
 * An ambiguous create says which one it is, when it was sent, and whether it was looked for.
 *
 * @internal
 */
export const complete = (
  error: VideoTaskError.VideoTaskError,
  order: Order,
  progress: { readonly startedAt: number; readonly sought: string | undefined }
): VideoTaskError.VideoTaskError => {
  const { reason } = error
  if (reason._tag !== "SubmissionAmbiguous") return error
  const { detail, sentAt, status } = reason
  return VideoTaskError.make({
    provider: error.provider,
    operation: error.operation,
    requestId: error.requestId,
    reason: new VideoTaskError.SubmissionAmbiguous({
      detail: progress.sought === undefined ? detail : `${detail}; ${progress.sought}`,
      ...(status === undefined ? {} : { status }),
      submissionId: order.id,
      sentAt: sentAt ?? progress.startedAt
    })
  })
}
