/**
 * Logs go to stderr, above the live lines; warnings and worse unless `--log-level` says otherwise.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { Screen } from "./screen.ts"
import { harmless } from "./style.ts"

/** Writes logs through the screen. */
export const layer: Layer.Layer<never, never, Screen> = Layer.mergeAll(
  Logger.layer([
    Effect.gen(function*() {
      const screen = yield* Screen
      const run = Effect.runSyncWith(yield* Effect.context())
      return Logger.make((options) => run(screen.err(written(options))))
    })
  ]),
  Layer.succeed(References.MinimumLogLevel, "Warn")
)

// internal

/** A warning is a sentence for people, and what it is about; everything else is for those who asked for it. */
const written = (options: Logger.Options<unknown>): string => {
  const parts = (Array.isArray(options.message) ? options.message : [options.message]).filter((part) =>
    typeof part === "string"
  )
  return options.logLevel === "Warn" && parts.length > 0
    ? `warning: ${parts.map(harmless).join(": ")}`
    : Logger.formatLogFmt.log(options)
}
