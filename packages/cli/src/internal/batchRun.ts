/**
 * Runs a batch: what is known is followed, what is not is submitted, and each line is told as soon as it is over.
 */
import { type Ended, failureOf } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import process from "node:process"
import * as Archiving from "./archiving.ts"
import { type Counts, shown } from "./batchBoard.ts"
import { bring, type BringOptions, type Brought, wholeOf } from "./batchFiles.ts"
import type { Item } from "./batchPlan.ts"
import * as Report from "./batchReport.ts"
import { again, type Place, removed, settled } from "./batchSettled.ts"
import * as Standing from "./batchStanding.ts"
import { placeOf } from "./place.ts"
import type { Failure, Problem } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import type { Choice as StoreChoice } from "./storeChoice.ts"
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
  /** What an earlier report tells, by id. */
  readonly earlier: ReadonlyMap<string, Report.EarlierLine>
  /** The name under which this run sends. */
  readonly owner: string
  /** Fails when nothing may be sent any more. */
  readonly check: Effect.Effect<void, Problem>
  /** The store that commands for people name. */
  readonly store?: StoreChoice | undefined
  /** How long each task is waited for. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * Runs all lines; those that were submitted before come first, since their links lapse. Those that another process holds
 * have places of their own. A line whose id was used up meanwhile takes its place again under the next one.
 */
export const run = Effect.fnUntraced(function*(items: Array<Item>, options: RunOptions) {
  const reporter = yield* Reporter
  const { counts, entries } = options
  const stopped = new Map<string, VideoTaskError>()
  const places = new Set(items.flatMap(({ file }) => file === undefined ? [] : [placeOf(file, process.platform)]))
  const isTaken = (name: string) => places.has(placeOf(name, process.platform))
  const replace = (before: Item, now: Item) => {
    items.splice(items.indexOf(before), 1, now)
    options.under.delete(before.id)
    if (now.file !== undefined) places.add(placeOf(now.file, process.platform))
  }
  const one = (item: Item) =>
    Effect.gen(function*() {
      counts.running++
      const entry = yield* Effect.ensuring(
        entryOf(item, { stopped, options, isTaken, replace }),
        Effect.sync(() => counts.running--)
      )
      counts.add(entry)
      entries.push(entry)
      if (reporter.json) yield* reporter.result("", Report.record(entry, options.store))
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
  readonly replace: (before: Item, now: Item) => void
  /** Whether a name is that of a line's file. */
  readonly isTaken: BringOptions["isTaken"]
}

const entryOf = Effect.fnUntraced(function*(first: Item, shared: Shared) {
  let item = first
  for (;;) {
    const entry = yield* attempted(item, shared)
    if (entry !== undefined) return entry
    const next = yield* Effect.result(again(item))
    if (next._tag === "Failure") return unsent(item, next.failure)
    shared.replace(item, next.success)
    item = next.success
  }
})

/** What became of a line under its id; `undefined` when it is to be sent under another one. */
const attempted = (item: Item, { isTaken, options, stopped }: Shared) =>
  Effect.gen(function*() {
    const before = stopped.get(item.line.provider)
    if (item.known === undefined && before !== undefined) return unsent(item, before)
    if (item.known === undefined) options.under.set(item.id, "sending")
    const earlier = options.earlier.get(item.id)
    const place = yield* item.known === undefined ? submitted(item, options) : settled(item, earlier)
    if (place._tag === "again") return undefined
    options.under.set(item.id, place.handle)
    if (place._tag === "removed") return yield* provenOf(item, place.handle, earlier)
    return yield* finished(item, place.handle, { ...options.files, deadline: options.deadline, isTaken })
  }).pipe(
    Effect.catch((failure: Failure) =>
      Effect.sync((): Report.Entry => {
        if (failure._tag === "VideoTaskError" && isOfAccount(failure)) stopped.set(item.line.provider, failure)
        const isOpen = reasonOf(failure) === "SubmissionAmbiguous"
        return isOpen ? { ...opened(item), handle: failure.handle, error: failure } : unsent(item, failure)
      })
    )
  )

const opened = (item: Item) =>
  ({ item, status: "ambiguous", estimate: item.known?.estimate, files: [] }) satisfies Report.Entry

/** Nothing was sent, or the error tells of the task that was made. */
const unsent = (item: Item, error: Failure): Report.Entry =>
  error.handle === undefined
    ? { item, files: [], error }
    : { item, handle: error.handle, status: "SUBMITTED", files: [], error }

/** A line whose task was removed is done when its earlier report says so, and its files are as they were. */
const provenOf = Effect.fnUntraced(function*(item: Item, handle: TaskHandle, earlier: Report.EarlierLine | undefined) {
  const { cost, files = [], status } = earlier ?? {}
  const estimate = item.known?.estimate
  const isDone = item.file === undefined
    ? status === "SUCCESS"
    : files[0]?.path === item.file && (yield* wholeOf(files))
  return (isDone
    ? { item, handle, status: "SUCCESS", cost, estimate, files }
    : { item, handle, status: "removed", cost, estimate, files: [], error: removed(handle) }) satisfies Report.Entry
})

const reasonOf = (failure: Failure): string => failure._tag === "Problem" ? failure.reason : failure.reason._tag

/** Sends, once: the store refuses the id when another process was faster. */
const submitted = Effect.fnUntraced(function*(item: Item, { check, earlier, owner }: RunOptions) {
  yield* check
  const tasks = yield* VideoTasks
  const callbackUrl = item.line.callbackUrl === undefined ? undefined : new URL(item.line.callbackUrl)
  return yield* tasks.submit(item.request, { id: item.id, callbackUrl, interrupted: { patience: "5 seconds" } }).pipe(
    Effect.map((handle): Place => ({ _tag: "task", handle })),
    Effect.catch((error): Effect.Effect<Place, Failure, TaskStore | VideoTasks> =>
      error.reason._tag === "StoreError" && error.handle === undefined
        ? Effect.flatMap(
          isElsewhere(item, owner),
          (is): Effect.Effect<Place, Failure, TaskStore | VideoTasks> =>
            is ? settled(item, earlier.get(item.id)) : Effect.fail(error)
        )
        : Effect.fail(error)
    )
  )
})

/** Whether somebody else has begun a line. What this run has begun itself is a failure of the store, and nobody's work. */
const isElsewhere = Effect.fnUntraced(function*({ id }: Item, owner: string) {
  const store = yield* TaskStore
  const begun = yield* StoreReads.reading(store.submission(id))
  if (begun !== undefined) return begun.owner?.startsWith(owner) !== true
  return (yield* StoreReads.reading(store.load(id))) !== undefined
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
