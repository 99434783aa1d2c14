/**
 * The steps of tasks as messages of the Stately inspector, built from the pure machine: no live actor, no dependency.
 *
 * @since 0.1.0
 */
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Redacted from "effect/Redacted"
import { redactStep } from "./internal/redactStep.ts"
import type { ObservedStep } from "./TaskObserver.ts"

/**
 * The version of the message format.
 *
 * @category constants
 * @since 0.1.0
 */
export const version = "0.7.2"

/**
 * The `type` of what a viewer posts to its opener, or to the page that frames it, when it can be told: then post all
 * messages so far, and each new one. Compare the sender's window and origin first.
 *
 * @category constants
 * @since 0.1.0
 */
export const connected = "@statelyai.connected"

/**
 * The `type` of what a sender posts to its viewer when it stops.
 *
 * @category constants
 * @since 0.1.0
 */
export const disconnected = "@statelyai.disconnected"

/**
 * A snapshot as the inspector shows it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly status: "active" | "done"
  readonly value: string
  readonly context: unknown
  readonly children: Readonly<Record<string, never>>
  readonly historyValue: Readonly<Record<string, never>>
  readonly tags: ReadonlyArray<string>
}

interface Common {
  readonly sessionId: string
  readonly rootId: string
  /** In ms since the epoch. */
  readonly createdAt: string
  readonly id: null
  readonly _version: string
}

/**
 * A task exists, and this is its machine.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorMessage extends Common {
  readonly type: "@xstate.actor"
  readonly name: string
  readonly parentId: undefined
  /** The machine's config as JSON text. */
  readonly definition: string
  readonly snapshot: Snapshot
}

/**
 * Something happened to a task.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventMessage extends Common {
  readonly type: "@xstate.event"
  readonly event: { readonly type: string }
  readonly sourceId: undefined
}

/**
 * What a task has become.
 *
 * @category models
 * @since 0.1.0
 */
export interface SnapshotMessage extends Common {
  readonly type: "@xstate.snapshot"
  readonly event: { readonly type: string }
  readonly snapshot: Snapshot
}

/**
 * A message of the inspector's protocol.
 *
 * @category models
 * @since 0.1.0
 */
export type Message = ActorMessage | EventMessage | SnapshotMessage

/**
 * Says what the inspector must hear of a step: before the first one that it hears of a task, what the task is.
 *
 * **Details**
 *
 * With `isFirst` the message about the actor comes first, also in the middle of a task's life: a viewer that was not there
 * before can draw it.
 *
 * Nothing in a message is secret: links have lost their query, the provider's answer itself is left out. Every message
 * is plain JSON.
 *
 * @category converting
 * @since 0.1.0
 */
export const fromStep = (step: ObservedStep, options: { readonly isFirst: boolean }): ReadonlyArray<Message> => {
  const clean = redactStep(step)
  const common: Common = {
    sessionId: step.id,
    rootId: step.id,
    createdAt: String(step.at),
    id: null,
    _version: version
  }
  const event = step.event.type === "task.created" ? { type: "xstate.init" } : { ...plain(clean.event) }
  const snapshot = snapshotOf(clean.snapshot)
  const actor: ActorMessage = {
    ...common,
    type: "@xstate.actor",
    name: `${step.handle.provider} ${step.handle.remoteId}`,
    parentId: undefined,
    definition,
    snapshot
  }
  return [
    ...(options.isFirst ? [actor] : []),
    { ...common, type: "@xstate.event", event, sourceId: undefined },
    { ...common, type: "@xstate.snapshot", event, snapshot }
  ]
}

// internal

const definition = JSON.stringify(TaskMachine.machine.config)

const snapshotOf = ({ task, value }: TaskMachine.Persisted): Snapshot => ({
  status: isTerminal(value) ? "done" : "active",
  value,
  context: { task: plain(task) },
  children: {},
  historyValue: {},
  tags: []
})

/** Plain JSON; links are shown, since a redacted step holds them without their query. */
const plain = <A>(value: A): A =>
  JSON.parse(JSON.stringify(value, function(this: unknown, key: string, json: unknown): unknown {
    const original: unknown = (this as Record<string, unknown>)[key]
    return Redacted.isRedacted(original) ? Redacted.value(original) : json
  }))
