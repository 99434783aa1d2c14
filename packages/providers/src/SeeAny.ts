/**
 * SeeAny: `GET /v1/tasks/{task_id}`, as its page documents it.
 *
 * The page documents no create, so tasks are adopted: `VideoTasks.attach({ provider: "seeany", remoteId })`. The host that
 * answers at the documented name today serves another API for pictures, so base URL and paths can be changed.
 *
 * @since 0.1.0
 */
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as SeeAnyWire from "@video-tasks/core/SeeAnyWire"
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
 * SeeAny as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class SeeAny extends Context.Service<SeeAny, VideoProvider>()("@video-tasks/providers/SeeAny") {}

/**
 * The options of the SeeAny provider. The default base URL is `https://api.seeany.com`, the default id `seeany`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {
  /**
   * Where a task is read, after the base URL; `{id}` stands for it.
   *
   * @default "/v1/tasks/{id}"
   */
  readonly queryPath?: string | undefined
  /** Where a task is created, after the base URL, if you know: the page documents none, and without it `create` fails. */
  readonly createPath?: string | undefined
}

/**
 * A video, for an account that knows where to create one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly model: string
  /** What the video shows. */
  readonly prompt: string
  /** The length in seconds, sent as `duration`. */
  readonly seconds?: number | undefined
  readonly size?: string | undefined
  /** Sent as `metadata.resolution`. */
  readonly resolution?: string | undefined
  /** JPEG, PNG or WebP pictures as bytes, or links to pictures. */
  readonly images?: ReadonlyArray<ImageInput> | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider, for a second account.
   *
   * @default "seeany"
   */
  readonly provider?: string | undefined
}

/**
 * Asks for a video; needs `createPath` in the options of the layer.
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
  const query = options.queryPath ?? "/v1/tasks/{id}"
  return Provider.make({
    name: "SeeAny",
    id: defaultId,
    baseUrl: "https://api.seeany.com",
    paths: { create: options.createPath, query },
    families: [{
      family: family(options.createPath !== undefined),
      query,
      images: "links",
      reserved: JsonCreate.reserved,
      noCreate: options.createPath === undefined ? noCreate : undefined,
      write: JsonCreate.writeTo(options.createPath ?? ""),
      toObservation: SeeAnyWire.toObservation
    }]
  }, options)
}

/**
 * Provides `SeeAny` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SeeAny, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(SeeAny, make(options))

/**
 * Provides `SeeAny` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<SeeAny, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(SeeAny, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "seeany"

const noCreate =
  "SeeAny's page documents no create. Attach a task that was created elsewhere, or give `createPath` in " +
  "the options of the layer."

// The page's own loop: every 10 seconds, for at most 300.
const family = (canCreate: boolean): Family => ({
  id: "video",
  title: "Video",
  models: [],
  statuses: ["IN_PROGRESS", "SUCCESS", "FAILED"],
  poll: { ...PollPolicy.standard, floorMs: 10_000, ceilingMs: 20_000, deadlineMs: 300_000 },
  graceMs: 20_000,
  canCreate,
  canCancel: false,
  hasContentRoute: false,
  // The page recommends webhooks, and shows neither how to ask for them nor what they say.
  callbacks: "unsigned"
})
