/**
 * How much of an account's budget a process wants: what it has been asked for lately, and what stands in line.
 */
import type { AccountDemand, AccountLimits } from "@video-tasks/runtime/AccountShares"

/** What was asked for, with room for a little more. */
const headroom = 1.5

/** What even a process wants that sends next to nothing: its next request need not wait. */
const leastShare = 0.02

/** How much of the last estimate a quieter time leaves. */
const memory = 0.5

/** What was known at the last draw. */
export interface Seen {
  readonly at: number
  readonly requests: number
  /** Requests per second, as they came. */
  readonly rate: number
}

/** What to ask for now, and what to know at the next draw; times in ms. */
export const next = (
  seen: Seen | undefined,
  demand: AccountDemand,
  { concurrency, requestsPerSecond }: AccountLimits,
  { now, periodMs }: { readonly now: number; readonly periodMs: number }
): { readonly wants: { readonly requestsPerSecond: number; readonly concurrency: number }; readonly seen: Seen } => {
  const elapsedMs = seen === undefined ? periodMs : Math.max(periodMs / 10, now - seen.at)
  const came = 1000 * (demand.requests - (seen?.requests ?? 0)) / elapsedMs
  const rate = Math.max(came, memory * (seen?.rate ?? 0))
  const wanted = headroom * rate + 1000 * demand.waiting / periodMs
  return {
    wants: {
      requestsPerSecond: Math.min(requestsPerSecond, Math.max(wanted, leastShare * requestsPerSecond)),
      concurrency: Math.min(concurrency, demand.inFlight + demand.waiting + 1)
    },
    seen: { at: now, requests: demand.requests, rate }
  }
}
