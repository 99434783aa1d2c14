/**
 * The reads of the tasks that this process follows: the last ones of each, within a bound for all of them together.
 */
import type { ObservedPoll } from "@video-tasks/runtime/TaskObserver"
import type { Moment } from "../Contract.ts"
import * as Words from "./words.ts"

/** How many reads of a task are kept. */
const maxPolls = 200

/** What a moment, or a failure, takes beside its text, in bytes, at most about. */
const momentBytes = 120

interface Log {
  readonly moments: Array<Moment>
  bytes: number
  /** What the last read failed with. */
  failure: ObservedPoll["failure"]
}

/** The reads of the tasks. */
export class PollLogs {
  readonly #maxBytes: number
  /** The task that was read last comes last. */
  readonly #logs = new Map<string, Log>()
  #bytes = 0

  constructor(maxBytes = 16 * 1024 * 1024) {
    this.#maxBytes = maxBytes
  }

  /** How much all of them take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a read. */
  add(poll: ObservedPoll): void {
    const log = this.#logs.get(poll.id) ?? { moments: [], bytes: 0, failure: undefined }
    this.#logs.delete(poll.id)
    this.#logs.set(poll.id, log)
    this.#grow(log, -failureBytes(log))
    log.failure = poll.failure && { ...poll.failure, message: Words.paragraph(poll.failure.message) }
    this.#grow(log, failureBytes(log))
    this.#push(log, { at: poll.at, kind: "poll", type: poll.outcome, text: Words.ofPoll(poll), tookMs: poll.tookMs })
    while (log.moments.length > maxPolls) this.#shift(log)
    for (const [id, oldest] of this.#logs) {
      if (this.#bytes <= this.#maxBytes) return
      while (oldest.moments.length > 0 && this.#bytes > this.#maxBytes) this.#shift(oldest)
      if (oldest.moments.length === 0) this.remove(id)
    }
  }

  of(id: string): ReadonlyArray<Moment> {
    return this.#logs.get(id)?.moments ?? []
  }

  /** What the last read of a task failed with. */
  failureOf(id: string): ObservedPoll["failure"] {
    return this.#logs.get(id)?.failure
  }

  remove(id: string): void {
    const log = this.#logs.get(id)
    if (log === undefined) return
    this.#bytes -= log.bytes
    this.#logs.delete(id)
  }

  #push(log: Log, moment: Moment): void {
    log.moments.push(moment)
    this.#grow(log, sizeOf(moment))
  }

  #shift(log: Log): void {
    const gone = log.moments.shift()
    if (gone !== undefined) this.#grow(log, -sizeOf(gone))
  }

  #grow(log: Log, bytes: number): void {
    log.bytes += bytes
    this.#bytes += bytes
  }
}

// internal

const sizeOf = ({ text }: Moment): number => momentBytes + 2 * text.length

const failureBytes = ({ failure }: Log): number => failure === undefined ? 0 : momentBytes + 2 * failure.message.length
