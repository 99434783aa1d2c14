/**
 * What was asked for, as it is kept with a submission: for people who look for their video, and to ask again.
 *
 * Files are not kept, nor anything that looks like a secret. What does not look like one is kept: a token in the path of a
 * URL, a value under a name that says nothing, a name in a prompt. `keepRequests: false` of `VideoTasks` keeps none of it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Redact from "./Redact.ts"
import type { VideoRequest } from "./VideoRequest.ts"

/** How much of a prompt, and of the options as JSON, is kept, in bytes. */
const maxBytes = 16_384

/**
 * What was asked for, as it is kept.
 *
 * @category models
 * @since 0.1.0
 */
export class RequestRecord extends Schema.Class<RequestRecord>("@video-tasks/core/RequestRecord")({
  prompt: Schema.String,
  /** The length of the video in seconds. */
  seconds: Schema.optionalKey(Schema.Finite),
  /** The aspect ratio or the pixels, in the API's own spelling. */
  size: Schema.optionalKey(Schema.String),
  /** The resolution in the API's own spelling. */
  resolution: Schema.optionalKey(Schema.String),
  /** The reference pictures that are links. */
  imageUrls: Schema.optionalKey(Schema.Array(Schema.String)),
  /** How many reference pictures were files. */
  files: Schema.optionalKey(Schema.Int),
  /** Further fields, as JSON text. */
  options: Schema.optionalKey(Schema.String),
  /** Whether nothing is missing: the same request can be made of it again. */
  isWhole: Schema.Boolean
}) {}

/**
 * Takes from a request what may be kept: a link without its query, texts without keys, no files, at most 16 KiB of the prompt
 * and of the options each.
 *
 * **Example** (A signed link is not kept)
 *
 * ```ts import.meta.vitest
 * import { RequestRecord } from "@video-tasks/core"
 *
 * const images = [new URL("https://cdn.example.com/a.png?sign=1")]
 * const kept = RequestRecord.from({ provider: "generic", family: "video", model: "m", prompt: "A fox", images })
 * kept.imageUrls // => ["https://cdn.example.com/a.png"]
 * kept.isWhole // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const from = (request: VideoRequest): RequestRecord => {
  const { images = [], prompt, resolution, seconds, size } = request
  const links = images.filter((image) => image instanceof URL).map(({ href }) => href)
  const imageUrls = links.map((link) => Redact.clip(Redact.url(link), 2048))
  const options = request.options === undefined ? undefined : JSON.stringify(request.options)
  const kept = { prompt: shown(prompt), options: options && shown(options) }
  return new RequestRecord({
    prompt: kept.prompt,
    ...(seconds === undefined ? {} : { seconds }),
    ...(size === undefined ? {} : { size }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(links.length === 0 ? {} : { imageUrls }),
    ...(links.length === images.length ? {} : { files: images.length - links.length }),
    ...(kept.options === undefined ? {} : { options: kept.options }),
    isWhole: kept.prompt === prompt && kept.options === options && links.length === images.length &&
      links.every((link, n) => link === imageUrls[n])
  })
}

/**
 * Makes the request again; `undefined` when something of it was not kept.
 *
 * **Example** (Asking again)
 *
 * ```ts import.meta.vitest
 * import { RequestRecord } from "@video-tasks/core"
 *
 * const request = { provider: "generic", family: "video", model: "m", prompt: "A fox", seconds: 5 }
 * RequestRecord.toRequest(RequestRecord.from(request), request) // => request
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toRequest = (
  self: RequestRecord,
  target: Pick<VideoRequest, "provider" | "family" | "model">
): VideoRequest | undefined => {
  const { imageUrls, isWhole, options, prompt, resolution, seconds, size } = self
  if (!isWhole) return undefined
  const { family, model, provider } = target
  return {
    provider,
    family,
    model,
    prompt,
    ...(seconds === undefined ? {} : { seconds }),
    ...(size === undefined ? {} : { size }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(imageUrls === undefined ? {} : { images: imageUrls.map((link) => new URL(link)) }),
    ...(options === undefined ? {} : { options: JSON.parse(options) })
  }
}

// internal

/** Redacted first, then cut: half a key is not recognised as one. */
const shown = (text: string): string => Redact.clip(Redact.text(text), maxBytes)
