/**
 * The end of the process: what was written goes out before it exits.
 */
import * as Runtime from "effect/Runtime"
import process from "node:process"

/** Waits until both streams have taken what was written, then exits with the code of the command. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Runtime.defaultTeardown(exit, (code) => {
    process.stdout.write("", () => process.stderr.write("", () => onExit(code)))
  })
