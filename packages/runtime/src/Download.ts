/**
 * Fetches the file of a finished task.
 *
 * @since 0.1.0
 */
import type { Kind } from "@video-tasks/core/Archived"
import type * as Task from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Video } from "@video-tasks/core/Video"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Address from "./internal/downloadAddress.ts"
import * as File from "./internal/downloadFile.ts"
import * as Guard from "./internal/downloadGuard.ts"
import * as Hashing from "./internal/downloadHasher.ts"
import * as Open from "./internal/downloadOpen.ts"
import { expired, type Problem } from "./internal/downloadProblem.ts"
import type { Access } from "./internal/downloadRequest.ts"
import * as Source from "./internal/downloadSource.ts"
import * as Transfer from "./internal/downloadTransfer.ts"

/**
 * How to fetch a file.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Replaces a file that exists.
   *
   * @default false
   */
  readonly overwrite?: boolean | undefined
  /**
   * The largest file in bytes.
   *
   * @default 2_147_483_648
   */
  readonly maxBytes?: number | undefined
  /**
   * Which video of a task.
   *
   * @default 0
   */
  readonly index?: number | undefined
  /**
   * The video itself, or the still picture of it.
   *
   * @default "video"
   */
  readonly kind?: Kind | undefined
  /** The task of a video that is given alone, so that a fresh link can be asked for and the right key is used. */
  readonly handle?: TaskHandle | undefined
  /**
   * Follows links to private, loopback and link-local addresses too. Those at the very host of the API are always
   * allowed.
   *
   * @default false
   */
  readonly allowPrivateAddresses?: boolean | undefined
  /**
   * How long the server may be silent before the connection counts as broken.
   *
   * @default "30 seconds"
   */
  readonly stallTimeout?: Duration.Input | undefined
  /**
   * How many attempts in a row may bring less than 1 MiB before the download fails.
   *
   * @default 5
   */
  readonly retries?: number | undefined
  /** Called after each piece that is on disk; both numbers are bytes. It slows the download for as long as it takes. */
  readonly onProgress?: ((bytes: number, total: number | undefined) => Effect.Effect<void>) | undefined
}

/**
 * What was fetched.
 *
 * @category models
 * @since 0.1.0
 */
export interface DownloadReport {
  readonly path: string
  /** The size of the file. */
  readonly bytes: number
  /** In lower-case hexadecimal. */
  readonly sha256: string
  /** The media type by the file's first bytes, for example `video/mp4` or `image/jpeg`. */
  readonly mimeType: string
  /** How many times the download went on where a connection had broken off. */
  readonly resumed: number
  /** Whether the link had expired and a fresh one was used. */
  readonly refreshed: boolean
}

/**
 * Fetches a video into a file.
 *
 * **Details**
 *
 * The bytes go to a temporary file beside the target, which takes its place when it is whole: the target is never half a
 * file, and no part of it is left behind after a failure or an interruption. Its directory is made where there is none, before
 * anything is sent. A broken connection is resumed where it broke
 * off, if the server can do that and the file is still the same; otherwise it starts anew. A link that does not work any
 * more (400, 401, 403, 404, 410) is replaced once by asking the provider again. `Retry-After` is obeyed up to two minutes.
 *
 * Up to five redirects are followed, each looked at first; the account's key is sent to the API's own origin only, and
 * only for a video that needs it.
 *
 * Fails with `InvalidRequest` when the target exists or can't be made (before anything is sent), `UnsafeAddress`,
 * `ResultExpired`, `MissingResult`, `Unauthorized`, `DownloadFailed`, or with what the provider said when it was asked
 * for a fresh link. Every error carries the handle of the task, if one is known.
 *
 * **Gotchas**
 *
 * Only a transport that opens its own connections can judge the address that a name resolves to, as `NodeHttp.layer`
 * does without a proxy. With others, a public name may lead to a private address.
 *
 * @category operations
 * @since 0.1.0
 */
export const toFile: (
  source: Video | Task.Success,
  path: string,
  options?: Options
) => Effect.Effect<
  DownloadReport,
  VideoTaskError.VideoTaskError,
  HttpClient.HttpClient | FileSystem.FileSystem | Path.Path | VideoProviders
