/**
 * What Runway's create takes besides what the specs of its models say.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Violation } from "@video-tasks/core/VideoTaskError"
import * as Predicate from "effect/Predicate"
import * as OptionRules from "../optionRules.ts"
import { shown, violation } from "../optionRules.ts"

/** Where a picture belongs: a frame of the video, or what it is made after. */
export type Position = "first" | "last" | "reference"

/** The option that holds the positions of the pictures. It is not sent by itself. */
export const positionsOption = "imagePositions"

/** What differs from place to place. */
export interface Limits {
  readonly models: ReadonlyArray<ModelSpec>
  readonly maxSeed: number
}

/** Finds everything at once. */
export const violations = ({ maxSeed, models }: Limits) => (request: VideoRequest): ReadonlyArray<Violation> => {
  const spec = models.find(({ id }) => id === request.model)
  return [
    ...promptViolations(request, spec),
    ...(request.images ?? []).flatMap(imageViolations),
    ...positionViolations(request),
    ...durationViolations(request, spec),
    ...OptionRules.violations(request, { seed: OptionRules.whole(0, maxSeed), contentModeration }, undefined)
  ]
}

/**
 * The positions of the pictures, one each; `undefined` when the option makes no sense. Of two pictures the first is the first
 * frame and the second the last one; three and more are references.
 */
export const positionsOf = ({ images = [], options = {} }: VideoRequest): ReadonlyArray<Position> | undefined => {
  const given = options[positionsOption]
  if (given === undefined) {
    return images.length > 2 ? images.map(() => "reference") : (["first", "last"] as const).slice(0, images.length)
  }
  return Array.isArray(given) && given.every(isPosition) ? given : undefined
}

const positions: ReadonlyArray<string> = ["first", "last", "reference"] satisfies ReadonlyArray<Position>

const isPosition = (value: unknown): value is Position => typeof value === "string" && positions.includes(value)

/** Runway counts UTF-16 units, where the common rule counts characters: an emoji is two here. */
const promptViolations = ({ prompt }: VideoRequest, spec: ModelSpec | undefined): ReadonlyArray<Violation> => {
  const max = spec?.maxPromptLength
  const isCommon = max === undefined || prompt.length <= max || charactersOf(prompt) > max
  return isCommon ? [] : [violation("prompt", `${prompt.length} UTF-16 units`, `at most ${max} UTF-16 units`)]
}

const charactersOf = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

/** A data URI may be 5 MB long (Runway, "API Input Parameters"): the picture and a third of it. */
const maxDataUri = 5 * 1024 * 1024

const maxBytes = Math.floor((maxDataUri - "data:image/jpeg;base64,".length) / 4) * 3

const imageViolations = (image: ImageInput, index: number): ReadonlyArray<Violation> => {
  const field = `images[${index}]`
  if (image instanceof URL) {
    if (image.protocol === "http:") return [violation(field, "an http URL", "an https or data URL")]
    return image.protocol === "data:" && image.href.length > maxDataUri
      ? [violation(field, `a data URL of ${image.href.length} characters`, `at most ${maxDataUri} characters`)]
      : []
  }
  const size = image instanceof Blob ? image.size : image.byteLength
  return size > maxBytes
    ? [violation(field, `${size} bytes`, `at most ${maxBytes} bytes, which are a data URI of 5 MB; else a link to it`)]
    : []
}

const positionViolations = (request: VideoRequest): ReadonlyArray<Violation> => {
  const field = `options.${positionsOption}`
  const { images = [], options = {} } = request
  const found = positionsOf(request)
  if (found === undefined || found.length !== images.length) {
    return [violation(field, shown(options[positionsOption]), `one of ${positions.join(", ")} for each picture`)]
  }
  const count = (position: Position) => found.filter((one) => one === position).length
  const [first, last, references] = [count("first"), count("last"), count("reference")]
  return first > 1 || last > 1 || (references > 0 && first + last > 0)
    ? [violation(field, found.join(", "), "one first frame, one last frame, or references only")]
    : []
}

/** A model with known lengths does not choose one by itself. */
const durationViolations = (
  { options = {}, seconds }: VideoRequest,
  spec: ModelSpec | undefined
): ReadonlyArray<Violation> => {
  const { duration } = options
  const mayChoose = spec?.seconds === undefined
  if (duration === undefined || (duration === "auto" && seconds === undefined && mayChoose)) return []
  const allowed = mayChoose
    ? "\"auto\" alone, where the model shall choose; else use seconds"
    : `nothing for ${spec.id}: use seconds`
  return [violation("options.duration", shown(duration), allowed)]
}

const thresholds: ReadonlySet<unknown> = new Set([undefined, "auto", "low"])

const contentModeration: OptionRules.Check = (value) =>
  Predicate.isObject(value) && thresholds.has(Reflect.get(value, "publicFigureThreshold"))
    ? undefined
    : "publicFigureThreshold: auto, low"
