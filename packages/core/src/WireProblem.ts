/**
 * Why a body that arrived whole could not be read as a task.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * Why a body could not be read as a task: `notATask` (not the schema), `refused` (a 2xx that says no), or `missing`
 * (a 2xx that says that there is no such task).
 *
 * @category errors
 * @since 0.1.0
 */
export class WireProblem extends Data.TaggedError("WireProblem")<{
  readonly kind: "notATask" | "refused" | "missing"
  /** In words, redacted. */
  readonly detail: string
  /** The provider's code, when it gave one. */
  readonly code?: string | undefined
}> {}
