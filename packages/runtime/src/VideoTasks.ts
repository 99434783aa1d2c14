/**
 * Submits video tasks and follows each one to its end.
 *
 * @since 0.1.0
 */
import type { Archived } from "@video-tasks/core/Archived"
import type { Observation } from "@video-tasks/core/Observation"
import type { Estimate } from "@video-tasks/core/Price"
import type { Outcome, Submission } from "@video-tasks/core/Submission"
import type { Ended, Success, Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import type { Video } from "@video-tasks/core/Video"
import type { CancelOutcome } from "@video-tasks/core/VideoProvider"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { check as checkOptions } from "./internal/optionChecks.ts"
import * as internal from "./internal/videoTasks.ts"
import type { TaskStore } from "./TaskStore.ts"

/**
 * A task by its handle, or by our id when it is in the store.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskRef = TaskHandle | TaskId

/**
 * The task that a callback shall be about, before it is created.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallbackTarget {
  /** Our id of the task. */
  readonly id: TaskId
  readonly provider: string
  readonly family: string
}

/**
 * What news of a task led to: `changed`, `unchanged` (nothing new), `ignored` (too late, or of another task), `hinted` (its
 * next read comes as soon as its floor allows), `unfollowed` (nobody here follows it, so nobody reads it).
 *
 * @category models
 * @since 0.1.0
 */
export type NotifyOutcome = "changed" | "unchanged" | "ignored" | "hinted" | "unfollowed"

/**
 * How to submit.
 *
 * @category options
 * @since 0.1.0
 */
export interface SubmitOptions {
  /**
   * `server-error` repeats a create after a 5xx, as some APIs advise: it may pay twice. Where the family says
   * `canFindCreated`, it is repeated only after a look that was answered and found nothing.
   *
   * @default "never"
   */
  readonly resubmit?: "never" | "server-error" | undefined
  /**
   * Submits with a retired model all the same.
   *
   * @default false
   */
  readonly force?: boolean | undefined
  /**
   * Refuses the request with `BudgetExceeded`, before anything is sent, when its estimate is higher or unknown.
   */
  readonly maxCost?: {
    readonly amount: number
    /** A currency; the default is that of the price. */
    readonly unit?: string | undefined
  } | undefined
  /**
   * Our id of the submission and of its task, for those who derive it from what they do: a second submit with the same id
   * fails with `StoreError` before anything is sent, in this process or in another one on the same store. In a cluster two at
   * the same time with the same request both get the one task.
   *
   * @default a new one
   */
  readonly id?: TaskId | undefined
  /**
   * Where the provider tells of changes of the task: an http(s) URL, or what makes one of the task, such as
   * `WebhookReceiver.urlOf(base)`. `InvalidRequest` where the API takes none.
   */
  readonly callbackUrl?: URL | ((task: CallbackTarget) => URL) | undefined
  /**
   * What happens when the submit is interrupted: nothing more is sent, and a create whose answer is out is waited for.
   */
  readonly interrupted?: {
    /**
     * How long the answer is waited for; a bare number is milliseconds.
     *
     * @default 0
     */
    readonly patience?: Duration.Input | undefined
    /**
     * Hears what is known: `pending` while the answer is waited for, then what became of the create. A store that does not
     * answer keeps a handle from it for 2 s at most.
     */
    readonly tell?: ((outcome: Outcome) => Effect.Effect<void>) | undefined
  } | undefined
}

/**
 * How to wait.
 *
 * @category options
 * @since 0.1.0
 */
export interface WaitOptions {
  /**
   * The caller's patience, counted from the start of this wait; at least one read happens before it may end, unless the
   * provider has asked the account to wait longer than that. A bare number is milliseconds. The default is the family's.
   * A store that can't say within 15 s which task it is ends the wait with `StoreError`.
   * Less than 0, or what is no duration, is an `InvalidRequest`.
   */
  readonly deadline?: Duration.Input | undefined
  /**
   * Leaves the reads to whoever holds the task, such as another process on the same store: while somebody else does, only
   * the store is read, and the wait takes the task over when their claim lapses. As long as anybody here waits for the
   * task without this, it is read all the same.
   *
   * @default false
   */
  readonly yields?: boolean | undefined
}

/**
 * A task that exists at a provider and shall be followed.
 *
 * @category options
 * @since 0.1.0
 */
