import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Scope from "effect/Scope"

/**
 * A limiter that a program shares between processes is used where there is one.
 *
 * @internal
 */
export const limiterOf: Effect.Effect<RateLimiter.RateLimiter, never, Scope.Scope> = Effect.gen(function*() {
  const shared = yield* Effect.serviceOption(RateLimiter.RateLimiter)
  return Option.isSome(shared) ? shared.value : yield* limiterInMemory
})

/**
 * A limiter of this process alone.
 *
 * @internal
 */
export const limiterInMemory: Effect.Effect<RateLimiter.RateLimiter, never, Scope.Scope> = Effect.map(
  Layer.build(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory)),
  (own) => {
    const limiter = Context.get(own, RateLimiter.RateLimiter)
    return {
      ...limiter,
      consume: (options) => Effect.updateService(limiter.consume(options), Clock.Clock, steady)
    }
  }
)

// internal

/** A clock that nobody sets back: what was taken from a bucket is refilled as time goes by. */
const steady = (clock: Clock.Clock): Clock.Clock => {
  const currentTimeMillisUnsafe = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  return {
    currentTimeMillisUnsafe,
    currentTimeMillis: Effect.sync(currentTimeMillisUnsafe),
    currentTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    currentTimeNanos: clock.monotonicTimeNanos,
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
}
