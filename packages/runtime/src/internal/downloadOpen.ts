/**
 * Opens the file of a video as a stream, whole or in part, with the same care as a download into a file.
 */
import type { Kind } from "@video-tasks/core/Archived"
import type { Video } from "@video-tasks/core/Video"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Pull from "effect/Pull"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Content from "./downloadContent.ts"
import { failed, type Problem, words } from "./downloadProblem.ts"
import * as Request from "./downloadRequest.ts"
import type { Source } from "./downloadSource.ts"

/** How to open a file. */
export interface Settings {
  readonly kind: Kind
  readonly range: string | undefined
  readonly validator: string | undefined
  readonly access: (video: Video) => Request.Access
}

/** A file that is open. */
export interface Opened {
  readonly status: 200 | 206 | 416
  readonly mimeType: string
  readonly contentLength: number | undefined
  readonly contentRange: string | undefined
  readonly acceptsRanges: boolean
  readonly etag: string | undefined
  readonly video: Video
  readonly stream: Stream.Stream<Uint8Array, Problem>
}

/** Opens a file; a link that does not work any more is replaced once. */
export const open = Effect.fnUntraced(function*(
  source: Source,
  renewed: (stale: Problem) => Effect.Effect<Video, Problem | VideoTaskError>,
  settings: Settings
): Effect.fn.Return<Opened, Problem | VideoTaskError, HttpClient | Scope.Scope> {
  const first = source.video ?? (yield* source.fresh)
  return yield* Effect.catchIf(
    attempt(first, settings),
    (problem) => problem.remedy === "fresh" && source.video !== undefined,
    (problem) => Effect.flatMap(renewed(problem), (video) => attempt(video, settings))
  )
})

/** A range that can be passed on: one, of bytes. */
export const rangeOf = (header: string | undefined): string | undefined => {
  const found = header === undefined ? undefined : /^\s*bytes=\s*(\d{1,15}-\d{0,15}|-\d{1,15})\s*$/i.exec(header)?.[1]
  return found && `bytes=${found}`
}

// internal

const attempt = Effect.fnUntraced(function*(
  video: Video,
  { access, kind, range, validator }: Settings
): Effect.fn.Return<Opened, Problem, HttpClient | Scope.Scope> {
  const part = range === undefined ? undefined : { from: 0, range, validator }
  const found = access(video)
  const response = yield* Request.send(Redacted.value(video.url), part, found)
  const { headers } = response
  const status = response.status === 416 ? 416 : response.status === 206 ? 206 : 200
  const isEncoded = (headers["content-encoding"] ?? "identity") !== "identity"
  const length = Number(headers["content-length"] ?? Number.NaN)
  const body = status === 416 ? { stream: Stream.empty, type: undefined } : yield* bodyOf(response, kind, found, range)
  return {
    status,
    mimeType: body.type ?? declared(kind, headers["content-type"]) ?? declared(kind, video.mimeType) ??
      (kind === "video" ? "video/mp4" : "image/jpeg"),
    contentLength: isEncoded || status === 416 || !Number.isSafeInteger(length) ? undefined : length,
    contentRange: status === 200 ? undefined : headers["content-range"],
    acceptsRanges: status === 206 || headers["accept-ranges"] === "bytes",
    etag: headers["etag"],
    video,
    stream: body.stream
  }
})

/** Only what is a video, or a picture: whatever else a server says that its file is, is not passed on. */
const declared = (kind: Kind, type: string | undefined): string | undefined =>
  type !== undefined && (kind === "video" ? /^video\/[\w.+-]+$/ : /^image\/(?:jpeg|png|gif|webp|avif)$/).test(type)
    ? type
    : undefined

const bodyOf = Effect.fnUntraced(function*(
  response: HttpClientResponse,
  kind: Kind,
  access: Request.Access,
  range: string | undefined
): Effect.fn.Return<
  { readonly stream: Stream.Stream<Uint8Array, Problem>; readonly type: string | undefined },
  Problem,
  Scope.Scope
> {
  const bytes = response.stream.pipe(
    Stream.mapError((error) => failed("later", `the connection broke off (${words(error)})`)),
    Stream.timeoutOrElse({
      duration: access.stallTimeout,
      orElse: () => Stream.fail(failed("later", "the server stopped sending"))
    })
  )
  // Only its beginning says what a file is.
  if (response.status === 206 && !range?.startsWith("bytes=0-")) return { stream: bytes, type: undefined }
  const pull = yield* Stream.toPull(bytes)
  const first = yield* Pull.matchEffect(pull, {
    onSuccess: (chunks) => Effect.succeed(chunks as ReadonlyArray<Uint8Array>),
    onFailure: (cause) => Effect.failCause(cause),
    onDone: () => Effect.succeed<ReadonlyArray<Uint8Array>>([])
  })
  const head = first[0] ?? new Uint8Array()
  const type = Content.typeOf(kind, head)
  if (type === undefined && head.length >= Content.verdictLength(head)) {
    return yield* failed(
      "never",
      `the file is no ${kind === "video" ? kind : "picture"} but ${Content.describe(head, kind)}`
    )
  }
  return { stream: Stream.concat(Stream.fromIterable(first), Stream.fromPull(Effect.succeed(pull))), type }
})
