/**
 * Where submissions and tasks are kept.
 *
 * A contract with one conformance suite (`TaskStoreSuite`); memory here, SQL elsewhere.
 *
 * @since 0.1.0
 */
import type { Outcome, Submission } from "@video-tasks/core/Submission"
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as MemoryStore from "./internal/memoryStore.ts"

/**
 * The store failed: `retryable` when the same call may succeed later.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskStoreError extends Schema.TaggedError<TaskStoreError>("@video-tasks/runtime/TaskStore/TaskStoreError")(
  "TaskStoreError",
  { detail: Schema.String, retryable: Schema.Boolean }
) {
  override get message(): string {
    return this.detail
  }
}

/**
 * Somebody else has appended to the task since it was loaded.
 *
 * @category errors
 * @since 0.1.0
 */
export class VersionConflict
  extends Schema.TaggedError<VersionConflict>("@video-tasks/runtime/TaskStore/VersionConflict")("VersionConflict", {
    id: Schema.String,
    expected: Schema.Int,
    actual: Schema.Int
  })
{
  override get message(): string {
    return `task ${this.id} is at version ${this.actual}, not ${this.expected}`
  }
}

/**
 * A task as the store has it.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredTask {
  readonly snapshot: Persisted
  /** The number of events appended so far. */
  readonly version: number
  /** The last answer, at most 8 KiB, redacted. */
  readonly raw?: string | undefined
  /** Who follows it, and until when (ms since the epoch). */
  readonly claim?: { readonly owner: string; readonly until: number } | undefined
}

/**
 * What an append leads to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Next {
  readonly snapshot: Persisted
  /** The answer, at most 8 KiB, redacted; without one the last answer stays. */
  readonly raw?: string | undefined
  /**
   * Who follows a task from its first moment on, and until when (ms since the epoch). Counts only when the task is made:
   * then no other process takes it before it is followed.
   */
  readonly claim?: { readonly owner: string; readonly until: number } | undefined
}

/**
 * Who holds something, and until when (ms since the epoch).
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  readonly owner: string
  readonly until: number
}

/**
 * Which tasks to list.
 *
 * @category options
 * @since 0.1.0
 */
export interface StoreFilter {
  readonly status?: ReadonlyArray<TaskStatus> | undefined
  readonly provider?: string | undefined
  /** The beginning of our id, as ids are written: in lower case, with hyphens. Nothing else is looked at then. */
  readonly idPrefix?: string | undefined
  /**
   * Changed at this time or later (ms since the epoch), by the clock of whoever wrote the change: who follows the changes
   * of others looks back a little further than to its own last look.
   */
  readonly changedSince?: number | undefined
  /**
   * Lists the newest first; a cursor goes on in the order that it was made in.
   *
   * @default false
   */
  readonly newestFirst?: boolean | undefined
}

/**
 * Which submissions to list.
 *
 * @category options
 * @since 0.1.0
 */
export interface StoreSubmissionFilter {
  readonly outcome?: Outcome["_tag"] | undefined
  /** The beginning of our id, as in `StoreFilter`. */
  readonly idPrefix?: string | undefined
  /**
   * Lists the newest first, as in `StoreFilter`.
   *
   * @default false
   */
  readonly newestFirst?: boolean | undefined
}

/**
 * A page of tasks; `cursor` is absent on the last one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly cursor?: string | undefined
}

/**
 * Where submissions and tasks are kept.
 *
 * **Details**
 *
 * Whoever asks waits for 15 s at most, and takes silence for a `TaskStoreError` that is `retryable`. Then the call is
 * interrupted; only a step that is being appended may take up to 5 minutes, and is told of when it is there. A write may so
 * take effect although it was given up: each may be repeated.
 *
 * @category services
 * @since 0.1.0
 */
