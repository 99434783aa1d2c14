/**
 * xAI: Grok's videos at the vendor's own API.
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
import * as Family from "./internal/families/xai.ts"
import * as Fields from "./internal/options.ts"
import * as Provider from "./internal/provider.ts"

/**
 * The API of xAI as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class XAi extends Context.Service<XAi, VideoProvider>()("@video-tasks/providers/XAi") {}

/**
 * The options of the xAI provider. The default base URL is `https://api.x.ai`, the default id `xai`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {}

/**
 * The models that xAI's pages name: their ranges are known and checked. Any other id is sent as given. CometAPI's page
 * names the first.
 *
 * @category models
 * @since 0.1.0
 */
export type Model = "grok-imagine-video" | "grok-imagine-video-1.5" | "grok-imagine-video-1.5-preview"

interface Common {
  // The second half keeps the names of the first in completions.
  readonly model: Model | (string & {})
  /** What the video shows, or what is to be changed or to follow: at most 4,096 characters. */
  readonly prompt: string
  /** A name for your user; never a secret. */
  readonly user?: string | undefined
  /** Further fields, sent as they are, for example `storage_options`. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider: `cometapi` for xAI behind CometAPI, or that of a second account.
   *
   * @default "xai"
   */
  readonly provider?: string | undefined
}

/** Either a picture to begin with, or pictures and voices to refer to. */
type Guides =
  | {
    /** A JPEG, PNG or WebP picture as bytes (sent as a data URI), or a link: the first frame. */
    readonly image?: ImageInput | undefined
    readonly referenceImages?: undefined
    readonly referenceVoices?: undefined
  }
  | {
    readonly image?: undefined
    /** Up to seven pictures of what shall appear in the video. Not at CometAPI. */
    readonly referenceImages?: ReadonlyArray<ImageInput> | undefined
    /** The ids of up to three voices. Not at CometAPI. */
    readonly referenceVoices?: ReadonlyArray<string> | undefined
  }

/**
 * A video by xAI (xAI, `POST /v1/videos/generations`; CometAPI, `POST /grok/v1/videos/generations`).
 *
 * @category models
 * @since 0.1.0
 */
export type Request = Common & Guides & {
  /**
   * The length in whole seconds, 1 to 15, and at most 10 with references.
   *
   * @default 8, and 1 at CometAPI
   */
  readonly seconds?: number | undefined
  /** The aspect ratio, sent as `aspect_ratio`; 16:9, or that of the picture, unless it is said. */
  readonly size?: "1:1" | "16:9" | "9:16" | "4:3" | "3:4" | "3:2" | "2:3" | undefined
  /**
   * `1080p` only for 1.5, without references, and not at CometAPI.
   *
   * @default "480p"
   */
  readonly resolution?: "480p" | "720p" | "1080p" | undefined
  readonly generateAudio?: boolean | undefined
  /** A link to the last frame; only for 1.5. */
  readonly lastFrame?: URL | undefined
  /** Up to four pictures and when they shall be seen; only for 1.5. */
  readonly keyframes?: ReadonlyArray<{ readonly image: URL; readonly atSeconds: number }> | undefined
}

/**
 * A change to a video that is there (xAI, `POST /v1/videos/edits`); not at CometAPI.
 *
 * @category models
 * @since 0.1.0
 */
export interface EditRequest extends Common {
  /** A link to an MP4 of at most 8.7 seconds. The result keeps its length, its ratio and, up to 720p, its resolution. */
  readonly video: URL
}

/**
 * A continuation of a video that is there (xAI, `POST /v1/videos/extensions`); not at CometAPI.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExtendRequest extends Common {
  /** A link to an MP4 of 2 to 15 seconds. */
  readonly video: URL
  /** The length of what is added, in whole seconds, 2 to 10. */
  readonly seconds?: number | undefined
}

/**
 * Asks for a video.
 *
 * **Details**
 *
 * In a `VideoRequest` one picture is the first frame, and several are references; `options.mode: "reference-to-video"` makes
 * a reference of a single one. Length and resolution are sent as the API's defaults where they are left out, so that what
 * was paid for is on record.
 *
 * **Example** (References)
 *
 * ```ts import.meta.vitest
 * import { XAi } from "@video-tasks/providers"
 *
 * const request = XAi.video({
 *   model: "grok-imagine-video",
 *   prompt: "The robot waters the plant",
 *   seconds: 5,
 *   referenceImages: [new URL("https://example.com/robot.png")],
 *   user: "user-1"
 * })
 * request.options // => { mode: "reference-to-video", user: "user-1" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const video = (request: Request): VideoRequest => {
  const { image, referenceImages, referenceVoices, resolution, seconds, size } = request
  const images = image === undefined ? referenceImages ?? [] : [image]
  const isReferring = referenceImages !== undefined || referenceVoices !== undefined
  return Fields.request({
    ...common(request),
    seconds,
    size,
    resolution,
    images,
    options: Fields.present({
      mode: isReferring ? "reference-to-video" : undefined,
      reference_audios: referenceVoices?.map((voice_id) => ({ voice_id })),
      generate_audio: request.generateAudio,
      last_frame: request.lastFrame === undefined ? undefined : { url: request.lastFrame.href },
      keyframes: request.keyframes?.map(({ atSeconds, image: { href } }) => ({
        image: { url: href },
        timestamp_s: atSeconds
      })),
      user: request.user,
      ...request.options
    })
  })
}

/**
 * Asks for a change to a video.
 *
 * **Details**
 *
 * In a `VideoRequest` it is `options.mode: "edit-video"`, with the link in `options.video`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const edit = (request: EditRequest): VideoRequest => ({
  ...common(request),
  options: Fields.present({
    mode: "edit-video",
    video: { url: request.video.href },
    user: request.user,
    ...request.options
  })
})

/**
 * Asks for a continuation of a video.
 *
 * **Details**
 *
 * In a `VideoRequest` it is `options.mode: "extend-video"`, with the link in `options.video`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const extend = (request: ExtendRequest): VideoRequest => ({
  ...common(request),
  ...(request.seconds === undefined ? {} : { seconds: request.seconds }),
  options: Fields.present({
    mode: "extend-video",
    video: { url: request.video.href },
    user: request.user,
    ...request.options
  })
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
    name: "XAi",
    id: defaultId,
    baseUrl: "https://api.x.ai",
    families: [Family.family({ prefix: "", host: "vendor" })]
  }, options)

/**
 * Provides `XAi` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<XAi, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(XAi, make(options))

/**
 * Provides `XAi` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<XAi, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(XAi, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "xai"

const common = ({ model, prompt, provider = defaultId }: Common) => ({ provider, family: "xai", model, prompt })
