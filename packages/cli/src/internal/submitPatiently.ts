/**
 * A create that survives one Ctrl-C: its answer is worth waiting for, since it may have been paid.
 */
import type { Outcome } from "@video-tasks/core/Submission"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { type SubmitOptions, VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import { ofReason } from "./exitCode.ts"
import { Problem } from "./problem.ts"
import { program } from "./program.ts"
import { Reporter } from "./reporter.ts"

/** How long the answer to an interrupted create is still waited for. */
const patience = "5 seconds"

/** Submits; when it is interrupted, it sends nothing more, waits a little for an answer that is out, and says what is known. */
export const submitPatiently = Effect.fnUntraced(function*(
  request: VideoRequest,
  options: SubmitOptions
): Effect.fn.Return<TaskHandle, VideoTaskError, VideoTasks | Reporter> {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const tell = (outcome: Outcome): Effect.Effect<void> => {
    switch (outcome._tag) {
      case "pending":
        return reporter.warn(
          `Interrupted. Waiting up to ${patience} for the answer to the create, which may cost money …`
        )
      case "created":
        return tasks.get(outcome.handle).pipe(
          Effect.flatMap(reporter.created),
          Effect.andThen(reporter.interrupted([outcome.handle])),
          Effect.orDie
        )
      case "ambiguous":
        return reporter.failed(unknownOutcome(request))
      case "rejected":
        return reporter.warn("Interrupted. No task was made, and nothing was paid.")
    }
  }
  return yield* tasks.submit(request, { ...options, interrupted: { patience, tell } })
})

// internal

const unknownOutcome = ({ family, provider }: VideoRequest): Problem =>
  new Problem({
    reason: "SubmissionAmbiguous",
    code: ofReason.SubmissionAmbiguous,
    message: "Interrupted before the create was answered: a task may exist, and money may have been spent.",
    hint: [
      "Look for it in the provider's console; adopt it with",
      `  ${program} attach --provider ${provider} --family ${family} REMOTE_ID`
    ]
  })
