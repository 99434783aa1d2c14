/**
 * Where paths lead to.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import process from "node:process"

/** Names with one place are names of one file; some systems don't tell `a.mp4` from `A.mp4`. */
export const placeOf = (file: string, platform: NodeJS.Platform): string =>
  platform === "darwin" || platform === "win32" ? file.normalize("NFC").toLowerCase() : file

/** Whether two paths lead to one file, through links, too; neither must be there. */
export const isSame = Effect.fnUntraced(function*(
  one: string,
  other: string
): Effect.fn.Return<boolean, never, FileSystem.FileSystem | Path.Path> {
  return (yield* reached(one)) === (yield* reached(other))
})

/**
 * Makes a folder and those that it is in, as far as they are not there. The platform's own `recursive` tries again without end
 * below a folder that takes none, such as `/proc`.
 */
export const makeFolder = Effect.fnUntraced(function*(
  folder: string,
  options: { readonly mode?: number } = {}
): Effect.fn.Return<void, PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const missing: Array<string> = []
  let at = path.resolve(folder)
  while (!(yield* fs.exists(at))) {
    missing.push(at)
    at = path.dirname(at)
  }
  for (const one of missing.toReversed()) {
    yield* Effect.catch(
      fs.makeDirectory(one, options),
      // Another process was faster.
      (error) => Effect.flatMap(fs.exists(one), (isThere) => isThere ? Effect.void : Effect.fail(error))
    )
  }
  // This fails, and says why.
  if ((yield* fs.stat(at)).type !== "Directory") yield* fs.makeDirectory(at)
})

// internal

const reached = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const whole = path.resolve(file)
  const found = yield* fs.realPath(whole).pipe(
    Effect.catch(() =>
      Effect.map(fs.realPath(path.dirname(whole)), (folder) => path.join(folder, path.basename(whole)))
    ),
    Effect.orElseSucceed(() => whole)
  )
  return placeOf(found, process.platform)
})
