/**
 * What the page and the server say to each other: plain JSON, without secrets.
 *
 * ```text
 * GET  /api/events                SSE: `Reset` first (or after a gap), then `Changes`; `id:` is `epoch.seq`
 * GET  /api/tasks/{id}            `Detail`
 * GET  /api/tasks/{id}/videos/{n} the n-th video, from 0, with Range; `?download` as an attachment
 * GET  /api/tasks/{id}/fixture    `Fixture`: the journal of the task, for a test
 * POST /api/tasks/{id}/poll | cancel | retry     `Done`, or `Refused` with a status above 399; `retry` may come with `Again`
 * POST /api/session               `Login` → 204 and a cookie, where the server wants a token
 * GET  /metrics                   Prometheus text
 * ```
 *
 * Times are ms since the epoch, durations ms, progress 0–100.
 *
 * @since 0.1.0
 */
import type { TaskStatus } from "@video-tasks/core/TaskStatus"

/**
 * An amount of money or credits.
 *
 * @category models
 * @since 0.1.0
 */
export interface Amount {
  readonly amount: number
  readonly unit: string
}

/**
 * Where a row stands: a state of the task machine, or that of a create that has made no task yet.
 *
 * `submitting`: the create is under way. `ambiguous`: nobody knows whether it made a task.
 *
 * @category models
 * @since 0.1.0
 */
export type State = TaskStatus | "submitting" | "ambiguous"

/**
 * A task, or a create that has made none yet, as a line of the list.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly id: string
  /** Absent while there is no task, and in the list, which is shorter without it: it comes with `Detail`. */
  readonly handle?: string | undefined
  readonly remoteId?: string | undefined
  readonly provider: string
  readonly family: string
  readonly model?: string | undefined
  /** The beginning of the prompt, at most 200 characters; absent where prompts are not shown or not known. */
  readonly prompt?: string | undefined
  readonly state: State
  /** Whether the last read failed and is tried again. */
  readonly isRetrying: boolean
  /** Whether a process follows it: this one, another one on the same store, or none. */
  readonly followed: "here" | "elsewhere" | "nobody"
  readonly progress?: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
  readonly completedAt?: number | undefined
  /** When the next read is due; known of tasks that this process follows. */
  readonly nextPollAt?: number | undefined
  readonly polls?: number | undefined
  readonly failures?: number | undefined
  /** What the task costs: the bill, and before there is one the estimate. */
  readonly cost?: Amount | undefined
  readonly isEstimate?: boolean | undefined
  /** What happened last, in words. */
  readonly last: string
  /** When `last` happened. */
  readonly lastAt: number
}

/**
 * What is known of a provider, over the tasks that the page shows.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProviderLine {
  readonly provider: string
  readonly running: number
  readonly ended: number
  /** Of those that ended, how many neither succeeded nor were cancelled. */
  readonly failed: number
  /** Half of the successes took at most this long. */
  readonly p50Ms?: number | undefined
  readonly p90Ms?: number | undefined
  /** Tasks whose last read failed. */
  readonly retrying: number
  /** Whether the provider refused the key on the last read. */
  readonly isKeyRejected: boolean
}

/**
 * How many tasks of the store the page has no room for.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeftOut {
  readonly running: number
  readonly ended: number
}

/**
 * What holds for the whole page.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status {
  readonly version: string
  /** Which store, without secrets. */
  readonly store: string
  readonly isReadOnly: boolean
  readonly isDemo: boolean
  /** The ids of the providers that this process can ask; absent where it only shows. */
  readonly providers?: ReadonlyArray<string> | undefined
  /** How many rows the page is given at most. */
  readonly maxTasks: number
  /** Whether the store has more tasks than that: those that ended longest ago are left out first. */
  readonly isTruncated: boolean
  /** What is left out, as far as it was counted: at least so many; present when `isTruncated`. */
  readonly leftOut?: LeftOut | undefined
  /** What is wrong with the store, in words; absent while it answers. */
  readonly problem?: string | undefined
}

/**
 * The data of an SSE event named `reset`: forget all rows, these are all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reset {
  /** The server's clock. */
  readonly now: number
  readonly status: Status
  readonly providers: ReadonlyArray<ProviderLine>
  readonly rows: ReadonlyArray<Row>
}

/**
 * The data of an SSE event named `changes`: the newest form of each row that changed, at most four times a second.
 *
 * @category models
 * @since 0.1.0
 */