> = Effect.fn("Download.toFile")(function*(source, path, options = {}) {
  const known = "handle" in source ? source.handle : options.handle
  const named = { provider: known?.provider ?? "unknown", handle: known }
  const overwrite = options.overwrite ?? false
  yield* Effect.mapError(File.check(path, overwrite), toError(named))
  const found = yield* Effect.mapError(
    Source.resolve(source, { index: options.index ?? 0, handle: options.handle, kind: options.kind ?? "video" }),
    toError(named)
  )
  yield* Effect.annotateCurrentSpan({ "video_task.provider": found.provider })
  const makeHash = yield* Hashing.Hasher
  const report = yield* File.replace(path, overwrite, (file) => fetchInto(found, file, options, makeHash)).pipe(
    Effect.mapError(toError(found))
  )
  yield* Effect.annotateCurrentSpan({
    "video_task.download.bytes": report.bytes,
    "video_task.download.resumed": report.resumed,
    "video_task.download.refreshed": report.refreshed
  })
  return { path, ...report }
})

/**
 * How to open a file as a stream.
 *
 * @category options
 * @since 0.1.0
 */
export interface OpenOptions
  extends Pick<Options, "index" | "kind" | "handle" | "allowPrivateAddresses" | "stallTimeout">
{
  /** The part that is wanted, as an HTTP `Range` header has it; one that is not a single range of bytes is left out. */
  readonly range?: string | undefined
  /** The entity tag that the file must still have for its part to be sent, as an HTTP `If-Range` header has it. */
  readonly ifRange?: string | undefined
}

/**
 * A file that is open, with what an HTTP server needs to pass it on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Opened {
  /** 200: all of it. 206: the part. 416: there is no such part, and no bytes. */
  readonly status: 200 | 206 | 416
  /** By its first bytes where they are there, and in any case the type of a video, or of a picture. */
  readonly mimeType: string
  /** How many bytes come. */
  readonly contentLength: number | undefined
  /** Which part comes, as an HTTP header. */
  readonly contentRange: string | undefined
  readonly acceptsRanges: boolean
  readonly etag: string | undefined
  /** The video with the link that was used: a fresh one, where the first did not work any more. */
  readonly video: Video
  /** The bytes, once. */
  readonly stream: Stream.Stream<Uint8Array, VideoTaskError.VideoTaskError>
}

/**
 * Opens a video as a stream, to pass it on.
 *
 * **Details**
 *
 * Looks at links and addresses, follows redirects, sends keys and replaces a link that does not work any more as
 * {@link toFile} does, and fails with the same errors. A file that does not begin like a video is refused.
 *
 * **Gotchas**
 *
 * A connection that breaks off ends the stream with `DownloadFailed`; the reader asks for the rest with `range`.
 *
 * @category operations
 * @since 0.1.0
 */
export const open: (
  source: Video | Task.Success,
  options?: OpenOptions
) => Effect.Effect<
  Opened,
  VideoTaskError.VideoTaskError,
  HttpClient.HttpClient | VideoProviders | Scope.Scope
> = Effect.fn("Download.open")(function*(source, options = {}) {
  const { handle, ifRange, index = 0, kind = "video", range } = options
  const known = "handle" in source ? source.handle : handle
  const named = { provider: known?.provider ?? "unknown", handle: known }
  const found = yield* Effect.mapError(Source.resolve(source, { index, handle, kind }), toError(named))
  const opened = yield* Open.open(found, (stale) => renewed(found, stale), {
    kind,
    range: Open.rangeOf(range),
    validator: ifRange,
    access: (video) => accessOf(found, options, video.needsCredentials === true)
  }).pipe(Effect.mapError(toError(found)))
  return { ...opened, stream: Stream.mapError(opened.stream, toError(found)) }
})

/**
 * Which addresses the transport may connect to: `any`, or `public` ones only, judged by the address that the name
 * resolved to.
 *
 * **Details**
 *
 * A download sets it for each of its requests. Only a transport that opens its own connections can obey
 * (`NodeHttp.layer` does); with others the check of the literal address on each hop remains. A transport that refuses
 * fails with {@link AddressRefused} in the chain of causes.
 *
 * @category services
 * @since 0.1.0
 */
export const AddressGuard: Context.Reference<"any" | "public"> = Guard.AddressGuard

