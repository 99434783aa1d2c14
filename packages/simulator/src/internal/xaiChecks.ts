import type { SeedTask } from "../SeedTask.ts"
import { isObject, type Json } from "./json.ts"

/** @internal Which of the routes makes the video. */
export type Action = "generations" | "edits" | "extensions"

/** @internal What is told apart when a create is checked. */
export interface Place {
  readonly action: Action
  readonly isGateway: boolean
}

const ratios = ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"]

const longestPrompt = 4096

const isAbsent = (value: unknown): boolean => value === undefined || value === null

/** A link, or the picture itself as a data URI, in an object. */
const isLink = (value: unknown): boolean =>
  isObject(value) && typeof value["url"] === "string" &&
  /^(https?:\/\/.|data:[a-z]+\/[\w.+-]+;base64,.)/i.test(value["url"])

const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

const resolutionsOf = (model: string, isGateway: boolean): ReadonlyArray<string> =>
  !isGateway && model.startsWith("grok-imagine-video-1.5") ? ["480p", "720p", "1080p"] : ["480p", "720p"]

type Check = (body: Json, model: string, place: Place) => string | undefined

const promptOf: Check = ({ prompt }) =>
  typeof prompt !== "string" || prompt === ""
    ? "Prompt cannot be empty."
    : Array.from(prompt).length > longestPrompt
    ? `Prompt length is larger than the maximum allowed length of ${longestPrompt} characters.`
    : undefined

const durationOf: Check = ({ duration, reference_images: references }, _, { action }) => {
  if (isAbsent(duration)) return undefined
  const [min, max] = action === "extensions" ? [2, 10] : listOf(references).length > 0 ? [1, 10] : [1, 15]
  return Number.isInteger(duration) && Number(duration) >= min && Number(duration) <= max
    ? undefined
    : `Duration must be an integer between ${min} and ${max} seconds.`
}

const wordsOf: Check = ({ aspect_ratio: ratio, resolution, size }, model, { isGateway }) => {
  if (!isAbsent(ratio) && !ratios.includes(String(ratio))) return `Unsupported aspect ratio. Use ${ratios.join(", ")}.`
  const resolutions = resolutionsOf(model, isGateway)
  if (!isAbsent(resolution) && !resolutions.includes(String(resolution))) {
    return `Unsupported resolution for ${model}. Use ${resolutions.join(", ")}.`
  }
  return isAbsent(size) || typeof size === "string" ? undefined : "Size must be a string."
}

const maxReferences = 7

const picturesOf: Check = ({ image, reference_images: references }) => {
  if (!isAbsent(image) && !isLink(image)) return "Image must have an https URL or a base64 data URI."
  if (isAbsent(references)) return undefined
  const all = listOf(references)
  if (all.length === 0 || all.length > maxReferences) {
    return `Between 1 and ${maxReferences} reference images are supported.`
  }
  if (!all.every(isLink)) return "Reference images must have an https URL or a base64 data URI."
  return isAbsent(image) ? undefined : "Reference images cannot be combined with an image."
}

const videoOf: Check = ({ video }, _, { action }) =>
  action === "generations" || isLink(video) ? undefined : "Video must have an https URL or a base64 data URI."

/**
 * The first thing that is wrong. The ranges are those of xAI's pages on video and of the schema of its create; CometAPI's
 * page has the same without references and 1080p. The sentences are made up.
 *
 * @internal
 */
export const complaint: Check = (body, model, place) => {
  for (const check of [promptOf, durationOf, wordsOf, picturesOf, videoOf]) {
    const found = check(body, model, place)
    if (found !== undefined) return found
  }
  return undefined
}

/** What is made unless the create says otherwise: 8 seconds at xAI, 1 at CometAPI, an extension of 6. */
const secondsOf = ({ duration }: Json, { action, isGateway }: Place): number =>
  typeof duration === "number" ? duration : isGateway ? 1 : action === "extensions" ? 6 : 8

/** @internal The task that a create asks for. */
export const order = (body: Json, model: string, place: Place): SeedTask => ({
  model,
  prompt: String(body["prompt"]),
  seconds: secondsOf(body, place),
  size: isAbsent(body["aspect_ratio"]) ? "16:9" : String(body["aspect_ratio"]),
  resolution: isAbsent(body["resolution"]) ? "480p" : String(body["resolution"])
})
