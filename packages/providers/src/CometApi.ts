/**
 * CometAPI: one key for the video models of many vendors.
 *
 * Families of `/v1/videos`: `seedance` (ByteDance Seedance 1.0 Pro, 1.5 Pro, 2.0 and 2.0 fast, whose ranges are known and
 * checked) and `video` (any other model of the route, sent as given) are asked for here; `sora` with `OpenAi.video`. Vendors'
 * own routes that CometAPI passes on: `runway`, `kling`, `xai` and `ark`. Their requests are made by the vendor's module with
 * `provider: "cometapi"`: `Runway.video({ provider: "cometapi", … })`.
 *
 * @since 0.1.0
 */
import * as CometApiWire from "@video-tasks/core/CometApiWire"
import * as CometCatalogueWire from "@video-tasks/core/CometCatalogueWire"
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
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
import { vendorFamilies } from "./internal/cometFamilies.ts"
import * as SeedanceLength from "./internal/families/seedanceLength.ts"
import type { FamilyApi } from "./internal/familyApi.ts"
import * as Provider from "./internal/provider.ts"
import * as RequestBody from "./internal/requestBody.ts"

/**
 * CometAPI as a video provider.
 *
 * @category services
 * @since 0.1.0
 */
export class CometApi extends Context.Service<CometApi, VideoProvider>()("@video-tasks/providers/CometApi") {}

/**
 * The paths of CometAPI's routes, after the base URL; `{id}` stands for the task.
 *
 * @category options
 * @since 0.1.0
 */
export interface Paths {
  /** @default "/v1/videos" */
  readonly create?: string | undefined
  /** @default "/v1/videos/{id}" */
  readonly query?: string | undefined
  /** @default "/v1/videos/{id}/content" */
  readonly content?: string | undefined
  /** @default "/api/models?page=0" */
  readonly models?: string | undefined
}

/**
 * The options of the CometAPI provider. The default base URL is `https://api.cometapi.com`, the default id `cometapi`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ApiOptions {
  readonly paths?: Paths | undefined
}

/**
 * The Seedance models that CometAPI's create page lists.
 *
 * @category models
 * @since 0.1.0
 */
export type SeedanceModel =
  | "doubao-seedance-2-0"
  | "doubao-seedance-2-0-fast"
  | "doubao-seedance-1-5-pro"
  | "doubao-seedance-1-0-pro"

/**
 * A video by a Seedance model (CometAPI, `POST /v1/videos`).
 *
 * @category models
 * @since 0.1.0
 */
export interface SeedanceRequest {
  readonly model: SeedanceModel
  /** What the video shows. */
  readonly prompt: string
  /**
   * The length in whole seconds: 4 to 15 for both 2.0 models, 4 to 12 for 1.5 Pro, 2 to 10 for 1.0 Pro.
   *
   * @default 5
   */
  readonly seconds?: number | undefined
  /** @default "16:9" */
  readonly size?: "21:9" | "16:9" | "4:3" | "1:1" | "3:4" | "9:16" | undefined
  /**
   * `1080p` only for 1.5 Pro and 1.0 Pro.
   *
   * @default "720p"
   */
  readonly resolution?: "480p" | "720p" | "1080p" | undefined
  /** A JPEG, PNG or WebP picture to begin with, as bytes; only for the 2.0 models. */
  readonly image?: ImageInput | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider, for a second account.
   *
   * @default "cometapi"
   */
  readonly provider?: string | undefined
}

/**
 * A video by any model of the route (CometAPI, video overview): only the prompt is checked, all else is sent as given.
 *
 * @category models
 * @since 0.1.0
 */
export interface GenericRequest {
  /** A model id of the catalogue. */
  readonly model: string
  /** What the video shows. */
  readonly prompt: string
  /** The length in seconds. */
  readonly seconds?: number | undefined
  /** In the model's own spelling, for example `16:9`, `16x9` or `1280x720`. */
  readonly size?: string | undefined
  /** In the model's own spelling, for example `720p`. */
  readonly resolution?: string | undefined
  /** JPEG, PNG or WebP pictures, as bytes. */
  readonly images?: ReadonlyArray<ImageInput> | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
  /**
   * The id of the provider, for a second account.
   *
   * @default "cometapi"
   */
  readonly provider?: string | undefined
}

