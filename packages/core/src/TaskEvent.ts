/**
 * What can happen to a task, and what the journal keeps: the machine's events, as a schema.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ArchivedFile } from "./Archived.ts"
import { Observation } from "./Observation.ts"
import { TaskHandle } from "./TaskHandle.ts"
import { TaskId } from "./TaskId.ts"
import { Cost } from "./Video.ts"

/** When it happened, in ms since the epoch. */
const at = Schema.Finite

/**
 * A task exists: created by us, or attached. Always the first event of a journal.
 *
 * @category models
 * @since 0.1.0
 */
export const Created = Schema.Struct({
  type: Schema.Literal("task.created"),
  at,
  id: TaskId,
  handle: TaskHandle,
  /** The model that was asked for. */
  model: Schema.optionalKey(Schema.String),
  /** What it is expected to cost. */
  estimate: Schema.optionalKey(Cost),
  /** The span in which it was submitted, as W3C's `traceparent`; only there when spans went somewhere. */
  trace: Schema.optionalKey(Schema.String)
})

/**
 * A task exists: created by us, or attached. Always the first event of a journal.
 *
 * @category models
 * @since 0.1.0
 */
export type Created = typeof Created.Type

/**
 * What can happen to a task that exists, as a schema.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TaskEvent = Schema.Union([
  /** The provider answered. */
  Schema.Struct({ type: Schema.Literal("task.observed"), at, observation: Observation }),
  /** The provider confirmed a cancellation. */
  Schema.Struct({ type: Schema.Literal("task.cancelled"), at }),
  /** The provider gave the task up. */
  Schema.Struct({ type: Schema.Literal("task.expired"), at }),
  /** The provider no longer knows the task. */
  Schema.Struct({ type: Schema.Literal("task.lost"), at, message: Schema.String }),
  /** The files of a success are kept. Changes no state. */
  Schema.Struct({ type: Schema.Literal("task.archived"), at, files: Schema.NonEmptyArray(ArchivedFile) })
])

/**
 * What can happen to a task that exists.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskEvent = typeof TaskEvent.Type

/**
 * What a journal keeps, as a schema.
 *
 * @category schemas
 * @since 0.1.0
 */
export const JournalEvent = Schema.Union([Created, ...TaskEvent.members])

/**
 * A whole journal, as a schema: what is decoded by it can be lived through with `TaskMachine.replay`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Journal = Schema.TupleWithRest(Schema.Tuple([Created]), [JournalEvent])

/**
 * What a journal keeps.
 *
 * @category models
 * @since 0.1.0
 */
export type JournalEvent = typeof JournalEvent.Type
