/**
 * Runway: videos from pictures at the vendor's own API.
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
import * as Family from "./internal/families/runway.ts"
import * as Fields from "./internal/options.ts"
import * as Provider from "./internal/provider.ts"

/**
 * Runway as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class Runway extends Context.Service<Runway, VideoProvider>()("@video-tasks/providers/Runway") {}

/**
 * The options of the Runway provider. The default base URL is `https://api.dev.runwayml.com`, the default id `runway`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {}

/**
 * The models whose ranges are known and checked: `gen3a_turbo` at CometAPI, the others at Runway's own API (Runway, SDK 4.20;
 * CometAPI, `POST /runwayml/v1/image_to_video`).
 *
 * @category models
 * @since 0.1.0
 */
export type Model =
  | "gen4.5"
  | "gen4_turbo"
  | "veo3.1"
  | "veo3.1_fast"
  | "seedance2"
  | "seedance2_fast"
  | "seedance2_mini"
  | "gemini_omni_flash"
  | "happyhorse_1_0"
  | "grok_imagine_1_5"
  | "gen3a_turbo"

/**
 * A video from a picture (Runway, `POST /v1/image_to_video`).
 *
 * **Details**
 *
 * Pictures are JPEG, PNG or WebP as bytes (sent as a data URI of at most 5 MB), or https links, which Runway fetches itself
 * without following redirects. Every known model needs one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  // The second half keeps the names of the first in completions.
  readonly model: Model | (string & {})
  /**
   * What the video shows, sent as `promptText`: up to 1,000 UTF-16 units for gen4 and Veo, up to 512 for `gen3a_turbo`. Only
   * `gen4.5` needs one.
   */
  readonly prompt?: string | undefined
  /** The first frame. */
  readonly image?: ImageInput | undefined
  /** The last frame, for Veo and Seedance. */
  readonly lastImage?: ImageInput | undefined
  /** What the video is made after, for Seedance: instead of frames. */
  readonly referenceImages?: ReadonlyArray<ImageInput> | undefined
  /**
   * The length in whole seconds, sent as `duration`: 2 to 10 for gen4, 4, 6 or 8 for Veo, 3 to 10 for `gemini_omni_flash`, 5 or
   * 10 for `gen3a_turbo`. `auto` lets Seedance choose, and bills the longest up front.
   *
   * @default 5, and 4 for Veo; what Seedance and models without known ranges make by themselves
   */
  readonly seconds?: number | "auto" | undefined
  /**
   * The pixels, sent as `ratio`, for example `720:1280`.
   *
   * @default "1280:720", and "1280:768" for `gen3a_turbo`
   */
  readonly size?: string | undefined
  /** For the models that follow the picture's own ratio, for example `1080p`. */
  readonly resolution?: string | undefined
  /** 0 to 4,294,967,295, at CometAPI to 999,999,999; any unless it is given. */
  readonly seed?: number | undefined
  /** How strict the moderation is about people that everybody knows; at Runway's own API. */
  readonly publicFigureThreshold?: "auto" | "low" | undefined
  /** With sound, for Veo and Seedance: it changes the price. */
  readonly audio?: boolean | undefined
  /** What the video shall not show, for Veo. */
  readonly negativePrompt?: string | undefined
  /** For example `prores`, for `gen4.5`: another than `mp4` costs more than an estimate says. */
  readonly outputFormat?: string | undefined
  /** Only beside an `outputFormat` of ProRes. */
  readonly proresProfile?: string | undefined
  /** At CometAPI. */
  readonly watermark?: boolean | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider: `cometapi` for Runway behind CometAPI, or that of a second account.
   *
   * @default "runway"
   */
  readonly provider?: string | undefined
}

/**
 * Asks for a video.
 *
 * **Details**
 *
 * What is left out and has a default here is sent as that default, so that what was paid for is on record. In a
 * `VideoRequest` the places of `images` are `options.imagePositions` (`first`, `last`, `reference`); without it two pictures
 * are the first and the last frame, and more of them references.
 *
 * **Example** (A picture that begins to move)
 *
 * ```ts import.meta.vitest
 * import { Runway } from "@video-tasks/providers"
 *
 * const request = Runway.video({
 *   model: "gen4_turbo",
 *   prompt: "The airplane takes off",
 *   image: new URL("https://example.com/airplane.jpg"),
 *   seconds: 5,
 *   seed: 7,
 *   publicFigureThreshold: "low"
 * })
 * request.options // => { seed: 7, contentModeration: { publicFigureThreshold: "low" } }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const video = (request: Request): VideoRequest => {
  const pictures = picturesOf(request)
  const { model, prompt = "", provider = defaultId, resolution, seconds, size } = request
  return Fields.request({
    provider,
    family: "runway",
    model,
    prompt,
    seconds,
    size,
    resolution,
    images: pictures.map(({ image }) => image),
    options: optionsOf(request, pictures.map(({ position }) => position))
  })
}

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
    name: "Runway",
    id: defaultId,
    baseUrl: "https://api.dev.runwayml.com",
    families: [Family.family({ prefix: "", host: "vendor" })]
  }, options)

/**
 * Provides `Runway` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Runway, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(Runway, make(options))

/**
 * Provides `Runway` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<Runway, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(Runway, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "runway"

interface Picture {
  readonly position: "first" | "last" | "reference"
  readonly image: ImageInput
}

const picturesOf = ({ image, lastImage, referenceImages = [] }: Request): ReadonlyArray<Picture> => [
  ...(image === undefined ? [] : [{ position: "first", image }] as const),
  ...(lastImage === undefined ? [] : [{ position: "last", image: lastImage }] as const),
  ...referenceImages.map((image) => ({ position: "reference", image }) as const)
]

const optionsOf = (
  request: Request,
  positions: ReadonlyArray<Picture["position"]>
): Readonly<Record<string, Schema.Json>> => {
  const { publicFigureThreshold } = request
  const isPlain = positions.every((position, index) => position === (["first", "last"] as const)[index])
  return Fields.present({
    imagePositions: isPlain ? undefined : positions,
    duration: request.seconds === "auto" ? "auto" : undefined,
    seed: request.seed,
    contentModeration: publicFigureThreshold === undefined ? undefined : { publicFigureThreshold },
    audio: request.audio,
    negativePrompt: request.negativePrompt,
    outputFormat: request.outputFormat,
    proresProfile: request.proresProfile,
    watermark: request.watermark,
    ...request.options
  })
}
