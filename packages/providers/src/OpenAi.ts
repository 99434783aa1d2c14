/**
 * OpenAI: Sora's videos at `/v1/videos`, and whatever server speaks like it.
 *
 * OpenAI shut its own API down on 2026-09-24: its models are known as retired, and `VideoTasks` refuses to create with them
 * unless it is told to (`force`). Tasks that exist can be read wherever they still are.
 *
 * @since 0.1.0
 */
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { ApiOptions } from "./ApiOptions.ts"
import * as Family from "./internal/families/sora.ts"
import * as Provider from "./internal/provider.ts"

/**
 * OpenAI as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class OpenAi extends Context.Service<OpenAi, VideoProvider>()("@video-tasks/providers/OpenAi") {}

/**
 * The options of the OpenAI provider. The default base URL is `https://api.openai.com` (the routes begin with `/v1`), the
 * default id `openai`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {}

/**
 * The models whose ranges are known and checked (OpenAI, `POST /v1/videos`); all of them are retired.
 *
 * @category models
 * @since 0.1.0
 */
export type Model = "sora-2" | "sora-2-pro" | "sora-2-2025-10-06" | "sora-2-2025-12-08" | "sora-2-pro-2025-10-06"

/**
 * A video by Sora (OpenAI, `POST /v1/videos`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  // The second half keeps the names of the first in completions.
  readonly model: Model | (string & {})
  /** What the video shows. */
  readonly prompt: string
  /**
   * The length in seconds.
   *
   * @default 4
   */
  readonly seconds?: 4 | 8 | 12 | undefined
  /**
   * The pixels, width first; the last two only for `sora-2-pro`.
   *
   * @default "720x1280", and "1280x720" at CometAPI
   */
  readonly size?: "720x1280" | "1280x720" | "1024x1792" | "1792x1024" | "1080x1920" | "1920x1080" | undefined
  /** A JPEG, PNG or WebP picture to begin with, as bytes, sent as `input_reference`. */
  readonly image?: ImageInput | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider: `cometapi` for Sora behind CometAPI, or that of a second account.
   *
   * @default "openai"
   */
  readonly provider?: string | undefined
}

/**
 * A new version of a finished video (OpenAI, `POST /v1/videos/{video_id}/remix`), which keeps its model, length and size.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemixRequest {
  /** The id of the finished video, as the API gave it: the `remoteId` of its handle. */
  readonly video: string
  /** What shall be different. */
  readonly prompt: string
  /**
   * The model that made the video: for the checks before the request, it is not sent.
   *
   * @default "sora-2"
   */
  readonly model?: Model | (string & {}) | undefined
  /**
   * The id of the provider: `cometapi` for Sora behind CometAPI, or that of a second account.
   *
   * @default "openai"
   */
  readonly provider?: string | undefined
}

/**
 * Asks for a video.
 *
 * **Details**
 *
 * What is left out is sent as the place's default (4 seconds, and 720x1280 or 1280x720), so that what was paid for is on
 * record.
 *
 * **Example** (One request for both places)
 *
 * ```ts import.meta.vitest
 * import { OpenAi } from "@video-tasks/providers"
 *
 * const wanted = { model: "sora-2", prompt: "A paper airplane", seconds: 8 } as const
 * OpenAi.video(wanted).provider // => "openai"
 * OpenAi.video({ ...wanted, provider: "cometapi" }).family // => "sora"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const video = (request: Request): VideoRequest => {
  const { image, provider = defaultId, ...rest } = request
  return { ...rest, provider, family: "sora", images: image === undefined ? undefined : [image] }
}

/**
 * Asks for a new version of a finished video.
 *
 * **Example** (The same at night)
 *
 * ```ts import.meta.vitest
 * import { OpenAi } from "@video-tasks/providers"
 *
 * const request = OpenAi.remix({ video: "video_123", prompt: "The same at night" })
 * request.options // => { remixed_from_video_id: "video_123" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const remix = ({ model = "sora-2", prompt, provider = defaultId, video }: RemixRequest): VideoRequest => ({
  provider,
  family: "sora",
  model,
  prompt,
  options: { [Family.remixOf]: video }
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
export const make = (options: Options): Effect.Effect<VideoProvider, VideoTaskError, HttpClient.HttpClient> =>
  Provider.make({
    name: "OpenAi",
    id: defaultId,
    baseUrl: "https://api.openai.com",
    families: [Family.family({ prefix: "", host: "vendor" })]
  }, options)

/**
 * Provides `OpenAi` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<OpenAi, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(OpenAi, make(options))

/**
 * Provides `OpenAi` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<OpenAi, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(OpenAi, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "openai"
