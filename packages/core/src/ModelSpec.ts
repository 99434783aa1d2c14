/**
 * What a model accepts, as data, and the check of a request against it.
 *
 * @since 0.1.0
 */
import { malformed, type VideoRequest } from "./VideoRequest.ts"
import { Violation } from "./VideoTaskError.ts"

/**
 * The price of a model.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModelPrice {
  /** What it is paid for: each second of the video, or each video. */
  readonly per: "second" | "request"
  /** How much, in `unit`; more than zero. */
  readonly amount: number
  /** A currency such as `USD`, or the provider's own unit such as `credits`. */
  readonly unit: string
}

/**
 * What a model accepts. A field that is absent is not checked.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModelSpec {
  /** The provider's id of the model. */
  readonly id: string
  /** The length in whole seconds: a range, of which some APIs only take certain values. */
  readonly seconds?:
    | {
      readonly min: number
      readonly max: number
      readonly default: number
      readonly allowed?: ReadonlyArray<number> | undefined
    }
    | undefined
  /** Aspect ratios or pixel sizes; the first is not the default. */
  readonly sizes?: { readonly allowed: ReadonlyArray<string>; readonly default: string } | undefined
  /** Resolutions. */
  readonly resolutions?: { readonly allowed: ReadonlyArray<string>; readonly default: string } | undefined
  /** How many reference pictures it needs, if any. */
  readonly minImages?: number | undefined
  /** How many reference pictures it takes; 0 for text to video only. */
  readonly maxImages?: number | undefined
  /** Whether it makes a video without a word, for example from a picture alone. */
  readonly promptIsOptional?: boolean | undefined
  /** The longest prompt, in characters. */
  readonly maxPromptLength?: number | undefined
  /** Its price at this provider, where that is documented. */
  readonly price?: ModelPrice | undefined
  /** Why it is no longer served. */
  readonly retired?: string | undefined
}

/**
 * Finds everything that is wrong with a request, all at once.
 *
 * **Details**
 *
 * A model without a spec is sent as given: only the prompt is checked. A field of the wrong kind is found as `VideoRequest.malformed`
 * finds it, and then nothing else is looked for.
 *
 * **Example** (Two violations at once)
 *
 * ```ts import.meta.vitest
 * import { ModelSpec } from "@video-tasks/core"
 *
 * const spec = { id: "m", seconds: { min: 4, max: 15, default: 5 }, maxImages: 0 }
 * const request = { provider: "p", family: "f", model: "m", prompt: " ", seconds: 16 }
 * ModelSpec.violations(request, spec).map((one) => one.field) // => ["prompt", "seconds"]
 * ```
 *
 * @category validation
 * @since 0.1.0
 */
export const violations = (request: VideoRequest, spec: ModelSpec | undefined): ReadonlyArray<Violation> => {
  const found = [...malformed(request)]
  if (found.length > 0) return found
  const complain = (field: string, value: string, allowed: string) =>
    found.push(new Violation({ field, value, allowed }))
  if (request.prompt.trim() === "" && spec?.promptIsOptional !== true) {
    complain("prompt", "empty", "at least one character")
  }
  if (request.model.trim() === "") complain("model", "empty", "a model id of the provider")
  if (spec === undefined) return found
  const { maxImages, maxPromptLength, minImages = 0, resolutions, seconds, sizes } = spec
  const characters = lengthOf(request.prompt)
  if (maxPromptLength !== undefined && characters > maxPromptLength) {
    complain("prompt", `${characters} characters`, `at most ${maxPromptLength} characters`)
  }
  if (seconds !== undefined && request.seconds !== undefined && !isWhole(request.seconds, seconds)) {
    const allowed = seconds.allowed?.join(", ") ?? `a whole number from ${seconds.min} to ${seconds.max}`
    complain("seconds", String(request.seconds), `${allowed} for ${spec.id}`)
  }
  if (sizes !== undefined && request.size !== undefined && !sizes.allowed.includes(request.size)) {
    complain("size", request.size, sizes.allowed.join(", "))
  }
  if (
    resolutions !== undefined && request.resolution !== undefined && !resolutions.allowed.includes(request.resolution)
  ) {
    complain("resolution", request.resolution, `${resolutions.allowed.join(", ")} for ${spec.id}`)
  }
  const images = request.images?.length ?? 0
  if (images < minImages) {
    complain("images", images === 0 ? "none" : String(images), `at least ${pictures(minImages)} for ${spec.id}`)
  }
  if (maxImages !== undefined && images > maxImages) {
    complain(
      "images",
      String(images),
      maxImages === 0 ? `none: ${spec.id} makes video from text only` : `at most ${maxImages}`
    )
  }
  return found
}

// internal

const pictures = (count: number): string => count === 1 ? "one picture" : `${count} pictures`

/** Counts as people and servers do: an emoji is one character, not two. */
const lengthOf = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

const isWhole = (value: number, { allowed, max, min }: NonNullable<ModelSpec["seconds"]>): boolean =>
  Number.isInteger(value) && value >= min && value <= max && (allowed === undefined || allowed.includes(value))
