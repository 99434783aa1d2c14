/**
 * Where a create stands, and whether a claim still counts: the one rule for whoever asks "does its sender live?".
 *
 * @since 0.1.0
 */
import { longestLifeMs, type Submission } from "@video-tasks/core/Submission"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Lease, TaskStore, TaskStoreError } from "./TaskStore.ts"

/**
 * Where a create stands: `sending` (its sender lives, and its answer may come at any time), `open` (nobody knows what
 * became of it, and nobody is about it any more: a task may exist), `settled` (created or rejected).
 *
 * @category models
 * @since 0.1.0
 */
export type Standing = "sending" | "open" | "settled"

/**
 * How far in the future a lease may end, in ms (1 hour): `Options.lease` is never longer. One that ends later was written
 * by a clock that was wrong, and counts as over; else everybody would wait for as long as the clock was wrong.
 *
 * @category constants
 * @since 0.1.0
 */
export const longestLeaseMs = 3_600_000

/**
 * Whether a lease that ends at a time (ms since the epoch) holds now. `undefined` is an owner without a lease.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLeaseLive = (until: number | undefined, now: number): until is number =>
  until !== undefined && until > now && until <= now + longestLeaseMs

/**
 * Whether somebody holds a task now, by the claim that the store has.
 *
 * @category guards
 * @since 0.1.0
 */
export const isHeld = (claim: Lease | undefined, now: number): claim is Lease =>
  claim !== undefined && isLeaseLive(claim.until, now)

/**
 * Until when the sender of a create is believed to be about it (ms since the epoch); `undefined` when it is not, or not any
 * more.
 *
 * **Details**
 *
 * Its lease must hold, and no create is under way for longer than `Submission.longestLifeMs`, whatever its sender holds
 * its lease for. A sender without a name has that time alone.
 *
 * @category getters
 * @since 0.1.0
 */
export const sendingUntil = (
  { outcome, owner, startedAt }: Submission,
  leaseUntil: number | undefined,
  now: number
): number | undefined => {
  if (outcome._tag !== "pending") return undefined
  const longest = startedAt + longestLifeMs
  const until = owner === undefined ? longest : isLeaseLive(leaseUntil, now) ? Math.min(leaseUntil, longest) : undefined
  return isLeaseLive(until, now) ? until : undefined
}

/**
 * Where a create stands at a time (ms since the epoch), by what `TaskStore.leaseOf` says of its sender.
 *
 * @category getters
 * @since 0.1.0
 */
export const of = (submission: Submission, leaseUntil: number | undefined, now: number): Standing =>
  submission.outcome._tag === "created" || submission.outcome._tag === "rejected"
    ? "settled"
    : sendingUntil(submission, leaseUntil, now) === undefined
    ? "open"
    : "sending"

/**
 * Reads where a create stands now; the store is asked for the lease only where that matters. Fails with `TaskStoreError`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function*(
  store: TaskStore["Service"],
  submission: Submission
): Effect.fn.Return<Standing, TaskStoreError> {
  const { outcome, owner } = submission
  const leaseUntil = outcome._tag === "pending" && owner !== undefined ? yield* store.leaseOf(owner) : undefined
  return of(submission, leaseUntil, yield* Clock.currentTimeMillis)
})
