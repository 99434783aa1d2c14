/**
 * Where the files of finished tasks are kept: their links lapse, an archive does not.
 *
 * Provide one to `VideoTasks`, and every success is fetched and kept before its link lapses. `layerFiles` keeps files in a
 * directory; `S3Archive` of `@video-tasks/node` keeps them in a bucket.
 *
 * @since 0.1.0
 */
import { ArchivedFile, type Kind } from "@video-tasks/core/Archived"
import * as Redact from "@video-tasks/core/Redact"
import type { Success } from "@video-tasks/core/Task"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as Download from "./Download.ts"
import * as Directory from "./internal/archiveDirectory.ts"
import * as Archiver from "./internal/archiver.ts"
import { Archive } from "./internal/archiveService.ts"
import * as Unkept from "./internal/unkept.ts"
import type { StoredTask, TaskStore, TaskStoreError } from "./TaskStore.ts"

/**
 * An archive failed: `retryable` when the same call may succeed later. Holds no secret.
 *
 * @category errors
 * @since 0.1.0
 */
export class ArchiveError extends Schema.TaggedError<ArchiveError>("@video-tasks/runtime/Archive/ArchiveError")(
  "ArchiveError",
  { detail: Schema.String, retryable: Schema.Boolean }
) {
  override get message(): string {
    return `the archive failed: ${this.detail}`
  }
}

/**
 * A whole file on its way into an archive: how long it is and what its hash is are known before.
 *
 * @category models
 * @since 0.1.0
 */
export interface Content {
  readonly bytes: number
  /** In lower-case hexadecimal. */
  readonly sha256: string
  readonly mimeType: string
  /** The bytes; each run gives them all, from the first on. */
  readonly stream: Stream.Stream<Uint8Array, ArchiveError>
}

/**
 * A file that is in an archive.
 *
 * @category models
 * @since 0.1.0
 */
export interface Found {
  readonly bytes: number
  /** In lower-case hexadecimal. */
  readonly sha256: string
}

/**
 * What an archive must be able to do. Its keys are made of letters, digits, `.`, `-`, `_` and `/`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Storage {
  /** Keeps a file, in place of what was there: afterwards all of it is there, or nothing has changed. */
  readonly put: (key: string, content: Content) => Effect.Effect<void, ArchiveError>
  /** Looks for a file. */
  readonly exists: (key: string) => Effect.Effect<Found | undefined, ArchiveError>
  /** Says where a file is, without anything secret. Asks nobody. */
  readonly uri: (key: string) => string
}

/**
 * How files are kept.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How many files are fetched at once, by all `VideoTasks` that use the archive together.
   *
   * @default 4
   */
  readonly concurrency?: number | undefined
  /**
   * How long a file is tried for whose link does not say when it lapses.
   *
   * @default "1 day"
   */
  readonly patience?: Duration.Input | undefined
  /**
   * How often a file is tried again at most, within its patience. A program that ends soon wants few.
   *
   * @default Infinity
   */
  readonly retries?: number | undefined
  /**
   * How long ago a success may be that `VideoTasks.resume` still finds and keeps.
   *
   * @default "7 days"
   */
  readonly lookBack?: Duration.Input | undefined
  /** How files are fetched. */
  readonly download?: Omit<Download.Options, "overwrite" | "index" | "kind" | "handle" | "onProgress"> | undefined
}

/**
 * One file of a task.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wanted {
  readonly task: Success
  readonly kind: Kind
  /** Which of the task's videos it is, or is the thumbnail of, from 0. */
  readonly index: number
  /** An earlier process may have kept it already: then it is looked for first, and not fetched again. */
  readonly mayExist?: boolean | undefined
}

export {
  /**
   * Where the files of finished tasks are kept.
   *
   * **Details**
   *
   * `VideoTasks` uses it when there is one. A file that can't be kept never harms its task: it is tried again until its link
   * lapses, and after the next `resume`.
   *
   * @category services
   * @since 0.1.0
   */
  Archive
} from "./internal/archiveService.ts"

