/**
 * One account at one provider: what its requests have in common, however many tasks it has.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import type { Due } from "./dueHeap.ts"

/** @internal */
export interface BudgetLimits {
  readonly requestsPerSecond: number
  readonly burst: number
  readonly concurrency: number
}

/**
 * Somebody who wants to send a request.
 *
 * @internal
 */
export interface Queued {
  /** It is your turn: a place is taken for you, give it back with `leave`. */
  readonly granted: () => void
  /** Whether it rather waits than tries a key that was refused. */
  readonly isPatient: boolean
}

/** The longest pause that a `Retry-After` can ask for before we ask again. */
const maxPauseMs = 3_600_000

/**
 * The request budget and the `Retry-After` clock of an account, and whether its key was refused.
 *
 * **Details**
 *
 * Who wants to send stands in one line. The account is itself something that is due: the scheduler calls `pump` when the
 * next in line may go. One token at most is taken ahead of its time, so those who leave the line owe nothing.
 *
 * @internal
 */
export class Account implements Due {
  dueAt = 0
  index = -1
  readonly key: string
  /** Nobody of this account sends anything before, in ms since the epoch. */
  pausedUntil = 0
  /** The answer that said that the key is no good. */
  refusal: VideoTaskError | undefined = undefined
  /** Counts the times that a refusal was forgotten: an answer to an older request can't bring it back. */
  epoch = 0
  inFlight = 0
  /** From when the token can be used that is taken already. */
  #tokenAt: number | undefined = undefined
  readonly #line = new Set<Queued>()
  /** Who waits for the key to be tried again. */
  readonly #parked = new Set<Queued>()
  readonly #limits: BudgetLimits
  readonly #limiter: RateLimiter.RateLimiter
  readonly #schedule: (account: Account, at: number | "now" | "never") => void

  constructor(
    key: string,
    limits: BudgetLimits,
    limiter: RateLimiter.RateLimiter,
    schedule: (account: Account, at: number | "now" | "never") => void
  ) {
    this.key = key
    this.#limits = limits
    this.#limiter = limiter
    this.#schedule = schedule
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size + this.#parked.size
  }

  enqueue(queued: Queued): void {
    if (this.refusal !== undefined && queued.isPatient) {
      this.#parked.add(queued)
    } else {
      this.#line.add(queued)
      this.#schedule(this, "now")
    }
  }

  /** It will not come. */
  forget(queued: Queued): void {
    this.#parked.delete(queued)
    if (this.#line.delete(queued) && this.#line.size === 0) this.#schedule(this, "never")
  }

  /** Gives a place back. */
  leave(): void {
    this.inFlight--
    if (this.#line.size > 0) this.#schedule(this, "now")
  }

  pause(now: number, ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.min(Math.max(ms, 0), maxPauseMs))
  }

  /** The key is no good: who is in line waits until somebody wants to try it again. */
  refuse(error: VideoTaskError): void {
    this.refusal = error
    for (const queued of this.#line) {
      if (!queued.isPatient) continue
      this.#line.delete(queued)
      this.#parked.add(queued)
    }
  }

  /** Somebody wants to try again: a refusal is forgotten, and everybody who waited for that goes on. */
  retry(): void {
    if (this.refusal === undefined) return
    this.refusal = undefined
    this.epoch++
    const parked = [...this.#parked]
    this.#parked.clear()
    for (const queued of parked) this.enqueue(queued)
  }

  /** Lets go whoever may go at `now`, and says when to look again. */
  readonly pump = Effect.fnUntraced({ self: this }, function*(now: number) {
    for (const queued of this.#line) {
      // Who gives a place back looks again.
      if (this.inFlight >= this.#limits.concurrency) return
      if (this.pausedUntil > now) return this.#schedule(this, this.pausedUntil)
      this.#tokenAt ??= now + (yield* this.token)
      if (this.#tokenAt > now) return this.#schedule(this, this.#tokenAt)
      if (!this.#line.delete(queued)) continue
      this.#tokenAt = undefined
      this.inFlight++
      queued.granted()
    }
  })

  /** Takes one token, and says how long it has to be waited for, in ms. A limiter that fails does not hold anybody up. */
  readonly token: Effect.Effect<number> = Effect.suspend(() =>
    this.#limiter.consume({
      algorithm: "token-bucket",
      onExceeded: "delay",
      key: this.key,
      limit: this.#limits.burst,
      window: Duration.millis(1000 * this.#limits.burst / this.#limits.requestsPerSecond)
    })
  ).pipe(
    // Clocks count in whole ms; what a part of one more brings, the next look takes.
    Effect.map((result) => Math.ceil(Duration.toMillis(result.delay))),
    Effect.catch(({ message }) =>
      Effect.as(Effect.logWarning(`the request budget of ${this.key} failed: ${message}`), 0)
    )
  )
}

/**
 * Runs a request as soon as its account may send one.
 *
 * @internal
 */
export const runIn = <A, E, R>(account: Account, request: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.andThen(
      Effect.suspend(() => turnOf(account, restore)),
      Effect.ensuring(restore(request), Effect.sync(() => account.leave()))
    )
  )

const turnOf = (account: Account, restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
  let isGranted = false
  const turn = Effect.callback<void>((resume) => {
    const queued: Queued = {
      isPatient: false,
      granted: () => {
        isGranted = true
        resume(Effect.void)
      }
    }
    account.enqueue(queued)
    return Effect.sync(() => account.forget(queued))
  })
  // Whoever is interrupted when it is already their turn has to give the place back.
  return Effect.onInterrupt(restore(turn), () => Effect.sync(() => isGranted && account.leave()))
}
