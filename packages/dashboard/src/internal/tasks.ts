/**
 * What can be asked about one task, and done with it.
 */
import * as RequestRecord from "@video-tasks/core/RequestRecord"
import type { Submission } from "@video-tasks/core/Submission"
import { JournalEvent } from "@video-tasks/core/TaskEvent"
import * as TaskId from "@video-tasks/core/TaskId"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { type StoredTask, TaskStore, type TaskStoreError } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Detail, Done, Fixture, Row } from "../Contract.ts"
import { DashboardHub } from "../DashboardHub.ts"
import * as Answer from "./answer.ts"
import * as Details from "./details.ts"
import * as Rows from "./rows.ts"
import * as Words from "./words.ts"

/** A question or an action that is refused, in words. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly status: number
  readonly reason: string
  readonly message: string
}> {}

/** What can be asked and done. */
export interface Tasks {
  readonly detail: (id: string) => Effect.Effect<Detail, Refusal>
  readonly fixture: (id: string) => Effect.Effect<Fixture, Refusal>
  readonly act: (id: string, action: string) => Effect.Effect<Done, Refusal>
  /** The task in the store. */
  readonly stored: (id: string) => Effect.Effect<StoredTask, Refusal>
}

/** Makes it; actions go on in the scope although whoever asked for them hangs up. */
export const make = Effect.fnUntraced(function*(options: {
  readonly isReadOnly: boolean
  readonly scope: Scope.Scope
}): Effect.fn.Return<Tasks, never, DashboardHub | TaskStore | VideoTasks | VideoProviders> {
  const parts: Parts = {
    ...options,
    hub: yield* DashboardHub,
    store: yield* TaskStore,
    tasks: yield* VideoTasks,
    providers: yield* VideoProviders,
    busy: new Set()
  }
  return {
    detail: (id) => detail(parts, id),
    fixture: (id) => fixture(parts, id),
    act: (id, action) =>
      Effect.flatMap(
        Effect.forkIn(act(parts, id, action), options.scope),
        (fiber) => Effect.timeoutOrElse(Fiber.join(fiber), { duration: patience, orElse: () => Effect.succeed(late) })
      ),
    stored: (id) => storedOf(parts, id)
  }
})

// internal

interface Parts {
  readonly isReadOnly: boolean
  readonly hub: DashboardHub["Service"]
  readonly store: TaskStore["Service"]
  readonly tasks: VideoTasks["Service"]
  readonly providers: VideoProviders["Service"]
  /** The actions that are under way. */
  readonly busy: Set<string>
}

/** How long the page waits for what comes of an action; the action itself goes on. */
const patience = "50 seconds"

const late: Done = { message: "It takes longer than usual. It goes on, and the list will show what comes of it." }

const unknown = new Refusal({ status: 404, reason: "TaskNotFound", message: "There is no such task in the store." })

const storeFailed = (error: TaskStoreError): Refusal =>
  new Refusal({ status: 503, reason: "StoreError", message: Words.line(`The store does not answer: ${error.message}`) })

const idOf = (text: string): Effect.Effect<TaskId.TaskId, Refusal> =>
  TaskId.is(text) ? Effect.succeed(text) : Effect.fail(unknown)

const storedOf = Effect.fnUntraced(function*({ store }: Parts, text: string): Effect.fn.Return<StoredTask, Refusal> {
  const stored = yield* Effect.mapError(store.load(yield* idOf(text)), storeFailed)
  return stored ?? (yield* unknown)
})

const detail = Effect.fnUntraced(function*(parts: Parts, text: string): Effect.fn.Return<Detail, Refusal> {
  const { hub, store } = parts
  const id = yield* idOf(text)
  const stored = yield* Effect.mapError(store.load(id), storeFailed)
  const submission = yield* Effect.mapError(store.submission(id), storeFailed)
  const now = yield* Clock.currentTimeMillis
  yield* hub.look(id)
  const row = (yield* hub.row(id)) ?? lineOf(stored, submission, now)
  if (row === undefined) return yield* unknown
  const events = stored === undefined ? [] : yield* Effect.mapError(store.events(id), storeFailed)
  const polls = yield* hub.polls(id)
  const can = yield* abilities(parts, stored, submission)
  return Details.make({ row, stored, events, submission, polls, can, showPrompts: hub.showPrompts }, now)
})

/** A task that is not on the board, for want of room. */
const lineOf = (stored: StoredTask | undefined, submission: Submission | undefined, now: number): Row | undefined => {
  if (stored === undefined) return submission && Rows.ofSubmission(submission, now)
  const { snapshot } = stored
  return Rows.ofSnapshot(snapshot, { text: Words.ofTask(snapshot), at: snapshot.task.updatedAt }, undefined)
}

const readOnly = "This dashboard only shows; it changes nothing."

