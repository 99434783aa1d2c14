/**
 * `video-tasks status HANDLE`: one read.
 */
import { failureOf, isEnded } from "@video-tasks/core/Task"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as ExitCode from "../internal/exitCode.ts"
import { handle } from "../internal/handles.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { withHandles } from "../internal/withHandles.ts"

/** The command. */
export const status = Command.make(
  "status",
  { handle },
  Effect.fn("status")(function*(input) {
    yield* withHandles([input.handle], ([one]) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks
        const reporter = yield* Reporter
        const task = yield* underWay(`asking ${one.provider}`, tasks.refresh(one))
        yield* reporter.state(task)
        const failure = isEnded(task) ? failureOf(task) : undefined
        if (failure === undefined) return
        yield* reporter.failed(failure, { isTold: true })
        return yield* new ExitCode.Exit({ code: ExitCode.ofTask(task) })
      }))
  }, reported)
).pipe(
  Command.withShortDescription("Read a task once"),
  Command.withDescription(
    "Read a task once and say how it stands. The exit code is 0 while it runs and after a success, else the code of its end."
  ),
  Command.withExamples([
    { command: "video-tasks status vt1_…", description: "How does it stand?" },
    { command: "video-tasks status vt1_… --json", description: "The same for a script" }
  ])
)
