/**
 * One account that this process shares with others: draws its part while it has something to send, and passes news on.
 */
import type { AccountLimits, AccountNews, SharedAccount } from "@video-tasks/runtime/AccountShares"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
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
    return Pg.look(this.#ground.sql, this.#account.key).pipe(
      Effect.flatMap((found) => found === undefined ? Effect.void : this.#hear(found)),
      Effect.catchCause((cause) => Effect.logDebug(`what was told of ${this.#account.key} could not be read`, cause))
    )
  }

  /** Draws a share whenever one is needed, for ever. */
  get life(): Effect.Effect<never> {
    return Effect.forever(Effect.gen({ self: this }, function*() {
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
      yield* this.release
    }))
  }

  /** Gives the share back: the others have it at their next draw. */
  get release(): Effect.Effect<void> {
    const { leaseMs, runner, sql } = this.#ground
    return Effect.suspend(() => {
      this.#grant = undefined
      return Effect.ignore(Effect.timeout(Pg.release(sql, this.#account.key, runner), leaseMs))
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
    const now = yield* Clock.currentTimeMillis
    const demand = this.#account.demand()
    const { seen, wants } = ShareDemand.next(this.#seen, demand, limits, { now, periodMs })
    const wish: Pg.Wish = { account, runner, limits, wants, inFlight: demand.inFlight, leaseMs }
    const grant = yield* Effect.timeout(Pg.draw(sql, wish), Duration.millis(leaseMs / 2))
    this.#seen = seen
    this.#grant = grant
    this.#runners = grant.runners
    // Counted from before the question: the database counts from later.
    this.#until = now + leaseMs
    if (this.#isAway) yield* Effect.logInfo(`the budget of ${account} is shared again`)
    this.#isAway = false
    yield* this.#hear(grant)
    this.#account.share(this.#limits(grant))
    const should = Math.min(wants.requestsPerSecond, limits.requestsPerSecond / grant.runners)
    const isHungry = grant.runners > 1 && (grant.rate < tooLittle * should || grant.places < 1)
    if (!isHungry) return
    if (now - this.#calledAt >= periodMs) {
      this.#calledAt = now
      yield* Effect.ignore(Pg.hungry(sql, account))
    }
    if (now - this.#calledAt < answeredMs) this.#wanted.openUnsafe()
  })

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
