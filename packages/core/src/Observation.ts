/**
 * What one answer of a provider says about a task, in our words.
 *
 * An observation is not a state: `TaskMachine` decides what it means.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { TaskStatus } from "./TaskStatus.ts"
import { Cost, Failure, Video } from "./Video.ts"

/**
 * What one answer says.
 *
 * @category models
 * @since 0.1.0
 */
export class Observation extends Schema.Class<Observation>("@video-tasks/core/Observation")({
  /** The state that the answer reports; absent when it has no word, or a word that nobody knows. */
  status: Schema.optionalKey(TaskStatus),
  /** The provider's word when nobody knows it. It changes nothing but is shown and counted. */
  unrecognised: Schema.optionalKey(Schema.String),
  /** 0 to 100. It proves nothing about the state. */
  progress: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }))),
  /** How long the provider thinks that the task still takes, in ms. */
  estimatedRemainingMs: Schema.optionalKey(Schema.Finite),
  /** The videos, only of an answer that reports success. */
  videos: Schema.Array(Video),
  /** When the file is deleted that the API serves itself, in ms since the epoch; a link has its own `expiresAt`. */
  expiresAt: Schema.optionalKey(Schema.Finite),
  /** Why the task failed, only of an answer that reports a failure. */
  failure: Schema.optionalKey(Failure),
  /** What the provider charged. */
  cost: Schema.optionalKey(Cost),
  /** The model that the provider names. */
  model: Schema.optionalKey(Schema.String),
  /** The provider's id of the task. */
  remoteId: Schema.optionalKey(Schema.String),
  /** When the provider accepted the task, in ms since the epoch. */
  createdAt: Schema.optionalKey(Schema.Finite),
  /** When it began to work, in ms since the epoch. */
  startedAt: Schema.optionalKey(Schema.Finite),
  /** When it says that it ended, in ms since the epoch. Some APIs fill it in while the task runs: it proves nothing. */
  completedAt: Schema.optionalKey(Schema.Finite),
  /** The answer itself, at most 8 KiB of text without secrets, for people. */
  raw: Schema.optionalKey(Schema.String)
}) {}
