/**
 * Sora: `/v1/videos` of OpenAI, at its own API and behind CometAPI.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import * as OpenAiWire from "@video-tasks/core/OpenAiWire"
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as Price from "@video-tasks/core/Price"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { Violation } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { FamilyApi, ListRoute } from "../familyApi.ts"
import * as RequestBody from "../requestBody.ts"
import * as TaskPath from "../taskPath.ts"

/** Where the family is served. */
export interface Place {
  /** Before `/v1`. */
  readonly prefix: string
  /** Whether it is OpenAI itself, or CometAPI, whose pages know no list and another default size. */
  readonly host: "vendor" | "cometapi"
}

/** The option that makes a request a remix: the field in which the API names the origin of one. */
export const remixOf = "remixed_from_video_id"

/** Makes the family of a place. */
export const family = ({ host, prefix }: Place): FamilyApi => {
  const isVendor = host === "vendor"
  const models = modelsOf(host)
  const videos = `${prefix}/v1/videos`
  return {
    family: {
      id: "sora",
      title: "Sora",
      models,
      statuses: ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED"],
      poll,
      graceMs: 20_000,
      canCreate: true,
      canCancel: false,
      canRemove: true,
      hasContentRoute: true,
      ...(isVendor ? { canList: true, batchSize: maxPage } : { callbacks: "unsigned" })
    },
    query: `${videos}/{id}`,
    content: `${videos}/{id}/content`,
    remove: `${videos}/{id}`,
    ...(isVendor ? { list: listAt(videos) } : {}),
    images: "files",
    reserved: ["model", "prompt", "seconds", "size", file],
    violations,
    write: (request, images) => {
      const source = sourceOf(request)
      return source === undefined
        ? Effect.succeed({
          path: videos,
          body: RequestBody.multipart(fieldsOf(request, models), { name: file, images })
        })
        : Effect.map(
          TaskPath.of(`${videos}/{id}/remix`, source),
          (path) => ({ path, body: RequestBody.json({ prompt: request.prompt }) })
        )
    },
    // A remix is as long as its source, which is not asked for.
    billedSeconds: (request) =>
      request.options?.[remixOf] === undefined ? Price.secondsOf(request, specOf(models, request)) : undefined,
    toObservation: OpenAiWire.toObservation
  }
}

// "Every 10 to 20 seconds" (OpenAI, video generation guide): an average, which a ceiling of 30 s keeps at about 17 s.
const poll: PollPolicy.PollPolicy = {
  ...PollPolicy.standard,
  floorMs: 10_000,
  ceilingMs: 30_000,
  deadlineMs: 3_600_000
}

const file = "input_reference"

/** OpenAI, `GET /v1/videos`: the largest `limit`. */
const maxPage = 100

const listAt = (videos: string): ListRoute => ({
  path: ({ cursor, limit = maxPage }) => {
    const size = Math.min(maxPage, Math.max(1, Math.trunc(limit)))
    const query = new URLSearchParams({ limit: String(size), order: "desc" })
    if (cursor !== undefined) query.set("after", cursor)
    return `${videos}?${query.toString()}`
  },
  filtersByIds: false,
  toPage: (body) => Result.map(OpenAiWire.toPage(body), ({ after, items }) => ({ items, cursor: after }))
})

// OpenAI, `POST /v1/videos`. The larger two are what `sora-2-pro` got later.
const sizes = ["720x1280", "1280x720", "1024x1792", "1792x1024"]
const proSizes = [...sizes, "1080x1920", "1920x1080"]

const anyway = "`--force` (`force: true` in code) sends the request all the same"

// OpenAI, deprecations: the Sora API and its models end on this day.
const retired: Readonly<Record<Place["host"], string>> = {
  vendor: `OpenAI shut the Sora API down on 2026-09-24; ${anyway}`,
  cometapi: `OpenAI shut Sora down on 2026-09-24, and CometAPI does not say that it serves it still; ${anyway}`
}

const ids = ["sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-2025-12-08", "sora-2-pro-2025-10-06"]

const modelsOf = (host: Place["host"]): ReadonlyArray<ModelSpec> =>
  ids.map((id) => ({
    id,
    seconds: { min: 4, max: 12, default: 4, allowed: [4, 8, 12] },
    sizes: {
      allowed: id.startsWith("sora-2-pro") ? proSizes : sizes,
      default: host === "vendor" ? "720x1280" : "1280x720"
    },
    maxImages: 1,
    retired: retired[host]
  }))

const specOf = (models: ReadonlyArray<ModelSpec>, { model }: VideoRequest): ModelSpec | undefined =>
  models.find(({ id }) => id === model)

const fieldsOf = (request: VideoRequest, models: ReadonlyArray<ModelSpec>): RequestBody.Fields => {
  const known = specOf(models, request)
  return {
    prompt: request.prompt,
    model: request.model,
    seconds: request.seconds ?? known?.seconds?.default,
    size: request.size ?? known?.sizes?.default,
    ...request.options
  }
}

/** The video to remix; a text, or else the request was refused. */
const sourceOf = (request: VideoRequest): string | undefined => {
  const source = request.options?.[remixOf]
  return typeof source === "string" ? source : undefined
}

const violations = (request: VideoRequest): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const complain = (field: string, value: string, allowed: string) =>
    found.push(new Violation({ field, value, allowed }))
  if (request.resolution !== undefined) complain("resolution", request.resolution, "none: the size says it")
  const source = request.options?.[remixOf]
  if (source === undefined) return found
  if (typeof source !== "string" || !/^(?!\.{1,2}$)[\w.:~-]{1,512}$/.test(source)) {
    complain(`options.${remixOf}`, typeof source === "string" ? "no id of a video" : typeof source, "the id of a video")
  }
  const { images = [], options = {}, seconds, size } = request
  const allowed = "nothing but a prompt: a remix keeps what its source has"
  if (seconds !== undefined) complain("seconds", String(seconds), allowed)
  if (size !== undefined) complain("size", size, allowed)
  if (images.length > 0) complain("images", String(images.length), allowed)
  for (const name of Object.keys(options)) {
    if (name !== remixOf) complain(`options.${name}`, "an extra field", allowed)
  }
  return found
}
