/**
 * One account at one provider: what its requests have in common, however many tasks it has.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
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

/** How long a budget that others share may take to answer before nobody waits for it. */
const tokenTimeoutMs = 5_000

/**
 * What an account needs of the scheduler.
 *
 * @internal
 */
export interface Agenda {
  readonly scheduleAccount: (account: Account, at: number | "now" | "never") => void
  readonly fork: (effect: Effect.Effect<void>) => void
  readonly now: () => number
}

/** How long an answer asks the whole account to wait, in ms. */
const retryAfter = ({ reason }: VideoTaskError): number | undefined =>
  "retryAfterMs" in reason ? reason.retryAfterMs : undefined

/**
 * The request budget and the `Retry-After` clock of an account, and whether its key was refused.
 *
 * **Details**
 *
 * Who wants to send stands in line: creates and other single requests before reads, so that a thousand tasks do not hold up
 * a new one. The account is itself something that is due: the scheduler calls `pump` when the next in line may go. One
 * token at most is taken ahead of its time, so those who leave the line owe nothing.
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
  #isAsking = false
  readonly #singles = new Set<Queued>()
  readonly #reads = new Set<Queued>()
  /** Who waits for the key to be tried again. */
  readonly #parked = new Set<Queued>()
  readonly #limits: BudgetLimits
  readonly #limiter: RateLimiter.RateLimiter
  readonly #agenda: Agenda

  constructor(key: string, limits: BudgetLimits, limiter: RateLimiter.RateLimiter, agenda: Agenda) {
    this.key = key
    this.#limits = limits
    this.#limiter = limiter
    this.#agenda = agenda
  }

  /** How many wait. */
  get waiting(): number {
    return this.#inLine + this.#parked.size
  }

  /** Who stands in line for a read, the first one first. */
  get readers(): Iterable<Queued> {
    return this.#reads
  }

  get #inLine(): number {
    return this.#singles.size + this.#reads.size
  }

  enqueue(queued: Queued): void {
    if (this.refusal !== undefined && queued.isPatient) {
      this.#parked.add(queued)
    } else {
      if (queued.isPatient) this.#reads.add(queued)
      else this.#singles.add(queued)
      this.#agenda.scheduleAccount(this, "now")
    }
  }

  /** It will not come. */
  forget(queued: Queued): void {
    this.#parked.delete(queued)
    if (this.#take(queued) && this.#inLine === 0) this.#agenda.scheduleAccount(this, "never")
  }

  /** A request is over: what its answer asks of the account comes first, then the place goes to the next. */
  leave(error?: VideoTaskError): void {
    const pauseMs = error === undefined ? undefined : retryAfter(error)
    if (pauseMs !== undefined) this.pause(this.#agenda.now(), pauseMs)
    this.inFlight--
    if (this.#inLine > 0) this.#agenda.scheduleAccount(this, "now")
  }

  pause(now: number, ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.min(Math.max(ms, 0), maxPauseMs))
  }

  /** The key is no good: who is in line waits until somebody wants to try it again. */
  refuse(error: VideoTaskError): void {
    this.refusal = error
    for (const queued of this.#reads) this.#parked.add(queued)
    this.#reads.clear()
  }

  /** Somebody wants to try again: the refusal is forgotten, and that one request shows whether the key is good now. */
  retry(prober?: Queued): void {
    if (this.refusal !== undefined) {
      this.refusal = undefined
      this.epoch++
    }
    if (prober !== undefined && this.#parked.delete(prober)) this.enqueue(prober)
  }

  /** The key is good: everybody who waited for that goes on. */
  accepted(): void {
    if (this.#parked.size === 0 || this.refusal !== undefined) return
    const parked = [...this.#parked]
    this.#parked.clear()
    for (const queued of parked) this.enqueue(queued)
  }

  /** Lets go whoever may go at `now`, and says when to look again. */
  pump(now: number): void {
    for (;;) {
      const queued = firstOf(this.#singles) ?? firstOf(this.#reads)
      // Who gives a place back looks again.
      if (queued === undefined || this.inFlight >= this.#limits.concurrency) return
      if (this.pausedUntil > now) return this.#agenda.scheduleAccount(this, this.pausedUntil)
      if (this.#tokenAt === undefined) this.#ask(now)
      // A budget that others share answers later, and has us look again.
      if (this.#tokenAt === undefined) return
      if (this.#tokenAt > now) return this.#agenda.scheduleAccount(this, this.#tokenAt)
      this.#tokenAt = undefined
      this.#take(queued)
      this.inFlight++
      queued.granted()
    }
  }

  #take(queued: Queued): boolean {
    return this.#singles.delete(queued) || this.#reads.delete(queued)
  }

  #ask(now: number): void {
    if (this.#isAsking) return
    this.#isAsking = true
    let isLate = false
    this.#agenda.fork(Effect.map(this.token, (delayMs) => {
      this.#isAsking = false
      this.#tokenAt = (isLate ? this.#agenda.now() : now) + delayMs
      if (isLate) this.#agenda.scheduleAccount(this, "now")
    }))
    isLate = true
  }

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
    Effect.timeout(tokenTimeoutMs),
    Effect.catchCause((cause) =>
      Effect.as(Effect.logWarning(`the request budget of ${this.key} failed, and is not waited for`, cause), 0)
    )
  )
}

/**
 * Runs a request as soon as its account may send one.
 *
 * @internal
 */
export const runIn = <A, R>(
  account: Account,
  request: Effect.Effect<A, VideoTaskError, R>
): Effect.Effect<A, VideoTaskError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.andThen(
      Effect.suspend(() => turnOf(account, restore)),
      Effect.onExit(
        restore(request),
        (exit) => Effect.sync(() => account.leave(Option.getOrUndefined(Exit.findErrorOption(exit))))
      )
    )
  )

const firstOf = (line: ReadonlySet<Queued>): Queued | undefined => line.values().next().value

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
