/**
 * What to generate, and where.
 *
 * Requests are made by the typed constructors of the provider modules, for example `CometApi.seedance`.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Redact from "./Redact.ts"
import { Violation } from "./VideoTaskError.ts"

/**
 * A picture that guides the video. A URL goes only to APIs that take one; a file field wants the bytes.
 *
 * @category models
 * @since 0.1.0
 */
export type ImageInput = Blob | Uint8Array<ArrayBuffer> | URL

/**
 * A request for one video.
 *
 * @category models
 * @since 0.1.0
 */
export interface VideoRequest {
  /** The id of the provider that shall make it. */
  readonly provider: string
  /** The family of the provider's API. */
  readonly family: string
  /** The provider's id of the model. */
  readonly model: string
  /** What the video shows. */
  readonly prompt: string
  /** The length of the video in seconds. */
  readonly seconds?: number | undefined
  /** The aspect ratio or the pixels, in the API's own spelling, for example `16:9`. */
  readonly size?: string | undefined
  /** The resolution in the API's own spelling, for example `720p`. */
  readonly resolution?: string | undefined
  /** Reference pictures. */
  readonly images?: ReadonlyArray<ImageInput> | undefined
  /** Further fields, sent as they are. */
  readonly options?: Readonly<Record<string, Schema.Json>> | undefined
}

/**
 * Finds every field whose value is of the wrong kind: for requests that no compiler has seen, such as JSON or JavaScript. What
 * the API makes of a value of the right kind is not asked here.
 *
 * **Example** (A length as a text)
 *
 * ```ts import.meta.vitest
 * import { VideoRequest } from "@video-tasks/core"
 *
 * const json: unknown = { provider: "p", family: "f", model: "m", prompt: "A fox", seconds: "5" }
 * const [found] = VideoRequest.malformed(json)
 * `${found?.field} is ${found?.value}; allowed: ${found?.allowed}` // => 'seconds is "5"; allowed: a number'
 * ```
 *
 * @category validation
 * @since 0.1.0
 */
export const malformed = (request: unknown): ReadonlyArray<Violation> => {
  if (!isRecord(request)) return [wrong("request", request, "an object with provider, family, model, prompt")]
  const { images, options, seconds } = request
  return [
    ...["provider", "family", "model", "prompt"].filter((field) => typeof request[field] !== "string"),
    ...["size", "resolution"].filter((field) => request[field] !== undefined && typeof request[field] !== "string")
  ].map((field) => wrong(field, request[field], "a text")).concat(
    seconds === undefined || Number.isFinite(seconds) ? [] : wrong("seconds", seconds, "a number"),
    images === undefined
      ? []
      : Array.isArray(images)
      ? images.flatMap((image: unknown, index) => isImage(image) ? [] : wrong(`images[${index}]`, image, pictures))
      : wrong("images", images, `a list, each ${pictures}`),
    options === undefined || (isRecord(options) && isJson(options))
      ? []
      : wrong("options", options, "an object, as JSON has it")
  )
}

// internal

const pictures = "a Blob, a Uint8Array or a URL"

const wrong = (field: string, value: unknown, allowed: string) =>
  new Violation({ field, value: Redact.shown(value), allowed })

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** No bigint, and nothing that holds itself. */
const isJson = (value: unknown): boolean => {
  try {
    JSON.stringify(value)
    return true
  } catch {
    return false
  }
}

const isImage = (value: unknown): boolean =>
  value instanceof Blob || value instanceof Uint8Array || value instanceof URL
