/**
 * A folder that takes the videos of many tasks.
 */
import type { Success } from "@video-tasks/core/Task"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Path from "effect/Path"
import * as Semaphore from "effect/Semaphore"
import { save, type Saved } from "./download.ts"
import { makeFolder } from "./place.ts"
import { type Problem, usage } from "./problem.ts"
import type { Reporter } from "./reporter.ts"
import type { Screen } from "./screen.ts"

/** Makes the folder if it is not there. */
export const make = Effect.fnUntraced(function*(
  folder: string
): Effect.fn.Return<void, Problem, FileSystem.FileSystem | Path.Path> {
  yield* Effect.mapError(makeFolder(folder), () => usage(`The folder ${folder} cannot be made.`))
})

/** What became of the videos of a task. */
export interface Kept {
  readonly files: ReadonlyArray<Saved>
  readonly error?: VideoTaskError | undefined
}

/** Saves the videos of a task under a name without extension, or does nothing where there is no folder. */
export type Keep = (task: Success, name: string) => Effect.Effect<Kept>

/** How many downloads run side by side. */
const atOnce = 4

/** Makes what saves videos into a folder, a few at once and without a live line for each. */
export const keeper = Effect.fnUntraced(function*(
  folder: string | undefined,
  options: { readonly overwrite: boolean } = { overwrite: false }
): Effect.fn.Return<
  Keep,
  never,
  FileSystem.FileSystem | Path.Path | HttpClient.HttpClient | VideoProviders | Reporter | Screen
> {
  if (folder === undefined) return () => Effect.succeed({ files: [] })
  const path = yield* Path.Path
  const semaphore = yield* Semaphore.make(atOnce)
  const context = yield* Effect.context<
    FileSystem.FileSystem | Path.Path | HttpClient.HttpClient | VideoProviders | Reporter | Screen
  >()
  return (task, name) =>
    save(task, path.join(folder, `${name}.mp4`), { ...options, silent: true }).pipe(
      Effect.map((files): Kept => ({ files })),
      Effect.catch((error) => Effect.succeed<Kept>({ files: [], error })),
      semaphore.withPermits(1),
      Effect.provideContext(context)
    )
})
