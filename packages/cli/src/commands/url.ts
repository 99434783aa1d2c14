/**
 * `video-tasks url HANDLE`: a fresh link, alone on stdout.
 */
import { failureOf, isEnded, type Task } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { Video } from "@video-tasks/core/Video"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as ExitCode from "../internal/exitCode.ts"
import { handle } from "../internal/handles.ts"
import { type Failure, Problem } from "../internal/problem.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { waitHint, withHandles } from "../internal/withHandles.ts"

/** The command. */
export const url = Command.make(
  "url",
  { handle },
  Effect.fn("url")(function*(input) {
    yield* withHandles([input.handle], ([one]) => tell(one))
  }, reported)
).pipe(
  Command.withShortDescription("Print a fresh link to the video of a task"),
  Command.withDescription(
    "Ask the provider for a fresh link to the video of a task and print it, whole and alone, on stdout. Such links are usually signed and short-lived: whoever has one can fetch the file."
  ),
  Command.withExamples([
    { command: "curl -o boat.mp4 \"$(video-tasks url vt1_…)\"", description: "Let another program fetch it" }
  ])
)

// internal

const tell = Effect.fnUntraced(function*(one: TaskHandle.TaskHandle) {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const videos = yield* underWay(
    `asking ${one.provider}`,
    tasks.freshVideos(one).pipe(
      Effect.catchReason("VideoTaskError", "MissingResult", () => Effect.flatMap(tasks.refresh(one), whyNot))
    )
  )
  for (const video of videos) {
    const link = Redacted.value(video.url)
    yield* reporter.result(link, { type: "url", handle: TaskHandle.format(one), url: link, expiresAt: video.expiresAt })
  }
})

/** Why there is no link: it fails with the end of the task, or says that it still runs. */
const whyNot = (task: Task): Effect.Effect<ReadonlyArray<Video>, Failure> => {
  if (!isEnded(task)) {
    return Effect.fail(
      new Problem({
        reason: "WaitTimedOut",
        code: ExitCode.ofReason.WaitTimedOut,
        message: `The task is ${task.status}: there is no link yet.`,
        hint: [waitHint(task.handle)],
        handle: task.handle,
        retryable: true
      })
    )
  }
  const failure = failureOf(task)
  return failure === undefined ? Effect.succeed(task.status === "SUCCESS" ? task.videos : []) : Effect.fail(failure)
}
