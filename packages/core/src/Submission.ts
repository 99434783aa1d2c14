/**
 * The record of one create: it exists before anything is sent, and says what became of it.
 *
 * A submission is not a state of the task machine: a task exists only once a create has succeeded.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { RequestRecord } from "./RequestRecord.ts"
import { BaseUrl, TaskHandle } from "./TaskHandle.ts"
import { TaskId } from "./TaskId.ts"
import { Cost } from "./Video.ts"

/**
 * What became of a create.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Outcome = Schema.Union([
  /** Sent, or about to be; after a crash it counts as ambiguous. */
  Schema.TaggedStruct("pending", {}),
  /** The provider made a task. */
  Schema.TaggedStruct("created", { handle: TaskHandle }),
  /** The provider refused, or nothing was sent. */
  Schema.TaggedStruct("rejected", { reason: Schema.String }),
  /** The answer is lost: money may have been spent. */
  Schema.TaggedStruct("ambiguous", { detail: Schema.String })
])

/**
 * What became of a create.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = typeof Outcome.Type

/**
 * One create.
 *
 * @category models
 * @since 0.1.0
 */
export class Submission extends Schema.Class<Submission>("@video-tasks/core/Submission")({
  /** Our id; the task that comes of it has the same. */
  id: TaskId,
  provider: Schema.String,
  family: Schema.String,
  model: Schema.String,
  account: Schema.String,
  /** A fingerprint of the request (SHA-256, hexadecimal). */
  requestHash: Schema.String,
  /** What was asked for, as far as it may be kept. */
  request: Schema.optionalKey(RequestRecord),
  /** In ms since the epoch. */
  startedAt: Schema.Finite,
  /** What it was expected to cost, where that was known. */
  estimate: Schema.optionalKey(Cost),
  /** The API that it is sent to. */
  baseUrl: Schema.optionalKey(BaseUrl),
  /** Who sends it: while its lease holds, nobody else judges the create. */
  owner: Schema.optionalKey(Schema.String),
  /** The name by which the API knows the task, where it keeps one: the caller's own, or ours. */
  reference: Schema.optionalKey(Schema.NonEmptyString),
  /** Which of the family's routes it is sent to, where there are several. */
  route: Schema.optionalKey(Schema.NonEmptyString),
  outcome: Outcome
}) {}

/**
 * How long a create is under way at most, in ms (30 minutes): after that its sender may live on, but not for it. Where the
 * sender is unknown, or holds its lease for other work, the create is judged by this.
 *
 * @category constants
 * @since 0.1.0
 */
export const longestLifeMs = 1_800_000
