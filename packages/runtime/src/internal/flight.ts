/**
 * A request that is out: for one task, or for many tasks of a lane at once.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type * as Fiber from "effect/Fiber"
import type { Account } from "./account.ts"
import type { Entry } from "./entry.ts"

/**
 * Which tasks still wait for the answer, and the place of the account that the request takes.
 *
 * @internal
 */
export class Flight {
  /** Which part of a request each task takes. */
  readonly share: number
  /** The account's epoch when it was sent. */
  readonly epoch: number
  /** When it was sent, in ms since the epoch. */
  readonly sentAt: number
  fiber: Fiber.Fiber<unknown> | undefined = undefined
  readonly #account: Account
  readonly #members: Set<Entry>
  #isOut = true

  constructor(account: Account, entries: ReadonlyArray<Entry>, sentAt: number) {
    this.#account = account
    this.sentAt = sentAt
    this.#members = new Set(entries)
    this.epoch = account.epoch
    this.share = 1 / entries.length
    for (const entry of entries) entry.flight = this
  }

  /** A copy: whoever is told may leave. */
  get members(): ReadonlyArray<Entry> {
    return [...this.#members]
  }

  has(entry: Entry): boolean {
    return this.#members.has(entry)
  }

  /** The request is over: its place goes to the next, once. */
  land(error?: VideoTaskError): void {
    if (!this.#isOut) return
    this.#isOut = false
    this.#account.leave(error)
  }

  /** The task has had its answer. */
  release(entry: Entry): void {
    this.#members.delete(entry)
    entry.flight = undefined
  }

  /** Nobody wants to know of this task any more; the others stay, and the last one takes the request along. */
  abandon(entry: Entry): void {
    this.release(entry)
    if (this.#members.size > 0) return
    this.land()
    this.fiber?.interruptUnsafe()
  }
}
