/**
 * What New-API gateways and their relatives serve at `/v1/video/generations`.
 *
 * There is no default base URL: every gateway has its own. All forms in which such servers answer are read.
 *
 * @since 0.1.0
 */
import * as NewApiWire from "@video-tasks/core/NewApiWire"
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type { Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { ApiOptions } from "./ApiOptions.ts"
import * as JsonCreate from "./internal/jsonCreate.ts"
import * as Provider from "./internal/provider.ts"

/**
 * A gateway as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class GenericApi extends Context.Service<GenericApi, VideoProvider>()("@video-tasks/providers/GenericApi") {}

/**
 * The paths of a gateway's routes, after the base URL; `{id}` stands for the task.
 *
 * @category options
 * @since 0.1.0
 */
export interface Paths {
  /** @default "/v1/video/generations" */
  readonly create?: string | undefined
  /** @default "/v1/video/generations/{id}" */
  readonly query?: string | undefined
  /**
   * Where the gateway serves the finished file itself, asked when a success brings no link. New-API has such a route at
   * `/v1/videos/{id}/content` (`controller/video_proxy.go`); the endpoint's page documents none, so it is not asked
   * unless it is given here.
   */
  readonly content?: string | undefined
}

/**
 * The options of the generic provider. The default id is `generic`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {
  /** Origin and path of the gateway, nothing else. */
  readonly baseUrl: string
  readonly paths?: Paths | undefined
}

/**
 * A video (New-API, `POST /v1/video/generations`): only the prompt is checked, all else is sent as given.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** A model that the gateway serves. */
  readonly model: string
  /** What the video shows. */
  readonly prompt: string
  /** The length in seconds, sent as `duration`; some models want `options: { seconds: "5" }` instead. */
  readonly seconds?: number | undefined
  /** In the model's own spelling, for example `1280x720`. */
  readonly size?: string | undefined
  /** In the model's own spelling, for example `720p`; sent as `metadata.resolution`. */
  readonly resolution?: string | undefined
  /** JPEG, PNG or WebP pictures as bytes (sent as data URIs), or links to pictures. */
  readonly images?: ReadonlyArray<ImageInput> | undefined
  /** Further fields, sent as they are; the vendor's own go into `metadata`. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider, for a second gateway.
   *
   * @default "generic"
   */
  readonly provider?: string | undefined
}

/**
 * Asks for a video.
 *
 * **Example** (A vendor's own field)
 *
 * ```ts import.meta.vitest
 * import { GenericApi } from "@video-tasks/providers"
 *
 * const request = GenericApi.video({
 *   model: "kling-v1",
 *   prompt: "A paper airplane",
 *   seconds: 5,
 *   options: { metadata: { mode: "pro" } }
 * })
 * request.provider // => "generic"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const video = ({ provider = defaultId, ...request }: Request): VideoRequest => ({
  ...request,
  provider,
  family: "video"
})

/**
 * Makes the provider on top of the current `HttpClient`; fails with `InvalidRequest` that names what is wrong with the
 * options.
 *
 * @see {@link layer} for providing it from options
 * @see {@link layerConfig} for providing it from `Config`
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<VideoProvider, VideoTaskError, HttpClient.HttpClient> => {
  const { content, create = "/v1/video/generations", query = "/v1/video/generations/{id}" } = options.paths ?? {}
  return Provider.make({
    name: "GenericApi",
    id: defaultId,
    paths: { create, query, content },
    families: [{
      family: family(content !== undefined),
      query,
      content,
      images: "links",
      reserved: JsonCreate.reserved,
      write: JsonCreate.writeTo(create),
      toObservation: NewApiWire.toObservation
    }]
  }, options)
}

/**
 * Provides `GenericApi` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<GenericApi, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(GenericApi, make(options))

/**
 * Provides `GenericApi` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<GenericApi, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(GenericApi, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "generic"

const family = (hasContentRoute: boolean): Family => ({
  id: "video",
  title: "Video",
  models: [],
  statuses: ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED"],
  poll: {
    ...PollPolicy.standard,
    // The server looks at its unfinished tasks every 15 s and writes fixed percentages (New-API, service/task_polling.go).
    floorMs: 15_000,
    ceilingMs: 30_000,
    deadlineMs: 3_600_000,
    meaninglessProgress: [10, 20, 30, 50]
  },
  graceMs: 20_000,
  canCreate: true,
  canCancel: false,
  hasContentRoute
})
