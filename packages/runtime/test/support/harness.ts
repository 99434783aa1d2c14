import {
  Observation,
  Video,
  type VideoProvider,
  VideoProviders,
  type VideoRequest,
  VideoTaskError
} from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, Redacted } from "effect"
import { inspect } from "node:util"

export const request: VideoRequest.VideoRequest = {
  provider: "double",
  family: "double",
  model: "model-1",
  prompt: "a fox"
}

export const signedUrl = "https://cdn.example.com/v.mp4?X-Signature=SECRET"

export const video = new Video.Video({ url: Redacted.make(signedUrl, { label: "video url" }) })

export const observed = (fields: Partial<Observation.Observation> = {}): Observation.Observation =>
  new Observation.Observation({ videos: [], ...fields })

export const running = (progress?: number): Observation.Observation =>
  observed({ status: "IN_PROGRESS", ...(progress === undefined ? {} : { progress }) })

export const success = observed({ status: "SUCCESS", videos: [video] })

export const error = (
  reason: VideoTaskError.Reason,
  operation: VideoTaskError.Operation = "observe"
): VideoTaskError.VideoTaskError => VideoTaskError.make({ provider: "double", operation, reason })

export const unavailable = (status = 500, retryAfterMs?: number) =>
  error(
    new VideoTaskError.ProviderUnavailable({
      status,
      detail: `HTTP ${status}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs })
    })
  )

export const rateLimited = (retryAfterMs?: number, operation: VideoTaskError.Operation = "observe") =>
  error(
    new VideoTaskError.RateLimited({ detail: "HTTP 429", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }),
    operation
  )

export const notFound = error(new VideoTaskError.TaskNotFound({ remoteId: "remote-1" }))

export const unauthorized = error(new VideoTaskError.Unauthorized({ detail: "HTTP 401" }))

/** `VideoTasks` over hand-made providers and a store of its own, or the store that is given. */
export const layer = (
  providers: ReadonlyArray<VideoProvider.VideoProvider> | VideoProvider.VideoProvider,
  options: VideoTasks.Options = {},
  store: Layer.Layer<TaskStore.TaskStore> = TaskStore.layerMemory
): Layer.Layer<VideoTasks.VideoTasks | TaskStore.TaskStore> =>
  VideoTasks.layer(options).pipe(
    Layer.provideMerge(store),
    Layer.provide(
      Layer.effect(
        VideoProviders.VideoProviders,
        Effect.orDie(
          VideoProviders.make(Array.isArray(providers) ? providers : [providers as VideoProvider.VideoProvider])
        )
      )
    ),
    Layer.orDie
  )

export const reveal = (url: Redacted.Redacted): string => Redacted.value(url)

/** All that a careless reader could print of a value. */
export const everything = (value: unknown): string =>
  [
    JSON.stringify(value, (_, one: unknown) => typeof one === "bigint" ? String(one) : one),
    inspect(value, { depth: 20 }),
    String(value)
  ].join("\n")