const abilities = Effect.fnUntraced(function*(
  { isReadOnly, providers }: Parts,
  stored: StoredTask | undefined,
  submission: Submission | undefined
): Effect.fn.Return<Detail["can"]> {
  if (isReadOnly) return { poll: readOnly, cancel: readOnly, retry: readOnly }
  if (stored === undefined) {
    const none = "There is no task yet."
    return { poll: none, cancel: none, retry: "Settle first what became of this create: another one could pay twice." }
  }
  const { task, value } = stored.snapshot
  const found = yield* Effect.exit(providers.forHandle(task.handle, "observe"))
  if (Exit.isFailure(found)) {
    const why = yield* Effect.flip(providers.forHandle(task.handle, "observe")).pipe(
      Effect.map(({ message }) => Words.line(message)),
      Effect.orElseSucceed(() => "Its provider is not configured here.")
    )
    return { poll: why, cancel: why, retry: why }
  }
  const isOver = Rows.isEnded(value)
  const over = "It has ended."
  const { family, provider } = found.value
  return {
    poll: isOver ? over : true,
    cancel: isOver
      ? over
      : family.canCancel
      ? true
      : `The API of ${provider.id} (${family.title}) has no way to cancel.`,
    retry: isOver ? retriable(submission) : "It still runs: wait for its end, or cancel it first."
  }
})

const retriable = (submission: Submission | undefined): true | string => {
  if (submission === undefined) return "It was not created from this store, so what it was made of is not known."
  if (submission.request === undefined) return "What was asked for was not kept."
  return submission.request.isWhole || "Some of what was asked for was not kept: a file, a signed link, or a secret."
}

/** What an action fails with, as an answer. */
const ofError = (error: VideoTaskError): Refusal =>
  new Refusal({
    status: statuses[error.reason._tag] ?? 502,
    reason: error.reason._tag,
    message: Words.paragraph(error.message)
  })

const statuses: { readonly [Tag in VideoTaskError["reason"]["_tag"]]?: number } = {
  InvalidRequest: 422,
  Unsupported: 409,
  BudgetExceeded: 409,
  ResumeIdentityChanged: 409,
  PayloadTooLarge: 422,
  ModelUnavailable: 409,
  TaskNotFound: 404,
  ResultExpired: 410,
  MissingResult: 404,
  StoreError: 503,
  RateLimited: 503,
  ProviderUnavailable: 503
}

const act = Effect.fnUntraced(function*(parts: Parts, text: string, action: string): Effect.fn.Return<Done, Refusal> {
  const id = yield* idOf(text)
  const submission = yield* Effect.mapError(parts.store.submission(id), storeFailed)
  const stored = yield* Effect.mapError(parts.store.load(id), storeFailed)
  if (stored === undefined && submission === undefined) return yield* unknown
  const can = yield* abilities(parts, stored, submission)
  if (action !== "poll" && action !== "cancel" && action !== "retry") return yield* unknown
  const may = can[action]
  if (may !== true) return yield* new Refusal({ status: 409, reason: "NotNow", message: may })
  const key = `${action} ${id}`
  if (parts.busy.has(key)) {
    return yield* new Refusal({ status: 409, reason: "NotNow", message: "That is under way already." })
  }
  parts.busy.add(key)
  const done = yield* Effect.mapError(acted(parts, id, action, submission), ofError).pipe(
    Effect.ensuring(Effect.sync(() => parts.busy.delete(key)))
  )
  yield* parts.hub.look(id)
  if (done.id !== undefined) yield* parts.hub.look(done.id)
  return done
})

const acted = Effect.fnUntraced(function*(
  { tasks }: Parts,
  id: TaskId.TaskId,
  action: keyof Detail["can"],
  submission: Submission | undefined
): Effect.fn.Return<Done, VideoTaskError> {
  switch (action) {
    case "poll": {
      const task = yield* tasks.refresh(id)
      const progress = "progress" in task && task.progress !== undefined ? `, ${task.progress} %` : ""
      return { message: `It was read: ${Words.ofStatus[task.status]}${progress}.` }
    }
    case "cancel":
      return { message: cancelled[yield* tasks.cancel(id)] }
    case "retry": {
      const request = submission?.request && RequestRecord.toRequest(submission.request, submission)
      if (request === undefined) return { message: "Nothing was sent." }
      const again = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
      const handle = yield* tasks.submit(request, { id: again, interrupted: { patience: "10 seconds" } })
      yield* tasks.track(handle)
      return { message: "It was created anew.", id: again }
    }
  }
})

const cancelled = {
  confirmed: "The provider confirmed that it is cancelled.",
  unsupported: "The API has no way to cancel: the task goes on.",
  failed: "It could not be cancelled: the task goes on, or had ended before."
}

const encodeEvent = Schema.encodeEffect(JournalEvent)

const fixture = Effect.fnUntraced(function*(parts: Parts, text: string): Effect.fn.Return<Fixture, Refusal> {
  const { snapshot } = yield* storedOf(parts, text)
  const { handle, id } = snapshot.task
  const events = yield* Effect.mapError(parts.store.events(id), storeFailed)
  const encoded = yield* Effect.orDie(Effect.forEach(events, (event) => encodeEvent(event)))
  return { name: `${handle.provider} ${snapshot.value} ${id.slice(-8)}`, events: encoded.map(Answer.redacted) }
})
