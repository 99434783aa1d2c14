/**
 * Kling: text and image to video at the vendor's own API.
 *
 * The same requests go to Kling behind CometAPI: `Kling.video({ …, provider: "cometapi" })`.
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
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { ApiOptions } from "./ApiOptions.ts"
import * as Configuration from "./internal/configuration.ts"
import * as Family from "./internal/families/kling.ts"
import * as JwtToken from "./internal/jwtToken.ts"
import * as Fields from "./internal/options.ts"
import * as Provider from "./internal/provider.ts"

/**
 * Kling as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class Kling extends Context.Service<Kling, VideoProvider>()("@video-tasks/providers/Kling") {}

/**
 * The options of the Kling provider. The default base URL is `https://api-singapore.klingai.com`, the default id `kling`.
 *
 * **Details**
 *
 * Give an `apiKey`, or the pair of `accessKey` and `secretKey` that older accounts have: then a token is signed with them,
 * which holds for half an hour and is made anew five minutes before its end. Where both are given, the `apiKey` is used.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Omit<ApiOptions, "apiKey"> {
  /** The key of the account, sent as it is. It goes to the API's own origin only. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** Says in the token whose it is. */
  readonly accessKey?: Redacted.Redacted | undefined
  /** Signs the token, and never leaves this machine. */
  readonly secretKey?: Redacted.Redacted | undefined
}

/**
 * The base URL of Kling in China.
 *
 * @category constants
 * @since 0.1.0
 */
export const beijing = "https://api-beijing.klingai.com"

/**
 * The models that Kling's pages name: their ranges are known and checked. `kling-v1-5` and `kling-v2-1` need a picture.
 *
 * @category models
 * @since 0.1.0
 */
export type Model =
  | "kling-v1"
  | "kling-v1-5"
  | "kling-v1-6"
  | "kling-v2-master"
  | "kling-v2-1"
  | "kling-v2-1-master"
  | "kling-v2-5-turbo"
  | "kling-v2-6"
  | "kling-v3"

/**
 * How the camera moves: one of the presets, or `simple` along exactly one axis, from −10 to 10.
 *
 * @category models
 * @since 0.1.0
 */
export type CameraControl =
  | { readonly type: "down_back" | "forward_up" | "right_turn_forward" | "left_turn_forward" }
  | {
    readonly type: "simple"
    readonly config: {
      readonly [Axis in "horizontal" | "vertical" | "pan" | "tilt" | "roll" | "zoom"]?: number | undefined
    }
  }

/**
 * What text and image to video have in common.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonRequest {
  // The second half keeps the names of the first in completions.
  readonly model: Model | (string & {})
  /**
   * The length in seconds: 5 or 10; 3 to 15 for `kling-v3`. The API's default is 5.
   */
  readonly seconds?: number | undefined
  /** What the video shall not show: at most 2,500 characters, 200 at CometAPI. */
  readonly negativePrompt?: string | undefined
  /** From 0 (free) to 1 (close to the prompt); not for the models of version 2. The API's default is 0.5. */
  readonly cfgScale?: number | undefined
  /** `std` is cheaper, `pro` better, `4k` only for `kling-v3`. The API's default is `std`. */
  readonly mode?: "std" | "pro" | "4k" | undefined
  readonly cameraControl?: CameraControl | undefined
  /** Whether the video has sound; from `kling-v2-6` on. */
  readonly sound?: boolean | undefined
  /** Whether a second copy with a watermark is made. It is not handed over. */
  readonly watermark?: boolean | undefined
  /** Gets the task on each change of its state. */
  readonly callbackUrl?: URL | undefined
  /**
   * Your own name for the task, unique in the account. Without it our id of the task is sent, by which a create whose answer
   * was lost is looked up; yours serves as well.
   */
  readonly externalTaskId?: string | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider: `cometapi` for Kling behind CometAPI, or that of a second account.
   *
   * @default "kling"
   */
  readonly provider?: string | undefined
}

/**
 * A video from words (Kling, `POST /v1/videos/text2video`).
 *
 * @category models
 * @since 0.1.0
 */
