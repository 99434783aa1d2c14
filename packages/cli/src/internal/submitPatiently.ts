/**
 * A create that survives one Ctrl-C: its answer is worth waiting for, since it may have been paid.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { type SubmitOptions, VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ofReason } from "./exitCode.ts"
import { Problem } from "./problem.ts"
import { program } from "./program.ts"
import { Reporter } from "./reporter.ts"

/** How long an interrupted create is still waited for. */
const patience = "5 seconds"

/** Submits; when it is interrupted, it waits a little for the answer and says what is known. */
export const submitPatiently = Effect.fnUntraced(function*(
  request: VideoRequest,
  options: SubmitOptions
): Effect.fn.Return<TaskHandle, VideoTaskError, VideoTasks | Reporter> {
  const tasks = yield* VideoTasks
  return yield* Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      // Its own fiber, so that an interruption of the command does not reach it at once.
      Effect.forkDetach(Effect.interruptible(tasks.submit(request, options))),
      (fiber) => restore(Fiber.join(fiber)).pipe(Effect.onInterrupt(() => lastChance(fiber)))
    )
  )
})

// internal

const lastChance = Effect.fnUntraced(function*(fiber: Fiber.Fiber<TaskHandle, VideoTaskError>) {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  if (fiber.pollUnsafe() === undefined) {
    yield* reporter.warn(`Interrupted. Waiting up to ${patience} for the answer to the create, which may cost money …`)
  }
  const exit = yield* Effect.timeoutOption(Fiber.await(fiber), patience)
  if (exit._tag === "None") {
    yield* Fiber.interrupt(fiber)
    return yield* reporter.failed(unknownOutcome)
  }
  if (exit.value._tag === "Failure") {
    return yield* Effect.ignoreCause(Effect.tapError(exit.value, reporter.failed))
  }
  yield* reporter.created(yield* Effect.orDie(tasks.get(exit.value.value)))
  yield* reporter.interrupted([exit.value.value])
})

const unknownOutcome = new Problem({
  reason: "SubmissionAmbiguous",
  code: ofReason.SubmissionAmbiguous,
  message: "Interrupted before the create was answered: a task may exist, and money may have been spent.",
  hint: [`Look for it in the provider's console; adopt it with ${program} attach --provider … REMOTE_ID`]
})
