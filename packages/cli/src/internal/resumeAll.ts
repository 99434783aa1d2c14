/**
 * Follows all that the store has unfinished.
 */
import type { Submission } from "@video-tasks/core/Submission"
import { failureOf } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import { isTerminal, running } from "@video-tasks/core/TaskStatus"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { type StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
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
  const { left, providers } = yield* withKeys(yield* unfinished, yield* StoreReads.openSubmissions)
  const owner = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
  const { done, held, leftAlone } = providers.length === 0
    ? { done: [], held: 0, leftAlone: [] }
    : yield* Effect.provide(inRounds(owner, output), backend.tasks(providers, { owner }))
  const open = yield* StoreReads.openSubmissions
  yield* tellAll(done, open.map(Facts.ofSubmission))
  for (const error of leftAlone) yield* reporter.failed(error)
  if (done.length + open.length + held + left + leftAlone.length === 0) yield* reporter.note("Nothing is unfinished.")
  const code = ExitCode.combine([
    ...done.map((one) => one.code),
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

const unfinished = Stream.runCollect(StoreReads.tasks({ status: running }))

/** The providers that can be asked; tasks of the others are left alone, and that is said. */
const withKeys = Effect.fnUntraced(
  function*(tasks: ReadonlyArray<StoredTask>, submissions: ReadonlyArray<Submission>) {
    const reporter = yield* Reporter
    const { baseUrl } = yield* Globals.values
    const settings = yield* Settings.load
    const counts = new Map(submissions.map(({ provider }) => [provider, 0]))
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

/** Follows what can be claimed, then what those left behind whose claims have lapsed in the meantime. */
const inRounds = Effect.fnUntraced(function*(owner: string, output: string | undefined) {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const done: Array<Done> = []
  const followed = new Set<string>()
  const leftAlone = new Map<string, VideoTaskError>()
  const seen = new Map<string, number>()
  const ours = new Set<TaskId.TaskId>()
  for (;;) {
    for (const id of yield* unheld(owner)) ours.add(id)
    // What it warns of is told below.
    const resumed = yield* Effect.provideService(tasks.resume(), References.MinimumLogLevel, "Error")
    for (const error of resumed.leftAlone) {
      if (error.handle !== undefined && error.reason._tag === "ResumeIdentityChanged") {
        leftAlone.set(TaskHandle.format(error.handle), error)
      }
    }
    const rest = (yield* unfinished).filter(({ snapshot }) => !followed.has(snapshot.task.id))
    const others = new Set<string>([...followed, ...rest.map(({ snapshot }) => snapshot.task.id)])
    const over = yield* ended([...ours].filter((id) => !others.has(id)), resumed.found)
    const mine = [
      ...rest.filter(({ claim }) => claim?.owner.startsWith(owner) === true),
      ...over.filter(({ snapshot }) => !followed.has(snapshot.task.id))
    ]
    for (const { snapshot } of mine) followed.add(snapshot.task.id)
    if (mine.length > 0) {
      done.push(...(yield* followToEnds(mine, output)))
      continue
    }
    const lapsing = lapsingOf(yield* holders(rest), seen)
    if (lapsing !== undefined) {
      const now = yield* Clock.currentTimeMillis
      yield* underWay("waiting for what another process may have left", Effect.sleep(Math.max(0, lapsing - now) + 50))
      continue
    }
    const held = rest.filter(({ claim }) => claim !== undefined).length
    if (held > 0) yield* reporter.note(`Followed by another process: ${inWords(held)}.`)
    return { done, held, leftAlone: [...leftAlone.values()] }
  }
})

/** What is left to whoever comes: tasks that nobody else follows, and creates that are to be looked up. */
const unheld = Effect.fnUntraced(function*(owner: string) {
  const now = yield* Clock.currentTimeMillis
  const free = (yield* unfinished).filter(({ claim }) =>
    claim === undefined || claim.until <= now || claim.owner.startsWith(owner)
  )
  const sent = new Set((yield* holders([])).map(({ id }) => id))
  const open = (yield* StoreReads.openSubmissions).filter(({ id }) => !sent.has(id))
  return [...free.map(({ snapshot }) => snapshot.task.id), ...open.map(({ id }) => id)]
})

/** Those that have come to their end while they were taken over, or were found there. */
const ended = Effect.fnUntraced(function*(
  ids: ReadonlyArray<TaskId.TaskId>,
  found: ReadonlyArray<TaskHandle.TaskHandle>
) {
  const store = yield* TaskStore
  const all = [
    ...(yield* Effect.forEach(ids, (id) => StoreReads.reading(store.load(id)))),
    ...(yield* Effect.forEach(found, (handle) => StoreReads.reading(store.find(handle))))
  ].flatMap((stored) => stored !== undefined && isTerminal(stored.snapshot.value) ? [stored] : [])
  return [...new Map(all.map((stored) => [stored.snapshot.task.id, stored])).values()]
})

interface Holder {
  readonly id: string
  readonly until: number
}

/** Who holds the rest: tasks that another process follows, and creates that it sends. */
const holders = Effect.fnUntraced(function*(rest: ReadonlyArray<StoredTask>) {
  const store = yield* TaskStore
  const now = yield* Clock.currentTimeMillis
  const found: Array<Holder> = rest.flatMap(({ claim, snapshot }) =>
    claim === undefined || claim.until <= now ? [] : [{ id: snapshot.task.id, until: claim.until }]
  )
  for (const { id, owner } of yield* Stream.runCollect(StoreReads.submissions("pending"))) {
    const until = owner === undefined ? undefined : yield* StoreReads.reading(store.leaseOf(owner))
    if (until !== undefined && until > now) found.push({ id, until })
  }
  return found
})

/** When the first claim lapses that was not renewed since it was seen first, in ms since the epoch. */
const lapsingOf = (all: ReadonlyArray<Holder>, seen: Map<string, number>): number | undefined => {
  let first: number | undefined
  for (const { id, until } of all) {
    const before = seen.get(id) ?? until
    seen.set(id, before)
    if (until === before) first = Math.min(first ?? Infinity, until)
  }
  return first
}

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
