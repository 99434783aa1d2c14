/**
 * What the dashboard knows of all tasks: those of this process as they step, those of other processes through the store.
 *
 * It keeps lines, not snapshots, and forgets the oldest ended ones. Viewers are numbers in a ring: a slow one costs
 * nothing, and none can slow a task.
 *
 * @since 0.1.0
 */
import type { Submission } from "@video-tasks/core/Submission"
import { type ObservedPoll, TaskObserver } from "@video-tasks/runtime/TaskObserver"
import type { StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { LeftOut, Moment, ProviderLine, Row } from "./Contract.ts"
import * as Hub from "./internal/hub.ts"

/**
 * How much the hub keeps, and how it looks at the store.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How many tasks are kept at most; those that ended longest ago go first.
   *
   * @default 10000
   */
  readonly maxTasks?: number | undefined
  /**
   * Whether lines have the beginning of the prompt.
   *
   * @default true
   */
  readonly showPrompts?: boolean | undefined
  /** The name under which this process claims tasks: the `owner` of `VideoTasks`, where it was given one. */
  readonly owner?: string | undefined
  /**
   * How often the store is asked for changes of other processes, in ms, while there are some; five times as rarely when
   * there are none.
   *
   * @default 1000
   */
  readonly lookEveryMs?: number | undefined
}

/**
 * All lines at one moment.
 *
 * @category models
 * @since 0.1.0
 */
export interface Everything {
  /** The place of this moment: what `news` wants to hear. */
  readonly seq: number
  readonly rows: ReadonlyArray<Row>
}

/**
 * What changed since a moment.
 *
 * @category models
 * @since 0.1.0
 */
export interface News extends Everything {
  readonly removed: ReadonlyArray<string>
}

/**
 * What holds for all lines; `version` grows with each change of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Summary {
  readonly version: number
  readonly providers: ReadonlyArray<ProviderLine>
  readonly isTruncated: boolean
  /** What there is no room for, as far as it was counted; absent when everything has room. */
  readonly leftOut?: LeftOut | undefined
  /** What is wrong with the store, in words. */
  readonly problem: string | undefined
  /** How many steps of tasks were seen so far. */
  readonly steps: number
}

/**
 * How a task was read by this process.
 *
 * @category models
 * @since 0.1.0
 */
export interface Polls {
  /** The last reads, oldest first. */
  readonly moments: ReadonlyArray<Moment>
  /** What the very last one failed with. */
  readonly failure: ObservedPoll["failure"]
}

/**
 * What was read of a task in the store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Looked {
  readonly stored: StoredTask | undefined
  readonly submission: Submission | undefined
}

/**
 * What the dashboard knows of all tasks.
 *
 * @category services
 * @since 0.1.0
 */
export class DashboardHub extends Context.Service<DashboardHub, {
  /** Names this life of the hub: places of another one mean nothing here. */
  readonly epoch: string
  readonly maxTasks: number
  readonly showPrompts: boolean
  /** All lines as they are. */
  readonly everything: Effect.Effect<Everything>
  /** The newest form of each line that changed since; `undefined` when that is too long ago to be known. */
  readonly news: (seq: number) => Effect.Effect<News | undefined>
  readonly summary: Effect.Effect<Summary>
  /** Waits until something has changed since a place and a version of the summary. */
  readonly changed: (seq: number, version: number) => Effect.Effect<void>
  readonly row: (id: string) => Effect.Effect<Row | undefined>
  /** The last reads of a task by this process, oldest first, and what the very last one failed with. */
  readonly polls: (id: string) => Effect.Effect<Polls>
  /** Looks at one task in the store, now; or takes what was read there just now. */
  readonly look: (id: string, looked?: Looked) => Effect.Effect<void>
}>()("@video-tasks/dashboard/DashboardHub") {}

/**
 * Provides the hub, and lets it watch: the steps of this process as a `TaskObserver`, beside the one that is there, and the
 * changes of others in the store. Give it to `VideoTasks`, so that this hears of the observer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<DashboardHub, never, TaskStore> =>
  Layer.effectContext(Effect.gen(function*() {
    const { hub, observer } = yield* Hub.make(options, yield* TaskObserver)
    return Context.make(DashboardHub, DashboardHub.of(hub)).pipe(Context.add(TaskObserver, observer))
  }))
