/**
 * Where a file shall go: looked at before anything is asked of a provider.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { type Problem, usage } from "./problem.ts"

/** Refuses a target that exists (unless it may be overwritten), is a folder, or has no folder that takes it. */
export const check = Effect.fnUntraced(function*(
  file: string,
  options: { readonly overwrite: boolean }
): Effect.fn.Return<void, Problem, FileSystem.FileSystem | Path.Path> {
  if (file.trim() === "") return yield* usage("The output is empty. Name a file, for example video.mp4.")
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const kindOf = (name: string) =>
    fs.stat(name).pipe(Effect.map((info) => info.type), Effect.orElseSucceed(() => undefined))
  const folder = path.dirname(path.resolve(file))
  if ((yield* kindOf(folder)) !== "Directory") {
    return yield* usage(`There is no folder ${folder} to put ${path.basename(file)} into. Make it first.`)
  }
  yield* Effect.catch(
    fs.access(folder, { writable: true }),
    () => usage(`Nothing can be written into ${folder}. Choose another place, or change its permissions.`)
  )
  const kind = yield* kindOf(file)
  if (kind === "Directory") {
    return yield* usage(`${file} is a folder; name a file in it, for example ${path.join(file, "video.mp4")}.`)
  }
  if (kind !== undefined && !options.overwrite) {
    return yield* usage(`${file} exists already and is not overwritten. Choose another name, or add --overwrite.`)
  }
})

/** The name of the n-th of several files, counted from 0: `out.mp4`, `out-2.mp4`, `out-3.mp4`. */
export const numbered = (file: string, index: number): string =>
  index === 0 ? file : file.replace(/(\.[^./\\]*)?$/, (extension) => `-${index + 1}${extension}`)
