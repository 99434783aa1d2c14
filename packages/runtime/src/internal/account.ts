/**
 * One account at one provider: what its requests have in common, however many tasks it has.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import type { AccountDemand, AccountLimits, AccountMembership, AccountNews, SharedAccount } from "../AccountShares.ts"
import type { Due } from "./dueHeap.ts"
import type { Waiter } from "./entry.ts"

/** @internal */
export type BudgetLimits = AccountLimits

/**
 * Which account it is.
 *
 * @internal
 */
export type AccountName = Pick<SharedAccount, "provider" | "label">

/**
 * The prefix is for a limiter that others use as well.
 *
 * @internal
 */
export const keyOf = ({ label, provider }: AccountName): string => `video-tasks ${JSON.stringify([provider, label])}`

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
 * What tasks that are taken up may take of the budget of an account: the rest is for those that somebody waits for.
 */
const takenUpShare = 0.8

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

/**
 * An engine whose tasks use the account.
 *
 * @internal
 */
export interface Engine {
  /** Who waits there for tasks of the account. */
  readonly waitersOn: (account: Account) => ReadonlyArray<Waiter>
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
export class Account implements Due, SharedAccount {
  dueAt = 0
  index = -1
  readonly key: string
  readonly provider: string
  readonly label: string
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
  /** Who says who waits for tasks of this account, in each engine that uses it. */
  readonly #engines = new Set<Engine>()
  /** What all processes together may send. */
  readonly limits: BudgetLimits
  /** What this process may send, or nothing before it has a share. */
  #may: BudgetLimits | undefined
  readonly #limiter: RateLimiter.RateLimiter
  readonly #agenda: Agenda
  readonly #others: AccountMembership | undefined
  #requests = 0
  /** When the next task that is taken up may be read, in ms since the epoch. */
  #takesUpAt = 0
  #lastNow = -Infinity
  /** Another process was refused: reads go one by one until one of them shows whether our key is good. */
  #isSuspect = false
  #isTrying = false
  /** Our own key was refused when it was tried last. */
  #wasRefused = false

  constructor(
    name: AccountName,
    limits: BudgetLimits,
    limiter: RateLimiter.RateLimiter,
    agenda: Agenda,
    join?: (account: SharedAccount) => AccountMembership
  ) {
    this.key = keyOf(name)
    this.provider = name.provider
    this.label = name.label
    this.limits = limits
    this.#limiter = limiter
    this.#agenda = agenda
    this.#may = join === undefined ? limits : undefined
    this.#others = join?.(this)
  }

  /** An engine uses the account until it calls what it gets. */
  use(engine: Engine): () => void {
    this.#engines.add(engine)
    return () => this.#engines.delete(engine)
  }

