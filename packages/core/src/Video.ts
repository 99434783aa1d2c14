/**
 * A finished video, and the other things that an API says of a task's result.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A video as the provider describes it.
 *
 * @category models
 * @since 0.1.0
 */
export class Video extends Schema.Class<Video>("@video-tasks/core/Video")({
  /** Where to fetch the file: usually signed and short-lived, so it is redacted everywhere but in a store's encoder. */
  url: Schema.RedactedFromValue(Schema.String),
  /** `true` when the file is served by the API itself and wants the account's credentials. */
  needsCredentials: Schema.optionalKey(Schema.Boolean),
  /** A still picture of the video. */
  thumbnailUrl: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  /** The media type, for example `video/mp4`. */
  mimeType: Schema.optionalKey(Schema.String),
  /** The length of the video in seconds. */
  durationSeconds: Schema.optionalKey(Schema.Finite),
  /** The width in pixels. */
  width: Schema.optionalKey(Schema.Finite),
  /** The height in pixels. */
  height: Schema.optionalKey(Schema.Finite),
  /** Frames per second. */
  fps: Schema.optionalKey(Schema.Finite),
  /** The provider's word for the resolution, for example `720p`. */
  resolution: Schema.optionalKey(Schema.String),
  /** The seed that the provider used. */
  seed: Schema.optionalKey(Schema.Finite),
  /** When the link stops working, in ms since the epoch. */
  expiresAt: Schema.optionalKey(Schema.Finite)
}) {}

/**
 * Why a task failed, as the provider says it.
 *
 * @category models
 * @since 0.1.0
 */
export class Failure extends Schema.Class<Failure>("@video-tasks/core/Video/Failure")({
  /** A stable code, the provider's own or one of ours (`not_found`). */
  code: Schema.optionalKey(Schema.String),
  /** The reason in words, redacted. */
  message: Schema.String,
  /** The provider's code exactly as it came: a string, a number or null. */
  providerCode: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Finite]))),
  /** Whether the provider's code says that a new attempt may work; absent when it says nothing about that. */
  retryable: Schema.optionalKey(Schema.Boolean)
}) {}

/**
 * What a task costs.
 *
 * @category models
 * @since 0.1.0
 */
export class Cost extends Schema.Class<Cost>("@video-tasks/core/Video/Cost")({
  /** How much, in `unit`. */
  amount: Schema.Finite,
  /** A currency such as `USD` or `CNY`, or the provider's own unit such as `quota`. */
  unit: Schema.String,
  /** `estimate` was computed before the job, `bill` was reported by the provider. */
  kind: Schema.Literals(["estimate", "bill"])
}) {}
