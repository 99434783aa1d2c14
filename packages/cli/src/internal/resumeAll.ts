/**
 * Follows all that the store has unfinished.
 */
import { failureOf } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import { running } from "@video-tasks/core/TaskStatus"
import type { StoredTask } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Backend } from "./backend.ts"
import * as ExitCode from "./exitCode.ts"
import * as Facts from "./facts.ts"
import * as Folder from "./folder.ts"
import * as Globals from "./globals.ts"
import { exitCode } from "./problem.ts"
import { program } from "./program.ts"
import { type Ending, follow, underWay } from "./progress.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import * as StoreReads from "./storeReads.ts"

/** Claims and follows everything, tells how each task ended, and fails with the code that they share. */
export const resumeAll = Effect.fnUntraced(function*(output: string | undefined) {
  const backend = yield* Backend
  const reporter = yield* Reporter
  if (output !== undefined) yield* Folder.make(output)
  const open = yield* StoreReads.openSubmissions
  const reachable = yield* withKeys(yield* unfinished)
  const owner = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
  const done = reachable.providers.length === 0
    ? []
    : yield* Effect.provide(inRounds(owner, output), backend.tasks(reachable.providers, { owner }))
  yield* tellAll(done, open.map(Facts.ofSubmission))
  if (done.length === 0 && open.length === 0 && reachable.left === 0) {
    yield* reporter.note("Nothing is unfinished.")
  }
  const code = ExitCode.combine([
    ...done.map((one) => one.code),
    ...open.map(() => ExitCode.ofReason.SubmissionAmbiguous),
    ...(reachable.left === 0 ? [] : [ExitCode.ofReason.Unauthorized])
  ])
  if (code !== 0) return yield* new ExitCode.Exit({ code })
})

// internal

/** How one task ended, and the code that it stands for. */
interface Done {
  readonly handle: TaskHandle
  readonly facts: Facts.Facts | undefined
  readonly files: ReadonlyArray<string>
  readonly code: number
}

const unfinished = Effect.map(
  Stream.runCollect(StoreReads.tasks({ status: running })),
  (all) => all.map((stored) => ({ stored, provider: stored.snapshot.task.handle.provider }))
)

/** The providers that can be asked; tasks of the others are left alone, and that is said. */
const withKeys = Effect.fnUntraced(function*(all: Effect.Success<typeof unfinished>) {
  const reporter = yield* Reporter
  const { baseUrl } = yield* Globals.values
  const settings = yield* Settings.load
  const providers: Array<Settings.ProviderId> = []
  let left = 0
  for (const [provider, tasks] of Object.entries(Arr.groupBy(all, (one) => one.provider))) {
    const isKnown = Settings.isProviderId(provider)
    const access = isKnown ? yield* settings.access(provider, baseUrl) : undefined
    if (isKnown && access?.apiKey !== undefined) {
      providers.push(provider)
      continue
    }
    left += tasks.length
    const why = isKnown ? `${Settings.providers[provider].key} is not set` : "this command does not know it"
    const count = tasks.length === 1 ? "1 task" : `${tasks.length} tasks`
    yield* reporter.warn(`warning: ${count} of ${provider} left alone: ${why}.`)
  }
  return { providers, left }
})

/** Follows what can be claimed, then what those left behind whose claims have lapsed in the meantime. */
const inRounds = Effect.fnUntraced(function*(owner: string, output: string | undefined) {
  const tasks = yield* VideoTasks
  const done: Array<Done> = []
  const followed = new Set<string>()
  const seen = new Map<string, number>()
  for (;;) {
    yield* tasks.resume
    const rest = (yield* unfinished).map(({ stored }) => stored).filter(({ snapshot }) =>
      !followed.has(snapshot.task.id)
    )
    const mine = rest.filter(({ claim }) => claim?.owner === owner)
    for (const { snapshot } of mine) followed.add(snapshot.task.id)
    if (mine.length > 0) {
      done.push(...(yield* followToEnds(mine, output)))
      continue
    }
    const lapsing = lapsingOf(rest, seen)
    if (lapsing === undefined) {
      yield* tellHeld(rest.filter(({ claim }) => claim !== undefined).length)
      return done
    }
    const now = yield* Clock.currentTimeMillis
    yield* underWay("waiting for what another process may have left", Effect.sleep(Math.max(0, lapsing - now) + 50))
  }
})

/** When the first claim lapses that was not renewed since it was seen first, in ms since the epoch. */
const lapsingOf = (rest: ReadonlyArray<StoredTask>, seen: Map<string, number>): number | undefined => {
  let first: number | undefined
  for (const { claim, snapshot } of rest) {
    if (claim === undefined) continue
    const before = seen.get(snapshot.task.id)
    seen.set(snapshot.task.id, before ?? claim.until)
    if (before === undefined || claim.until === before) first = Math.min(first ?? Infinity, claim.until)
  }
  return first
}

const tellHeld = Effect.fnUntraced(function*(count: number) {
  const reporter = yield* Reporter
  if (count === 0) return
  yield* reporter.note(
    count === 1 ? "1 task is followed by another process." : `${count} tasks are followed by another process.`
  )
})

/** Follows tasks to their end, and saves each video as soon as there is one. */
const followToEnds = Effect.fnUntraced(function*(mine: ReadonlyArray<StoredTask>, output: string | undefined) {
  const reporter = yield* Reporter
  const { deadline } = yield* Globals.values
  const keep = yield* Folder.keeper(output)
  const done: Array<Done> = []
  yield* follow(mine.map(({ snapshot }) => snapshot.task.handle), {
    wait: { deadline },
    onEnding: (ending) => Effect.map(endingOf(reporter, keep, ending), (one) => done.push(one)),
    onInterrupt: reporter.warn(
      `Stopped. The tasks go on at their providers, and nothing is lost. Go on with\n  ${program} resume${
        output === undefined ? "" : ` --output ${output}`
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
