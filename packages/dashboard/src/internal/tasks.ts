/**
 * What can be asked about one task, and done with it.
 */
import type { Submission } from "@video-tasks/core/Submission"
import { JournalEvent } from "@video-tasks/core/TaskEvent"
import * as TaskId from "@video-tasks/core/TaskId"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as Standing from "@video-tasks/runtime/Standing"
import { type StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Detail, Fixture, Row } from "../Contract.ts"
import { DashboardHub } from "../DashboardHub.ts"
import * as Abilities from "./abilities.ts"
import * as Actions from "./actions.ts"
import * as Answer from "./answer.ts"
import * as Details from "./details.ts"
import { type Refusal, storeFailed, unknown } from "./refusal.ts"
import * as Rows from "./rows.ts"
import * as Words from "./words.ts"

/** What can be asked and done. */
export interface Tasks {
  readonly detail: (id: string) => Effect.Effect<Detail, Refusal>
  readonly fixture: (id: string) => Effect.Effect<Fixture, Refusal>
  readonly act: Actions.Act
  /** The task in the store. */
  readonly stored: (id: string) => Effect.Effect<StoredTask, Refusal>
}

/** Makes it; actions go on in the scope although whoever asked for them hangs up. */
export const make = Effect.fnUntraced(function*(options: {
  readonly isReadOnly: boolean
  readonly whyMissing: Abilities.Ground["whyMissing"]
  readonly scope: Scope.Scope
}): Effect.fn.Return<Tasks, never, DashboardHub | TaskStore | VideoTasks | VideoProviders> {
  const parts: Actions.Ground = {
    ...options,
    hub: yield* DashboardHub,
    store: yield* TaskStore,
    tasks: yield* VideoTasks,
    providers: yield* VideoProviders
  }
  return {
    detail: (id) => detail(parts, id),
    fixture: (id) => fixture(parts, id),
    act: Actions.make(parts),
    stored: (id) => storedOf(parts, id)
  }
})

// internal

const idOf = (text: string): Effect.Effect<TaskId.TaskId, Refusal> =>
  TaskId.is(text) ? Effect.succeed(text) : Effect.fail(unknown)

const storedOf = Effect.fnUntraced(function*(
  { store }: Actions.Ground,
  text: string
): Effect.fn.Return<StoredTask, Refusal> {
  const stored = yield* Effect.mapError(store.load(yield* idOf(text)), storeFailed)
  return stored ?? (yield* unknown)
})

const detail = Effect.fnUntraced(function*(parts: Actions.Ground, text: string): Effect.fn.Return<Detail, Refusal> {
  const { hub, store } = parts
  const id = yield* idOf(text)
  const stored = yield* Effect.mapError(store.load(id), storeFailed)
  const submission = yield* Effect.mapError(store.submission(id), storeFailed)
  yield* hub.look(id, { stored, submission })
  const row = (yield* hub.row(id)) ?? (yield* lineOf(parts, stored, submission))
  if (row === undefined) return yield* unknown
  const events = stored === undefined ? [] : yield* Effect.mapError(store.events(id), storeFailed)
  const polls = yield* hub.polls(id)
  const can = yield* Abilities.of(parts, stored, submission)
  const whyMissing = Abilities.whyMissing(parts, row.provider)
  const now = yield* Clock.currentTimeMillis
  const known = { row, stored, events, submission, polls, can, whyMissing, showPrompts: hub.showPrompts }
  return Details.make(known, now)
})

/** A task that is not on the board, for want of room. */
const lineOf = Effect.fnUntraced(function*(
  { store }: Actions.Ground,
  stored: StoredTask | undefined,
  submission: Submission | undefined
): Effect.fn.Return<Row | undefined, Refusal> {
  if (stored !== undefined) {
    const { snapshot } = stored
    return Rows.ofSnapshot(snapshot, { text: Words.ofTask(snapshot), at: snapshot.task.updatedAt }, undefined)
  }
  if (submission === undefined) return undefined
  return Rows.ofSubmission(submission, yield* Effect.mapError(Standing.read(store, submission), storeFailed))
})

const encodeEvent = Schema.encodeEffect(JournalEvent)

const fixture = Effect.fnUntraced(function*(parts: Actions.Ground, text: string): Effect.fn.Return<Fixture, Refusal> {
  const { snapshot } = yield* storedOf(parts, text)
  const { handle, id } = snapshot.task
  const events = yield* Effect.mapError(parts.store.events(id), storeFailed)
  const encoded = yield* Effect.orDie(Effect.forEach(events, (event) => encodeEvent(event)))
  return { name: `${handle.provider} ${snapshot.value} ${id.slice(-8)}`, events: encoded.map(Answer.redacted) }
})
