/**
 * The videos, through our own route: the link never reaches the page.
 */
import type { ArchivedFile } from "@video-tasks/core/Archived"
import type * as Task from "@video-tasks/core/Task"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import type { Video } from "@video-tasks/core/Video"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as Archive from "@video-tasks/runtime/Archive"
import * as Download from "@video-tasks/runtime/Download"
import * as Effect from "effect/Effect"
import type { FileSystem } from "effect/FileSystem"
import type { HttpClient } from "effect/http/HttpClient"
import type { HttpPlatform } from "effect/http/HttpPlatform"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpStaticServer from "effect/http/HttpStaticServer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type * as Scope from "effect/Scope"
import * as Details from "./details.ts"
import { Refusal } from "./refusal.ts"
import type { Tasks } from "./tasks.ts"
import * as Words from "./words.ts"

/** How many fresh links are remembered, so that each part of a video does not ask for one. */
const maxFresh = 200

/** What fetches and serves them. */
type Ground = HttpClient | VideoProviders | FileSystem | HttpPlatform | Path.Path

/** Serves videos. */
export type Videos = (
  id: string,
  index: number,
  asFile: boolean
) => Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Refusal,
  HttpServerRequest.HttpServerRequest | Scope.Scope
>

/** Makes it. */
export const make = Effect.fnUntraced(function*(
  tasks: Tasks
): Effect.fn.Return<Videos, never, Ground> {
  const context = yield* Effect.context<Ground>()
  const archive = Option.getOrUndefined(yield* Effect.serviceOption(Archive.Archive))
  const fresh = new Map<string, Video>()
  return Effect.fnUntraced(function*(id, index, asFile) {
    const { snapshot } = yield* tasks.stored(id)
    const task = TaskMachine.toTask(TaskMachine.restore(snapshot))
    const video = task.status === "SUCCESS" ? task.videos[index] : undefined
    if (task.status !== "SUCCESS" || video === undefined) {
      return yield* new Refusal({ status: 404, reason: "MissingResult", message: "There is no such video." })
    }
    const kept = archive && placeOf(archive, task, index)
    const request = yield* HttpServerRequest.HttpServerRequest
    const found = kept === undefined ? undefined : yield* Effect.provideContext(fileOf(kept, request), context)
    const response = found ?? (yield* Effect.provideContext(
      linked(fresh, `${id} ${index}`, video, task, request),
      context
    ))
    return HttpServerResponse.setHeaders(response, {
      "content-disposition": `${asFile ? "attachment" : "inline"}; filename="${nameOf(task, index, response)}"`
    })
  })
})

// internal

/** Only what this archive itself would call the file: the store may have been written by others. */
const placeOf = (archive: Archive.Archive["Service"], task: Task.Success, index: number): ArchivedFile | undefined => {
  const file = Details.archivedOf(task, index)
  if (file?.mimeType === undefined) return undefined
  const key = Archive.keyOf({ task, kind: "video", index }, file.mimeType)
  return file.key === key && file.uri === archive.uri(key) && file.uri.startsWith("file:") ? file : undefined
}

/** A file of the archive, whole or in part; `undefined` when it is not there any more. */
const fileOf = Effect.fnUntraced(function*(
  { mimeType = "video/mp4", uri }: ArchivedFile,
  request: HttpServerRequest.HttpServerRequest
) {
  const path = yield* Path.Path
  const place = yield* Effect.orDie(path.fromFileUrl(new URL(uri)))
  const serve = yield* HttpStaticServer.make({ root: path.dirname(place), index: undefined }).pipe(Effect.option)
  if (Option.isNone(serve)) return undefined
  const found = yield* serve.value.pipe(
    Effect.provideService(
      HttpServerRequest.HttpServerRequest,
      request.modify({ url: `/${encodeURIComponent(path.basename(place))}` })
    ),
    Effect.option
  )
  return Option.isNone(found) ? undefined : HttpServerResponse.setHeader(found.value, "content-type", mimeType)
})

const linked = Effect.fnUntraced(function*(
  fresh: Map<string, Video>,
  key: string,
  video: Video,
  task: Task.Success,
  { headers, method }: HttpServerRequest.HttpServerRequest
): Effect.fn.Return<
  HttpServerResponse.HttpServerResponse,
  Refusal,
  HttpClient | VideoProviders | Scope.Scope
> {
  const opened = yield* Download.open(fresh.get(key) ?? video, {
    handle: task.handle,
    index: Math.max(0, task.videos.indexOf(video)),
    range: headers["range"],
    ifRange: headers["if-range"]
  }).pipe(Effect.mapError((error) =>
    new Refusal({
      status: error.reason._tag === "ResultExpired" || error.reason._tag === "MissingResult" ? 410 : 502,
      reason: error.reason._tag,
      message: Words.paragraph(error.message)
    })
  ))
  if (opened.video !== video) remember(fresh, key, opened.video)
  const { acceptsRanges, contentLength, contentRange, etag, mimeType, status, stream } = opened
  const options = {
    status,
    contentType: mimeType,
    ...(contentLength === undefined ? {} : { contentLength }),
    headers: {
      ...(acceptsRanges ? { "accept-ranges": "bytes" } : {}),
      ...(contentRange === undefined ? {} : { "content-range": contentRange }),
      ...(etag === undefined ? {} : { etag })
    }
  }
  return method === "HEAD" || status === 416
    ? HttpServerResponse.empty({ status, headers: { ...options.headers, "content-type": mimeType } })
    : HttpServerResponse.stream(stream, options)
})

const remember = (fresh: Map<string, Video>, key: string, video: Video): void => {
  fresh.delete(key)
  fresh.set(key, video)
  for (const oldest of fresh.keys()) {
    if (fresh.size <= maxFresh) return
    fresh.delete(oldest)
  }
}

const nameOf = (task: Task.Success, index: number, { headers }: HttpServerResponse.HttpServerResponse): string => {
  const ending = { "video/webm": "webm", "video/quicktime": "mov", "video/x-matroska": "mkv" }[
    headers["content-type"] ?? ""
  ] ?? "mp4"
  return `${task.id}${index === 0 ? "" : `-${index + 1}`}.${ending}`
}
