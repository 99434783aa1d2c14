/**
 * Follows all that the store has unfinished.
 */
import { failureOf } from "@video-tasks/core/Task"
import type * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import type { StoredTask } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Archiving from "./archiving.ts"
import { Backend } from "./backend.ts"
import * as ExitCode from "./exitCode.ts"
import * as Facts from "./facts.ts"
import * as Folder from "./folder.ts"
import * as Globals from "./globals.ts"
import { exitCode } from "./problem.ts"
import { program, quoted } from "./program.ts"
import { type Ending, follow } from "./progress.ts"
import { Reporter } from "./reporter.ts"
import * as Rounds from "./resumeRounds.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import * as StoreReads from "./storeReads.ts"

/** Claims and follows everything, tells how each task ended, and fails with the code that they share. */
export const resumeAll = Effect.fnUntraced(function*(output: string | undefined) {
  const backend = yield* Backend
  const reporter = yield* Reporter
  if (output !== undefined) yield* Folder.make(output)
  const known = [...yield* Rounds.unfinished, ...yield* Archiving.pending]
  const { left, providers } = yield* withKeys(known, yield* StoreReads.openCreates)
  const owner = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
  const { done, files, held, leftAlone } = providers.length === 0
    ? { done: [], files: Archiving.nothing, held: 0, leftAlone: [] }
    : yield* Rounds.inRounds(owner, (mine) => followToEnds(mine, output)).pipe(
      Effect.flatMap((rounds) =>
        Effect.map(Archiving.finish(rounds.done, providers), (files) => ({ ...rounds, files }))
      ),
      Effect.provide(backend.tasks(providers, { archives: true, owner }))
    )
  if (held > 0) yield* reporter.note(`Followed by another process: ${inWords(held)}.`)
  const creates = yield* StoreReads.openCreates
  const open = creates.filter(({ status }) => status === "ambiguous")
  const sending = creates.length - open.length
  if (sending > 0) yield* reporter.note(`Sent by another process at this moment: ${inWords(sending)}.`)
  yield* tellAll(done, open.map(Facts.ofCreate))
  for (const error of leftAlone) yield* reporter.failed(error)
  if (done.length + files.count + creates.length + held + left + leftAlone.length === 0) {
    yield* reporter.note("Nothing is unfinished.")
  }
  const code = ExitCode.combine([
    ...done.map((one) => one.code || files.codeOf(one.handle)),
    ...files.others,
    ...open.map(() => ExitCode.ofReason.SubmissionAmbiguous),
    ...leftAlone.map(exitCode),
    ...(left === 0 ? [] : [ExitCode.ofReason.Unauthorized])
  ])
  if (code !== 0) return yield* new ExitCode.Exit({ code })
})

// internal

/** How one task ended, and the code that it stands for. */
interface Done {
  readonly handle: TaskHandle.TaskHandle
  readonly facts: Facts.Facts | undefined
  readonly files: ReadonlyArray<string>
  readonly code: number
}

/** The providers that can be asked; tasks of the others are left alone, and that is said. */
const withKeys = Effect.fnUntraced(
  function*(tasks: ReadonlyArray<StoredTask>, creates: ReadonlyArray<StoreReads.OpenCreate>) {
    const reporter = yield* Reporter
    const { baseUrl } = yield* Globals.values
    const settings = yield* Settings.load
    const counts = new Map(creates.map(({ submission }) => [submission.provider, 0]))
    for (const { snapshot: { task: { handle } } } of tasks) {
      counts.set(handle.provider, (counts.get(handle.provider) ?? 0) + 1)
    }
    const providers: Array<Settings.ProviderId> = []
    let left = 0
    for (const [provider, count] of counts) {
      const isKnown = Settings.isProviderId(provider)
      const access = isKnown ? yield* settings.access(provider, baseUrl) : undefined
      if (isKnown && access?.apiKey !== undefined) {
        providers.push(provider)
        continue
      }
      left += count
      const why = isKnown ? `${Settings.providers[provider].key} is not set` : "this command does not know it"
      if (count > 0) yield* reporter.warn(`warning: ${inWords(count)} of ${provider} left alone: ${why}.`)
    }
    return { providers, left }
  }
)

const inWords = (count: number): string => count === 1 ? "1 task" : `${count} tasks`

/** Follows tasks to their end, and saves each video as soon as there is one. */
const followToEnds = Effect.fnUntraced(function*(mine: ReadonlyArray<StoredTask>, output: string | undefined) {
  const reporter = yield* Reporter
  const { deadline } = yield* Globals.values
  const keep = yield* Folder.keeper(output)
  const done: Array<Done> = []
  yield* follow(mine.map(({ snapshot }) => snapshot.task.handle), {
    // Who sleeps past their lease finds another process at it when they wake up.
    wait: { deadline, yields: true },
    onEnding: (ending) => Effect.map(endingOf(reporter, keep, ending), (one) => done.push(one)),
    onInterrupt: reporter.warn(
      `Stopped. The tasks go on at their providers, and nothing is lost. Go on with\n  ${program} resume${
        output === undefined ? "" : ` --output ${quoted(output)}`
      }`
    )
  })
  return done
})

const endingOf = Effect.fnUntraced(function*(
  reporter: Reporter["Service"],
  keep: Folder.Keep,
  ending: Ending
): Effect.fn.Return<Done> {
  const { handle } = ending
  if (ending._tag === "failed") {
    yield* reporter.failed(ending.error)
    return { handle, facts: undefined, files: [], code: exitCode(ending.error) }
  }
  const { task } = ending
  const kept = task.status === "SUCCESS" ? yield* keep(task, task.id) : { files: [] }
  if (reporter.json) yield* reporter.state(task, kept.files)
  const failure = failureOf(task) ?? kept.error
  if (failure !== undefined) yield* reporter.failed(failure)
  const files = kept.files.map(({ path }) => path)
  return { handle, facts: Facts.ofTask(task), files, code: failure === undefined ? 0 : exitCode(failure) }
})

/** One line a task, for people at the end, for scripts only what has not been told. */
const tellAll = Effect.fnUntraced(function*(done: ReadonlyArray<Done>, open: ReadonlyArray<Facts.Facts>) {
  const reporter = yield* Reporter
  const { outStyle } = yield* Screen
  if (reporter.json) return yield* Effect.forEach(open, (row) => reporter.result("", row), { discard: true })
  const rows = [...done.flatMap(({ facts, files }) => facts === undefined ? [] : [{ ...facts, files }]), ...open]
  if (rows.length > 0) {
    yield* reporter.result(Facts.table(outStyle, rows, yield* Clock.currentTimeMillis), { type: "tasks" })
  }
  for (const { id } of open) {
    yield* reporter.note(`Settle it with:  ${program} resolve ${id} --remote REMOTE_ID  (or --discard)`)
  }
})
