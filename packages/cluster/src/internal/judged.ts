/**
 * A submission, for somebody who has not heard of its end.
 */
import type { Submission } from "@video-tasks/core/Submission"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/**
 * Why a submission is rejected that no runner has begun.
 *
 * @internal
 */
export const notTaken = "no runner took it"

/** Refusals after which the same request may be sent again. */
const passing: ReadonlySet<string> = new Set(["NotSent", "RateLimited", "interrupted before it was sent", notTaken])

/**
 * What the store says of a create whose sender did not answer: its task, or the error that fits.
 *
 * @internal
 */
export const judged = (
  { id, outcome, provider, startedAt }: Submission
): Effect.Effect<TaskHandle, VideoTaskError.VideoTaskError> => {
  const fail = (reason: VideoTaskError.Reason) =>
    Effect.fail(VideoTaskError.make({ provider, operation: "create", reason }))
  switch (outcome._tag) {
    case "created":
      return Effect.succeed(outcome.handle)
    case "rejected": {
      const detail = `no task was made (${outcome.reason}); whoever heard more of it is gone`
      return fail(
        passing.has(outcome.reason)
          ? new VideoTaskError.NotSent({ detail })
          : new VideoTaskError.StoreError({ detail, retryable: false })
      )
    }
    default:
      return fail(
        new VideoTaskError.SubmissionAmbiguous({
          detail: outcome._tag === "ambiguous" ? outcome.detail : "its outcome is not known yet",
          submissionId: id,
          sentAt: startedAt
        })
      )
  }
}
