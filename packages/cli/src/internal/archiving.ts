/**
 * Keeps the files of what a command follows, where the user chose an archive, and tells where they are.
 */
import type { Archived } from "@video-tasks/core/Archived"
import type { Success, Task } from "@video-tasks/core/Task"
import * as Handle from "@video-tasks/core/TaskHandle"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { Archive } from "@video-tasks/runtime/Archive"
import type { StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as ArchiveChoice from "./archiveChoice.ts"
import * as ArchiveSettings from "./archiveSettings.ts"
import * as Globals from "./globals.ts"
import * as JsonLines from "./jsonLines.ts"
import { exitCode, Problem } from "./problem.ts"
import { program, quoted } from "./program.ts"
import { underWay } from "./progress.ts"
import * as Render from "./render.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as StoreReads from "./storeReads.ts"

/** What became of the files of a success: where they are, or why they are not kept. */
export interface Outcome {
  readonly archived?: Archived | undefined
  readonly error?: VideoTaskError | undefined
}

/** Waits until the files of a success are kept; nothing where no archive was chosen. It never fails. */
export const kept = Effect.fnUntraced(function*(task: Success): Effect.fn.Return<Outcome, never, VideoTasks> {
  const archive = yield* Effect.serviceOption(Archive)
  if (Option.isNone(archive) || task.videos.length === 0) return {}
  const tasks = yield* VideoTasks
  return yield* Effect.match(tasks.awaitArchived(task.handle), {
    onSuccess: (archived): Outcome => ({ archived }),
    onFailure: (error): Outcome => ({ error })
  })
})

/** What to say of files that are not kept: the task itself is done. */
export const problem = (error: VideoTaskError, hint: ReadonlyArray<string> = []): Problem =>
  new Problem({
    reason: error.reason._tag,
    code: exitCode(error),
    message: `The task is done, but its files are not archived: ${
      error.reason._tag === "StoreError" ? error.reason.detail.replace(/\.$/, "") : error.message.replace(/\.$/, "")
    }.`,
    hint,
    handle: error.handle,
    retryable: error.retryable
  })

/** Keeps the files of several tasks side by side, and tells of each as soon as it is known. */
export interface Keeper {
  /** Begins with a task, unless it has no files or there is no archive. */
  readonly add: (task: Task) => Effect.Effect<void>
  /** Waits for all, and says what became of each, by its handle. */
  readonly end: Effect.Effect<ReadonlyMap<string, Outcome>>
}

/**
 * Works with a keeper; an interruption tells how to go on with what is not kept yet. With `isShown` the tasks have just been
 * shown to people, with the files that were kept before.
 */
export const keeping = <A, E, R>(
  { isShown }: { readonly isShown: boolean },
  body: (keeper: Keeper) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(Effect.gen(function*() {
    const reporter = yield* Reporter
    const { archive } = yield* Globals.values
    const scope = yield* Effect.scope
    const context = yield* Effect.context<VideoTasks | Reporter | Screen>()
    const outcomes = new Map<string, Outcome>()
    const under = new Set<Fiber.Fiber<void>>()
    const one = Effect.fnUntraced(function*(task: Success) {
      const outcome = yield* kept(task)
      outcomes.set(Handle.format(task.handle), outcome)
      if (isShown && task.archived !== undefined && !reporter.json) return
      yield* tell(task.handle, outcome, archive)
    })
    const add: Keeper["add"] = Effect.fnUntraced(function*(task) {
      if (task.status !== "SUCCESS") return
      const fiber = yield* Effect.forkIn(Effect.provideContext(one(task), context), scope)
      under.add(fiber)
      fiber.addObserver(() => under.delete(fiber))
    })
    const end = Effect.suspend(() =>
      under.size === 0 ? Effect.void : underWay(`archiving the files of ${inWords(under.size)}`, Fiber.awaitAll(under))
    ).pipe(Effect.as(outcomes), Effect.provideContext(context))
    return yield* body({ add, end }).pipe(
      Effect.onInterrupt(() => under.size === 0 ? Effect.void : reporter.warn(stopped(under.size, archive)))
    )
  }))

/** The exit code of a task by what became of its files: 0 where they are kept, or nobody wants that. */
export const codeOf = (outcome: Outcome | undefined): number =>
  outcome?.error === undefined ? 0 : exitCode(outcome.error)

/** So far back successes are looked for whose files are not kept, in ms. */
const lookBackMs = 604_800_000

/** The successes whose files are not kept, of any process; none where no archive was chosen. */
export const pending: Effect.Effect<
  ReadonlyArray<StoredTask>,
  Problem,
  TaskStore | Globals.Identifiers | FileSystem.FileSystem
> = Effect.gen(function*() {
  if ((yield* ArchiveSettings.choice) === undefined) return []
  const since = (yield* Clock.currentTimeMillis) - lookBackMs
  return yield* StoreReads.tasks({ status: ["SUCCESS"] }).pipe(
    Stream.filter((stored) => {
      const task = StoreReads.toTask(stored)
      return task.status === "SUCCESS" && task.archived === undefined && task.videos.length > 0
        && task.completedAt >= since
    }),
    Stream.runCollect
  )
})

/** What became of the files of what a resume has followed, and of what it has found. */
export interface Finished {
  /** How many tasks there were. */
  readonly count: number
  /** The exit code of a task that was followed. */
  readonly codeOf: (handle: TaskHandle) => number
  /** The exit codes of those that earlier processes have left. */
  readonly others: ReadonlyArray<number>
}

/** There was nothing to keep. */
export const nothing: Finished = { count: 0, codeOf: () => 0, others: [] }

/**
 * Keeps the files of what was followed, and those that earlier processes have left at these providers; tells of each. What was
 * left and can't be had any more is told, but has no exit code: the next resume would meet it again.
 */
export const finish = Effect.fnUntraced(function*(
  followed: ReadonlyArray<{ readonly handle: TaskHandle }>,
  providers: ReadonlyArray<string>
) {
  if (Option.isNone(yield* Effect.serviceOption(Archive))) return nothing
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const own = new Set(followed.map(({ handle }) => Handle.format(handle)))
  const mine = yield* Effect.forEach(followed, ({ handle }) => Effect.option(tasks.get(handle)))
  const left = (yield* pending).map(StoreReads.toTask).filter(({ handle }) => providers.includes(handle.provider))
  const all = new Map([...left, ...mine.flatMap(Option.toArray)].map((task) => [Handle.format(task.handle), task]))
  const outcomes = yield* keeping(
    { isShown: false },
    ({ add, end }) => Effect.andThen(Effect.forEach(all.values(), add, { discard: true }), end)
  )
  const archived = [...outcomes.values()].filter((outcome) => outcome.archived !== undefined).length
  if (archived > 0) yield* reporter.note(`Archived: ${inWords(archived)}.`)
  const others = [...outcomes].filter(([handle, { error }]) => !own.has(handle) && isCounted(error))
  const finished: Finished = {
    count: outcomes.size,
    codeOf: (handle) => codeOf(outcomes.get(Handle.format(handle))),
    others: others.map(([, outcome]) => codeOf(outcome))
  }
  return finished
})

// internal

/** Whether a later attempt, or another archive, may change it. */
const isMendable = (error: VideoTaskError | undefined): boolean =>
  error !== undefined && (error.reason._tag === "StoreError" || error.retryable)

const isCounted = (error: VideoTaskError | undefined): boolean => error === undefined || isMendable(error)

const inWords = (count: number): string => count === 1 ? "1 task" : `${count} tasks`

const commandFor = (archive: ArchiveChoice.Choice | undefined): string =>
  `${program} resume${archive === undefined ? "" : ` --archive ${quoted(ArchiveChoice.format(archive))}`}`

const stopped = (count: number, archive: ArchiveChoice.Choice | undefined): string =>
  `Stopped archiving the files of ${inWords(count)}. They are at the provider until their links lapse. Go on with\n  ${
    commandFor(archive)
  }`

const tell = Effect.fnUntraced(function*(
  handle: TaskHandle,
  { archived, error }: Outcome,
  archive: ArchiveChoice.Choice | undefined
) {
  const reporter = yield* Reporter
  const { outStyle } = yield* Screen
  if (archived !== undefined) {
    yield* reporter.result(Render.kept(outStyle, archived), JsonLines.archived(handle, archived))
  }
  if (error === undefined) return
  const again = [
    "The video is at the provider until its link lapses. Try again with",
    `  ${commandFor(archive)}`
  ]
  yield* reporter.failed(problem(error, [`handle: ${Handle.format(handle)}`, ...(isMendable(error) ? again : [])]))
})
