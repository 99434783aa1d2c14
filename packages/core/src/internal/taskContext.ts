/**
 * What the task machine remembers, and the pure functions that its guards and actions are made of.
 */
import * as Schema from "effect/Schema"
import { Archived } from "../Archived.ts"
import * as Redact from "../Redact.ts"
import type { Created, TaskEvent } from "../TaskEvent.ts"
import { TaskHandle } from "../TaskHandle.ts"
import { TaskId } from "../TaskId.ts"
import type { TaskStatus } from "../TaskStatus.ts"
import { Cost, Failure, Video } from "../Video.ts"

/** @internal */
export const TaskContext = Schema.Struct({
  id: TaskId,
  handle: TaskHandle,
  model: Schema.optionalKey(Schema.String),
  createdAt: Schema.Finite,
  updatedAt: Schema.Finite,
  progress: Schema.optionalKey(Schema.Finite),
  cost: Schema.optionalKey(Cost),
  estimate: Schema.optionalKey(Cost),
  estimatedRemainingMs: Schema.optionalKey(Schema.Finite),
  videos: Schema.Array(Video),
  failure: Schema.optionalKey(Failure),
  completedAt: Schema.optionalKey(Schema.Finite),
  /** Whether it was us who had the task cancelled. */
  byRequest: Schema.optionalKey(Schema.Boolean),
  archived: Schema.optionalKey(Archived),
  /** The span in which it was submitted, as W3C's `traceparent`. */
  trace: Schema.optionalKey(Schema.String),
  /** How often, and since when (ms since the epoch), success was reported without a video. */
  missingVideo: Schema.optionalKey(Schema.Struct({ reads: Schema.Finite, since: Schema.Finite }))
})

/** @internal */
export type TaskContext = typeof TaskContext.Type

/** How often a success without a video is read again before it is believed. */
const maxMissingReads = 3

/** For how long a success without a video is not believed, in ms. */
const maxMissingMs = 30_000

/** @internal */
export const noReason = new Failure({ message: "the provider gave no reason" })

/** @internal */
export const initial = (created: Created | undefined): TaskContext => {
  // XState asks for a first context without any input when it makes a scope.
  if (created === undefined) return {} as TaskContext
  return {
    id: created.id,
    handle: created.handle,
    ...(created.model === undefined ? {} : { model: created.model }),
    ...(created.estimate === undefined ? {} : { cost: created.estimate, estimate: created.estimate }),
    ...(created.trace === undefined ? {} : { trace: created.trace }),
    createdAt: created.at,
    updatedAt: created.at,
    videos: []
  }
}

/** @internal */
export const reports = (event: TaskEvent, status: TaskStatus): boolean =>
  event.type === "task.observed" && event.observation.status === status

/** @internal */
export const videoMissingForGood = (context: TaskContext, at: number): boolean =>
  context.missingVideo !== undefined &&
  (context.missingVideo.reads + 1 >= maxMissingReads || at - context.missingVideo.since >= maxMissingMs)

/** @internal */
export const videoMissing = (context: TaskContext, event: TaskEvent): TaskContext => ({
  ...context,
  missingVideo: {
    reads: (context.missingVideo?.reads ?? 0) + 1,
    since: context.missingVideo?.since ?? event.at
  },
  updatedAt: event.at
})

/** @internal */
export const refined = (context: TaskContext, event: TaskEvent): TaskContext => {
  if (event.type !== "task.observed") return context
  const { cost, createdAt, estimatedRemainingMs, model, progress, status } = event.observation
  const { estimatedRemainingMs: _, ...kept } = context
  const failing = status !== undefined && status !== "SUBMITTED" && status !== "IN_PROGRESS" && status !== "SUCCESS"
  const reached = failing ? context.progress : highest(context.progress, progress)
  const next: TaskContext = {
    ...kept,
    ...(isBetterStart(context, createdAt) ? { createdAt } : {}),
    ...(model === undefined || model === "" ? {} : { model }),
    ...(reached === undefined ? {} : { progress: reached }),
    ...(cost === undefined ? {} : { cost }),
    ...(estimatedRemainingMs === undefined ? {} : { estimatedRemainingMs })
  }
  return isSame(context, next) ? context : { ...next, updatedAt: event.at }
}

/** @internal */
export const ended = (context: TaskContext, event: TaskEvent): TaskContext => {
  const { estimatedRemainingMs: _, missingVideo: __, ...kept } = context
  const over = { ...withoutGuess(kept, event), updatedAt: event.at, completedAt: event.at }
  switch (event.type) {
    case "task.observed": {
      const { failure, status, videos } = event.observation
      const completedAt = endOf(context, event.observation.completedAt, event.at)
      if (status === "SUCCESS") return { ...over, completedAt, videos, progress: 100 }
      return status === "FAILED" || status === "ERROR"
        ? { ...over, completedAt, failure: failure ?? noReason }
        : { ...over, completedAt }
    }
    case "task.lost":
      return { ...over, failure: new Failure({ code: "not_found", message: Redact.text(event.message) }) }
    case "task.cancelled":
      return { ...over, byRequest: true }
    case "task.expired":
      return over
    case "task.archived":
      return context
  }
}

/**
 * The files of a success are kept; what was kept first counts.
 *
 * @internal
 */
export const archived = (context: TaskContext, event: TaskEvent): TaskContext =>
  event.type === "task.archived" && context.archived === undefined
    ? { ...context, archived: new Archived({ at: event.at, files: event.files }), updatedAt: event.at }
    : context

/** @internal */
export const isSame = (self: TaskContext, that: TaskContext): boolean =>
  self === that || (
    self.createdAt === that.createdAt && self.model === that.model && self.progress === that.progress &&
    self.estimatedRemainingMs === that.estimatedRemainingMs && isSameCost(self.cost, that.cost) &&
    self.videos === that.videos && self.failure === that.failure &&
    self.missingVideo?.reads === that.missingVideo?.reads
  )

/** A task began before we heard of it: of two beginnings the earlier one counts. */
const isBetterStart = (context: TaskContext, said: number | undefined): said is number =>
  said !== undefined && said > 0 && said < context.createdAt

/** When a task ended: as the provider says, as far as that is possible. */
const endOf = (context: TaskContext, said: number | undefined, at: number): number =>
  said === undefined || said <= 0 ? at : Math.min(Math.max(said, context.createdAt), at)

/** What was expected to be paid is no cost of a task that ended without a video: only a bill is. */
const withoutGuess = <A extends Pick<TaskContext, "cost">>(context: A, event: TaskEvent): A => {
  if (context.cost?.kind !== "estimate" || reports(event, "SUCCESS")) return context
  const { cost: _, ...rest } = context
  return rest as A
}

const isSameCost = (self: Cost | undefined, that: Cost | undefined): boolean =>
  self?.amount === that?.amount && self?.unit === that?.unit && self?.kind === that?.kind

const highest = (before: number | undefined, now: number | undefined): number | undefined =>
  before === undefined ? now : now === undefined ? before : Math.max(before, now)
