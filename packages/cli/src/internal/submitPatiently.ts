/**
 * A create that survives one Ctrl-C: its answer is worth waiting for, since it may have been paid.
 */
import type { Outcome } from "@video-tasks/core/Submission"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import { type SubmitOptions, VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import { Reporter } from "./reporter.ts"

/** How long the answer to an interrupted create is still waited for. */
const patience = "5 seconds"

/** Submits; when it is interrupted, it sends nothing more, waits a little for an answer that is out, and says what is known. */
export const submitPatiently = Effect.fnUntraced(function*(
  request: VideoRequest,
  options: SubmitOptions
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError, VideoTasks | Reporter> {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  // Known before anything is sent, so that an interruption can name it.
  const id = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
  const tell = (outcome: Outcome): Effect.Effect<void> => {
    switch (outcome._tag) {
      case "pending":
        return reporter.warn(
          `Interrupted. Waiting up to ${patience} for the answer to the create, which may cost money …`
        )
      case "created":
        return tasks.get(outcome.handle).pipe(
          Effect.timeout("1 second"),
          Effect.flatMap(reporter.created),
          // The store may not have taken it yet, or say nothing.
          Effect.catch(() =>
            reporter.result(format(outcome.handle), { type: "task.created", handle: format(outcome.handle) })
          ),
          Effect.andThen(reporter.interrupted([outcome.handle]))
        )
      case "ambiguous":
        return reporter.failed(unknownOutcome(request, id))
      case "rejected":
        return reporter.warn("Interrupted. No task was made, and nothing was paid.")
    }
  }
  return yield* tasks.submit(request, { ...options, id, interrupted: { patience, tell } })
})

// internal

const unknownOutcome = ({ provider }: VideoRequest, id: TaskId.TaskId): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider,
    operation: "create",
    reason: new VideoTaskError.SubmissionAmbiguous({
      detail: "the command was interrupted before its answer came",
      submissionId: id
    })
  })
