/**
 * One account at one provider: what its requests have in common, however many tasks it has.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimiter from "effect/persistence/RateLimiter"

/** @internal */
export interface BudgetLimits {
  readonly requestsPerSecond: number
  readonly burst: number
  readonly concurrency: number
}

/**
 * Somebody in a queue of an account.
 *
 * @internal
 */
export interface Queued {
  /** It is your turn to look again. */
  readonly called: () => void
}

/** The longest pause that a `Retry-After` can ask for before we ask again. */
const maxPauseMs = 3_600_000

/**
 * The request budget and the `Retry-After` clock of an account, and whether its key was refused.
 *
 * @internal
 */
export class Account {
  readonly key: string
  /** Nobody of this account sends anything before, in ms since the epoch. */
  pausedUntil = 0
  /** The answer that said that the key is no good. */
  refusal: VideoTaskError | undefined = undefined
  /** Counts the times that a refusal was forgotten: an answer to an older request can't bring it back. */
  epoch = 0
  inFlight = 0
  /** Who waits for a place, in order. */
  readonly #queue = new Set<Queued>()
  /** Who waits for the key to be tried again. */
  readonly #parked = new Set<Queued>()
  readonly #limits: BudgetLimits
  readonly #limiter: RateLimiter.RateLimiter

  constructor(key: string, limits: BudgetLimits, limiter: RateLimiter.RateLimiter) {
    this.key = key
    this.#limits = limits
    this.#limiter = limiter
  }

  get isFull(): boolean {
    return this.inFlight >= this.#limits.concurrency
  }

  /** How many wait for a place or for the key. */
  get waiting(): number {
    return this.#queue.size + this.#parked.size
  }

  /** Takes one token and says how long to wait for it, in ms. A limiter that fails does not hold anybody up. */
  readonly token: Effect.Effect<number> = Effect.suspend(() =>
    this.#limiter.consume({
      algorithm: "token-bucket",
      onExceeded: "delay",
      key: this.key,
      limit: this.#limits.burst,
      window: Duration.millis(1000 * this.#limits.burst / this.#limits.requestsPerSecond)
    })
  ).pipe(
    Effect.map((result) => Duration.toMillis(result.delay)),
    Effect.catch((error) => Effect.as(Effect.logWarning(`request budget of ${this.key}: ${error.message}`), 0))
  )

  pause(now: number, ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.min(Math.max(ms, 0), maxPauseMs))
  }

  refuse(error: VideoTaskError): void {
    this.refusal = error
  }

  /** Somebody wants to try again: a refusal is forgotten, and everybody who waited for that goes on. */
  retry(): void {
    if (this.refusal === undefined) return
    this.refusal = undefined
    this.epoch++
    const parked = [...this.#parked]
    this.#parked.clear()
    for (const queued of parked) queued.called()
  }

  park(queued: Queued): void {
    this.#parked.add(queued)
  }

  queue(queued: Queued): void {
    this.#queue.add(queued)
  }

  /** It will not come. */
  forget(queued: Queued): void {
    this.#queue.delete(queued)
    this.#parked.delete(queued)
  }

  /** Gives a place back and calls the next in line. */
  leave(): void {
    this.inFlight--
    this.next()
  }

  /** Calls the next in line, who looks for a place again. */
  next(): void {
    if (this.isFull) return
    for (const queued of this.#queue) {
      this.#queue.delete(queued)
      queued.called()
      return
    }
  }
}

/**
 * Runs a request as soon as its account may send one.
 *
 * @internal
 */
export const runIn = <A, E, R>(account: Account, request: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.andThen(
      enter(account, restore),
      Effect.ensuring(restore(request), Effect.sync(() => account.leave()))
    )
  )

const enter = Effect.fnUntraced(
  function*(account: Account, restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) {
    let hasToken = false
    for (;;) {
      const paused = account.pausedUntil - (yield* Clock.currentTimeMillis)
      if (paused > 0) {
        yield* restore(Effect.sleep(paused))
      } else if (!hasToken) {
        hasToken = true
        const delay = yield* restore(account.token)
        if (delay > 0) yield* restore(Effect.sleep(delay))
      } else if (account.isFull) {
        // Whoever is called and goes away instead has to call the next one.
        yield* Effect.onInterrupt(restore(placeIn(account)), () => Effect.sync(() => account.next()))
      } else {
        account.inFlight++
        return
      }
    }
  }
)

const placeIn = (account: Account) =>
  Effect.callback<void>((resume) => {
    const queued = { called: () => resume(Effect.void) }
    account.queue(queued)
    return Effect.sync(() => account.forget(queued))
  })
