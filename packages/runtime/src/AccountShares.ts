/**
 * How the budget of an account is shared with other processes: what each may send of it for a while, and what one of them
 * has learned of the account that concerns all.
 *
 * Nothing here is asked once per request. An implementation hands out a share for some seconds at a time, and `Accounts`
 * keeps to it. `@video-tasks/cluster` has one on PostgreSQL.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * What may be sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountLimits {
  readonly requestsPerSecond: number
  /** How many may leave at once after a pause. */
  readonly burst: number
  /** How many may be out at the same time. */
  readonly concurrency: number
}

/**
 * What a process would send if it might.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountDemand {
  /** How many requests have stood in line so far, since the process began. */
  readonly requests: number
  /** How many stand in line. */
  readonly waiting: number
  /** How many are out. */
  readonly inFlight: number
}

/**
 * What concerns all processes that use an account.
 *
 * **Details**
 *
 * `Paused`: nobody sends anything before `until`, in ms since the epoch by this machine's clock. `Refused`: a process was told
 * that its key is no good, or that nothing is left to spend; who hears that tries with one request alone before the others
 * follow. `Accepted`: such a key is good again.
 *
 * @category models
 * @since 0.1.0
 */
export type AccountNews =
  | { readonly _tag: "Paused"; readonly until: number }
  | { readonly _tag: "Refused" }
  | { readonly _tag: "Accepted" }

/**
 * An account as this process has it.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedAccount {
  /** Made of provider and label, the same in all processes: what tells it from other accounts. */
  readonly key: string
  /** The provider's id. */
  readonly provider: string
  /** What the account is called, never its API key. */
  readonly label: string
  /** What all processes together may send. */
  readonly limits: AccountLimits
  /** What this process would send. */
  readonly demand: () => AccountDemand
  /** Says what this process may send from now on. Before the first time it sends nothing. */
  readonly share: (limits: AccountLimits) => void
  /** Says what another process has learned. */
  readonly hear: (news: AccountNews) => void
}

/**
 * The other side of a shared account. Both calls return at once, whatever they start.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountMembership {
  /** Somebody wants to send and has no share: one is wanted now. */
  readonly wanted: () => void
  /** This process has learned something that concerns all. */
  readonly tell: (news: AccountNews) => void
}

/**
 * Shares the budgets of accounts with other processes.
 *
 * @category services
 * @since 0.1.0
 */
export class AccountShares extends Context.Service<AccountShares, {
  /** Shares one more account, for as long as the service lives. */
  readonly join: (account: SharedAccount) => AccountMembership
}>()("@video-tasks/runtime/AccountShares") {}
