/**
 * `video-tasks wait HANDLE…`: follows tasks to their end.
 */
import { failureOf } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Archiving from "../internal/archiving.ts"
import * as ExitCode from "../internal/exitCode.ts"
import * as Globals from "../internal/globals.ts"
import { handle } from "../internal/handles.ts"
import { exitCode } from "../internal/problem.ts"
import { program } from "../internal/program.ts"
import { type Ending, follow } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import * as Shared from "../internal/shared.ts"
import { withHandles } from "../internal/withHandles.ts"

/** The command. */
export const wait = Command.make(
  "wait",
  { handles: Argument.atLeast(handle, 1) },
  Effect.fn("wait")(function*({ handles }) {
    const [first, ...others] = handles
    if (first === undefined) return
    yield* withHandles([first, ...others], followToEnd, { archives: true })
  }, reported)
).pipe(
  Command.withShortDescription("Follow tasks to their end"),
  Command.withDescription(
    "Follow tasks to their end. Waiting can be broken off at any time (Ctrl-C, or --deadline): the tasks go on at the provider, and the same handles take up the thread. With several handles the exit code is the one that they share, else 14. With --archive it ends when the files are kept."
  ),
  Command.withExamples([
    { command: "video-tasks wait vt1_…", description: "Until it has ended" },
    {
      command: "video-tasks wait vt1_… vt1_… --deadline 10m",
      description: "Two tasks side by side, ten minutes at most"
    },
    { command: "video-tasks wait vt1_… --json", description: "One JSON line for every change" }
  ])
)

/**
 * Follows tasks, tells how each one ended, and fails with the exit code of all of them unless it is 0. Where there is an archive, it
 * ends when the files are kept, or given up.
 */
export const followToEnd = Effect.fnUntraced(function*(handles: ReadonlyArray<TaskHandle.TaskHandle>) {
  const reporter = yield* Reporter
  const { deadline } = yield* Globals.values
  const yields = yield* Shared.isShared
  const [endings, files] = yield* Archiving.keeping({ isShown: true }, ({ add, end }) =>
    follow(handles, {
      wait: { deadline, yields },
      onEnding: (ending) =>
        Effect.andThen(
          tell(reporter, ending, handles.length === 1),
          ending._tag === "ended" ? add(ending.task) : Effect.void
        )
    }).pipe(Effect.flatMap((endings) => Effect.map(end, (files) => [endings, files] as const))))
  for (const ending of endings) {
    if (codeOf(ending) === 0) yield* reporter.note(downloadHint(ending.handle))
  }
  const code = ExitCode.combine(
    endings.map((ending) => codeOf(ending) || Archiving.codeOf(files.get(TaskHandle.format(ending.handle))))
  )
  if (code !== 0) return yield* new ExitCode.Exit({ code })
})

/** The line that names the command for the file. */
export const downloadHint = (handle: TaskHandle.TaskHandle): string =>
  `Save the file with:  ${program} download ${TaskHandle.format(handle)} --output video.mp4`

// internal

const tell = Effect.fnUntraced(function*(reporter: Reporter["Service"], ending: Ending, isOnly: boolean) {
  if (ending._tag === "failed") return yield* reporter.failed(ending.error)
  yield* reporter.state(ending.task)
  const failure = failureOf(ending.task)
  if (failure !== undefined) yield* reporter.failed(failure, { isTold: isOnly })
})

const codeOf = (ending: Ending): number =>
  ending._tag === "failed" ? exitCode(ending.error) : ExitCode.ofTask(ending.task)
