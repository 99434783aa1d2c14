/**
 * What Kling's creates take besides what the specs of its models say (Kling, `POST /v1/videos/text2video`, `image2video`).
 */
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Violation } from "@video-tasks/core/VideoTaskError"
import * as Predicate from "effect/Predicate"
import * as OptionRules from "../optionRules.ts"
import { link, oneOf, violation } from "../optionRules.ts"

/** What differs from place to place. */
export interface Limits {
  /** In characters. */
  readonly maxNegativePromptLength: number
  /** Whether a model has a spec. */
  readonly isKnown: (model: string) => boolean
}

/** The largest picture: 10 MiB, in bytes. */
const maxPictureBytes = 10_485_760

/** Finds everything at once. */
export const violations = (limits: Limits) => (request: VideoRequest): ReadonlyArray<Violation> => [
  ...promptViolations(request, limits),
  ...pictureViolations(request),
  ...OptionRules.violations<Context>(request, checks, { limits, model: request.model })
]

const isMultiShot = ({ options = {} }: VideoRequest): boolean => options["multi_shot"] === true

// The specs let a prompt be missing, since a picture is enough. A model without one is asked for it by the common rules.
const promptViolations = (request: VideoRequest, { isKnown }: Limits): ReadonlyArray<Violation> =>
  isKnown(request.model) && request.prompt.trim() === "" && (request.images ?? []).length === 0 &&
    !isMultiShot(request)
    ? [violation("prompt", "empty", "a prompt, or a picture")]
    : []

const pictureViolations = ({ images = [], resolution, size }: VideoRequest): ReadonlyArray<Violation> => [
  ...(size !== undefined && images.length > 0
    ? [violation("size", size, "none beside a picture, which decides the aspect ratio")]
    : []),
  ...(resolution === undefined
    ? []
    : [violation("resolution", resolution, "none: the option mode decides it (std is 720p, pro is 1080p)")]),
  ...images.flatMap((image, index) => pictureViolation(image, `images[${index}]`))
]

const pictureViolation = (image: ImageInput, field: string): ReadonlyArray<Violation> => {
  if (image instanceof URL) {
    return image.protocol !== "data:" || base64Of(image) !== undefined
      ? []
      : [violation(field, "a data URL", "JPEG or PNG in base64")]
  }
  const size = image instanceof Blob ? image.size : image.byteLength
  return size > maxPictureBytes ? [violation(field, `${size} bytes`, `at most ${maxPictureBytes} bytes`)] : []
}

/** The picture of a data URL, without the prefix, which the API does not take. */
export const base64Of = ({ href }: URL): string | undefined =>
  /^data:image\/(?:jpe?g|png);base64,([A-Za-z0-9+/]+={0,2})$/i.exec(href)?.[1]

/** What a check has to know besides the value. */
interface Context {
  readonly limits: Limits
  readonly model: string
}

type Check = OptionRules.Check<Context>

/** Counts as people and servers do: an emoji is one character, not two. */
const lengthOf = (text: string): number => Array.from(text).length

const negativePrompt: Check = (value, { limits: { maxNegativePromptLength: max } }) =>
  typeof value === "string" && lengthOf(value) <= max ? undefined : `at most ${max} characters`

const cfgScale: Check = (value, { model }) =>
  model.startsWith("kling-v2")
    ? "nothing: the models of version 2 do not take it"
    : typeof value === "number" && value >= 0 && value <= 1
    ? undefined
    : "a number from 0 to 1"

// Newer models have more modes, unknown ones nobody knows which.
const mode: Check = (value, context) =>
  context.model.startsWith("kling-v3")
    ? oneOf("std", "pro", "4k")(value, context)
    : /^kling-v[12]/.test(context.model)
    ? oneOf("std", "pro")(value, context)
    : undefined

const presets = ["down_back", "forward_up", "right_turn_forward", "left_turn_forward"]

const axes = new Set(["horizontal", "vertical", "pan", "tilt", "roll", "zoom"])

const cameraControl: Check = (value) =>
  Predicate.isObject(value) && isCamera(value)
    ? undefined
    : `type simple with a config of one of ${[...axes].join(", ")} from -10 to 10 and not 0, or a type of ${
      presets.join(", ")
    } without one`

const isCamera = ({ config, type }: { readonly type?: unknown; readonly config?: unknown }): boolean => {
  if (type !== "simple") return typeof type === "string" && presets.includes(type) && config === undefined
  if (!Predicate.isObject(config)) return false
  const moves = Object.entries(config)
  return moves.every(([axis, by]) => axes.has(axis) && typeof by === "number" && by >= -10 && by <= 10) &&
    moves.filter(([, by]) => by !== 0).length === 1
}

/** It becomes a segment of the path by which a lost create is looked up. */
const externalTaskId: Check = (value) =>
  typeof value === "string" && isReference(value) ? undefined : "a text that is no dot segment, well-formed"

/** Whether a name can be looked up. */
export const isReference = (name: string): boolean =>
  name.trim() !== "" && !/^\.{1,2}$/.test(name) && !/\p{Surrogate}/u.test(name)

const checks: Readonly<Record<string, Check>> = {
  negative_prompt: negativePrompt,
  cfg_scale: cfgScale,
  mode,
  camera_control: cameraControl,
  sound: oneOf("on", "off"),
  callback_url: link,
  external_task_id: externalTaskId
}
