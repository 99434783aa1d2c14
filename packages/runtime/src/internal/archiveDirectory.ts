/**
 * An archive in a directory.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { ArchiveError, Content, Found, Storage } from "../Archive.ts"
import * as File from "./downloadFile.ts"
import type { Hash } from "./downloadHasher.ts"
import type { Problem } from "./downloadProblem.ts"

/** @internal */
export interface Settings {
  readonly directory: string
  readonly directoryMode: number
  readonly mode: number
  readonly hasher: () => Hash
  /** How it fails; the class belongs to the contract. */
  readonly failed: (detail: string) => ArchiveError
}

/** @internal */
export const make = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<Storage, ArchiveError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const { directoryMode, failed, hasher, mode } = settings
  const root = path.resolve(settings.directory)
  const platform = (doing: string) => ({ reason }: PlatformError) => failed(`${doing} failed: ${reason._tag}`)
  const place = (key: string): Effect.Effect<string, ArchiveError> =>
    Option.match(path.resolveWithin(root, key), {
      onNone: () => Effect.fail(failed(`${key} would be outside of the archive`)),
      onSome: (place) => Effect.succeed(place)
    })
  const makeDirectory = (directory: string) =>
    Effect.mapError(
      Effect.provideContext(makeFolder(directory, directoryMode), context),
      platform("making a directory of the archive")
    )
  yield* makeDirectory(root)
  const base = yield* Effect.mapError(path.toFileUrl(`${root}${path.sep}`), () => failed(`${root} has no URL`))

  const write = Effect.fnUntraced(function*(file: FileSystem.File, { bytes, sha256, stream }: Content) {
    const hash = hasher()
    let written = 0
    yield* Stream.runForEach(stream, (chunk) => {
      hash.update(chunk)
      written += chunk.length
      return Effect.mapError(file.writeAll(chunk), platform("writing to the archive"))
    })
    if (written !== bytes || hash.digest() !== sha256) return yield* Effect.fail(failed("the file changed on its way"))
  })

  const put = Effect.fnUntraced(function*(key: string, content: Content) {
    const target = yield* place(key)
    yield* makeDirectory(path.dirname(target))
    yield* File.replace(target, true, (file) => write(file, content), mode).pipe(
      Effect.catchTag("Problem", (problem) => Effect.fail(failed(detailOf(problem))))
    )
    // The name of a file outlives a crash only once its directory is on the disk too, where the platform can do that.
    yield* Effect.ignore(Effect.scoped(Effect.flatMap(fs.open(path.dirname(target)), (directory) => directory.sync)))
  })

  const exists = Effect.fnUntraced(function*(key: string) {
    const target = yield* place(key)
    const info = yield* Effect.result(fs.stat(target))
    if (Result.isFailure(info)) {
      return info.failure.reason._tag === "NotFound"
        ? undefined
        : yield* Effect.fail(platform("looking into the archive")(info.failure))
    }
    if (info.success.type !== "File") return undefined
    const hash = hasher()
    let bytes = 0
    yield* Stream.runForEach(fs.stream(target), (chunk) =>
      Effect.sync(() => {
        hash.update(chunk)
        bytes += chunk.length
      })).pipe(Effect.mapError(platform("reading from the archive")))
    return { bytes, sha256: hash.digest() } satisfies Found
  })

  return {
    put: (key, content) => Effect.provideContext(put(key, content), context),
    exists,
    uri: (key) => new URL(key.split("/").map(encodeURIComponent).join("/"), base).href
  }
})

/**
 * Makes a folder and those that it is in, as far as they are not there. The platform's own `recursive` tries again without end
 * below a folder that takes none, such as `/proc`.
 */
const makeFolder = Effect.fnUntraced(function*(
  folder: string,
  mode: number
): Effect.fn.Return<void, PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (yield* isFolder(folder)) return
  const parent = path.dirname(folder)
  if (parent !== folder) yield* makeFolder(parent, mode)
  yield* Effect.catch(
    fs.makeDirectory(folder, { mode }),
    // Another process was faster.
    (error) => Effect.flatMap(isFolder(folder), (isThere) => isThere ? Effect.void : Effect.fail(error))
  )
})

const isFolder = (folder: string): Effect.Effect<boolean, never, FileSystem.FileSystem> =>
  FileSystem.FileSystem.pipe(
    Effect.flatMap((fs) => fs.stat(folder)),
    Effect.match({ onSuccess: ({ type }) => type === "Directory", onFailure: () => false })
  )

const detailOf = ({ reason }: Problem): string => reason._tag === "DownloadFailed" ? reason.detail : reason.message
