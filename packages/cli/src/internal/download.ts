/**
 * Saves what a task made.
 */
import type { Success } from "@video-tasks/core/Task"
import * as Download from "@video-tasks/runtime/Download"
import * as Effect from "effect/Effect"
import * as Render from "./render.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Style from "./style.ts"
import * as Target from "./target.ts"

/** A file that was saved. */
export type Saved = Download.DownloadReport

/** How to save. */
interface SaveOptions {
  readonly overwrite: boolean
  /** Shows no live line. */
  readonly silent?: boolean | undefined
  /** Where each video goes, instead of the numbered names. */
  readonly names?: ReadonlyArray<string> | undefined
}

/** Saves every video of a task; the second and later ones get a number. */
export const save = Effect.fn("download.save")(
  function*(task: Success, file: string, { names = [], overwrite, silent = false }: SaveOptions) {
    const screen = yield* Screen
    const reporter = yield* Reporter
    return yield* Effect.forEach(task.videos, (_, index) => {
      const path = names[index] ?? Target.numbered(file, index)
      return Download.toFile(task, path, {
        index,
        overwrite,
        onProgress: (bytes, total) =>
          reporter.quiet || silent ? Effect.void : screen.live([progressLine(screen.errStyle, path, bytes, total)])
      })
    }).pipe(Effect.ensuring(silent ? Effect.void : screen.live([])))
  }
)

// internal

const columns = 24

const progressLine = (style: Style.Style, path: string, bytes: number, total: number | undefined): string => {
  if (total === undefined || total === 0) return `${path}  ${Render.bytes(bytes)}`
  const filled = Math.round(Math.min(1, bytes / total) * columns)
  const bar = style.green("█".repeat(filled)) + style.dim("░".repeat(columns - filled))
  return `${Style.shorten(path, 40)}  ${bar}  ${Math.floor(bytes / total * 100)}%  ${Render.bytes(bytes)} of ${
    Render.bytes(total)
  }`
}
