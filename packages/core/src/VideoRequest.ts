/**
 * What to generate, and where.
 *
 * Requests are made by the typed constructors of the provider modules, for example `CometApi.seedance`.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

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
