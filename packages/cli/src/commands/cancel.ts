/**
 * `video-tasks cancel HANDLE`: a cancellation at the provider, where its API has one.
 */
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
          reason: outcome === "unsupported"
            ? new VideoTaskError.Unsupported({ detail: `${one.provider} has no cancellation; nothing was changed.` })
            : new VideoTaskError.ProviderUnavailable({
              detail: "the cancellation was not confirmed, the task may go on"
            })
        })
      }))
  }, reported)
).pipe(
  Command.withShortDescription("Cancel a task, where the API can"),
  Command.withDescription(
    "Cancel a task at the provider, and say what became of it: confirmed (exit code 0), not supported by the API (2), or not confirmed (10). Nothing is claimed that the provider has not said."
  ),
  Command.withExamples([{ command: "video-tasks cancel vt1_…", description: "Stop paying, if the provider lets you" }])
)
