/**
 * Our own name of a task, given before anything is sent.
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * A task id as a schema: a UUIDv7 in lower case, so that ids sort by the time at which they were made.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TaskId = Schema.String.check(Schema.isPattern(pattern)).pipe(Schema.brand("@video-tasks/core/TaskId"))

/**
 * A task id.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskId = typeof TaskId.Type

/**
 * Makes a new task id.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<TaskId, never, SecureRandom.SecureRandom> = Effect.map(
  SecureRandom.SecureRandom.use((random) => random.uuidV7()),
  (uuid) => TaskId.make(uuid)
)

/**
 * Returns `true` when a text has the form of a task id.
 *
 * @category predicates
 * @since 0.1.0
 */
export const is = (text: string): text is TaskId => pattern.test(text)