/**
 * Asks for a video by a Seedance model.
 *
 * **Details**
 *
 * What is left out is sent as the page's default (5 seconds, `16:9`, `720p`), so that what was paid for is on record and
 * does not change with the server's mind.
 *
 * **Example** (A request)
 *
 * ```ts import.meta.vitest
 * import { CometApi } from "@video-tasks/providers"
 *
 * const request = CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "A paper airplane", seconds: 5 })
 * request.family // => "seedance"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const seedance = (request: SeedanceRequest): VideoRequest => {
  const { image, provider = defaultId, ...rest } = request
  return { ...rest, provider, family: "seedance", images: image === undefined ? undefined : [image] }
}

/**
 * Asks for a video by any model of the route.
 *
 * **Example** (A model of the catalogue)
 *
 * ```ts import.meta.vitest
 * import { CometApi } from "@video-tasks/providers"
 *
 * CometApi.video({ model: "your-video-model-id", prompt: "A paper airplane" }).family // => "video"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const video = ({ provider = defaultId, ...request }: GenericRequest): VideoRequest => ({
  ...request,
  provider,
  family: "video"
})

/**
 * The family that a model belongs to by its name; `video` where the name tells none. `ark`, whose models are Seedance too, is
 * only chosen by asking for it.
 *
 * **Example** (Choosing by the model)
 *
 * ```ts import.meta.vitest
 * import { CometApi } from "@video-tasks/providers"
 *
 * CometApi.familyOf("doubao-seedance-1-5-pro") // => "seedance"
 * CometApi.familyOf("kling-v2-6") // => "kling"
 * CometApi.familyOf("veo3-fast") // => "video"
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const familyOf = (model: string): string => familyNames.find(([name]) => name.test(model))?.[1] ?? "video"

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
  makeWith(options, vendorFamilies())

/**
 * Makes the provider with the families of `/v1/videos` alone, `seedance` and `video`.
 *
 * **When to use**
 *
 * Use in a page, where what the vendors' families weigh (some 15 kB) is loaded in vain.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeVideos = (options: Options): Effect.Effect<VideoProvider, VideoTaskError, HttpClient.HttpClient> =>
  makeWith(options, [])

/**
 * Provides `CometApi` from options.
 *
 * **Example** (Reading a task without a network)
 *
 * ```ts import.meta.vitest
 * import { TaskHandle } from "@video-tasks/core"
 * import { CometApi } from "@video-tasks/providers"
 * import { Effect, Layer, Redacted } from "effect"
 * import { HttpClient, HttpClientResponse } from "effect/http"
 *
 * const http = HttpClient.make((request) =>
 *   Effect.succeed(HttpClientResponse.fromWeb(request, Response.json({ id: "t1", status: "IN_PROGRESS", progress: 45 })))
 * )
 * const handle = TaskHandle.TaskHandle.make({
 *   provider: "cometapi",
 *   family: "seedance",
 *   remoteId: "t1",
 *   baseUrl: "https://api.cometapi.com",
 *   account: "default"
 * })
 * const program = CometApi.CometApi.use((api) => api.observe(handle)).pipe(
 *   Effect.map((observation) => observation.progress),
 *   Effect.provide(CometApi.layer({ apiKey: Redacted.make("sk-example") }).pipe(
 *     Layer.provide(Layer.succeed(HttpClient.HttpClient, http))
 *   ))
 * )
 *
 * await Effect.runPromise(program) // => 45
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<CometApi, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(CometApi, make(options))

/**
 * Provides `CometApi` with the families of `/v1/videos` alone.
 *
 * @see {@link makeVideos} for when to use it
 *
 * @category layers
 * @since 0.1.0
 */
export const layerVideos = (options: Options): Layer.Layer<CometApi, VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(CometApi, makeVideos(options))

