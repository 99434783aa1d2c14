/**
 * How far an API is trusted to answer for many tasks at once: its list can be broken while it still answers for each.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { Lane } from "./entry.ts"

/** So often in a row the answer to many may fail. */
const maxFailures = 2

interface Failed {
  readonly failures: number
  /** When the last one failed, in ms since the epoch. */
  readonly at: number
  /** Who asked is told already that there was no answer: those who ask next are read one by one. */
  readonly isOwed: boolean
}

/**
 * Counts the requests for many that failed in a row. Those that were out side by side count once: an outage is one.
 *
 * @internal
 */
export class Trust {
  readonly #records = new WeakMap<Lane, Failed>()

  /** The request that began then has failed. Returns whether its tasks are to be asked for by themselves. */
  failed(lane: Lane, { reason }: VideoTaskError, began: number, now: number): boolean {
    // Whoever asks us to slow down is not asked a hundred times instead.
    if (reason._tag === "RateLimited") return false
    // Nothing that could be read, though it was answered: that does not pass by itself.
    const weight = reason._tag === "UnexpectedResponse" ? maxFailures : 1
    return this.#count(lane, weight, began, now, false)
  }

  /** The request that began then has had no answer in time, and those who waited for it know. */
  unanswered(lane: Lane, began: number, now: number): void {
    this.#count(lane, 1, began, now, true)
  }

  succeeded(lane: Lane): void {
    this.#records.delete(lane)
  }

  /** Whether the next ones are to be asked for by themselves; says so once. */
  isOwed(lane: Lane): boolean {
    const record = this.#records.get(lane)
    if (record?.isOwed !== true) return false
    this.#records.set(lane, { ...record, isOwed: false })
    return true
  }

  #count(lane: Lane, weight: number, began: number, now: number, isUnanswered: boolean): boolean {
    const { at, failures: before, isOwed } = this.#records.get(lane) ?? { at: -Infinity, failures: 0, isOwed: false }
    const failures = began <= at ? Math.max(before, weight) : before + weight
    const isLost = failures >= maxFailures
    this.#records.set(lane, { failures, at: now, isOwed: isUnanswered ? isLost : isOwed && !isLost })
    return isLost
  }
}
