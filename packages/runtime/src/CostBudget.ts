/**
 * How much may be spent: a limit that holds before anything is sent, and a ledger of what became of the money.
 *
 * **Details**
 *
 * Where this service is in the context of `VideoTasks`, every submit reserves its estimate before its create is sent, in one
 * step with the check, so that submits side by side can't overdraw it together. A request whose price is unknown is refused.
 *
 * | what happens                                        | what the ledger says                                           |
 * | --------------------------------------------------- | -------------------------------------------------------------- |
 * | the create was refused, or no byte of it was sent   | nothing: the money is free again                               |
 * | a task was made                                     | `reserved`, until the task ends                                |
 * | the answer to the create is lost                    | `unknown`: it still counts, since it may have been paid        |
 * | the task could not be stored, or two submits got it | `unknown`, for the same reason                                 |
 * | the task ended and its last answer has a bill       | `settled` with the bill, or, when that is in another unit, with the estimate |
 * | it succeeded without a bill                         | `settled` with the estimate                                    |
 * | it is `FAILED`, `ERROR` or `EXPIRED` without a bill | nothing: APIs that charge for failures say so in the last answer, and the others give the money back |
 * | it was cancelled, or the provider forgot it         | `unknown`, when there is no bill: nobody says whether it was paid |
 *
 * The ledger is what submissions and tasks add up to (both carry their estimate). It is kept in memory, and begins anew with
 * each process.
 *
 * @since 0.1.0
 */
import type { Outcome } from "@video-tasks/core/Submission"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import type { Cost } from "@video-tasks/core/Video"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Book } from "./internal/book.ts"
import * as Counted from "./internal/counted.ts"

/**
 * One submit that money is kept for.
 *
 * @category models
 * @since 0.1.0
 */
export interface LedgerEntry {
  /** The id of the submission and of its task. */
  readonly id: TaskId
  readonly provider: string
  readonly model: string
  readonly state: "reserved" | "settled" | "unknown"
  /** What counts against the budget, in its unit. */
  readonly amount: number
  readonly estimate: Cost
  /** The provider's bill, in whichever unit it is. */
  readonly bill?: Cost | undefined
}

/**
 * What is known of one create, to be counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Countable {
  /** What became of the create; a task says more. */
  readonly outcome?: Outcome | undefined
  /** Its task, as a store has it. */
  readonly task?: Persisted | undefined
  /** What it was expected to cost. */
  readonly estimate?: Cost | undefined
}

/**
 * What one create counts for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Count {
  /** As in the ledger; `free` when nothing was paid. */
  readonly state: LedgerEntry["state"] | "free"
  /** In the unit that was asked for; `undefined` when nobody knows it in that one. It is never to be taken for zero. */
  readonly amount: number | undefined
  /** The provider's bill, in whichever unit it is. */
  readonly bill?: Cost | undefined
}

/**
 * What became of the money; all amounts are in `unit`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ledger {
  readonly max: number
  readonly unit: string
  /** For tasks that run, and creates that are under way. */
  readonly reserved: number
  /** Spent. */
  readonly settled: number
  /** Perhaps spent: nobody can tell. It counts as if it were. */
  readonly unknown: number
  /** What is left; less than zero when bills were higher than their estimates. */
  readonly left: number
  /** Oldest first; of those that are settled the newest 1,000. */
  readonly entries: ReadonlyArray<LedgerEntry>
}

/**
 * How much may be spent.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The most that all submits together may cost. */
  readonly max: number
  /** The currency of `max`, for example `USD`; a price in another one is refused, never converted. */
  readonly currency: string
}

/**
 * Refuses submits that would exceed a budget, with `BudgetExceeded`, before anything is sent.
 *
 * **Gotchas**
 *
 * A submit with `resubmit: "server-error"` may pay several times, and is reserved once.
 *
 * @category services
 * @since 0.1.0
 */
export class CostBudget extends Context.Service<CostBudget, {
  /** What became of the money so far. */
  readonly ledger: Effect.Effect<Ledger>
  /** What `VideoTasks` writes into. */
  readonly book: Book
}>()("@video-tasks/runtime/CostBudget") {}

/**
 * Makes a budget.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ currency, max }: Options): CostBudget["Service"] => {
  const unit: unknown = currency
  // A limit that is no number allows nothing, whatever it came from.
  const book = new Book(
    typeof max === "number" && max > 0 ? max : 0,
    typeof unit === "string" ? unit.trim().toUpperCase() : ""
  )
  return { book, ledger: Effect.sync(() => book.ledger()) }
}

/**
 * Provides a budget.
 *
 * **Example** (At most two dollars)
 *
 * ```ts import.meta.vitest
 * import { VideoProvider, VideoProviders } from "@video-tasks/core"
 * import { CostBudget, TaskStore, VideoTasks } from "@video-tasks/runtime"
 * import { Effect, Layer } from "effect"
 *
 * const provider = VideoProvider.double({
 *   models: Effect.succeed([{ id: "m", features: [], routes: [], currency: "USD", perRequest: 0.75 }])
 * })
 * const layer = VideoTasks.layer().pipe(
 *   Layer.provideMerge(CostBudget.layer({ max: 2, currency: "USD" })),
 *   Layer.provide([TaskStore.layerMemory, Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([provider]))])
 * )
 * const program = Effect.gen(function*() {
 *   const tasks = yield* VideoTasks.VideoTasks
 *   yield* tasks.submit({ provider: "double", family: "double", model: "m", prompt: "A fox" })
 *   const { left, reserved } = yield* CostBudget.ledger
 *   return { left, reserved }
 * })
 *
 * await Effect.runPromise(Effect.provide(program, layer)) // => { left: 1.25, reserved: 0.75 }
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<CostBudget> => Layer.sync(CostBudget, () => make(options))

/**
 * What became of the money so far.
 *
 * @category getters
 * @since 0.1.0
 */
export const ledger: Effect.Effect<Ledger, never, CostBudget> = Effect.flatMap(CostBudget, (budget) => budget.ledger)

/**
 * Says what a create counts for in a currency, by the rules of the ledger: for those who add up what a store has.
 *
 * **Example** (A lost answer counts, a refusal does not)
 *
 * ```ts import.meta.vitest
 * import { CostBudget } from "@video-tasks/runtime"
 *
 * const estimate = { amount: 0.5, unit: "USD", kind: "estimate" as const }
 *
 * CostBudget.countOf({ estimate, outcome: { _tag: "ambiguous", detail: "reset" } }, "USD")
 * // => { state: "unknown", amount: 0.5 }
 * CostBudget.countOf({ estimate, outcome: { _tag: "rejected", reason: "InvalidRequest" } }, "USD")
 * // => { state: "free", amount: 0 }
 * CostBudget.countOf({ estimate }, "EUR") // => { state: "reserved", amount: undefined }
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const countOf = (create: Countable, unit: string): Count => Counted.countOf(create, unit)