/**
 * Provides `CometApi` from `Config`; fails with a `ConfigError` that names the missing variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<CometApi, Config.ConfigError | VideoTaskError, HttpClient.HttpClient> =>
  Layer.effect(CometApi, Effect.flatMap(Config.unwrap(options), make))

// internal

const defaultId = "cometapi"

const makeWith = (options: Options, vendors: ReadonlyArray<FamilyApi>) => {
  const {
    content = "/v1/videos/{id}/content",
    create = "/v1/videos",
    models = "/api/models?page=0",
    query = "/v1/videos/{id}"
  } = options.paths ?? {}
  return Provider.make({
    name: "CometApi",
    id: defaultId,
    baseUrl: "https://api.cometapi.com",
    paths: { content, create, models, query },
    families: [...families({ content, create, query }), ...vendors],
    catalogue: { path: models, toPage: CometCatalogueWire.toPage }
  }, options)
}

/** How the models of each family are named in CometAPI's catalogue. */
const familyNames: ReadonlyArray<readonly [name: RegExp, family: string]> = [
  [/^(doubao-)?seedance-/i, "seedance"],
  [/^sora-/i, "sora"],
  [/^(gen\d|runway)/i, "runway"],
  [/^kling-/i, "kling"],
  [/^grok-imagine/i, "xai"]
]

const file = "input_reference"

const sizes: ModelSpec["sizes"] = { allowed: ["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"], default: "16:9" }

const spec = (
  id: SeedanceModel,
  [min, max]: readonly [number, number],
  resolutions: ReadonlyArray<string>,
  maxImages: number
): ModelSpec => ({
  id,
  seconds: { min, max, default: 5 },
  sizes,
  resolutions: { allowed: resolutions, default: "720p" },
  maxImages
})

// CometAPI, create page of Seedance.
const seedanceModels: ReadonlyArray<ModelSpec> = [
  spec("doubao-seedance-2-0", [4, 15], ["480p", "720p"], 1),
  spec("doubao-seedance-2-0-fast", [4, 15], ["480p", "720p"], 1),
  spec("doubao-seedance-1-5-pro", [4, 12], ["480p", "720p", "1080p"], 0),
  spec("doubao-seedance-1-0-pro", [2, 10], ["480p", "720p", "1080p"], 0)
]

/**
 * CometAPI, its page of Veo: pixels written `16x9`, and one or two pictures. No default is documented, and none is sent. What
 * it documents of the other models of the route is their names.
 */
const videoModels: ReadonlyArray<ModelSpec> = [
  { id: "veo3-fast", sizes: { allowed: ["16x9", "9x16"], default: "16x9" }, maxImages: 2 }
]

const shared = {
  statuses: ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED", "ERROR"],
  graceMs: 20_000,
  canCreate: true,
  canCancel: false,
  hasContentRoute: true,
  // Unsigned posts, where the page of a model documents the field that asks for them: then it goes into `options`.
  callbacks: "unsigned"
} as const

// "Poll every 10 to 20 seconds; most jobs take 1 to 3 minutes" (CometAPI, GET /v1/videos/{id}): an average, which a
// ceiling of 30 s keeps at about 17 s.
const poll = { ...PollPolicy.standard, floorMs: 10_000, ceilingMs: 30_000 }

interface VideoPaths {
  readonly create: string
  readonly query: string
  readonly content: string
}

// The general one comes first: it is what a task or a model belongs to that nobody knows.
const families = (paths: VideoPaths): ReadonlyArray<FamilyApi> => [
  videoFamily(paths, {
    ...shared,
    id: "video",
    title: "Video",
    models: videoModels,
    takesAnyModel: true,
    poll: { ...poll, deadlineMs: 3_600_000 }
  }),
  videoFamily(paths, {
    ...shared,
    id: "seedance",
    title: "Seedance",
    models: seedanceModels,
    poll: { ...poll, deadlineMs: 1_200_000 }
  })
]

const videoFamily = ({ content, create, query }: VideoPaths, family: Family): FamilyApi => ({
  family,
  query,
  content,
  images: "files",
  reserved: ["model", "prompt", "seconds", "size", "resolution", file],
  write: (request, images) =>
    Effect.succeed({ path: create, body: RequestBody.multipart(fieldsOf(request), { name: file, images }) }),
  // Both routes lead to Seedance, under its vendor's names too.
  billedSeconds: SeedanceLength.billedSeconds(family.models),
  toObservation: CometApiWire.toObservation
})

const fieldsOf = (request: VideoRequest): RequestBody.Fields => {
  const known = seedanceModels.find(({ id }) => request.family === "seedance" && id === request.model)
  return {
    prompt: request.prompt,
    model: request.model,
    seconds: request.seconds ?? known?.seconds?.default,
    size: request.size ?? known?.sizes?.default,
    resolution: request.resolution ?? known?.resolutions?.default,
    ...request.options
  }
}