export {
  /**
   * A transport refused to connect to an address: `host` was asked for and resolved to `address`, which is `range` (for
   * example `a loopback address`).
   *
   * @category errors
   * @since 0.1.0
   */
  AddressRefused
} from "./internal/downloadGuard.ts"

/**
 * Names the range of a literal IPv4 or IPv6 address that is not public, for example `a loopback address`; `undefined`
 * for a public one.
 *
 * **Example** (Public and not)
 *
 * ```ts import.meta.vitest
 * import { Download } from "@video-tasks/runtime"
 *
 * Download.refusedRange("169.254.169.254") // => "a link-local or metadata address"
 * Download.refusedRange("::ffff:10.0.0.1") // => "a private address"
 * Download.refusedRange("8.8.8.8") // => undefined
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const refusedRange: (address: string) => string | undefined = Address.refusedRange

/**
 * A SHA-256 that is fed chunk by chunk; `digest` gives lower-case hexadecimal and ends it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hash extends Hashing.Hash {}

/**
 * Makes the SHA-256 of a download. The default is written in JavaScript and runs everywhere; a platform may have a
 * faster one.
 *
 * @category services
 * @since 0.1.0
 */
export const Hasher: Context.Reference<() => Hash> = Hashing.Hasher

// internal

const toError =
  (source: { readonly provider: string; readonly handle: TaskHandle | undefined }) =>
  (error: Problem | VideoTaskError.VideoTaskError): VideoTaskError.VideoTaskError => {
    if (error._tag === "Problem") {
      const { handle, provider } = source
      return VideoTaskError.make({ provider, operation: "download", handle, reason: error.reason })
    }
    return source.handle === undefined ? error : VideoTaskError.withHandle(error, source.handle)
  }

const fetchInto = Effect.fnUntraced(function*(
  source: Source.Source,
  file: FileSystem.File,
  options: Options,
  makeHash: () => Hash
) {
  const first = source.video ?? (yield* source.fresh)
  let needsCredentials = first.needsCredentials ?? false
  const transfer = Transfer.make(file, Redacted.value(first.url), {
    access: {
      ...accessOf(source, options, true),
      credentials: (url) => accessOf(source, options, needsCredentials).credentials(url)
    },
    kind: options.kind ?? "video",
    maxBytes: options.maxBytes ?? 2_147_483_648,
    retries: options.retries ?? 5,
    makeHash,
    onProgress: options.onProgress
  })
  let refreshed = source.video === undefined
  yield* Transfer.run(transfer).pipe(
    Effect.catchIf((problem) => problem.remedy === "fresh" && !refreshed, (problem) =>
      Effect.gen(function*() {
        refreshed = true
        const video = yield* renewed(source, problem)
        needsCredentials = video.needsCredentials ?? false
        transfer.link = Redacted.value(video.url)
        yield* Transfer.run(transfer)
      }))
  )
  const { bytes, hash, mimeType = "video/mp4", resumed } = transfer
  return { bytes, sha256: hash.digest(), mimeType, resumed, refreshed }
})

const accessOf = (
  { apis, keeper }: Source.Source,
  { allowPrivateAddresses, stallTimeout = "30 seconds" }: Pick<Options, "allowPrivateAddresses" | "stallTimeout">,
  needsCredentials: boolean
): Access => ({
  mayBePrivate: (host) => allowPrivateAddresses === true || apis.some((api) => new URL(api.baseUrl).hostname === host),
  credentials: (url) =>
    needsCredentials && keeper !== undefined && Source.isAt(keeper, url) ? keeper.credentials(url) : {},
  stallTimeout
})

/** Asks for a fresh link; without one, the error says both what the server and what the provider said. */
const renewed = (source: Source.Source, stale: Problem) =>
  Effect.mapError(source.fresh, (error) => {
    if (stale.reason._tag === "ResultExpired" && error._tag !== "Problem" && error.reason._tag === "TaskNotFound") {
      return expired("never", `${stale.reason.detail}; the provider no longer knows the task`)
    }
    if (error._tag !== "Problem" || error.reason._tag !== "ResultExpired") return error
    if (stale.reason._tag !== "ResultExpired") return stale
    return expired("never", `${stale.reason.detail}; ${error.reason.detail}`)
  })
