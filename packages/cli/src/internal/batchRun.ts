/**
 * Runs a batch: what is known is followed, what is not is submitted, and each line is told as soon as it is over.
 */
import * as Submission from "@video-tasks/core/Submission"
import { type Ended, failureOf } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import process from "node:process"
import * as Archiving from "./archiving.ts"
import { type Counts, shown } from "./batchBoard.ts"
import { bring, type BringOptions, type Brought } from "./batchFiles.ts"
import * as LookUp from "./batchLookUp.ts"
import { type Item, placeOf } from "./batchPlan.ts"
import * as Report from "./batchReport.ts"
import * as Standing from "./batchStanding.ts"
import { ofReason } from "./exitCode.ts"
import { type Failure, Problem } from "./problem.ts"
import { program } from "./program.ts"
import { Reporter } from "./reporter.ts"
import * as StoreReads from "./storeReads.ts"

/** How to run. */
export interface RunOptions {
  /** How many lines are under way at once. */
  readonly concurrency: number
  readonly counts: Counts
  /** Filled while it runs, so that an interruption can tell what is done. */
  readonly entries: Array<Report.Entry>
  /** Filled while it runs: the tasks of lines that are under way. */
  readonly under: Map<TaskId, TaskHandle | "sending">
  readonly files: Omit<BringOptions, "isTaken">
  /** The name under which this run sends. */
  readonly owner: string
  /** How long each task is waited for. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * Runs all lines; those that were submitted before come first, since their links lapse. Those that another process holds
 * have places of their own.
 */
export const run = Effect.fnUntraced(function*(items: ReadonlyArray<Item>, options: RunOptions) {
  const reporter = yield* Reporter
  const { counts, entries } = options
  const stopped = new Map<string, VideoTaskError>()
  const lookUp = LookUp.make(options.owner, new Set(items.map(({ id }) => id)))
  const places = new Set(items.flatMap(({ file }) => file === undefined ? [] : [placeOf(file, process.platform)]))
  const isTaken = (name: string) => places.has(placeOf(name, process.platform))
  const one = (item: Item) =>
    Effect.gen(function*() {
      counts.running++
      const entry = yield* Effect.ensuring(
        entryOf(item, { stopped, options, lookUp, isTaken }),
        Effect.sync(() => counts.running--)
      )
      counts.add(entry)
      entries.push(entry)
      if (reporter.json) yield* reporter.result("", Report.record(entry))
    })
  const held = yield* Standing.held(items)
  const free = items.filter((item) => !held.has(item))
  const ordered = [...free.filter(({ known }) => known !== undefined), ...free.filter(({ known }) => !known)]
  // Beside the others: what a process held that was killed a moment ago keeps nobody waiting.
  const work = Effect.forEach(
    [[...held], ordered],
    (part) => Effect.forEach(part, one, { concurrency: options.concurrency, discard: true }),
    { concurrency: "unbounded", discard: true }
  )
  yield* shown(counts, work)
})

// internal

/** A refusal that concerns the account would meet every other line too: nothing more is sent there. */
const isOfAccount = ({ reason }: VideoTaskError): boolean =>
  reason._tag === "Unauthorized" || reason._tag === "QuotaExceeded"

/** What the lines of a run share. */
interface Shared {
  /** The accounts that refused, by provider. */
  readonly stopped: Map<string, VideoTaskError>
  readonly options: RunOptions
  readonly lookUp: LookUp.LookUp
  /** Whether a name is that of a line's file. */
  readonly isTaken: BringOptions["isTaken"]
}

const entryOf = (item: Item, { isTaken, lookUp, options, stopped }: Shared) =>
  Effect.gen(function*() {
    const before = stopped.get(item.line.provider)
    if (item.known === undefined && before !== undefined) return unsent(item, before)
    if (item.known === undefined) options.under.set(item.id, "sending")
    const handle = yield* item.known === undefined ? submitted(item, options, lookUp) : settled(item, lookUp)
    options.under.set(item.id, handle)
    return yield* finished(item, handle, { ...options.files, deadline: options.deadline, isTaken })
  }).pipe(
    Effect.catch((failure: Failure) =>
      Effect.sync((): Report.Entry => {
        if (failure._tag === "VideoTaskError" && isOfAccount(failure)) stopped.set(item.line.provider, failure)
        return reasonOf(failure) === "SubmissionAmbiguous"
          ? { item, status: "ambiguous", estimate: item.known?.estimate, files: [], error: failure }
          : unsent(item, failure)
      })
    )
  )

/** Nothing was sent, or the error tells of the task that was made. */
const unsent = (item: Item, error: Failure): Report.Entry =>
  error.handle === undefined
    ? { item, files: [], error }
    : { item, handle: error.handle, status: "SUBMITTED", files: [], error }

const reasonOf = (failure: Failure): string => failure._tag === "Problem" ? failure.reason : failure.reason._tag

/** Sends, once: the store refuses the id when another process was faster. */
const submitted = Effect.fnUntraced(function*(item: Item, { owner }: RunOptions, lookUp: LookUp.LookUp) {
  const tasks = yield* VideoTasks
  const callbackUrl = item.line.callbackUrl === undefined ? undefined : new URL(item.line.callbackUrl)
  return yield* tasks.submit(item.request, { id: item.id, callbackUrl, interrupted: { patience: "5 seconds" } }).pipe(
    Effect.catch((error): Effect.Effect<TaskHandle, Failure, TaskStore | VideoTasks> =>
      error.reason._tag === "StoreError" && error.handle === undefined
        ? Effect.flatMap(begun(item), (found): Effect.Effect<TaskHandle, Failure, TaskStore | VideoTasks> =>
          // What this run has begun itself is a failure of the store, and nobody else's work to wait for.
          found?.owner === undefined || found.owner.startsWith(owner) ? Effect.fail(error) : settled(item, lookUp))
        : Effect.fail(error)
    )
  )
})

const begun = ({ id }: Item) => TaskStore.use((store) => StoreReads.reading(store.submission(id)))

/** The handle of a line that was submitted before; an open outcome is looked up, reported, never sent again. */
const settled = Effect.fnUntraced(function*(
  item: Item,
  lookUp: LookUp.LookUp
): Effect.fn.Return<TaskHandle, Problem, TaskStore | VideoTasks> {
  const store = yield* TaskStore
  for (;;) {
    const stored = yield* StoreReads.reading(store.load(item.id))
    if (stored !== undefined) return stored.snapshot.task.handle
    const submission = yield* begun(item)
    if (submission?.outcome._tag === "created") return submission.outcome.handle
    const owner = submission?.outcome._tag === "pending" ? submission.owner : undefined
    const until = owner === undefined ? undefined : yield* StoreReads.reading(store.leaseOf(owner))
    const lives = Math.min(until ?? 0, (submission?.startedAt ?? 0) + Submission.longestLifeMs)
    if (lives > (yield* Clock.currentTimeMillis)) {
      // Its sender lives, or died a moment ago.
      yield* Effect.sleep("1 second")
    } else if (yield* lookUp(item.id)) return yield* ambiguous(item)
  }
})

const ambiguous = ({ id }: Item): Problem =>
  new Problem({
    reason: "SubmissionAmbiguous",
    code: ofReason.SubmissionAmbiguous,
    message: "The answer to its create is lost: a task may exist, and money may have been spent. It is not sent again.",
    hint: [
      "It was looked up where its API can be asked, and not found. Look for it in the provider's console; if it is there:",
      `  ${program} resolve ${id} --remote REMOTE_ID`,
      `Only when you are sure that it made no task:  ${program} resolve ${id} --discard`
    ]
  })

/** Waits for the end and brings the file. */
const finished = Effect.fnUntraced(function*(item: Item, handle: TaskHandle, options: FinishOptions) {
  const tasks = yield* VideoTasks
  // Another process may be at the same lines: each task is read by the one that holds it.
  const ended = yield* Effect.result(tasks.awaitEnd(handle, { deadline: options.deadline, yields: true }))
  if (ended._tag === "Failure") {
    const task = yield* Effect.orElseSucceed(tasks.get(handle), () => undefined)
    return {
      item,
      handle,
      status: task?.status ?? "SUBMITTED",
      cost: task?.cost,
      estimate: task?.estimate,
      files: [],
      error: ended.failure
    } satisfies Report.Entry
  }
  const task = ended.success
  const { cost, estimate, status } = task
  const kept = yield* filesOf(item, task, options)
  return { item, handle, status, cost, estimate, ...kept } satisfies Report.Entry
})

interface FinishOptions extends BringOptions, Pick<RunOptions, "deadline"> {}

const filesOf = Effect.fnUntraced(function*({ file }: Item, task: Ended, options: BringOptions) {
  const failure = failureOf(task)
  if (failure !== undefined || task.status !== "SUCCESS") return { files: [], error: failure }
  const brought: Brought = file === undefined ? { files: [] } : yield* bring(task, file, options)
  const { archived, error } = yield* Archiving.kept(task)
  const unkept = error === undefined ? undefined : Archiving.problem(error, ["The same command tries again."])
  return { archived, files: brought.files, error: brought.error ?? unkept }
})
