/**
 * `video-tasks cancel HANDLE`: a cancellation at the provider, where its API has one.
 */
import { isEnded } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { handle } from "../internal/handles.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { withHandles } from "../internal/withHandles.ts"

/** The command. */
export const cancel = Command.make(
  "cancel",
  { handle },
  Effect.fn("cancel")(function*(input) {
    yield* withHandles([input.handle], ([one]) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks
        const reporter = yield* Reporter
        const outcome = yield* underWay(`asking ${one.provider}`, tasks.cancel(one))
        const line = { type: "task.cancel", handle: TaskHandle.format(one), outcome }
        if (outcome === "confirmed") return yield* reporter.result("cancelled: the provider has confirmed it", line)
        if (reporter.json) yield* reporter.result("", line)
        return yield* VideoTaskError.make({
          provider: one.provider,
          operation: "cancel",
          handle: one,
          reason: new VideoTaskError.Unsupported({
            detail: outcome === "unsupported"
              ? `${one.provider} has no cancellation; nothing was changed.`
              : yield* whyNot(one)
          })
        })
      }))
  }, reported)
).pipe(
  Command.withShortDescription("Cancel a task, where the API can"),
  Command.withDescription(
    "Cancel a task at the provider, and say what became of it: confirmed (exit code 0), not supported or not done by the API (2), or unknown because the provider could not be asked (10). Nothing is claimed that the provider has not said."
  ),
  Command.withExamples([{ command: "video-tasks cancel vt1_…", description: "Stop paying, if the provider lets you" }])
)

// internal

/** The provider was asked: its state of the task says why it does not cancel. */
const whyNot = Effect.fnUntraced(function*(one: TaskHandle.TaskHandle) {
  const tasks = yield* VideoTasks
  const task = yield* Effect.catch(tasks.refresh(one), () => tasks.get(one))
  return isEnded(task)
    ? `the task has ended as ${task.status}, and there is nothing to cancel.`
    : `${one.provider} does not cancel a task that is ${task.status}: it goes on, and is paid for.`
})
