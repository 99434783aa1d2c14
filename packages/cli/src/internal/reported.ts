/**
 * Tells the failure of a command, once, and turns it into an exit code.
 */
import * as Redact from "@video-tasks/core/Redact"
import { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { Exit } from "./exitCode.ts"
import { exitCode, type Failure, Problem } from "./problem.ts"
import { Reporter } from "./reporter.ts"

/** Tells what went wrong and ends with its exit code; an interruption passes through. */
export const reported = <A, R>(self: Effect.Effect<A, Failure | Exit, R>): Effect.Effect<A, Exit, R | Reporter> =>
  Effect.catchCause(self, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const error = Cause.squash(cause)
    if (error instanceof Exit) return Effect.fail(error)
    if (error instanceof Problem || error instanceof VideoTaskError) return told(error)
    return Effect.andThen(Effect.logDebug("the fault in full", cause), told(internal(error)))
  })

/** A fault of ours. */
const internal = (defect: unknown): Problem =>
  new Problem({
    reason: "Internal",
    code: 1,
    message: `Internal fault: ${Redact.text(defect instanceof Error ? defect.message : String(defect))}`,
    hint: ["This is a fault of video-tasks. Run the command again with --log-level debug to see where it is."]
  })

// internal

const told = Effect.fnUntraced(function*(failure: Failure): Effect.fn.Return<never, Exit, Reporter> {
  const reporter = yield* Reporter
  yield* reporter.failed(failure)
  return yield* new Exit({ code: exitCode(failure) })
})
