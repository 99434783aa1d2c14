/**
 * Kling's text and image to video, at its own API and behind CometAPI.
 */
import * as KlingWire from "@video-tasks/core/KlingWire"
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type { CreateOptions } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { InvalidRequest, type Reason } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Refusal } from "../classify.ts"
import type { FamilyApi, ListQuery, ListRoute } from "../familyApi.ts"
import type { Checked } from "../imageInput.ts"
import * as OptionRules from "../optionRules.ts"
import * as RequestBody from "../requestBody.ts"
import * as KlingRules from "./klingRules.ts"

/** Where the family is served. */
export interface Place extends Omit<KlingRules.Limits, "isKnown"> {
  /** Before `/v1/videos`. */
  readonly prefix: string
  /** In characters. */
  readonly maxPromptLength: number
  readonly sizes: ReadonlyArray<string>
  /** Whether the list of tasks is documented there. */
  readonly listed: boolean
  /** Whether callbacks can be signed there. */
  readonly callbacks: "signed" | "unsigned"
}

/** Kling's own API. */
export const native: Place = {
  prefix: "",
  maxPromptLength: 2500,
  maxNegativePromptLength: 2500,
  sizes: ["16:9", "9:16", "1:1"],
  listed: true,
  // Standard Webhooks, once the account has a secret for it (Kling, callback protocol).
  callbacks: "signed"
}

/** CometAPI, `POST /kling/v1/videos/text2video`. */
export const comet: Place = {
  prefix: "/kling",
  maxPromptLength: 500,
  maxNegativePromptLength: 200,
  sizes: ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3"],
  listed: false,
  callbacks: "unsigned"
}

/** Makes the family of a place. */
export const family = (place: Place): FamilyApi => {
  const videos = `${place.prefix}/v1/videos`
  const specs = models(place)
  return {
    family: {
      id: "kling",
      title: "Kling",
      models: specs,
      statuses: ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED"],
      // No page tells a cadence; 5 to 10 s is usual in clients. A gateway's row has percentages that mean nothing.
      poll: { ...PollPolicy.standard, floorMs: 10_000, meaninglessProgress: [10, 20, 30, 50] },
      graceMs: 20_000,
      canCreate: true,
      canCancel: false,
      hasContentRoute: false,
      canFindCreated: true,
      routes,
      callbacks: place.callbacks,
      takesCallbackUrl: true,
      ...(place.listed ? { canList: true, batchSize } : {})
    },
    query: `${videos}/{route}/{id}`,
    ...(place.listed ? { list: listAt(videos) } : {}),
    traced: {
      trace: (request, options) => {
        const reference = referenceOf(request, options)
        return reference === undefined || !KlingRules.isReference(reference)
          ? undefined
          : { reference, route: routeOf(request) }
      },
      path: ({ reference, route }) =>
        route !== undefined && routes.some((one) => one === route)
          ? `${videos}/${route}/${encodeURIComponent(reference)}`
          : undefined
    },
    callbackField: "callback_url",
    images: "links",
    reserved: ["model", "model_name", "prompt", "image", "image_tail", "aspect_ratio", "duration"],
    violations: KlingRules.violations({ ...place, isKnown: (model) => specs.some(({ id }) => id === model) }),
    write: (request, images, options) =>
      Effect.map(write(request, images, options), (body) => {
        const route = routeOf(request)
        return { path: `${videos}/${route}`, body, route }
      }),
    refusals,
    toObservation: KlingWire.toObservation
  }
}

/** Kling, service codes: numbers, which come with any HTTP status, a good one too. */
const refusals: ReadonlyArray<Refusal> = [
  { means: "quota", code: /^110[0-2]$/ },
  // 1103 has no access to what it asks for, 1304 is not on the list of allowed addresses.
  { means: "key", code: /^(100[0-4]|1103|1304)$/ },
  { means: "rate", code: /^130[23]$/ },
  { means: "fault", code: /^500[0-2]$/ },
  { means: "absent", code: /^1203$/ },
  // 1300 and 1301 are about the content of the prompt.
  { means: "parameter", code: /^(120[01]|130[01])$/ }
]

type Route = "text2video" | "image2video"

const routes: ReadonlyArray<Route> = ["text2video", "image2video"]

