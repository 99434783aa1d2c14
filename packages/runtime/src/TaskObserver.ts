/**
 * The place where others watch tasks: called after a step is stored.
 *
 * An observer can neither fail nor slow a task, and what it sees is redacted: no URL with its query, no key.
 *
 * @since 0.1.0
 */
import type { TaskEvent } from "@video-tasks/core/TaskEvent"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import { isTerminal, type TaskStatus } from "@video-tasks/core/TaskStatus"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as InspectorMessages from "./InspectorMessages.ts"

/**
 * One stored step of one task.
 *
 * @category models
 * @since 0.1.0
 */
export interface ObservedStep {
  readonly id: TaskId
  readonly handle: TaskHandle
  /** Counts the steps of this task, from 0 (its creation). */
  readonly seq: number
  /** In ms since the epoch. */
  readonly at: number
  readonly event: TaskEvent | { readonly type: "task.created"; readonly at: number }
  readonly from: TaskStatus | undefined
  readonly to: TaskStatus
  readonly snapshot: Persisted
}

/**
 * One read of one task that is over, whether or not it changed anything.
 *
 * @category models
 * @since 0.1.0
 */
export interface ObservedPoll {
  readonly id: TaskId
  readonly provider: string
  /** When the answer was there, in ms since the epoch. */
  readonly at: number
  /** How long the request took, in ms. */
  readonly tookMs: number
  /** Counts the reads of this task in this process, from 1. */
  readonly poll: number
  /** Reads that failed since the last good one, this one included. */
  readonly failuresInARow: number
  /** `changed` comes with a step of its own. */
  readonly outcome: "changed" | "unchanged" | "failed"
  /** Why it failed, without secrets. */
  readonly failure?: { readonly reason: VideoTaskError["reason"]["_tag"]; readonly message: string } | undefined
  /** When it is read again, in ms since the epoch; absent when it is not. */
  readonly nextPollAt?: number | undefined
}

/**
 * Something that watches tasks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observer {
  /** Called in order, from a fiber of its own. Steps that it is too slow for are dropped and counted. */
  readonly step: (step: ObservedStep) => Effect.Effect<void>
  /** Called for each read that is over, in one order with the steps; without it nothing is spent on reads. */
  readonly poll?: ((poll: ObservedPoll) => Effect.Effect<void>) | undefined
}

/**
 * Watches nothing: the default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const noop: Observer = { step: () => Effect.void }

/**
 * Watches tasks.
 *
 * @category services
 * @since 0.1.0
 */
export const TaskObserver = Context.Reference<Observer>("@video-tasks/runtime/TaskObserver", {
  defaultValue: () => noop
})

/**
 * Writes every step as a log line of level Info, with the handle as an annotation.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLog: Layer.Layer<never> = Layer.succeed(TaskObserver, {
  step: ({ event, from, handle, snapshot, to }) => {
    if (event.type === "task.archived") {
      return Effect.logInfo(`${to} archived`).pipe(Effect.annotateLogs({ handle: format(handle) }))
    }
    const progress = snapshot.task.progress === undefined ? "" : ` ${snapshot.task.progress} %`
    const change = from === undefined || from === to ? to : `${from} → ${to}`
    return Effect.logInfo(`${change}${progress}`).pipe(Effect.annotateLogs({ handle: format(handle) }))
  }
})

/**
 * Sends every step as messages of the Stately inspector; see `InspectorMessages`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerInspector = (
  send: (message: InspectorMessages.Message) => Effect.Effect<void>
): Layer.Layer<never> =>
  Layer.sync(TaskObserver, () => {
    const known = new Set<TaskId>()
    return {
      step: (step) => {
        const messages = InspectorMessages.fromStep(step, { isFirst: !known.has(step.id) })
        if (isTerminal(step.to)) known.delete(step.id)
        else known.add(step.id)
        return Effect.forEach(messages, send, { discard: true })
      }
    }
  })
