/**
 * A step of a task as what the tables hold of it: both databases take it from here.
 */
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import type { TaskId } from "@video-tasks/core/TaskId"
import { isTerminal, type TaskStatus } from "@video-tasks/core/TaskStatus"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Next } from "../TaskStore.ts"
import * as Rows from "./sqlRows.ts"

/** @internal */
export interface Step {
  readonly id: TaskId
  readonly expected: number
  readonly events: ReadonlyArray<JournalEvent>
  readonly next: Next
}

/**
 * The columns that every step writes.
 *
 * @internal
 */
export interface Changes {
  readonly status: TaskStatus
  readonly updated_at: number
  readonly model: string | null
  readonly version: number
  readonly snapshot: string
  /** `null` leaves the last answer. */
  readonly raw: string | null
}

/** @internal */
export interface EventRow extends Readonly<Record<string, unknown>> {
  readonly task_id: TaskId
  readonly seq: number
  readonly type: string
  readonly at: number
  readonly data: string
}

/**
 * Whether nothing comes after the step: then nobody holds the task any more.
 *
 * @internal
 */
export const isLast = ({ next: { snapshot } }: Step): boolean => isTerminal(snapshot.value)

/**
 * What a step writes: into the task, and behind its journal.
 *
 * @internal
 */
export const columnsOf = Effect.fnUntraced(function*(
  { events, expected, id, next: { raw, snapshot } }: Step
): Effect.fn.Return<{ readonly task: Changes; readonly events: ReadonlyArray<EventRow> }, Schema.SchemaError> {
  const { model, updatedAt } = snapshot.task
  return {
    task: {
      status: snapshot.value,
      updated_at: updatedAt,
      model: model === undefined ? null : Rows.plain(model),
      version: expected + events.length,
      snapshot: yield* Rows.encodeSnapshot(snapshot),
      raw: Rows.encodeRaw(raw)
    },
    events: yield* Effect.forEach(events, (event, index) =>
      Effect.map(Rows.encodeEvent(event), (data) => ({
        task_id: id,
        seq: expected + index,
        type: event.type,
        at: event.at,
        data
      })))
  }
})

/**
 * What stays as it is made.
 *
 * @internal
 */
export const identityOf = ({ id, next: { claim, snapshot } }: Step) => {
  const { createdAt, handle } = snapshot.task
  return {
    id,
    handle_key: Rows.keyOf(handle),
    provider: Rows.plain(handle.provider),
    account: Rows.plain(handle.account),
    base_url: Rows.plain(handle.baseUrl),
    remote_id: Rows.plain(handle.remoteId),
    created_at: createdAt,
    claim_owner: isTerminal(snapshot.value) ? null : claim?.owner ?? null
  }
}
