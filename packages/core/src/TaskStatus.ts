/**
 * The one vocabulary of task states.
 *
 * Providers spell their states differently; every wire module folds its words into these seven (see `StatusWord`),
 * so that everything above it reads one language.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The states in which a task still moves.
 *
 * @category constants
 * @since 0.1.0
 */
export const running = ["SUBMITTED", "IN_PROGRESS"] as const

/**
 * The states that a task never leaves.
 *
 * **Details**
 *
 * `FAILED`: the provider refused the job or could not do it. `ERROR`: an internal fault that the provider itself
 * reports as such, or a task that the provider no longer knows. The first five states are the words of CometAPI's
 * query page; `CANCELLED` and `EXPIRED` exist in other APIs.
 *
 * @category constants
 * @since 0.1.0
 */
export const terminal = ["SUCCESS", "FAILED", "ERROR", "CANCELLED", "EXPIRED"] as const

/**
 * The state of a task as a schema.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TaskStatus = Schema.Literals([
  // Spelled out, since bundlers keep a call whose arguments are spread even when nobody uses it.
  "SUBMITTED",
  "IN_PROGRESS",
  "SUCCESS",
  "FAILED",
  "ERROR",
  "CANCELLED",
  "EXPIRED"
])

/**
 * The state of a task.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskStatus = typeof TaskStatus.Type

/**
 * A state in which a task still moves.
 *
 * @category models
 * @since 0.1.0
 */
export type Running = (typeof running)[number]

/**
 * A state that a task never leaves.
 *
 * @category models
 * @since 0.1.0
 */
export type Terminal = (typeof terminal)[number]

/**
 * Returns `true` when a task in this state will never change again.
 *
 * **Example** (Telling terminal from running)
 *
 * ```ts import.meta.vitest
 * import { TaskStatus } from "@video-tasks/core"
 *
 * TaskStatus.isTerminal("FAILED") // => true
 * TaskStatus.isTerminal("IN_PROGRESS") // => false
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const isTerminal = (status: TaskStatus): status is Terminal => status !== "SUBMITTED" && status !== "IN_PROGRESS"