/**
 * Names a file: `some-provider/2026-01-31/<task id>/video.mp4`. The day is that of the task's end, in UTC; further videos are
 * `video-2.mp4` and so on, thumbnails `thumbnail.jpg`.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOf = ({ index, kind, task }: Wanted, mimeType: string): string => {
  const provider = task.handle.provider.replace(/[^\w.-]/g, "_").replace(/^\.+/, "_")
  const day = DateTime.formatIsoDateUtc(DateTime.makeUnsafe(task.completedAt))
  const number = index === 0 ? "" : `-${index + 1}`
  return `${provider}/${day}/${task.id}/${kind}${number}.${extensions[mimeType] ?? "bin"}`
}

/**
 * Lists the successes of the last days whose files nobody has kept, oldest first: what `VideoTasks.resume` begins with, for
 * who must know before. Fails with `TaskStoreError`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const unkept = (
  store: TaskStore["Service"],
  lookBack?: Options["lookBack"]
): Effect.Effect<ReadonlyArray<StoredTask>, TaskStoreError> => Unkept.unkept(store, lookBack)

/**
 * Makes an archive of what can keep files.
 *
 * @see {@link layerFiles} for keeping them in a directory
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  storage: Storage,
  options: Options = {}
): Effect.fn.Return<Archive["Service"], never, HttpClient | FileSystem.FileSystem | Path.Path> {
  const context = yield* Effect.context<HttpClient | FileSystem.FileSystem | Path.Path>()
  const parts: Archiver.ArchiveParts = {
    options,
    permits: yield* Semaphore.make(Math.max(1, Math.floor(options.concurrency ?? 4))),
    store: (wanted) => Effect.provideContext(store(storage, wanted, options.download), context)
  }
  return Archive.of({ ...storage, options, store: parts.store, archiver: (journal) => Archiver.make(parts, journal) })
})

/**
 * How files are kept in a directory.
 *
 * @category options
 * @since 0.1.0
 */
export interface FilesOptions extends Options {
  /** Is made where it does not exist. */
  readonly directory: string
  /**
   * The permissions of files, less what the process's umask takes away.
   *
   * @default 0o600
   */
  readonly mode?: number | undefined
  /**
   * The permissions of directories that are made, less what the process's umask takes away.
   *
   * @default 0o700
   */
  readonly directoryMode?: number | undefined
}

/**
 * Keeps files in a directory: each is written beside its place, flushed to the disk, and then takes its place in one step.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFiles = (
  options: FilesOptions
): Layer.Layer<Archive, ArchiveError, HttpClient | FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    Archive,
    Effect.gen(function*() {
      const { directory, directoryMode = 0o700, mode = 0o600, ...rest } = options
      const hasher = yield* Download.Hasher
      const failed = (detail: string) => new ArchiveError({ detail, retryable: true })
      return yield* make(yield* Directory.make({ directory, directoryMode, mode, hasher, failed }), rest)
    })
  )

// internal

const extensions: Readonly<Record<string, string>> = {
  "video/mp4": "mp4",
  "video/webm": "webm",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif"
}

const store = Effect.fn("Archive.store")(
  function*(storage: Storage, wanted: Wanted, download: Options["download"]) {
    const { index, kind, mayExist = false, task } = wanted
    const before = mayExist ? yield* find(storage, wanted) : undefined
    if (before !== undefined) return before
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = yield* Effect.mapError(fs.makeTempDirectoryScoped({ prefix: "video-tasks-" }), scratchFailed)
    const file = path.join(directory, "file")
    const { bytes, mimeType, sha256 } = yield* Download.toFile(task, file, { ...download, index, kind })
    const key = keyOf(wanted, mimeType)
    yield* storage.put(key, { bytes, sha256, mimeType, stream: Stream.mapError(fs.stream(file), scratchFailed) })
    return kept(storage, wanted, mimeType, { bytes, sha256 })
  },
  Effect.scoped
)

/** What it is was not known before it was fetched. */
const find = Effect.fnUntraced(function*(
  storage: Storage,
  wanted: Wanted
): Effect.fn.Return<ArchivedFile | undefined, ArchiveError> {
  const prefix = wanted.kind === "video" ? "video/" : "image/"
  for (const mimeType of Object.keys(extensions).filter((type) => type.startsWith(prefix))) {
    const found = yield* storage.exists(keyOf(wanted, mimeType))
    if (found !== undefined) return kept(storage, wanted, mimeType, found)
  }
  return undefined
})

const kept = (storage: Storage, wanted: Wanted, mimeType: string, { bytes, sha256 }: Found): ArchivedFile => {
  const { index, kind } = wanted
  const key = keyOf(wanted, mimeType)
  // An archive of somebody else's making may sign what it hands out.
  return new ArchivedFile({ kind, index, key, uri: Redact.url(storage.uri(key)), bytes, sha256, mimeType })
}

const scratchFailed = ({ reason }: PlatformError) =>
  new ArchiveError({ detail: `a temporary file could not be made or read: ${reason._tag}`, retryable: true })
