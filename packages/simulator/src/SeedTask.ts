/**
 * Tasks that are there without a create.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * How a task ends. APIs without a word for `error`, `cancelled` or `expired` report it as a failure.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Outcome = Schema.Literals(["success", "failed", "error", "cancelled", "expired"])

/**
 * How a task ends.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = typeof Outcome.Type

const notNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * A task to put into the simulator; everything that is left out is decided by the seed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SeedTask = Schema.Struct({
  id: Schema.optionalKey(Schema.NonEmptyString),
  model: Schema.optionalKey(Schema.String),
  /**
   * May hold the directives that `Simulator` documents.
   */
  prompt: Schema.optionalKey(Schema.String),
  /**
   * The length of the video.
   */
  seconds: Schema.optionalKey(notNegative),
  size: Schema.optionalKey(Schema.String),
  resolution: Schema.optionalKey(Schema.String),
  /**
   * The length of the job, simulated.
   */
  jobSeconds: Schema.optionalKey(notNegative),
  /**
   * For how long the task has been there already, simulated.
   */
  elapsedSeconds: Schema.optionalKey(notNegative),
  outcome: Schema.optionalKey(Outcome),
  withoutUrl: Schema.optionalKey(Schema.Boolean),
  /**
   * A link to give out instead of a signed one, however odd.
   */
  videoUrl: Schema.optionalKey(Schema.String),
  thumbnailUrl: Schema.optionalKey(Schema.String),
  failureCode: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite, Schema.Null])),
  failureMessage: Schema.optionalKey(Schema.String),
  fps: Schema.optionalKey(notNegative),
  width: Schema.optionalKey(notNegative),
  height: Schema.optionalKey(notNegative),
  /**
   * The seed of the video.
   */
  seed: Schema.optionalKey(Schema.Int),
  cost: Schema.optionalKey(notNegative)
})

/**
 * A task to put into the simulator.
 *
 * @category models
 * @since 0.1.0
 */
export type SeedTask = typeof SeedTask.Type
