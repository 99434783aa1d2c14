import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { Operation, VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Accounts } from "../Accounts.ts"
import type { Options } from "../VideoTasks.ts"
import { Account, type AccountName, type Agenda, type BudgetLimits, keyOf } from "./account.ts"
import type { Lane } from "./entry.ts"
import { limiterOf } from "./limiter.ts"
import type { Scheduler } from "./scheduler.ts"

/** @internal */
export interface LanesOptions {
  readonly providers: VideoProviders["Service"]
  readonly limits: BudgetLimits
  /** Makes the account of a name, or finds the one that others use as well. */
  readonly account: (name: AccountName, limits: BudgetLimits) => Account
  readonly overrides: PollPolicy.Overrides
  readonly scheduler: Scheduler
}

/** @internal What an account may send, unless the options say more or less. */
export const limitsOf = (budget: Options["budget"]): BudgetLimits => ({
  requestsPerSecond: Math.max(0.001, budget?.requestsPerSecond ?? 50),
  burst: Math.max(1, Math.floor(budget?.burst ?? 5)),
  concurrency: Math.max(1, Math.floor(budget?.concurrency ?? 16))
})

/** @internal How often to read, where the options say so. */
export const overridesOf = (poll: Options["poll"]): PollPolicy.Overrides => ({
  floorMs: poll?.floor === undefined ? undefined : Duration.toMillis(poll.floor),
  ceilingMs: poll?.ceiling === undefined ? undefined : Duration.toMillis(poll.ceiling),
  pollTimeoutMs: poll?.timeout === undefined ? undefined : Duration.toMillis(poll.timeout)
})

/**
 * The lanes of a program, one for each family, and the accounts that they share.
 *
 * @internal
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  readonly #accounts = new Map<string, { readonly account: Account; readonly leave: () => void }>()
  readonly #options: LanesOptions

  constructor(options: LanesOptions) {
    this.#options = options
  }

  of(provider: VideoProvider, family: Family): Lane {
    const key = JSON.stringify([provider.id, family.id])
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    const lane: Lane = {
      provider,
      family,
      policy: PollPolicy.override(family.poll, this.#options.overrides),
      account: this.#account(provider),
      start: this.#options.scheduler.start
    }
    this.#lanes.set(key, lane)
    return lane
  }

  /** Finds the lane of a handle, which is compared with what is configured. */
  find(handle: TaskHandle, operation: Operation): Effect.Effect<Lane, VideoTaskError> {
    return Effect.map(
      this.#options.providers.forHandle(handle, operation),
      ({ family, provider }) => this.of(provider, family)
    )
  }

  #account(provider: VideoProvider): Account {
    const name = { provider: provider.id, label: provider.account }
    const key = keyOf(name)
    const known = this.#accounts.get(key)
    if (known !== undefined) return known.account
    const { limits, scheduler } = this.#options
    const account = this.#options.account(name, limits)
    this.#accounts.set(key, { account, leave: account.use(scheduler) })
    return account
  }

  /** The accounts go on without us. */
  close(): void {
    for (const { leave } of this.#accounts.values()) leave()
  }
}

/**
 * Where an engine has its accounts from: those of the process where several engines share them, else its own.
 *
 * @internal
 */
export const accountsOf: (agenda: Agenda) => Effect.Effect<LanesOptions["account"], never, Scope.Scope> = Effect
  .fnUntraced(
    function*(agenda) {
      const shared = Option.getOrUndefined(yield* Effect.serviceOption(Accounts))
      if (shared !== undefined) return shared.of
      const limiter = yield* limiterOf
      return (name, limits) => new Account(name, limits, limiter, agenda)
    }
  )
