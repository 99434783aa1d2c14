/**
 * The target of a download: refused or accepted before anything is sent, and never half a file.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import { fileFailed, type Problem } from "./downloadProblem.ts"
import { invalid } from "./downloadSource.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * Refuses a target that exists (unless it may be overwritten), that is a directory, or whose directory can't be. A directory
 * that does not exist is made.
 */
export const check = Effect.fnUntraced(function*(
  target: string,
  overwrite: boolean
): Effect.fn.Return<void, Problem, Files> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.dirname(target)
  const isDirectory = yield* fs.stat(directory).pipe(
    Effect.map(({ type }) => type === "Directory"),
    Effect.catch(() => Effect.as(fs.makeDirectory(directory, { recursive: true }), true)),
    Effect.orElseSucceed(() => false)
  )
  if (!isDirectory) return yield* invalid("path", target, "a file in a directory that exists or can be made")
  const found = yield* Effect.result(fs.stat(target))
  if (Result.isFailure(found)) return
  if (found.success.type === "Directory") return yield* invalid("path", target, "a file, and this is a directory")
  if (!overwrite) return yield* taken(target)
})

/**
 * Fills a temporary file beside the target and moves it there when it is whole. Whatever happens, no temporary file is
 * left behind, and the target is either untouched or complete.
 */
export const replace = <A, E, R>(
  target: string,
  overwrite: boolean,
  fill: (file: FileSystem.File) => Effect.Effect<A, E, R>,
  mode?: number
): Effect.Effect<A, E | Problem, R | Files> =>
  Effect.acquireUseRelease(
    temporaryName(target),
    (temporary) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const filled = yield* Effect.scoped(Effect.gen(function*() {
          const file = yield* Effect.mapError(
            fs.open(temporary, { flag: "wx", mode }),
            fileFailed("making a temporary file beside the target")
          )
          const value = yield* fill(file)
          yield* Effect.mapError(file.sync, fileFailed("writing the temporary file"))
          return value
        }))
        yield* publish(temporary, target, overwrite)
        return filled
      }),
    (temporary) => Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.ignore(fs.remove(temporary, { force: true })))
  )

// internal

const taken = (target: string) => invalid("path", target, "a file that does not exist, or overwrite")

const temporaryName = (target: string): Effect.Effect<string, never, Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const number = yield* Random.nextIntBetween(0, 2 ** 32)
    return path.join(path.dirname(target), `.${path.basename(target)}.${number.toString(36)}.part`)
  })

const publish = Effect.fnUntraced(function*(
  temporary: string,
  target: string,
  overwrite: boolean
): Effect.fn.Return<void, Problem, Files> {
  const fs = yield* FileSystem.FileSystem
  if (!overwrite) {
    // Unlike a rename, a link never replaces a file that somebody made in the meantime.
    const linked = yield* Effect.result(fs.link(temporary, target))
    if (Result.isSuccess(linked)) return
    if (isTaken(linked.failure) || (yield* Effect.orElseSucceed(fs.exists(target), () => true))) {
      return yield* taken(target)
    }
  }
  // Not every file system knows links.
  yield* Effect.mapError(fs.rename(temporary, target), fileFailed("moving the finished file to its place"))
})

const isTaken = (error: PlatformError): boolean => error.reason._tag === "AlreadyExists"
