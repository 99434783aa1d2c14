/**
 * One account that this process shares with others: draws its part while it has something to send, and passes news on.
 */
import type { AccountLimits, AccountNews, SharedAccount } from "@video-tasks/runtime/AccountShares"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Pg from "./pgShares.ts"
import * as ShareDemand from "./shareDemand.ts"

/** How soon a process that got too little looks again, in ms: the others have been called to draw anew. */
const hungryMs = 100

/** For how long it looks so often after a call, in ms. */
const answeredMs = 2000

/** Which part of what it should have is too little. */
const tooLittle = 0.5

/** Within how many periods a process that lives draws again. */
const renewsWithin = 1.5

/** How long a process asks for a share after its last request, in ms. */
const idleMs = 30_000

/** What everybody shares with the database. */
export interface Ground {
  readonly sql: SqlClient
  readonly runner: string
  readonly periodMs: number
  readonly leaseMs: number
  /** How many processes there are thought to be before the database has said it. */
  readonly expectedRunners: number
  readonly fork: (effect: Effect.Effect<void>) => void
}

/** One account that this process shares. */
export class Member {
  readonly #ground: Ground
  readonly #account: SharedAccount
  /** Open while somebody wants to send and has no share. */
  readonly #wanted = Latch.makeUnsafe()
  /** Open while another process has too little. */
  readonly #called = Latch.makeUnsafe()
  #seen: ShareDemand.Seen | undefined = undefined
  #grant: Pick<Pg.Grant, "rate" | "places"> | undefined = undefined
  /** Open while the share holds. */
  readonly #held = Latch.makeUnsafe()
  /** How many processes shared the account when it was drawn last. */
  #runners: number
  /** Until when the share holds, in ms since the epoch. */
  #until = 0
  #isHeard = false
  /** When the others were called to draw anew, in ms since the epoch. */
  #calledAt = -Infinity
  #isAway = false
  /** What was told of the key up to here is known. */
  #news = 0

  constructor(ground: Ground, account: SharedAccount) {
    this.#ground = ground
    this.#account = account
    this.#runners = ground.expectedRunners
  }

  /** Another process has too little. */
  called(): void {
    this.#called.openUnsafe()
  }

  wanted(): void {
    this.#wanted.openUnsafe()
  }

