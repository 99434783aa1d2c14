import { Clock, Duration, Effect } from "effect"

/**
 * A clock that runs `factor` times as fast as the real one, for real sockets: client and server both live in it.
 */
export const scaledClock = (factor: number): Clock.Clock => {
  const real = Effect.runSync(Clock.Clock)
  const startMillis = real.currentTimeMillisUnsafe()
  const startNanos = real.monotonicTimeNanosUnsafe()
  const millis = () => startMillis + (real.currentTimeMillisUnsafe() - startMillis) * factor
  const nanos = () => startNanos + (real.monotonicTimeNanosUnsafe() - startNanos) * BigInt(factor)
  const unix = () => BigInt(Math.round(millis())) * 1_000_000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: unix,
    currentTimeNanos: Effect.sync(unix),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => real.sleep(Duration.millis(Duration.toMillis(duration) / factor))
  }
}
