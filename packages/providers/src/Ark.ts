/**
 * ByteDance's Ark (BytePlus ModelArk, Volcengine Ark): Seedance at the vendor's own API.
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
import * as Family from "./internal/families/ark.ts"
import * as Fields from "./internal/options.ts"
import * as Provider from "./internal/provider.ts"

/**
 * Ark as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class Ark extends Context.Service<Ark, VideoProvider>()("@video-tasks/providers/Ark") {}

/**
 * The options of the Ark provider. The default id is `ark`, the default base URL that of BytePlus,
 * `https://ark.ap-southeast.bytepluses.com/api/v3`; Volcengine's is {@link volcengine}.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {}

/**
 * The base URL of Volcengine Ark in China.
 *
 * @category constants
 * @since 0.1.0
 */
export const volcengine = "https://ark.cn-beijing.volces.com/api/v3"

/**
 * The models that the create pages of BytePlus ModelArk (without `doubao-`) and Volcengine Ark name: their ranges are known
 * and checked. Any other id, that of an endpoint included, is sent as given.
 *
 * @category models
 * @since 0.1.0
 */
export type Model =
  | "dreamina-seedance-2-0-260128"
  | "dreamina-seedance-2-0-fast-260128"
  | "seedance-1-5-pro-251215"
  | "seedance-1-0-pro-250528"
  | "seedance-1-0-pro-fast-251015"
  | "doubao-seedance-2-0-260128"
  | "doubao-seedance-2-0-fast-260128"
  | "doubao-seedance-1-5-pro-251215"
  | "doubao-seedance-1-0-pro-250528"
  | "doubao-seedance-1-0-pro-fast-251015"

/**
 * A video by Ark (BytePlus ModelArk, `POST /contents/generations/tasks`).
 *
 * **Details**
 *
 * Pictures are a first frame, a first and a last frame, or references: one of the three. What is left out is not sent: the
 * model's own default holds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  // The second half keeps the names of the first in completions.
  readonly model: Model | (string & {})
  /** What the video shows. May be left out where there is a picture or a draft. */
  readonly prompt?: string | undefined
  /**
   * The length in whole seconds: 4 to 30 for Seedance 2.5, 4 to 15 for 2.0, 4 to 12 for 1.5, 2 to 12 for 1.0; `auto` lets
   * the model choose.
   */
  readonly seconds?: number | "auto" | undefined
  /** The number of frames, instead of `seconds`. */
  readonly frames?: number | undefined
  /** The aspect ratio, sent as `ratio`; `adaptive` follows the picture. */
  readonly size?: "16:9" | "4:3" | "1:1" | "3:4" | "9:16" | "21:9" | "adaptive" | undefined
  readonly resolution?: "480p" | "720p" | "1080p" | "4k" | undefined
  /** A picture to begin with: the same as `firstFrame`. */
  readonly image?: ImageInput | undefined
  /** JPEG, PNG or WebP pictures as bytes (sent as data URIs), or links. */
  readonly firstFrame?: ImageInput | undefined
  /** Only beside a first frame. */
  readonly lastFrame?: ImageInput | undefined
  /** What shall appear in the video. */
  readonly referenceImages?: ReadonlyArray<ImageInput> | undefined
  readonly referenceVideos?: ReadonlyArray<URL> | undefined
  readonly referenceAudio?: ReadonlyArray<URL> | undefined
  /** The id of a task that was made with `draft: true`, to be made in full. */
  readonly draftTask?: string | undefined
  /** −1, any, to 2^32 − 1. */
  readonly seed?: number | undefined
  readonly cameraFixed?: boolean | undefined
  readonly watermark?: boolean | undefined
  readonly generateAudio?: boolean | undefined
  /** `flex` is cheaper and takes hours. */
  readonly serviceTier?: "default" | "flex" | undefined
  /** Gives the last frame as a picture: it arrives as the video's `thumbnailUrl`. */
  readonly returnLastFrame?: boolean | undefined
  /** A cheap first look. */
  readonly draft?: boolean | undefined
  /** 0 to 9. */
  readonly priority?: number | undefined
  readonly outputFormat?: string | undefined
  /** After how many seconds the API gives the task up as `expired`; 172,800 unless it is said. */
  readonly executionExpiresAfter?: number | undefined
  /** Gets the task on each change of its state, unsigned. */
  readonly callbackUrl?: URL | undefined
  /** A name for your user, at most 64 characters; never a secret. */
  readonly safetyIdentifier?: string | undefined
  readonly tools?: ReadonlyArray<Schema.Json> | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider: `cometapi` for Ark behind CometAPI, or that of a second account.
   *
   * @default "ark"
   */
  readonly provider?: string | undefined
}

