/**
 * What xAI's creates take besides what the specs of their models say (xAI, "Video overview", and the rules of its AI SDK
 * package).
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Violation } from "@video-tasks/core/VideoTaskError"
import { shown, violation } from "../optionRules.ts"

/** How a video is made. The last three are said by `options.mode`, the others follow from the pictures. */
export type Mode = "text-to-video" | "image-to-video" | "reference-to-video" | "edit-video" | "extend-video"

/** The most reference pictures of one video. */
export const maxReferences = 7

const sayable = ["reference-to-video", "edit-video", "extend-video"] as const

/** One picture is the first frame, several are references. */
export const modeOf = ({ images = [], options }: VideoRequest): Mode => {
  const said = sayable.find((mode) => mode === options?.["mode"])
  return said ?? (images.length === 0 ? "text-to-video" : images.length === 1 ? "image-to-video" : "reference-to-video")
}

/** What is different from place to place. */
interface Place {
  readonly models: ReadonlyArray<ModelSpec>
  readonly isVendor: boolean
}

/** Finds everything at once. */
export const violations = (place: Place) => (request: VideoRequest): ReadonlyArray<Violation> => {
  const mode = modeOf(request)
  return [
    ...saidViolations(request),
    ...(place.isVendor ? [] : undocumented(request, mode, place)),
    ...(mode === "edit-video" || mode === "extend-video" ? videoViolations(request, mode) : []),
    ...(mode === "reference-to-video" ? referenceViolations(request, place) : []),
    ...listViolations(request),
    ...versionViolations(request)
  ]
}

const saidViolations = ({ options = {} }: VideoRequest): ReadonlyArray<Violation> => {
  const { mode, video } = options
  const isSaid = mode === undefined || sayable.some((one) => one === mode)
  return [
    ...(isSaid ? [] : [violation("options.mode", shown(mode), sayable.join(", "))]),
    ...(video === undefined || mode === "edit-video" || mode === "extend-video"
      ? []
      : [violation("options.video", "a video", "only with options.mode edit-video or extend-video")])
  ]
}

/** CometAPI's page knows a text and one picture. */
const undocumented = (
  { images = [], model }: VideoRequest,
  mode: Mode,
  { models }: Place
): ReadonlyArray<Violation> => {
  if (mode === "edit-video" || mode === "extend-video") {
    return [violation("options.mode", mode, "none: CometAPI documents generations only")]
  }
  if (mode !== "reference-to-video") return []
  // The spec of a known model says it about several.
  return images.length > 1 && models.some(({ id }) => id === model)
    ? []
    : [violation("images", `${images.length}, as references`, "one, to begin with: CometAPI documents no references")]
}

/** A link as it comes, or the object that is sent. */
const linkOf = (video: unknown): unknown =>
  typeof video === "object" && video !== null && "url" in video ? video.url : video

const isLink = (link: unknown): boolean =>
  typeof link === "string" && /^(https?:\/\/|data:video\/)/i.test(link) && URL.canParse(link)

const videoViolations = (
  { images = [], options = {}, resolution, seconds, size }: VideoRequest,
  mode: "edit-video" | "extend-video"
): ReadonlyArray<Violation> => {
  const isEdit = mode === "edit-video"
  const none = `none: ${isEdit ? "an edited" : "an extended"} video keeps its own`
  const link = linkOf(options["video"])
  return [
    ...(isLink(link)
      ? []
      : [violation("options.video", shown(link), "an http(s) or data URL")]),
    ...(images.length === 0 ? [] : [violation("images", String(images.length), `none with ${mode}`)]),
    ...(size === undefined ? [] : [violation("size", size, none)]),
    ...(resolution === undefined ? [] : [violation("resolution", resolution, none)]),
    ...(seconds === undefined || (!isEdit && Number.isInteger(seconds) && seconds >= 2 && seconds <= 10)
      ? []
      : [violation("seconds", String(seconds), isEdit ? none : "a whole number from 2 to 10 for an extension")])
  ]
}

const referenceViolations = (
  { images = [], model, options = {}, resolution, seconds }: VideoRequest,
  { models }: Place
): ReadonlyArray<Violation> => [
  ...(images.length === 0 && options["reference_audios"] === undefined
    ? [violation("images", "none", `1 to ${maxReferences} references`)]
    : []),
  // The spec of a known model says it.
  ...(images.length > maxReferences && models.every(({ id }) => id !== model)
    ? [violation("images", String(images.length), `at most ${maxReferences}`)]
    : []),
  ...(seconds !== undefined && seconds > 10 && seconds <= 15
    ? [violation("seconds", String(seconds), "at most 10 with references")]
    : []),
  ...(resolution === "1080p" ? [violation("resolution", resolution, "480p, 720p with references")] : [])
]

/** The fields that only take a list of a certain length. */
const longest: Readonly<Record<string, number>> = { reference_audios: 3, keyframes: 4 }

const listViolations = ({ options = {} }: VideoRequest): ReadonlyArray<Violation> =>
  Object.entries(longest).flatMap(([name, most]) => {
    const value = options[name]
    return value === undefined || (Array.isArray(value) && value.length <= most)
      ? []
      : [
        violation(
          `options.${name}`,
          Array.isArray(value) ? `${value.length}` : shown(value),
          `a list of at most ${most}`
        )
      ]
  })

/** What 1.0 does not have. */
const only15 = ["keyframes", "last_frame"]

const versionViolations = ({ model, options = {} }: VideoRequest): ReadonlyArray<Violation> =>
  only15.flatMap((name) =>
    options[name] === undefined || model !== "grok-imagine-video"
      ? []
      : [violation(`options.${name}`, "given", "only for grok-imagine-video-1.5")]
  )
