/**
 * The law of a task's life, as a state machine: SUBMITTED → IN_PROGRESS → one of five ends.
 *
 * The machine is pure: it never waits, calls or logs. Live polls, webhooks, replays and pictures all go through `step`.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import { assign, setup, type SnapshotFrom } from "xstate"
import { inertScope } from "./internal/machineScope.ts"
import { ended, refined, type TaskContext, videoMissing, videoMissingForGood } from "./internal/taskContext.ts"
import * as Context from "./internal/taskContext.ts"
import { Cancelled, Errored, Expired, Failed, InProgress, Submitted, Success, type Task } from "./Task.ts"
import type { Created, JournalEvent, TaskEvent } from "./TaskEvent.ts"
import * as TaskStatus from "./TaskStatus.ts"

const running = {
  "task.observed": [
    { guard: "succeeded", target: "SUCCESS", actions: ["refine", "end"] },
    { guard: "succeededWithoutVideo", target: "IN_PROGRESS", actions: ["refine", "countMissingVideo"] },
    { guard: { type: "reports", params: { status: "FAILED" } }, target: "FAILED", actions: ["refine", "end"] },
    { guard: { type: "reports", params: { status: "ERROR" } }, target: "ERROR", actions: ["refine", "end"] },
    { guard: { type: "reports", params: { status: "CANCELLED" } }, target: "CANCELLED", actions: ["refine", "end"] },
    { guard: { type: "reports", params: { status: "EXPIRED" } }, target: "EXPIRED", actions: ["refine", "end"] },
    { guard: { type: "reports", params: { status: "IN_PROGRESS" } }, target: "IN_PROGRESS", actions: "refine" },
    { actions: "refine" }
  ],
  "task.cancelled": { target: "CANCELLED", actions: "end" },
  "task.expired": { target: "EXPIRED", actions: "end" },
  "task.lost": { target: "ERROR", actions: "end" }
} as const

/** An answer that lags behind: nothing that it says is obeyed. */
const late = { guard: { type: "reports", params: { status: "SUBMITTED" } } } as const

/**
 * The machine itself, for pictures, inspectors and model-based tests. Its JSON config builds the same machine again.
 *
 * @category machines
 * @since 0.1.0
 */
export const machine = setup({
  types: {
    context: {} as { readonly task: TaskContext },
    events: {} as TaskEvent,
    input: {} as Created
  },
  guards: {
    /** The answer reports success, and hands over a video or has had its last chance to. */
    succeeded: ({ context, event }) => Context.reports(event, "SUCCESS") && !mayStillBring(context.task, event),
    /** The answer reports success without a video: not believed for 3 reads or 30 s. */
    succeededWithoutVideo: ({ context, event }) =>
      Context.reports(event, "SUCCESS") && mayStillBring(context.task, event),
    reports: ({ event }, params: { readonly status: TaskStatus.TaskStatus }) => Context.reports(event, params.status)
  },
  actions: {
    refine: assign({ task: ({ context, event }) => refined(context.task, event) }),
    countMissingVideo: assign({ task: ({ context, event }) => videoMissing(context.task, event) }),
    end: assign({ task: ({ context, event }) => ended(context.task, event) })
  }
}).createMachine({
  id: "videoTask",
  context: ({ input }) => ({ task: Context.initial(input) }),
  initial: "SUBMITTED",
  states: {
    SUBMITTED: { on: running },
    IN_PROGRESS: { on: { ...running, "task.observed": [late, ...running["task.observed"]] } },
    SUCCESS: { type: "final" },
    FAILED: { type: "final" },
    ERROR: { type: "final" },
    CANCELLED: { type: "final" },
    EXPIRED: { type: "final" }
  }
})

/**
 * One moment of a task.
 *
 * @category models
 * @since 0.1.0
 */
export type Snapshot = SnapshotFrom<typeof machine>

/**
 * What an event did: `changed`, `unchanged` (it said nothing new), or `ignored` (it came too late or was impossible).
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly snapshot: Snapshot
  readonly from: TaskStatus.TaskStatus
  readonly to: TaskStatus.TaskStatus
  readonly verdict: "changed" | "unchanged" | "ignored"
}

/**
 * The first moment of a task that exists.
 *
 * @category constructors
 * @since 0.1.0
 */
export const initial = (created: Created): Snapshot => machine.getInitialSnapshot(scope, created)

