/**
 * Where the lines of a batch stand that are not over, so that a report tells of every task, whenever the run is stopped.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Sender from "@video-tasks/runtime/Standing"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Item } from "./batchPlan.ts"
import type * as Report from "./batchReport.ts"
import * as StoreReads from "./storeReads.ts"

/** What is known of a batch while it runs. */
export interface Standing {
  readonly items: ReadonlyArray<Item>
  /** The lines that are over. */
  readonly entries: ReadonlyArray<Report.Entry>
  /** The tasks of lines that are under way; `sending` until there is one. */
  readonly under: ReadonlyMap<TaskId, TaskHandle | "sending">
  /** What earlier runs have told, by id. */
  readonly earlier: ReadonlyMap<string, Report.EarlierLine>
}

/** All lines as they stand, by what this process has seen. */
export const seen = (standing: Standing): ReadonlyArray<Report.Entry> => {
  const { entries, under } = standing
  return [
    ...entries,
    ...unfinished(standing).map((entry) => ({ ...entry, ...stateOf(entry.item, under.get(entry.item.id)) }))
  ]
}

/** All lines as they stand, by what the store has. */
export const stored = Effect.fnUntraced(function*(standing: Standing) {
  const { entries } = standing
  const rest = yield* Effect.forEach(
    unfinished(standing),
    (entry) => Effect.map(storedState(entry.item.id), (state) => ({ ...entry, ...state })),
    { concurrency: atOnce }
  )
  return [...entries, ...rest] satisfies ReadonlyArray<Report.Entry>
})

/** The lines whose task another process follows, or whose create it sends, or did so a moment ago. */
export const held = Effect.fnUntraced(function*(items: ReadonlyArray<Item>) {
  const known = items.filter((item) => item.known !== undefined)
  const found = yield* Effect.forEach(known, (item) => Effect.map(isHeld(item), (is) => is ? [item] : []), {
    concurrency: atOnce
  })
  return new Set(found.flat())
})

// internal

/** How many tasks are read at once. */
const atOnce = 16

const isHeld = Effect.fnUntraced(function*({ id, known }: Item) {
  const store = yield* TaskStore
  const now = yield* Clock.currentTimeMillis
  const task = yield* StoreReads.reading(store.load(id))
  if (task !== undefined) return Sender.isHeld(task.claim, now)
  return known !== undefined && (yield* StoreReads.reading(Sender.read(store, known))) === "sending"
})

type State = Pick<Report.Entry, "handle" | "status" | "cost" | "estimate">

/** What the earlier report tells of a line stays told: its handle may be nowhere else. */
const unfinished = ({ earlier, entries, items }: Standing): ReadonlyArray<Report.Entry> => {
  const over = new Set(entries.map(({ item }) => item))
  return items.filter((item) => !over.has(item)).map((item) => {
    const { files = [], handle } = earlier.get(item.id) ?? {}
    return { item, handle, files }
  })
}

/** A create that is being sent may be paid, until its answer is there. */
const stateOf = ({ known }: Item, now: TaskHandle | "sending" | undefined): State => {
  const handle = now ?? (known?.outcome._tag === "created" ? known.outcome.handle : undefined)
  if (handle === "sending") return { status: "ambiguous" }
  if (handle !== undefined) return { handle, status: "SUBMITTED" }
  return known === undefined || known.outcome._tag === "rejected"
    ? {}
    : { status: "ambiguous", estimate: known.estimate }
}

const storedState = Effect.fnUntraced(function*(id: TaskId) {
  const store = yield* TaskStore
  const task = yield* StoreReads.reading(store.load(id))
  if (task !== undefined) {
    const { cost, estimate, handle, status } = StoreReads.toTask(task)
    return { handle, status, cost, estimate } satisfies State
  }
  const submission = yield* StoreReads.reading(store.submission(id))
  if (submission === undefined || submission.outcome._tag === "rejected") return {} satisfies State
  const { estimate, outcome } = submission
  return (outcome._tag === "created"
    ? { handle: outcome.handle, status: "SUBMITTED", estimate }
    : { status: "ambiguous", estimate }) satisfies State
})
