/**
 * Takes the alarm out of what Effect Cluster warns of while a runner comes or goes: that nobody is healthy, or that a lock could
 * not be had, is to be expected then. It is logged for those who look for it. At other times a warning is one, but not one
 * for each of some hundred locks.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"

/** The calm of a runner. */
export interface Calm {
  /** The loggers of the fibers of Effect Cluster. */
  readonly layer: Layer.Layer<never>
  /** The runner goes. */
  readonly leave: Effect.Effect<void>
}

/** In its own words, as `effect/cluster/Sharding` logs them. */
export const expected: ReadonlySet<string> = new Set([
  "No healthy runners available",
  "Could not acquire/release shards",
  "Could not release shards, retrying"
])

/** Until how many ms from now the runner comes. */
export const make = (joinMs: number): Effect.Effect<Calm> =>
  Effect.map(Clock.currentTimeMillis, (from) => {
    let isLeaving = false
    const told = new Map<string, number>()
    const isExpected = ({ date, fiber, logLevel, message }: Logger.Options<unknown>): boolean => {
      if (logLevel !== "Warn") return false
      if (fiber.getRef(References.CurrentLogAnnotations)["module"] !== "effect/cluster/Sharding") return false
      const words = String(Array.isArray(message) ? message[0] : message)
      if (!expected.has(words)) return false
      const now = date.getTime()
      if (isLeaving || now < from + joinMs || now < (told.get(words) ?? -Infinity) + againMs) return true
      told.set(words, now)
      return false
    }
    // All loggers in one: what has been told once has been told to all.
    const calmed = (loggers: ReadonlySet<Logger.Logger<unknown, unknown>>) =>
      Logger.make<unknown, void>((options) => {
        const isQuiet = isExpected(options)
        if (isQuiet && LogLevel.isGreaterThan(options.fiber.getRef(References.MinimumLogLevel), "Debug")) return
        const said = isQuiet ? { ...options, logLevel: "Debug" as const } : options
        for (const logger of loggers) logger.log(said)
      })
    return {
      layer: Layer.effect(
        Logger.CurrentLoggers,
        Effect.map(Logger.CurrentLoggers, (loggers) => new Set([calmed(loggers)]))
      ),
      leave: Effect.sync(() => {
        isLeaving = true
      })
    }
  })

// internal

/** How long the same words are not said again, in ms. */
const againMs = 30_000
