import { Observation, Task, TaskHandle, TaskId, Video, VideoProvider, VideoProviders } from "@video-tasks/core"
import * as Download from "@video-tasks/runtime/Download"
import { Effect, Layer, Path, Redacted } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { memoryFiles } from "./downloadFiles.ts"

/** A file that begins like an MP4. */
export const movie = (size: number): Uint8Array<ArrayBuffer> => {
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251)
  bytes.set(new TextEncoder().encode("\0\0\0\x20ftypisom").subarray(0, size))
  return bytes
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** A body that breaks off, or stops (`never`), after these bytes. */
export const broken = (bytes: Uint8Array<ArrayBuffer>, how: "reset" | "never" = "reset"): ReadableStream => {
  let sent = false
  return new ReadableStream({
    pull: (controller) => {
      if (!sent) {
        sent = true
        controller.enqueue(bytes)
        return
      }
      if (how === "never") return new Promise<void>(() => {})
      controller.error(new Error("ECONNRESET"))
    }
  }, { highWaterMark: 0 })
}

export interface Seen {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly guard: "any" | "public"
}

export type Answer = Response | "refused" | "hang" | HttpClientError.HttpClientErrorReason

/** A client that answers in order (the last answer is repeated only by `always`), and what it was asked. */
export const server = (answer: (seen: Seen, index: number) => Answer | Effect.Effect<Answer>) => {
  const seen: Array<Seen> = []
  const client = HttpClient.make((request, url, _, fiber) => {
    const one = { url: url.href, headers: { ...request.headers }, guard: fiber.getRef(Download.AddressGuard) }
    seen.push(one)
    const given = answer(one, seen.length - 1)
    return Effect.flatMap(Effect.isEffect(given) ? given : Effect.succeed(given), (answer) => respond(request, answer))
  })
  return { seen, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const respond = (request: HttpClientRequest.HttpClientRequest, answer: Answer) => {
  if (answer === "hang") return Effect.never
  if (answer instanceof Response) return Effect.succeed(HttpClientResponse.fromWeb(request, answer))
  const cause = new Error("connect ECONNREFUSED")
  const reason = answer === "refused" ? new HttpClientError.TransportError({ request, cause }) : answer
  return Effect.fail(new HttpClientError.HttpClientError({ reason }))
}

/** A server that has a file, knows ranges, and breaks off where it is told. */
export const fileServer = (
  file: Uint8Array<ArrayBuffer>,
  options: {
    readonly cuts?: ReadonlyArray<number>
    readonly etag?: string
    readonly headers?: Record<string, string>
  } = {}
) =>
  server((seen, index) => {
    const from = Number(/^bytes=(\d+)-$/.exec(seen.headers["range"] ?? "")?.[1] ?? 0)
    const cut = options.cuts?.[index]
    const rest = file.subarray(from)
    return new Response(cut === undefined ? rest : broken(file.slice(from, cut)), {
      status: from > 0 ? 206 : 200,
      headers: {
        "content-length": String(rest.length),
        ...(options.etag === undefined ? {} : { etag: options.etag }),
        ...(from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
        ...options.headers
      }
    })
  })

export const link = "https://cdn.example.com/v.mp4?X-Signature=s3cret"

export const video = (fields: { readonly url?: string; readonly needsCredentials?: boolean } = {}): Video.Video =>
  new Video.Video({
    url: Redacted.make(fields.url ?? link, { label: "video url" }),
    ...(fields.needsCredentials === undefined ? {} : { needsCredentials: fields.needsCredentials })
  })

export const handle = new TaskHandle.TaskHandle({
  provider: "double",
  family: "double",
  remoteId: "remote-1",
  baseUrl: "https://double.invalid",
  account: "default"
})

export const task = (...videos: ReadonlyArray<Video.Video>): Task.Success =>
  new Task.Success({
    id: TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057"),
    handle,
    createdAt: 0,
    updatedAt: 0,
    completedAt: 0,
    videos
  })

export const success = (...urls: ReadonlyArray<string>): Observation.Observation =>
  new Observation.Observation({ status: "SUCCESS", videos: urls.map((url) => video({ url })) })

export const provider = (
  options: VideoProvider.DoubleOptions & Partial<Pick<VideoProvider.VideoProvider, "baseUrl" | "credentials">> = {}
): VideoProvider.VideoProvider => {
  const { baseUrl, credentials, ...rest } = options
  const double = VideoProvider.double(rest)
  return { ...double, baseUrl: baseUrl ?? double.baseUrl, credentials: credentials ?? double.credentials }
}

export const files = memoryFiles

/** Everything that a download needs. */
export const world = (options: {
  readonly server: { readonly layer: Layer.Layer<HttpClient.HttpClient> }
  readonly files?: ReturnType<typeof memoryFiles>
  readonly providers?: ReadonlyArray<VideoProvider.VideoProvider>
}) =>
  Layer.mergeAll(
    options.server.layer,
    (options.files ?? memoryFiles()).layer,
    Path.layer,
    Layer.effect(
      VideoProviders.VideoProviders,
      Effect.orDie(VideoProviders.make(options.providers ?? [provider()]))
    )
  )

/** Everything that an error would show of itself, in any way. */
export const shown = (error: unknown): string =>
  `${String(error)} ${JSON.stringify(error)} ${inspect(error, { depth: 10 })}`
