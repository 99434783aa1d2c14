/**
 * What a batch may still spend: what earlier runs of its lines cost, or may have cost, counts, and of those who go through
 * the same lines under a limit one spends at a time.
 */
import { rounded } from "@video-tasks/core/Price"
import * as CostBudget from "@video-tasks/runtime/CostBudget"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Keys from "./batchKeys.ts"
import type { Fault } from "./batchLines.ts"
import * as Lines from "./batchLines.ts"
import type { Item } from "./batchPlan.ts"
import type { MaxCost } from "./createRequest.ts"
import { ofReason } from "./exitCode.ts"
import { Problem } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import * as StoreReads from "./storeReads.ts"

/** What may still be spent, in a currency. */
export interface Left {
  readonly max: number
  readonly currency: string
}

/** Adds up what is known of the lines; where nobody can tell, nothing may be sent. */
export const left = Effect.fnUntraced(function*({ amount, unit = "USD" }: MaxCost, items: ReadonlyArray<Item>) {
  const known = items.filter((item) => item.known !== undefined)
  const counted = yield* Effect.forEach(known, (item) => spentOn(item, unit), { concurrency: 16 })
  const faults = counted.flatMap((one) => typeof one === "number" ? [] : [one])
  // When nothing is new, nothing is sent, and what there is can be brought all the same.
  if (faults.length > 0 && known.length < items.length) return yield* unknown(faults)
  const spent = counted.reduce<number>((sum, one) => sum + (typeof one === "number" ? one : amount), 0)
  return { max: Math.max(0, rounded(amount - spent)), currency: unit } satisfies Left
})

/** How long a process has its lines alone, in ms; it says four times in that time that it lives. */
const leaseMs = 20_000

/**
 * Works while no other process spends under a limit of its own on these lines: one that does is waited for. The work is
 * given a check that fails when this process was away for too long, so that another one may spend by now.
 */
export const alone = Effect.fnUntraced(function*<A, E, R>(
  items: ReadonlyArray<Item>,
  work: (check: Effect.Effect<void, Problem>) => Effect.Effect<A, E, R>
) {
  const held: Held = new Map()
  yield* taken(held, namesOf(items))
  const check = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => now < untilOf(held) ? Effect.void : Effect.fail(away)
  )
  return yield* work(check).pipe(
    Effect.raceFirst(renewed(held)),
    Effect.ensuring(Effect.ignore(Effect.flatMap(Clock.currentTimeMillis, (now) => renew(held, now, now))))
  )
})

// internal

/** The names that this process has, each with the time that it wrote last, in ms since the epoch. */
type Held = Map<string, number>

/** All names are needed. */
const untilOf = (held: Held): number => Math.min(...held.values())

/** How many names are locked: those who share most of their lines share one of them, wherever lines were added. */
const atMost = 8

const namesOf = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  items.map(({ name, occurrence }) => `batch:${Keys.idOf(name, occurrence, 0)}`).toSorted().slice(0, atMost)

const taken = Effect.fnUntraced(function*(held: Held, names: ReadonlyArray<string>) {
  const reporter = yield* Reporter
  let isTold = false
  while (!(yield* take(held, names))) {
    if (!isTold) {
      yield* reporter.warn("Another process spends under a limit on these lines. Waiting until it has ended …")
    }
    isTold = true
    yield* Effect.sleep("1 second")
  }
})

/** All names or none. */
const take = Effect.fnUntraced(function*(held: Held, names: ReadonlyArray<string>) {
  const store = yield* TaskStore
  const now = yield* Clock.currentTimeMillis
  for (const name of names) {
    if (!(yield* StoreReads.reading(store.lock(name, now + leaseMs, now)))) {
      yield* renew(held, now, now)
      held.clear()
      return false
    }
    held.set(name, now + leaseMs)
  }
  return true
})

const renew = Effect.fnUntraced(function*(held: Held, until: number, now: number) {
  const store = yield* TaskStore
  for (const [name, before] of held) {
    if (yield* StoreReads.reading(store.lock(name, until, now, before))) held.set(name, until)
  }
})

/** A store that fails for a moment is asked again; what is not renewed in time is lost, and `check` says so. */
const renewed = (held: Held) =>
  Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep(leaseMs / 4)
    const now = yield* Clock.currentTimeMillis
    if (now >= untilOf(held)) return yield* Effect.never
    yield* Effect.ignore(renew(held, now + leaseMs, now))
  }))

const away = new Problem({
  reason: "BudgetExceeded",
  code: ofReason.BudgetExceeded,
  message: "This process was away for too long, and another one may spend under the same limit: nothing more is sent.",
  hint: ["The same command goes on."]
})

/** What a line counts for, or why nobody can say. */
const spentOn = Effect.fnUntraced(function*({ id, known, line, request }: Item, unit: string) {
  const store = yield* TaskStore
  const stored = yield* StoreReads.reading(store.load(id))
  const task = stored?.snapshot
  const create = { outcome: known?.outcome, task }
  const { amount } = CostBudget.countOf({ ...create, estimate: task?.task.estimate ?? known?.estimate }, unit)
  if (amount !== undefined) return amount
  // It was sent without a limit, when nobody asked for its price.
  const price = yield* Effect.result(VideoTasks.use((tasks) => tasks.estimate(request)))
  const estimate = price._tag === "Success" && price.success._tag === "known" ? price.success.cost : undefined
  const now = CostBudget.countOf({ ...create, estimate }, unit).amount
  if (now !== undefined) return now
  const why = estimate === undefined ? "its price is unknown" : `its price is in ${estimate.unit}`
  return { line: line.line, message: `was sent in an earlier run, and ${why}` } satisfies Fault
})

const unknown = (faults: ReadonlyArray<Fault>): Problem =>
  new Problem({
    reason: "BudgetExceeded",
    code: ofReason.BudgetExceeded,
    message: "Nobody can say what earlier runs of these lines have cost, so no limit can hold, and nothing was sent:",
    hint: [
      ...faults.slice(0, told).map(Lines.inWords),
      ...(faults.length > told ? [`… and ${faults.length - told} more`] : []),
      "Go on without a limit, or with the other lines in a file of their own."
    ]
  })

/** How many lines are told. */
const told = 20
