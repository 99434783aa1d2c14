/**
 * The end of the process: what was written goes out before it exits.
 */
import * as Runtime from "effect/Runtime"
import process from "node:process"

/** A command that runs until it is stopped has done well then. */
let stopped = 130

/** From now on a signal ends the command with 0: it is how it is meant to end. A second signal ends it at once. */
export const stopsWell = (onStop: () => void): void => {
  let signals = 0
  const stop = () => {
    if (signals++ > 0) process.exit(130)
    stopped = 0
    onStop()
  }
  process.on("SIGTERM", stop).on("SIGINT", stop)
}

/** Waits until both streams have taken what was written, then exits with the code of the command. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Runtime.defaultTeardown(exit, (ended) => {
    const code = ended === 130 ? stopped : ended
    process.stdout.write("", () => process.stderr.write("", () => onExit(code)))
  })
