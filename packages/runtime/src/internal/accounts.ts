/**
 * Accounts that several engines share: they have a clockwork of their own.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { AccountShares } from "../AccountShares.ts"
import { Account, type AccountName, type Agenda, type BudgetLimits, keyOf } from "./account.ts"
import { DueLoop } from "./dueLoop.ts"
import { limiterInMemory, limiterOf } from "./limiter.ts"

/** @internal */
export interface SharedAccounts {
  readonly of: (name: AccountName, limits: BudgetLimits) => Account
}

/** @internal */
export const make: Effect.Effect<SharedAccounts, never, Scope.Scope> = Effect.gen(function*() {
  const shares = Option.getOrUndefined(yield* Effect.serviceOption(AccountShares))
  // A share is of this process alone.
  const limiter = yield* shares === undefined ? limiterOf : limiterInMemory
  const due = new DueLoop<Account>(yield* Clock.Clock, (account) => account.pump(due.now()))
  const run = Effect.runForkWith(Context.omit(Tracer.ParentSpan)(yield* Effect.context()))
  const agenda: Agenda = {
    scheduleAccount: (account, at) => {
      if (at === "never") due.heap.remove(account)
      else due.schedule(account, at === "now" ? due.now() : at)
    },
    fork: (effect) => void run(effect),
    now: due.now
  }
  yield* Effect.forkScoped(due.run)
  const accounts = new Map<string, Account>()
  return {
    of: (name, limits) => {
      const key = keyOf(name)
      const known = accounts.get(key)
      if (known !== undefined) return known
      const account = new Account(name, limits, limiter, agenda, shares?.join)
      accounts.set(key, account)
      return account
    }
  }
})
