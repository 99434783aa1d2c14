import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type { Task } from "@video-tasks/core/Task"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import type { Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { AnySpan } from "effect/Tracer"
import type { Account, Queued } from "./account.ts"
import type { Due } from "./dueHeap.ts"
import type { Flight } from "./flight.ts"

/**
 * What all tasks of a family of a provider share.
 *
 * @internal
 */
export interface Lane {
  readonly provider: VideoProvider
  readonly family: Family
  readonly policy: PollPolicy.PollPolicy
  readonly account: Account
  /** Reads a task whose turn it is. */
  readonly start: (entry: Entry) => void
}

/**
 * Somebody who waits for a task.
 *
 * @internal
 */
export interface Waiter {
  readonly span: AnySpan | undefined
  /** Leaves the reads to who holds the task. */
  readonly yields?: boolean | undefined
  /** The task as of a version; the same version may come twice. */
  readonly changed: (task: Task, version: number) => void
  /** A read is over, and what it failed with. */
  readonly read: (failure: VideoTaskError | undefined) => void
  /** The wait is over without an end of the task. */
  readonly failed: (error: VideoTaskError) => void
  /** Everything ends. */
  readonly closed: () => void
}

/**
 * All that the scheduler keeps of a task that it follows. The task itself is in the store.
 *
 * @internal
 */
export class Entry implements Due, Queued {
  dueAt = 0
  index = -1
  readonly id: TaskId
  readonly lane: Lane
  /** When the job began, in ms since the epoch. */
  readonly startedAt: number
  /** Since when it is followed, in ms since the epoch. */
  readonly joinedAt: number
  /** Only there when something was read: most tasks of a large program wait for their first read. */
  #history: PollPolicy.History | undefined = undefined
  polls = 0
  /** Followed although nobody waits. */
  isTracked = false
  waiters: Set<Waiter> | undefined = undefined
  /** The request that asks for it just now. */
  flight: Flight | undefined = undefined
  lastFailure: VideoTaskError | undefined = undefined
  /** The span in which it was submitted, as W3C's `traceparent`. */
  trace: string | undefined = undefined
  /** How many reads in a row said that there is no such task. */
  notFoundInARow = 0
  /** Somebody said that it has news while a request was asking for it: the answer may be older than the news. */
  isHinted = false

  constructor(id: TaskId, lane: Lane, startedAt: number, joinedAt: number) {
    this.id = id
    this.lane = lane
    this.startedAt = startedAt
    this.joinedAt = joinedAt
  }

  get history(): PollPolicy.History {
    return this.#history ?? PollPolicy.start(this.startedAt)
  }

  set history(history: PollPolicy.History) {
    this.#history = history
  }

  get isPatient(): boolean {
    return true
  }

  granted(): void {
    this.lane.start(this)
  }
}

/**
 * Something else that happens at a time: a deadline, a timeout.
 *
 * @internal
 */
export class Alarm implements Due {
  dueAt = 0
  index = -1
  readonly fire: () => void

  constructor(fire: () => void) {
    this.fire = fire
  }
}

/**
 * What a read of a task led to.
 *
 * @internal
 */
export type Read =
  | {
    readonly _tag: "Observed"
    readonly snapshot: Persisted
    readonly version: number
    readonly isChanged: boolean
    /** It is in another state than before. */
    readonly hasMoved: boolean
    readonly reading: PollPolicy.Reading
    readonly model: string | undefined
    /** Success was reported and the video is not there yet: look again soon. */
    readonly isAlmostDone: boolean
    /** Somebody else asks the provider, and only the store was read. */
    readonly isElsewhere?: boolean | undefined
  }
  | {
    readonly _tag: "Failed"
    readonly error: VideoTaskError
    /** `again`: read it again; `stop`: end the waits; `account`: end the waits of the whole account. */
    readonly verdict: "again" | "stop" | "account"
  }
