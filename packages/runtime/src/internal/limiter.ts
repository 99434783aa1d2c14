import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"

/**
 * What an account wants of a limiter.
 *
 * @internal
 */
export interface Limiter {
  readonly consume: (options: {
    readonly algorithm: "token-bucket"
    readonly onExceeded: "delay"
    readonly key: string
    /** How many tokens a bucket holds. */
    readonly limit: number
    /** How long an empty bucket takes to be full. */
    readonly window: Duration.Duration
  }) => Effect.Effect<Pick<RateLimiter.ConsumeResult, "delay">, RateLimiter.RateLimiterError>
}

/**
 * A limiter that a program shares between processes is used where there is one.
 *
 * @internal
 */
export const limiterOf: Effect.Effect<Limiter> = Effect.flatMap(
  Effect.serviceOption(RateLimiter.RateLimiter),
  Option.match({ onNone: () => limiterInMemory, onSome: (shared) => Effect.succeed<Limiter>(shared) })
)

/**
 * A limiter of this process alone. It goes by a clock that nobody sets back: what was taken from a bucket is refilled as time
 * goes by.
 *
 * @internal
 */
export const limiterInMemory: Effect.Effect<Limiter> = Effect.sync(() => {
  const buckets = new Map<string, Bucket>()
  return {
    consume: ({ key, limit, window }) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => {
          const now = Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
          const bucket = buckets.get(key) ?? { tokens: limit, refilledAt: now }
          buckets.set(key, bucket)
          return { delay: Duration.millis(take(bucket, now, limit, Math.max(1, Duration.toMillis(window)) / limit)) }
        })
      )
  }
})

// internal

interface Bucket {
  /** Less than zero while there are more who wait than tokens. */
  tokens: number
  /** In ms. */
  refilledAt: number
}

/** Takes one token, and says after how many ms it is there. */
const take = (bucket: Bucket, now: number, limit: number, refillMs: number): number => {
  const refilled = Math.floor((now - bucket.refilledAt) / refillMs)
  if (refilled > 0) {
    bucket.tokens = Math.min(limit, bucket.tokens + refilled)
    bucket.refilledAt += refilled * refillMs
  }
  // A full bucket keeps nothing of the time that has gone by.
  if (bucket.tokens >= limit) bucket.refilledAt = now
  bucket.tokens--
  return Math.max(0, Math.ceil(-bucket.tokens) * refillMs - Math.max(0, now - bucket.refilledAt))
}