export interface AttachOptions {
  readonly provider: string
  readonly remoteId: string
  /** The default is the provider's first family. */
  readonly family?: string | undefined
}

/**
 * How to go on with what is unfinished.
 *
 * @category options
 * @since 0.1.0
 */
export interface ResumeOptions {
  /**
   * Whether the tasks of creates whose answer was lost are looked up, where the API can.
   *
   * @default true
   */
  readonly lookUp?: boolean | undefined
  /**
   * Whether what other processes leave behind from now on is taken over as well, for as long as the layer lives.
   *
   * @default true
   */
  readonly takeOver?: boolean | undefined
}

/**
 * What is gone on with, and what is not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resumed {
  /** How many tasks are followed from now on that were not before. */
  readonly tracked: number
  /** The tasks of creates whose answer was lost, which the API knew by their reference. They are followed too. */
  readonly found: ReadonlyArray<TaskHandle>
  /** The creates of which nobody can say whether they made a task, oldest first. They are never sent again. */
  readonly ambiguous: ReadonlyArray<Submission>
  /** Why unfinished tasks are left alone: `ResumeIdentityChanged`, or a provider that is not configured; with the handle. */
  readonly leftAlone: ReadonlyArray<VideoTaskError>
  /**
   * The successes of earlier processes whose files are being kept from now on, oldest first; none without an `Archive`. Ask
   * `awaitArchived` for what becomes of them.
   */
  readonly archiving: ReadonlyArray<TaskHandle>
}

/**
 * What somebody found out about an ambiguous create: the task that it made, or that it made none.
 *
 * @category models
 * @since 0.1.0
 */
export type Resolution =
  | {
    /** The provider's id of the task. */
    readonly remoteId: string
    /** The route that made it, where the family has several; the default is the one that the create went to. */
    readonly route?: string | undefined
    /**
     * Asks the API for the task first, and refuses an id that it does not know, or a task that is older than the create.
     *
     * @default false
     */
    readonly check?: boolean | undefined
  }
  | "discard"

/**
 * Which submissions to list.
 *
 * @category options
 * @since 0.1.0
 */
export interface SubmissionFilter {
  readonly outcome?: Outcome["_tag"] | undefined
  /** The beginning of our id, as ids are written: in lower case, with hyphens. */
  readonly idPrefix?: string | undefined
}

/**
 * How a task is being read, for progress displays.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollInfo {
  /** Reads that were answered or failed. */
  readonly polls: number
  /** Reads that failed since the last good one. */
  readonly failures: number
  /** What the last failed read said. */
  readonly lastFailure?: string | undefined
  /** When the next read is due, in ms since the epoch. */
  readonly nextPollAt?: number | undefined
  /** When the task is expected to end, in ms since the epoch. */
  readonly expectedEndAt?: number | undefined
}

/**
 * Whether the files of a success are kept: `archived`, `pending` (this process is about it), `given up` (until the next
 * `resume`), or `missing` (nobody here is about it).
 *
 * @category models
 * @since 0.1.0
 */
export interface ArchiveInfo {
  readonly state: "archived" | "pending" | "given up" | "missing"
  /** How often this process has tried. */
  readonly attempts: number
  /** What the last attempt failed with, without secrets. */
  readonly lastFailure?: string | undefined
}

/**
 * Which tasks to list.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListFilter {
  readonly status?: ReadonlyArray<TaskStatus> | undefined
  readonly provider?: string | undefined
}

/**
 * How the runtime reads tasks.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * A cadence that beats the provider's, as in `{ floor: "5 seconds", ceiling: "30 seconds" }`.
   */
  readonly poll?: {
    /** The shortest gap between two reads, 0 or more; a bare number is milliseconds. */
    readonly floor?: Duration.Input | undefined
    /** The longest gap between two reads while all goes well, `floor` or more; a bare number is milliseconds. */
    readonly ceiling?: Duration.Input | undefined
    /** How long one answer may take, headers and body together, above 0; a bare number is milliseconds. */
    readonly timeout?: Duration.Input | undefined
  } | undefined
  /** What one account of a provider may send: creates, reads and all else together. Each is above 0. */
  readonly budget?: {
    /** @default 50 */
    readonly requestsPerSecond?: number | undefined
    /**
     * How many may leave at once after a pause.
     *
     * @default 5
     */
    readonly burst?: number | undefined
    /** @default 16 */
    readonly concurrency?: number | undefined
  } | undefined
  /**
   * The name under which tasks are claimed. The default is unique in the world. One that a process keeps when it starts
   * anew makes it wait for the claims of the process that died, as everybody else does.
   */
  readonly owner?: string | undefined
  /**
   * How long claims hold, 1 second to 1 hour; they are renewed while the process lives, and lapse when it died. A bare
   * number is milliseconds.
   *
   * @default "1 minute"
   */
  readonly lease?: Duration.Input | undefined
  /**
   * When this is done, no task is followed any more: what is being read is let go of, and whoever waits for a task is
   * interrupted, as at the end of the layer. Creates and cancellations go on until that.
   */
  readonly followUntil?: Effect.Effect<unknown> | undefined
  /**
   * Whether each read has a span, or the share of reads that have one, from 0 to 1.
   *
   * @default true
   */
  readonly pollSpans?: boolean | number | undefined
  /**
   * Whether the store keeps what was asked for with each submission, for people who look for their video and to ask again:
   * see `RequestRecord`. Files and what looks like a secret are never kept.
   *
   * @default true
   */
  readonly keepRequests?: boolean | undefined
}