export interface TextRequest extends CommonRequest {
  /** What the video shows: at most 2,500 characters, 500 at CometAPI. */
  readonly prompt: string
  /** `4:3`, `3:4`, `3:2` and `2:3` only at CometAPI. The API's default is `16:9`. */
  readonly size?: "16:9" | "9:16" | "1:1" | "4:3" | "3:4" | "3:2" | "2:3" | undefined
  readonly image?: undefined
  readonly imageTail?: undefined
}

/**
 * A video from a picture (Kling, `POST /v1/videos/image2video`), which decides the aspect ratio.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImageRequest extends CommonRequest {
  /** What happens in the video: at most 2,500 characters, 500 at CometAPI. */
  readonly prompt?: string | undefined
  /** The first frame: a JPEG or PNG of at most 10 MiB, sent as base64, or a link. At least 300 pixels wide and high. */
  readonly image: ImageInput
  /** The last frame. */
  readonly imageTail?: ImageInput | undefined
}

/**
 * A video by Kling.
 *
 * @category models
 * @since 0.1.0
 */
export type Request = TextRequest | ImageRequest

/**
 * Asks for a video; what is left out is not sent, so that the API's own default holds.
 *
 * **Example** (From a picture)
 *
 * ```ts import.meta.vitest
 * import { Kling } from "@video-tasks/providers"
 *
 * const request = Kling.video({
 *   model: "kling-v2-6",
 *   image: new URL("https://example.com/start.png"),
 *   seconds: 10,
 *   mode: "pro",
 *   sound: true
 * })
 * request.options // => { mode: "pro", sound: "on" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const video = (request: Request): VideoRequest => {
  const { image, imageTail, model, prompt = "", provider = defaultId, seconds } = request
  const size = "size" in request ? request.size : undefined
  const images = [image, imageTail].filter((picture) => picture !== undefined)
  const options = optionsOf(request)
  return Fields.request({ provider, family: "kling", model, prompt, seconds, size, images, options })
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
export const make = Effect.fnUntraced(function*(
  { accessKey, apiKey, secretKey, ...options }: Options
): Effect.fn.Return<VideoProvider, VideoTaskError, HttpClient.HttpClient> {
  const signs = apiKey === undefined && (accessKey !== undefined || secretKey !== undefined)
  const proof = signs ? { signer: yield* signerOf(accessKey, secretKey) } : { apiKey }
  return yield* Provider.make({
    name: "Kling",
    id: defaultId,
    baseUrl: "https://api-singapore.klingai.com",
    families: [Family.family(Family.native)]
  }, { ...options, ...proof })
})

/**
 * Provides `Kling` from options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Kling, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(Kling, make(options))

/**
 * Provides `Kling` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<Kling, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(Kling, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "kling"

const signerOf = Effect.fnUntraced(function*(
  accessKey: Redacted.Redacted | undefined,
  secretKey: Redacted.Redacted | undefined
): Effect.fn.Return<Configuration.Signer> {
  const access = Configuration.secretOf("accessKey", accessKey)
  const secret = Configuration.secretOf("secretKey", secretKey)
  const violations = [...access.violations, ...secret.violations]
  const token = yield* JwtToken.make(access.secret, secret.secret)
  // The first request need not wait for a signature. One that fails now fails again when it is needed.
  if (violations.length === 0) yield* Effect.ignore(token)
  return { violations, secrets: [access.secret, secret.secret], token }
})

const optionsOf = (request: Request): Readonly<Record<string, Schema.Json>> =>
  Fields.present({
    negative_prompt: request.negativePrompt,
    cfg_scale: request.cfgScale,
    mode: request.mode,
    camera_control: request.cameraControl === undefined ? undefined : cameraOf(request.cameraControl),
    sound: request.sound === undefined ? undefined : request.sound ? "on" : "off",
    watermark_info: request.watermark === undefined ? undefined : { enabled: request.watermark },
    callback_url: request.callbackUrl?.href,
    external_task_id: request.externalTaskId,
    ...request.options
  })

const cameraOf = (camera: CameraControl): Schema.Json =>
  camera.type === "simple" ? { type: camera.type, config: Fields.present(camera.config) } : { type: camera.type }