/**
 * Asks for a video.
 *
 * **Details**
 *
 * In a `VideoRequest` the roles of `images` are `options.image_roles` (`first_frame`, `last_frame`, `reference_image`), and
 * further parts of the text are `options.content`. A lone picture without a role is the first frame.
 *
 * **Example** (A first and a last frame)
 *
 * ```ts import.meta.vitest
 * import { Ark } from "@video-tasks/providers"
 *
 * const request = Ark.video({
 *   model: "seedance-1-5-pro-251215",
 *   prompt: "A paper airplane lands",
 *   firstFrame: new URL("https://example.com/start.png"),
 *   lastFrame: new URL("https://example.com/end.png"),
 *   generateAudio: false
 * })
 * request.options // => { image_roles: ["first_frame", "last_frame"], generate_audio: false }
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
    family: "ark",
    model,
    prompt,
    seconds,
    size,
    resolution,
    images: pictures.map(({ image }) => image),
    options: optionsOf(request, pictures.map(({ role }) => role))
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
    name: "Ark",
    id: defaultId,
    baseUrl: "https://ark.ap-southeast.bytepluses.com/api/v3",
    families: [Family.family({ prefix: "", managed: true })]
  }, options)

/**
 * Provides `Ark` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Ark, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(Ark, make(options))

/**
 * Provides `Ark` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<Ark, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(Ark, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "ark"

interface Picture {
  readonly role: string
  readonly image: ImageInput
}

const picturesOf = ({ firstFrame, image, lastFrame, referenceImages = [] }: Request): ReadonlyArray<Picture> => [
  ...[image, firstFrame].flatMap((image) => image === undefined ? [] : [{ role: "first_frame", image }]),
  ...(lastFrame === undefined ? [] : [{ role: "last_frame", image: lastFrame }]),
  ...referenceImages.map((image) => ({ role: "reference_image", image }))
]

const optionsOf = (request: Request, roles: ReadonlyArray<string>): Readonly<Record<string, Schema.Json>> => {
  const content = partsOf(request)
  return Fields.present({
    image_roles: roles.length === 0 ? undefined : roles,
    content: content.length === 0 ? undefined : content,
    duration: request.seconds === "auto" ? -1 : undefined,
    frames: request.frames,
    seed: request.seed,
    camera_fixed: request.cameraFixed,
    watermark: request.watermark,
    generate_audio: request.generateAudio,
    service_tier: request.serviceTier,
    return_last_frame: request.returnLastFrame,
    draft: request.draft,
    priority: request.priority,
    output_format: request.outputFormat,
    execution_expires_after: request.executionExpiresAfter,
    callback_url: request.callbackUrl?.href,
    safety_identifier: request.safetyIdentifier,
    tools: request.tools,
    ...request.options
  })
}

const partsOf = ({ draftTask, referenceAudio = [], referenceVideos = [] }: Request): ReadonlyArray<Schema.Json> => [
  ...referenceVideos.map(({ href }) => ({ type: "video_url", video_url: { url: href }, role: "reference_video" })),
  ...referenceAudio.map(({ href }) => ({ type: "audio_url", audio_url: { url: href }, role: "reference_audio" })),
  ...(draftTask === undefined ? [] : [{ type: "draft_task", draft_task: { id: draftTask } }])
]