  demand(): AccountDemand {
    return { requests: this.#requests, waiting: this.#inLine, inFlight: this.inFlight }
  }

  share(limits: AccountLimits): void {
    this.#may = limits
    if (this.#tokenAt !== undefined && limits.requestsPerSecond > 0) {
      // What was waited for at a slower pace comes at the new one.
      this.#tokenAt = Math.min(this.#tokenAt, this.#now() + Math.ceil(1000 / limits.requestsPerSecond))
    }
    if (this.#inLine > 0) this.#agenda.scheduleAccount(this, "now")
  }

  hear(news: AccountNews): void {
    switch (news._tag) {
      case "Paused": {
        const now = this.#now()
        return this.#hold(now, news.until - now)
      }
      case "Refused": {
        if (this.refusal === undefined) this.#isSuspect = true
        return
      }
      case "Accepted": {
        if (this.refusal === undefined) return
        this.#isSuspect = true
        this.retry()
        this.#goOn()
      }
    }
  }

  /** Takes the next place among the tasks that are taken up; how long to wait for it, in ms. */
  takeUpMs(now: number, requests: number): number {
    // A share that is small for now grows with what is taken up: who waits stands in line, not far away in time.
    const { requestsPerSecond } = this.limits
    this.#look(now)
    const at = Math.max(now, this.#takesUpAt)
    this.#takesUpAt = at + 1000 * requests / (requestsPerSecond * takenUpShare)
    return at - now
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
    this.#requests++
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
    if (error !== undefined) this.heed(error)
    this.inFlight--
    this.#isTrying = false
    if (this.#inLine > 0) this.#agenda.scheduleAccount(this, "now")
  }

  /** Where an answer asks the account to wait, all processes do. */
  heed(error: VideoTaskError): void {
    const ms = retryAfter(error)
    if (ms === undefined) return
    const now = this.#now()
    const before = this.pausedUntil
    this.#hold(now, ms)
    if (this.pausedUntil > Math.max(before, now)) this.#others?.tell({ _tag: "Paused", until: this.pausedUntil })
  }

  #now(): number {
    return this.#look(this.#agenda.now())
  }

  /** When the clock of the machine is set back, what is waited for stays as far away as it was. */
  #look(now: number): number {
    if (now < this.#lastNow) {
      const byMs = now - this.#lastNow
      this.pausedUntil += byMs
      this.#takesUpAt += byMs
      if (this.#tokenAt !== undefined) this.#tokenAt += byMs
    }
    this.#lastNow = now
    return now
  }

  #hold(now: number, ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.min(Math.max(ms, 0), maxPauseMs))
  }

  /** The key is no good: who is in line waits until somebody wants to try it again, and who waits for tasks hears of it. */
  refuse(error: VideoTaskError): void {
    if (!this.#isSuspect && !this.#wasRefused) this.#others?.tell({ _tag: "Refused" })
    this.#wasRefused = true
    this.#isSuspect = false
    this.refusal = error
    for (const queued of this.#reads) this.#parked.add(queued)
    this.#reads.clear()
    // Taken before anybody is told: who hears of it may wait again at once, and that wait is not meant.
    const waiters = [...this.#engines].flatMap(({ waitersOn }) => waitersOn(this))
    for (const waiter of waiters) waiter.failed(error)
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
    if (this.refusal !== undefined) return
    if (this.#isSuspect || this.#wasRefused) {
      this.#isSuspect = false
      this.#wasRefused = false
      this.#others?.tell({ _tag: "Accepted" })
    }
    this.#goOn()
  }

  #goOn(): void {
    if (this.#parked.size === 0) return
    const parked = [...this.#parked]
    this.#parked.clear()
    for (const queued of parked) this.enqueue(queued)
  }

  /** Lets go whoever may go at `now`, and says when to look again. */
  pump(now: number): void {
    this.#look(now)
    for (;;) {
      const queued = this.#next
      if (queued === undefined) return
      const may = this.#may
      // A share has us look again when it comes.
      if (may === undefined || may.requestsPerSecond <= 0 || may.concurrency <= 0) return this.#others?.wanted()
      // Who gives a place back looks again.
      if (this.inFlight >= may.concurrency) return
      if (this.pausedUntil > now) return this.#agenda.scheduleAccount(this, this.pausedUntil)
      if (this.#tokenAt === undefined) this.#ask(now, may)
      // A budget that others share answers later, and has us look again.
      if (this.#tokenAt === undefined) return
      if (this.#tokenAt > now) return this.#agenda.scheduleAccount(this, this.#tokenAt)
      this.#tokenAt = undefined
      this.#take(queued)
      this.inFlight++
      this.#isTrying ||= this.#isSuspect && queued.isPatient
      queued.granted()
    }
  }

  /** Who goes next. */
  get #next(): Queued | undefined {
    return firstOf(this.#singles) ?? (this.#isTrying ? undefined : firstOf(this.#reads))
  }

  #take(queued: Queued): boolean {
    return this.#singles.delete(queued) || this.#reads.delete(queued)
  }

  #ask(now: number, may: BudgetLimits): void {
    if (this.#isAsking) return
    this.#isAsking = true
    let isLate = false
    this.#agenda.fork(Effect.map(this.#token(may), (delayMs) => {
      this.#isAsking = false
      this.#tokenAt = (isLate ? this.#now() : now) + delayMs
      if (isLate) this.#agenda.scheduleAccount(this, "now")
    }))
    isLate = true
  }

  /** Takes one token, and says how long it has to be waited for, in ms. A limiter that fails does not hold anybody up. */
  #token({ burst, requestsPerSecond }: BudgetLimits): Effect.Effect<number> {
    return this.#limiter.consume({
      algorithm: "token-bucket",
      onExceeded: "delay",
      key: this.key,
      limit: burst,
      window: Duration.millis(1000 * burst / requestsPerSecond)
    }).pipe(
      // Clocks count in whole ms; what a part of one more brings, the next look takes.
      Effect.map((result) => Math.ceil(Duration.toMillis(result.delay))),
      Effect.timeout(tokenTimeoutMs),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logWarning(`the request budget of ${this.key} failed, and is not waited for`, cause), 0)
      )
    )
  }
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