/**
 * Submits video tasks and follows each one to its end.
 *
 * **Details**
 *
 * A create is sent at most once. Every error after a task exists carries its handle. A poll never kills a task. Waiting
 * too long is `WaitTimedOut`, and the task stays resumable.
 *
 * A task is read while somebody waits for it (`await`, `awaitEnd`, `observe`) or while it is tracked (`track`, `resume`).
 * All who wait for one task share its reads. When the last one goes, reading stops in the same tick and nothing is left
 * behind but the task in the store.
 *
 * @category services
 * @since 0.1.0
 */
export class VideoTasks extends Context.Service<VideoTasks, {
  /**
   * Creates a task; the handle is in the store before it is returned, and polling has not begun. Under a `CostBudget`, or
   * with `maxCost`, it fails with `BudgetExceeded` before anything is sent.
   */
  readonly submit: (request: VideoRequest, options?: SubmitOptions) => Effect.Effect<TaskHandle, VideoTaskError>
  /**
   * Says what a request will cost, or why nobody can say: from the provider's catalogue, which is asked for at most once an
   * hour, or from what is documented. Fails only when the request names a provider or a family that there is not.
   */
  readonly estimate: (request: VideoRequest) => Effect.Effect<Estimate, VideoTaskError>
  /** Adopts a task that was created elsewhere, or a handle from another process. Sends nothing. */
  readonly attach: (task: TaskHandle | AttachOptions) => Effect.Effect<TaskHandle, VideoTaskError>
  /** Emits the task as it is, then after every change; the last one has ended. */
  readonly observe: (task: TaskRef, options?: WaitOptions) => Stream.Stream<Task, VideoTaskError>
  /** Waits for the success of a task; every other end is a typed error. */
  readonly await: (task: TaskRef, options?: WaitOptions) => Effect.Effect<Success, VideoTaskError>
  /** Waits for the end of a task, whichever it is. */
  readonly awaitEnd: (task: TaskRef, options?: WaitOptions) => Effect.Effect<Ended, VideoTaskError>
  /** Reads a task once, now, and steps it; a task that has ended is not read again. */
  readonly refresh: (task: TaskRef) => Effect.Effect<Task, VideoTaskError>
  /**
   * Asks the provider for fresh links of a successful task; fails with `MissingResult` when there are none, and with
   * `ResultExpired` when the provider no longer knows the task.
   */
  readonly freshVideos: (task: TaskRef) => Effect.Effect<ReadonlyArray<Video>, VideoTaskError>
  /**
   * Cancels at the provider where the API can, and says what became of it: `failed` when the task goes on, or had ended
   * before. Fails with `Unsupported` and the provider's words when it refused, with `ProviderUnavailable`, … when it could not
   * be asked.
   */
  readonly cancel: (task: TaskRef) => Effect.Effect<CancelOutcome, VideoTaskError>
  /** The task as it is in the store. Sends nothing. */
  readonly get: (task: TaskRef) => Effect.Effect<Task, VideoTaskError>
  /** The tasks of the store, oldest first. */
  readonly list: (filter?: ListFilter) => Stream.Stream<Task, VideoTaskError>
  /**
   * Follows a task until it ends although nobody waits for it, for as long as the layer lives or until `untrack`. It costs
   * an entry in the scheduler's heap, no fiber.
   */
  readonly track: (task: TaskRef) => Effect.Effect<void, VideoTaskError>
  /** Stops following a task that nobody waits for. */
  readonly untrack: (task: TaskRef) => Effect.Effect<void>
  /**
   * Goes on with everything that is unfinished in the store and that no living process holds.
   *
   * Tasks are tracked; their first reads are aimed by when they last changed and spread over the account's budget. A create
   * whose sender is gone becomes `ambiguous`, is looked up where the API can, and is never sent again. A task whose provider
   * is configured differently by now is left alone, and told. What other processes leave behind later is taken over too.
   */
  readonly resume: (options?: ResumeOptions) => Effect.Effect<Resumed, VideoTaskError>
  /** The creates and what became of them, oldest first. */
  readonly submissions: (filter?: SubmissionFilter) => Stream.Stream<Submission, VideoTaskError>
  /**
   * Looks one create up whose answer was lost, where its API can; one that a dead process left `pending` is judged first.
   * Returns it as it is then: `created` when the task is found, `ambiguous` when it is not or can't be asked for, `pending`
   * while its sender lives. Nothing is sent again, and nothing else is looked at, followed or archived. Fails with
   * `InvalidRequest` when there is no such submission, and with `StoreError`.
   */
  readonly lookUp: (submission: TaskId) => Effect.Effect<Submission, VideoTaskError>
  /**
   * Settles an ambiguous create: with the id that its task has at the provider, which is then a task of the store under the
   * id of the submission, or as one that made none. Sends no create, and nothing at all without `check`. What was settled
   * with an id that the API turned out not to know (`not_found`, and no read has ever seen it) can be settled again. Fails
   * with `InvalidRequest` when the submission is not ambiguous, or the task is that of another create; with
   * `ResumeIdentityChanged` when it went to another API or account than is configured; and as a read does, with `check`.
   */
  readonly resolve: (submission: TaskId, resolution: Resolution) => Effect.Effect<Submission, VideoTaskError>
  /**
   * Tells of news that came by another way than a read, such as a webhook. With an observation, which is believed, the task
   * takes the step at once, those who wait hear of it, and its reads become rare. Without one only its next read comes as
   * soon as its floor allows. Sends nothing by itself; fails with `TaskNotFound` when the task is not in the store.
   */
  readonly notify: (task: TaskRef, observation?: Observation) => Effect.Effect<NotifyOutcome, VideoTaskError>
  /**
   * Waits for the success of a task and until its files are in the `Archive`; begins with that if need be. Fails with
   * `Unsupported` when there is no archive, and with the last failure once the files are given up.
   */
  readonly awaitArchived: (task: TaskRef, options?: WaitOptions) => Effect.Effect<Archived, VideoTaskError>
  /** Whether the files of a task are kept; `undefined` for a task without success. Sends nothing. */
  readonly archiveInfo: (task: TaskRef) => Effect.Effect<ArchiveInfo | undefined, VideoTaskError>
  /** How a task is being read, or was read by this process. */
  readonly pollInfo: (task: TaskRef) => Effect.Effect<PollInfo>
}>()("@video-tasks/runtime/VideoTasks") {}

/**
 * Fails with `InvalidRequest` that names every option that makes no sense, with its value and what is allowed, as `layer`
 * does: for those who pass options on. A bare number of 1 to 99 where a duration of `poll` is wanted is warned of, since
 * seconds are often meant.
 *
 * **Example** (Seconds that are milliseconds)
 *
 * ```ts import.meta.vitest
 * import { VideoTasks } from "@video-tasks/runtime"
 * import { Effect } from "effect"
 *
 * const error = await Effect.runPromise(Effect.flip(VideoTasks.check({ lease: "2 hours", poll: { ceiling: "5 minutes" } })))
 * error.message.includes('lease is "2 hours"; allowed: 1 second to 1 hour') // => true
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const check = (options: Options): Effect.Effect<void, VideoTaskError> => checkOptions(options)

/**
 * Provides `VideoTasks` on top of a registry of providers and a store. An `Archive` and a `CostBudget` are used where they
 * are provided. Fails with `InvalidRequest`, before anything is sent, when an option makes no sense.
 *
 * @see {@link check} for what that is
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<VideoTasks, VideoTaskError, VideoProviders | TaskStore> =>
  Layer.effect(VideoTasks, Effect.andThen(check(options), internal.make(options)))