/**
 * Returns what follows from an event, and what changed. A terminal snapshot is returned as it is, but for the one thing
 * that can still be said of a success: where its files are kept.
 *
 * **Gotchas**
 *
 * XState's own `transition` would still take transitions of a finished machine; this function does not.
 *
 * @category transitions
 * @since 0.1.0
 */
export const step: {
  (event: TaskEvent): (self: Snapshot) => Step
  (self: Snapshot, event: TaskEvent): Step
} = dual(2, (self: Snapshot, event: TaskEvent): Step => {
  const from: TaskStatus.TaskStatus = self.value
  if (event.type === "task.archived" || TaskStatus.isTerminal(from)) return afterwards(self, event)
  const next = machine.transition(self, event, scope)
  const to: TaskStatus.TaskStatus = next.value
  if (to !== from || !Context.isSame(self.context.task, next.context.task)) {
    return { snapshot: next, from, to, verdict: "changed" }
  }
  const backwards = from === "IN_PROGRESS" && Context.reports(event, "SUBMITTED")
  return { snapshot: self, from, to, verdict: backwards ? "ignored" : "unchanged" }
})

/**
 * Lives through a journal: the result equals the live one, URLs included. The first event must be `task.created`.
 *
 * @category transitions
 * @since 0.1.0
 */
export const replay = (events: readonly [Created, ...ReadonlyArray<JournalEvent>]): Snapshot => {
  let snapshot = initial(events[0])
  for (const event of events) {
    if (event.type !== "task.created") snapshot = step(snapshot, event).snapshot
  }
  return snapshot
}

/**
 * A snapshot as plain data: the state and what the machine remembers.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Persisted = Schema.Struct({ value: TaskStatus.TaskStatus, task: Context.TaskContext })

/**
 * A snapshot as plain data.
 *
 * @category models
 * @since 0.1.0
 */
export type Persisted = typeof Persisted.Type

/**
 * Takes from a snapshot what must be kept.
 *
 * @category converting
 * @since 0.1.0
 */
export const persist = (self: Snapshot): Persisted => ({ value: self.value, task: self.context.task })

/**
 * Makes the snapshot again from what was kept.
 *
 * @category converting
 * @since 0.1.0
 */
export const restore = (persisted: Persisted): Snapshot =>
  machine.resolveState({ value: persisted.value, context: { task: persisted.task } })

/**
 * Reads a snapshot as a task.
 *
 * @category converting
 * @since 0.1.0
 */
export const toTask = (self: Snapshot): Task => {
  const {
    archived,
    byRequest,
    completedAt,
    estimatedRemainingMs,
    failure,
    missingVideo: _,
    trace: __,
    videos,
    ...common
  } = self.context.task
  const running = estimatedRemainingMs === undefined ? common : { ...common, estimatedRemainingMs }
  const over = { ...common, completedAt: completedAt ?? common.updatedAt }
  const status: TaskStatus.TaskStatus = self.value
  switch (status) {
    case "SUBMITTED":
      return new Submitted(running)
    case "IN_PROGRESS":
      return new InProgress(running)
    case "SUCCESS":
      return new Success({ ...over, videos, ...(archived === undefined ? {} : { archived }) })
    case "FAILED":
      return new Failed({ ...over, failure: failure ?? Context.noReason })
    case "ERROR":
      return new Errored({ ...over, failure: failure ?? Context.noReason })
    case "CANCELLED":
      return new Cancelled(byRequest === undefined ? over : { ...over, byRequest })
    case "EXPIRED":
      return new Expired(over)
  }
}

// internal

/** An archive changes no state, so it is no transition: the machine and its pictures know nothing of it. */
const afterwards = (self: Snapshot, event: TaskEvent): Step => {
  const status: TaskStatus.TaskStatus = self.value
  const before = self.context.task
  const task = status === "SUCCESS" ? Context.archived(before, event) : before
  return task === before
    ? { snapshot: self, from: status, to: status, verdict: "ignored" }
    : { snapshot: restore({ value: status, task }), from: status, to: status, verdict: "changed" }
}

const mayStillBring = (context: TaskContext, event: TaskEvent): boolean =>
  event.type === "task.observed" && event.observation.videos.length === 0 && !videoMissingForGood(context, event.at)

const scope = inertScope(machine, undefined)