export class TaskStore extends Context.Service<TaskStore, {
  /**
   * Records the intent of a create, before anything is sent. In the same step its sender gets a lease, or its lease is
   * lengthened: while that holds, nobody else judges the create. An id that a submission or a task has already is refused,
   * and then nothing is written; only a record that says `created` may come after its task.
   */
  readonly begin: (submission: Submission, sender?: Lease) => Effect.Effect<void, TaskStoreError>
  /** Records what became of a create. The last word counts, but `created` is never taken back. */
  readonly settle: (id: TaskId, outcome: Outcome) => Effect.Effect<void, TaskStoreError>
  /**
   * Takes back that a create made a task, for those who named a wrong one: removes the task with its journal, and records
   * another outcome, in one step. `false`, and nothing is written, when there is no such task, or it has not ended.
   */
  readonly takeBack: (id: TaskId, outcome: Outcome) => Effect.Effect<boolean, TaskStoreError>
  readonly submission: (id: TaskId) => Effect.Effect<Submission | undefined, TaskStoreError>
  /** The submissions, oldest first unless the filter says otherwise. */
  readonly submissions: (
    filter: StoreSubmissionFilter,
    cursor?: string
  ) => Effect.Effect<Page<Submission>, TaskStoreError>
  /**
   * Appends events and stores the snapshot that they lead to, in one step. `expectedVersion` 0 makes the task: its
   * first event is `task.created`, and the submission of the same id, if there is one, becomes `created` in the same
   * step. Without events nothing is written. Fails with `VersionConflict`, and then nothing is written; a handle that
   * another task has already is such a conflict too, and the error names that task.
   */
  readonly append: (
    id: TaskId,
    expectedVersion: number,
    events: ReadonlyArray<JournalEvent>,
    next: Next
  ) => Effect.Effect<number, TaskStoreError | VersionConflict>
  readonly load: (id: TaskId) => Effect.Effect<StoredTask | undefined, TaskStoreError>
  /** The journal of a task, oldest first. */
  readonly events: (id: TaskId) => Effect.Effect<ReadonlyArray<JournalEvent>, TaskStoreError>
  /** Finds the task of a handle (provider, account, base URL and remote id). */
  readonly find: (handle: TaskHandle) => Effect.Effect<StoredTask | undefined, TaskStoreError>
  /** Lists tasks, oldest first unless the filter says otherwise. */
  readonly list: (filter: StoreFilter, cursor?: string) => Effect.Effect<Page<StoredTask>, TaskStoreError>
  /**
   * Takes at most `limit` unfinished tasks that nobody holds (or whose holder's time is over), until `until`, oldest
   * first; of `ids` only, if given. An owner has one time for all that it holds: a later one lengthens it.
   */
  readonly claim: (
    owner: string,
    limit: number,
    until: number,
    now: number,
    ids?: ReadonlyArray<TaskId>
  ) => Effect.Effect<ReadonlyArray<StoredTask>, TaskStoreError>
  /** Until when an owner holds what it holds (ms since the epoch); `undefined` when it never held anything, or long ago. */
  readonly leaseOf: (owner: string) => Effect.Effect<number | undefined, TaskStoreError>
  /** Extends all claims of an owner that still holds them, until `until`. */
  readonly renew: (owner: string, until: number) => Effect.Effect<void, TaskStoreError>
  /** Gives tasks back. */
  readonly release: (owner: string, ids: ReadonlyArray<TaskId>) => Effect.Effect<void, TaskStoreError>
  /**
   * Takes a name until a time (ms since the epoch), unless somebody else has it; says whether it was taken. Whoever has it
   * goes on with `held`, the time that it wrote last, and a time that is over gives it back.
   */
  readonly lock: (name: string, until: number, now: number, held?: number) => Effect.Effect<boolean, TaskStoreError>
  /**
   * Removes tasks that have ended, with their journals, and returns how many; those that are unfinished stay. Their
   * submissions stay too: an id that was submitted once is never submitted again. But what was asked for (`request`) is
   * forgotten: also where a submission is settled and has no task (any more).
   */
  readonly remove: (ids: ReadonlyArray<TaskId>) => Effect.Effect<number, TaskStoreError>
}>()("@video-tasks/runtime/TaskStore") {}

/**
 * Keeps everything in memory: it is gone when the process ends, and nothing of it before.
 *
 * **Gotchas**
 *
 * About 1.5 kB stay of each task that has ended. A service that runs for months wants a durable store.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<TaskStore> = Layer.sync(TaskStore, () =>
  MemoryStore.make({
    refused: (detail) => new TaskStoreError({ detail, retryable: false }),
    conflict: (id, expected, actual) => new VersionConflict({ id, expected, actual })
  }))