const routeOf = ({ images = [] }: VideoRequest): Route => images.length === 0 ? "text2video" : "image2video"

/** The user's own name for the task goes before ours. */
const referenceOf = ({ options = {} }: VideoRequest, { reference }: CreateOptions): string | undefined => {
  const own = options["external_task_id"]
  return typeof own === "string" ? own : reference
}

const write = Effect.fnUntraced(function*(
  request: VideoRequest,
  images: ReadonlyArray<Checked>,
  options: CreateOptions
): Effect.fn.Return<{ readonly json: unknown }, Reason> {
  const [image, tail] = yield* Effect.forEach(images, toPicture)
  return RequestBody.json({
    model_name: request.model,
    prompt: request.prompt.trim() === "" ? undefined : request.prompt,
    image,
    image_tail: tail,
    aspect_ratio: request.size,
    duration: request.seconds === undefined ? undefined : String(request.seconds),
    external_task_id: options.reference,
    ...request.options
  })
})

/** A link as it is, all else as bare base64: the API does not take the prefix of a data URI. */
const toPicture = (image: Checked, index: number): Effect.Effect<string, InvalidRequest> => {
  if (image instanceof URL) return Effect.succeed(KlingRules.base64Of(image) ?? image.href)
  return pictureTypes.has(image.mimeType)
    ? RequestBody.base64(image, index)
    : Effect.fail(
      new InvalidRequest({
        violations: [OptionRules.violation(`images[${index}]`, image.mimeType, "a JPEG or PNG picture")]
      })
    )
}

const pictureTypes: ReadonlySet<string> = new Set(["image/jpeg", "image/png"])

/** A page could hold 500; with long links that would be more than an answer may have. */
const batchSize = 100

const maxPage = 1000

interface Position {
  readonly route: string
  readonly page: number
  readonly size: number
}

/** A cursor is the route and the number of the page. */
const positionOf = ({ cursor = "", limit = batchSize, route }: ListQuery): Position => {
  const [, at = "text2video", page = "1"] = /^(text2video|image2video):(\d{1,4})$/.exec(cursor) ?? []
  return {
    route: route ?? at,
    page: Math.min(maxPage, Math.max(1, Number(page))),
    size: Math.min(500, Math.max(1, Math.trunc(limit)))
  }
}

/**
 * Pages are numbered from 1 (Kling, `GET /v1/videos/text2video?pageNum=&pageSize=`), each route has its own. That the newest
 * come first is not documented.
 */
const listAt = (videos: string): ListRoute => ({
  path: (query) => {
    const { page, route, size } = positionOf(query)
    return `${videos}/${encodeURIComponent(route)}?pageNum=${page}&pageSize=${size}`
  },
  filtersByIds: false,
  toPage: (body, query) =>
    Result.map(KlingWire.toItems(body), (items) => {
      const { page, route, size } = positionOf(query)
      const hasMore = items.length >= size && page < maxPage
      const hasOther = query.route === undefined && route === "text2video"
      return { items, cursor: hasMore ? `${route}:${page + 1}` : hasOther ? "image2video:1" : undefined }
    })
})

/**
 * The models that Kling's pages name. kling-v3 makes 3 to 15 seconds; the others take 5 or 10. Those that can't do without a
 * picture say so.
 */
const models = ({ maxPromptLength, sizes }: Place): ReadonlyArray<ModelSpec> => {
  const spec = (id: string, own: Partial<ModelSpec> = {}): ModelSpec => ({
    id,
    seconds: { min: 5, max: 10, default: 5, allowed: [5, 10] },
    sizes: { allowed: sizes, default: "16:9" },
    maxImages: 2,
    // A picture is enough; `KlingRules` asks for one or the other.
    promptIsOptional: true,
    maxPromptLength,
    ...own
  })
  return [
    spec("kling-v1"),
    spec("kling-v1-5", { minImages: 1 }),
    spec("kling-v1-6"),
    spec("kling-v2-master"),
    spec("kling-v2-1", { minImages: 1 }),
    spec("kling-v2-1-master"),
    spec("kling-v2-5-turbo"),
    spec("kling-v2-6"),
    spec("kling-v3", { seconds: { min: 3, max: 15, default: 5 } })
  ]
}