  tell(news: AccountNews): void {
    this.#ground.fork(Effect.catchCause(
      this.#told(news),
      (cause) => Effect.logWarning(`the others could not be told of ${this.#account.key}`, cause)
    ))
  }

  /** Somebody has told of the account. */
  get look(): Effect.Effect<void> {
    return this.#asked(Pg.look(this.#ground.sql, this.#account.key)).pipe(
      Effect.flatMap((found) => found === undefined ? Effect.void : this.#hear(found)),
      Effect.catchCause((cause) => Effect.logDebug(`what was told of ${this.#account.key} could not be read`, cause))
    )
  }

  /** Draws a share whenever one is needed, and gives up each at its end, for ever. */
  get life(): Effect.Effect<never> {
    return Effect.raceFirst(this.#drawing, this.#ending)
  }

  /** Gives the share back: the others have it at their next draw. */
  get release(): Effect.Effect<void> {
    return Effect.ignore(Effect.timeout(this.#released, this.#ground.leaseMs))
  }

  readonly #drawing: Effect.Effect<never> = Effect.forever(Effect.gen({ self: this }, function*() {
    yield* this.#wanted.await
    let activeAt = yield* Clock.currentTimeMillis
    let requests = this.#account.demand().requests
    for (;;) {
      this.#wanted.closeUnsafe()
      this.#called.closeUnsafe()
      yield* this.#draw
      yield* this.#pause
      const demand = this.#account.demand()
      const now = yield* Clock.currentTimeMillis
      if (demand.requests !== requests || demand.waiting + demand.inFlight > 0) activeAt = now
      requests = demand.requests
      if (now - activeAt >= idleMs) break
    }
    this.#account.share(nothing)
    yield* Effect.ignore(this.#asked(this.#released))
  }))

  /** A share ends at its time, however long the statement takes that is to draw the next one. */
  readonly #ending: Effect.Effect<never> = Effect.forever(Effect.gen({ self: this }, function*() {
    yield* this.#held.await
    const now = yield* Clock.currentTimeMillis
    if (now < this.#until) return yield* Effect.sleep(this.#until - now)
    this.#held.closeUnsafe()
    return yield* this.#alone
  }))

  get #released(): Effect.Effect<void, SqlError> {
    const { runner, sql } = this.#ground
    return Effect.flatMap(Clock.currentTimeMillis, (askedAt) => {
      this.#grant = undefined
      this.#held.closeUnsafe()
      return Pg.release(sql, { account: this.#account.key, askedAt, runner })
    })
  }

  /**
   * What the database answers within half a lease. It takes a while to call a statement off that nobody answers: that is not
   * waited for.
   */
  #asked<A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError | Cause.TimeoutError> {
    const { fork, leaseMs } = this.#ground
    return Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<A, SqlError | Cause.TimeoutError>()
      const asking = Effect.exit(Effect.timeout(statement, leaseMs / 2))
      fork(Effect.flatMap(asking, (exit) => Deferred.done(answer, exit)))
      return Effect.timeout(Deferred.await(answer), leaseMs / 2)
    })
  }

  /** Until the next draw: a moment where somebody has too little, else a period. */
  get #pause(): Effect.Effect<void> {
    const { periodMs } = this.#ground
    const hungry = Effect.andThen(this.#wanted.await, Effect.sleep(Math.min(hungryMs, periodMs)))
    return Effect.suspend(() => Effect.raceAllFirst([Effect.sleep(periodMs), hungry, this.#called.await]))
  }

  get #draw(): Effect.Effect<void> {
    return Effect.catchCause(this.#drawn, (cause) =>
      Effect.suspend(() => {
        const isNew = !this.#isAway
        this.#isAway = true
        const warning = Effect.logWarning(
          `the budget of ${this.#account.key} can't be shared: it is divided equally`,
          cause
        )
        return Effect.andThen(isNew ? warning : Effect.void, this.#alone)
      }))
  }

  readonly #drawn = Effect.gen({ self: this }, function*() {
    const { leaseMs, periodMs, runner, sql } = this.#ground
    const { key: account, limits } = this.#account
    const askedAt = yield* Clock.currentTimeMillis
    const demand = this.#account.demand()
    const { seen, wants } = ShareDemand.next(this.#seen, demand, limits, { now: askedAt, periodMs })
    const renewsMs = Math.min(leaseMs, renewsWithin * periodMs)
    const wish = { account, runner, limits, wants, inFlight: demand.inFlight, askedAt, leaseMs, renewsMs }
    const grant = yield* this.#asked(Pg.draw(sql, wish))
    // Counted from before the question: the database counts from later. A process that slept meanwhile has nothing.
    const until = askedAt + leaseMs
    if (until <= (yield* Clock.currentTimeMillis)) {
      return yield* Effect.fail(new Cause.TimeoutError("the share is over"))
    }
    this.#seen = seen
    this.#grant = grant
    this.#runners = grant.runners
    this.#until = until
    this.#held.openUnsafe()
    if (this.#isAway) yield* Effect.logInfo(`the budget of ${account} is shared again`)
    this.#isAway = false
    yield* this.#hear(grant)
    this.#account.share(this.#limits(grant))
    this.#complain(grant, wants, askedAt)
  })

  /** Who has too little has the others draw anew, and looks again soon. */
  #complain(grant: Pg.Grant, wants: Pg.Wish["wants"], now: number): void {
    const { fork, leaseMs, periodMs, sql } = this.#ground
    const { key: account, limits } = this.#account
    const should = Math.min(wants.requestsPerSecond, limits.requestsPerSecond / grant.runners)
    const isHungry = grant.runners > 1 && (grant.rate < tooLittle * should || grant.places < 1)
    if (!isHungry) return
    if (now - this.#calledAt >= periodMs) {
      this.#calledAt = now
      fork(Effect.ignore(Effect.timeout(Pg.hungry(sql, account), leaseMs / 2)))
    }
    if (now - this.#calledAt < answeredMs) this.#wanted.openUnsafe()
  }

  /** Without the database a share holds to its end; from then on nobody has more than an equal part. */
  readonly #alone: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    const now = yield* Clock.currentTimeMillis
    if (this.#grant !== undefined && now < this.#until) return
    const { concurrency, requestsPerSecond } = this.#account.limits
    const runners = Math.max(1, this.#runners)
    const part = { rate: requestsPerSecond / runners, places: Math.max(1, Math.floor(concurrency / runners)) }
    const last = this.#grant ?? part
    this.#account.share(this.#limits({
      rate: Math.min(last.rate, part.rate),
      places: Math.min(last.places, part.places)
    }))
  })

  #limits({ places, rate }: { readonly rate: number; readonly places: number }): AccountLimits {
    const { burst, requestsPerSecond } = this.#account.limits
    return {
      requestsPerSecond: rate,
      burst: Math.max(1, Math.floor(burst * rate / requestsPerSecond)),
      concurrency: Math.floor(places)
    }
  }

  #hear({ is_refused, news, paused_ms }: Pg.Standing): Effect.Effect<void> {
    return Effect.map(Clock.currentTimeMillis, (now) => {
      if (paused_ms > 0) this.#account.hear({ _tag: "Paused", until: now + paused_ms })
      const isFirst = !this.#isHeard
      this.#isHeard = true
      const isNews = isFirst ? is_refused : news > this.#news
      this.#news = Math.max(this.#news, news)
      if (!isNews) return
      this.#account.hear({ _tag: is_refused ? "Refused" : "Accepted" })
    })
  }

  #told(news: AccountNews): Effect.Effect<void, SqlError> {
    const { sql } = this.#ground
    const { key } = this.#account
    return Effect.gen({ self: this }, function*() {
      if (news._tag === "Paused") {
        const pauseMs = news.until - (yield* Clock.currentTimeMillis)
        if (pauseMs > 0) yield* Pg.tell(sql, key, { pauseMs })
        return
      }
      const isRefused = news._tag === "Refused"
      const count = yield* Pg.tell(sql, key, { isRefused })
      // What we have told is no news for us.
      if (count !== undefined) this.#news = Math.max(this.#news, count)
    })
  }
}

const nothing: AccountLimits = { requestsPerSecond: 0, burst: 1, concurrency: 0 }