export interface Changes {
  readonly now: number
  readonly rows: ReadonlyArray<Row>
  readonly removed: ReadonlyArray<string>
  /** How many steps of tasks these rows stand for, where that is counted; rows of one task are sent once. */
  readonly steps?: number | undefined
  /** Present when something changed. */
  readonly providers?: ReadonlyArray<ProviderLine> | undefined
  /** Present when something changed. */
  readonly status?: Status | undefined
}

/**
 * Something that happened to a task, for its timeline, oldest first.
 *
 * @category models
 * @since 0.1.0
 */
export interface Moment {
  readonly at: number
  /** `step`: stored in the journal. `poll`: a read that changed nothing or failed; known of this process only. */
  readonly kind: "step" | "poll"
  /** The event's type, such as `task.observed`, or the outcome of the read. */
  readonly type: string
  readonly from?: State | undefined
  readonly to?: State | undefined
  readonly progress?: number | undefined
  /** In words, such as `503: ProviderUnavailable, tried again in 8 s`. */
  readonly text: string
  /** How long the request took. */
  readonly tookMs?: number | undefined
}

/**
 * A finished video; the link itself never reaches the page.
 *
 * @category models
 * @since 0.1.0
 */
export interface VideoLine {
  /** A path of this server. */
  readonly src: string
  /** The host that serves it, and whether an archive has it. */
  readonly from: string
  readonly isArchived: boolean
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly durationMs?: number | undefined
  /** When the provider's link lapses, where that is known. */
  readonly expiresAt?: number | undefined
}

/**
 * All about one task.
 *
 * @category models
 * @since 0.1.0
 */
export interface Detail {
  readonly row: Row
  readonly moments: ReadonlyArray<Moment>
  /** How long it has been in each state, in the order of their visits. */
  readonly spent: ReadonlyArray<{ readonly state: State; readonly ms: number }>
  /** The edge of the machine that was taken last. */
  readonly lastEdge?: { readonly from: TaskStatus; readonly to: TaskStatus } | undefined
  readonly videos: ReadonlyArray<VideoLine>
  /** Where the archive keeps its files. */
  readonly files: ReadonlyArray<string>
  readonly estimate?: Amount | undefined
  readonly bill?: Amount | undefined
  /** The provider's last answer as indented JSON: fields that are known to be safe, links without their query. */
  readonly answer?: string | undefined
  /** How it failed, as a typed error; `advice` says what to do where `message` does not. */
  readonly error?: {
    readonly reason: string
    readonly message: string
    /** Whether the same once more may work. */
    readonly isRetryable: boolean
    readonly advice?: string | undefined
  } | undefined
  /** What was asked for, where the store knows it. */
  readonly request?: {
    readonly prompt?: string | undefined
    readonly seconds?: number | undefined
    readonly size?: string | undefined
    readonly resolution?: string | undefined
    readonly images?: number | undefined
    /** As indented JSON. */
    readonly options?: string | undefined
  } | undefined
  /** What can be done; else why not, in words. */
  readonly can: {
    readonly poll: true | string
    readonly cancel: true | string
    readonly retry: true | string
  }
  /** Why this process can't ask the task's provider, in words; absent where it can, or only shows. */
  readonly whyMissing?: string | undefined
  /** The trace in which it was submitted (32 hexadecimal digits). */
  readonly traceId?: string | undefined
}

/**
 * What a retry may say: the id of the task that it makes, a UUIDv7 in lower case. Asked again with the same id it makes no
 * second one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Again {
  readonly id: string
}

/**
 * An action succeeded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Done {
  readonly message: string
  /** The new task, of `retry`. */
  readonly id?: string | undefined
}

/**
 * An action, or a question, was refused.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refused {
  readonly reason: string
  readonly message: string
}

/**
 * What opens a server that wants a token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Login {
  readonly token: string
}

/**
 * The journal of a task, for a test: `TaskMachine.replay` lives through it. Links have lost their query.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fixture {
  readonly name: string
  readonly events: ReadonlyArray<unknown>
}

/**
 * The command that settles a create of which nobody knows whether it made a task; `how` is left out where there is no room.
 *
 * @category converting
 * @since 0.1.0
 */
export const resolveCommand = (id: string, how?: "--remote REMOTE_ID" | "--discard"): string =>
  how === undefined ? `video-tasks resolve ${id}` : `video-tasks resolve ${id} ${how}`
