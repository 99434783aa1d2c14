/**
 * What several `VideoTasks` of one process have in common: for each account one line, one budget, one `Retry-After`.
 *
 * **When to use**
 *
 * One `VideoTasks` needs nothing of this. Build `layer` once and give it to all of them where a process runs several, such as
 * one for each bucket of a store; else each one would believe that it has the whole budget of the account.
 *
 * **Details**
 *
 * Requests of all engines stand in one line, in the order in which they came; creates and other single requests before reads.
 * A pause that one of them was asked for holds for all, and so does a refused key. Where `AccountShares` is in the context, a
 * budget is the share that this process has of it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { Account, AccountName, BudgetLimits } from "./internal/account.ts"
import * as internal from "./internal/accounts.ts"

/**
 * The accounts of a process.
 *
 * @category services
 * @since 0.1.0
 */
export class Accounts extends Context.Service<Accounts, {
  /**
   * The account of a name; the limits are those of the first who asks.
   *
   * @internal
   */
  readonly of: (name: AccountName, limits: BudgetLimits) => Account
}>()("@video-tasks/runtime/Accounts") {}

/**
 * Keeps the accounts of a process, for all `VideoTasks` that are built with it. The budget is that of the one which asks
 * first: give all the same.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Accounts> = Layer.effect(Accounts, internal.make)
