/**
 * Folding the status words of all APIs into the one vocabulary of `TaskStatus`.
 *
 * @since 0.1.0
 */
import * as Json from "./internal/wireJson.ts"
import type { TaskStatus } from "./TaskStatus.ts"

/**
 * What a status word says: a state; or a word that nobody knows; or nothing at all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  /** The state. */
  readonly status?: TaskStatus
  /** The word when nobody knows it, short and without secrets. */
  readonly unrecognised?: string
}

/**
 * Words and what they mean. `null` stands for a word that is known and says nothing about the state.
 *
 * @category models
 * @since 0.1.0
 */
export type Words = { readonly [word: string]: TaskStatus | null }

/**
 * A folded set of words, made by {@link vocabulary}.
 *
 * @category models
 * @since 0.1.0
 */
export type Vocabulary = ReadonlyMap<string, TaskStatus | null>

/**
 * Makes a vocabulary: all words that are known to us, and on top of them those that one API uses otherwise.
 *
 * **Example** (An API in which `pending` means that the job runs)
 *
 * ```ts import.meta.vitest
 * import { StatusWord } from "@video-tasks/core"
 *
 * const xai = StatusWord.vocabulary({ pending: "IN_PROGRESS" })
 * StatusWord.read("pending", xai) // => { status: "IN_PROGRESS" }
 * StatusWord.read("pending") // => { status: "SUBMITTED" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const vocabulary = (overrides: Words = {}): Vocabulary =>
  new Map(Object.entries({ ...words, ...overrides }).map(([word, status]) => [fold(word), status]))

/**
 * Reads a status word of any spelling: case, hyphens, spaces and underscores do not matter.
 *
 * **Details**
 *
 * Numbers are read as the text that they are (`3` is the success of CometAPI's old Runway callback). A missing, empty or
 * misshapen word gives an empty reading. So does `unknown`: New-API says it about a row that it has not looked at yet
 * (`NOT_START`) as well as about one that it lost sight of, so it keeps whatever state the task already has.
 *
 * **Example** (Reading words)
 *
 * ```ts import.meta.vitest
 * import { StatusWord } from "@video-tasks/core"
 *
 * StatusWord.read(" In-Progress ") // => { status: "IN_PROGRESS" }
 * StatusWord.read("daydreaming") // => { unrecognised: "daydreaming" }
 * StatusWord.read("unknown") // => {}
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const read = (word: unknown, vocabulary: Vocabulary = standard): Reading => {
  const said = typeof word === "number" && Number.isFinite(word) ? String(word) : word
  if (typeof said !== "string") return {}
  const folded = fold(said)
  if (folded === "") return {}
  const status = vocabulary.get(folded)
  if (status === undefined) return { unrecognised: Json.shown(said.trim(), maxLength) }
  return status === null ? {} : { status }
}

// internal

const maxLength = 64

const fold = (word: string): string => word.replace(/[\s_-]+/g, "").toLowerCase()

const words: Words = {
  // accepted, not begun
  submitted: "SUBMITTED",
  queued: "SUBMITTED",
  not_start: "SUBMITTED",
  pending: "SUBMITTED",
  throttled: "SUBMITTED",
  created: "SUBMITTED",
  queueing: "SUBMITTED",
  preparing: "SUBMITTED",
  in_queue: "SUBMITTED",
  // begun
  in_progress: "IN_PROGRESS",
  processing: "IN_PROGRESS",
  running: "IN_PROGRESS",
  generating: "IN_PROGRESS",
  // done
  success: "SUCCESS",
  completed: "SUCCESS",
  succeeded: "SUCCESS",
  succeed: "SUCCESS",
  done: "SUCCESS",
  ok: "SUCCESS",
  partial_failed: "SUCCESS",
  3: "SUCCESS",
  // not done
  failed: "FAILED",
  failure: "FAILED",
  fail: "FAILED",
  error: "ERROR",
  cancelled: "CANCELLED",
  canceled: "CANCELLED",
  expired: "EXPIRED",
  // known to say nothing
  unknown: null
}

const standard = vocabulary()
