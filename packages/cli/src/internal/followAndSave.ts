/**
 * Follows one task and saves what it made.
 */
import { failureOf } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Effect from "effect/Effect"
import * as Archiving from "./archiving.ts"
import { save } from "./download.ts"
import * as ExitCode from "./exitCode.ts"
import * as Globals from "./globals.ts"
import { exitCode } from "./problem.ts"
import { follow } from "./progress.ts"
import { Reporter } from "./reporter.ts"
import * as Shared from "./shared.ts"

/**
 * Waits for the end of a task, saves its videos, and tells both; fails with the exit code unless all went well. Where there is an
 * archive, the files are kept there too.
 */
export const followAndSave = Effect.fnUntraced(function*(
  handle: TaskHandle.TaskHandle,
  file: string,
  options: { readonly overwrite: boolean }
) {
  const reporter = yield* Reporter
  const { deadline } = yield* Globals.values
  const yields = yield* Shared.isShared
  const [ending] = yield* follow([handle], { wait: { deadline, yields }, output: file })
  if (ending === undefined) return
  if (ending._tag === "failed") {
    yield* reporter.failed(ending.error, { output: file })
    return yield* new ExitCode.Exit({ code: exitCode(ending.error) })
  }
  const { task } = ending
  const failure = failureOf(task)
  if (failure !== undefined || task.status !== "SUCCESS") {
    yield* reporter.state(task)
    if (failure !== undefined) yield* reporter.failed(failure, { isTold: true })
    return yield* new ExitCode.Exit({ code: ExitCode.ofTask(task) })
  }
  const saved = yield* Effect.result(save(task, file, options))
  yield* reporter.state(task, saved._tag === "Success" ? saved.success : [])
  if (saved._tag === "Failure") yield* reporter.failed(saved.failure)
  const kept = yield* Archiving.keeping({ isShown: true }, ({ add, end }) => Effect.andThen(add(task), end))
  const code = saved._tag === "Failure"
    ? exitCode(saved.failure)
    : Archiving.codeOf(kept.get(TaskHandle.format(handle)))
  if (code !== 0) return yield* new ExitCode.Exit({ code })
})
