/**
 * How a command tells what happens: for people, or as JSON lines.
 */
import type { Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as Handle from "@video-tasks/core/TaskHandle"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Saved } from "./download.ts"
import * as Globals from "./globals.ts"
import * as JsonLines from "./jsonLines.ts"
import { type Failure, Problem } from "./problem.ts"
import { withStore } from "./program.ts"
import * as Render from "./render.ts"
import { Screen } from "./screen.ts"

/** How a command tells what happens. */
export class Reporter extends Context.Service<Reporter, {
  readonly json: boolean
  readonly quiet: boolean
  /** A task exists: its handle is a result. */
  readonly created: (task: Task) => Effect.Effect<void>
  /** A task changed; for people only where there are no live lines. */
  readonly changed: (moment: Render.Moment) => Effect.Effect<void>
  /** A task as it stands at the end of the command: a result. */
  readonly state: (task: Task, files?: ReadonlyArray<Saved>) => Effect.Effect<void>
  /** Any other result, in both spellings. */
  readonly result: (text: string, line: JsonLines.Line) => Effect.Effect<void>
  /** A remark for people. */
  readonly note: (text: string) => Effect.Effect<void>
  /** A remark for people that `--quiet` and `--json` do not silence. */
  readonly warn: (text: string) => Effect.Effect<void>
  /** A failure; `isTold` when the task that it belongs to has just been shown. */
  readonly failed: (
    failure: Failure,
    options?: { readonly isTold?: boolean | undefined; readonly output?: string | undefined }
  ) => Effect.Effect<void>
  /** The command was interrupted while tasks run. */
  readonly interrupted: (handles: ReadonlyArray<TaskHandle>, output?: string) => Effect.Effect<void>
}>()("video-tasks/internal/Reporter") {}

/** Makes a reporter. */
export const make = (
  screen: Screen["Service"],
  { baseUrl, json, quiet, store }: Pick<Globals.Globals, "json" | "quiet"> & Partial<Globals.Globals>
): Reporter["Service"] => {
  const line = (one: JsonLines.Line) => screen.out(JsonLines.format(one))
  // Whoever copies a command gets the store along.
  const told = (text: string) => screen.err(withStore(text, store))
  const chatty = (text: string) => json || quiet ? Effect.void : told(text)
  const failed: Reporter["Service"]["failed"] = (failure, { isTold = false, output } = {}) =>
    // It is told as well when nobody reads the line.
    Effect.ensuring(
      json ? line(JsonLines.error(failure)) : Effect.void,
      told(Render.failure(screen.errStyle, failure, { isTold: isTold && !json, output, baseUrl }))
    )
  return Reporter.of({
    json,
    quiet,
    created: (task) =>
      // What was paid is told to somebody, also when nobody reads the results.
      Effect.onInterrupt(
        json ? line(JsonLines.created(task)) : screen.out(Handle.format(task.handle)),
        () => told(Render.goOn(screen.errStyle, [task.handle], { baseUrl }))
      ),
    changed: (moment) => {
      if (json) return line(JsonLines.state(moment.task))
      return screen.animated ? Effect.void : chatty(Render.plainLine(moment))
    },
    state: (task, files = []) =>
      json
        ? line(JsonLines.state(task, files))
        : Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => screen.out(Render.block(screen.outStyle, task, { files, now }))
        ),
    result: (text, one) => json ? line(one) : screen.out(text),
    note: chatty,
    warn: told,
    failed,
    interrupted: (handles, output) =>
      handles.length === 0
        ? Effect.void
        : Effect.andThen(
          json
            ? Effect.forEach(
              handles,
              (handle) => line(JsonLines.error(new Problem({ ...interruption, handle }))),
              { discard: true }
            )
            : Effect.void,
          told(Render.goOn(screen.errStyle, handles, { output, baseUrl }))
        )
  })
}

/** The reporter that the options ask for. */
export const layer: Layer.Layer<Reporter, never, Screen | Globals.Identifiers> = Layer.effect(
  Reporter,
  Effect.gen(function*() {
    return make(yield* Screen, yield* Globals.values)
  })
)

const interruption = {
  reason: "Interrupted",
  code: 130,
  message: "Stopped waiting; the task goes on at the provider. Wait again with the same handle.",
  retryable: true
}
