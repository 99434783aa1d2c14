/**
 * What a command does when stdout takes nothing more.
 */
import * as Effect from "effect/Effect"
import * as ExitCode from "./exitCode.ts"
import { unwritten } from "./problem.ts"
import * as Render from "./render.ts"
import { Screen } from "./screen.ts"

/**
 * Stops a command as Ctrl-C does once stdout takes nothing more: an answer that may cost money is still waited for, and reports are
 * written. A reader that has gone, as `head` does, is nothing to talk about; an output that can't be written is a failure.
 */
export const heeded = <E, R>(self: Effect.Effect<void, E, R>): Effect.Effect<void, E | ExitCode.Exit, R | Screen> =>
  Effect.gen(function*() {
    const screen = yield* Screen
    const ended = yield* Effect.raceFirst(Effect.exit(self), Effect.as(screen.outLost, undefined))
    const loss = yield* screen.outLoss
    if (loss === undefined) return yield* ended ?? Effect.void
    if (loss.isUnread) return yield* new ExitCode.Exit({ code: ExitCode.unread })
    const problem = unwritten("The output", loss.code)
    yield* screen.err(Render.failure(screen.errStyle, problem))
    return yield* new ExitCode.Exit({ code: problem.code })
  })
