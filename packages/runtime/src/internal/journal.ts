/**
 * Writing steps of tasks: the machine decides, the store keeps, observers hear of it.
 */
import { Observation } from "@video-tasks/core/Observation"
import { type Outcome, Submission } from "@video-tasks/core/Submission"
import type { Created, JournalEvent, TaskEvent } from "@video-tasks/core/TaskEvent"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { ObservedStep } from "../TaskObserver.ts"
import type { StoredTask, TaskStore, TaskStoreError, VersionConflict } from "../TaskStore.ts"
import type { Book } from "./book.ts"
import { seenThrough } from "./bounded.ts"
import type { Claims } from "./claims.ts"
import { retried, retryStore } from "./errors.ts"

/** @internal */
export interface Journal {
  readonly store: TaskStore["Service"]
  /** Never fails, never waits. */
  readonly announce: (step: ObservedStep) => void
  /** What this process holds. */
  readonly claims: Claims
  /** The tasks that somebody here has just asked to be cancelled. */
  readonly cancelling: Set<TaskId>
  /** What is written with patience is written for as long as it is open. */
  readonly scope: Scope.Scope
  /** The ledger of the budget, where there is one. */
  readonly book?: Book | undefined
  /** Hears of a success that was just stored; never fails, never waits. */
  readonly succeeded?: ((snapshot: TaskMachine.Persisted) => void) | undefined
}

/** @internal */
export interface Stepped {
  readonly snapshot: TaskMachine.Persisted
  readonly version: number
  readonly verdict: TaskMachine.Step["verdict"]
  /** The task is in another state than before. */
  readonly hasMoved: boolean
}

/**
 * Records the intent of a create; returns since when the lease holds that came with it, in ms since the epoch. It lasts as
 * long as the store does: whoever does not wait for that takes the intent back, when it is known whether there is one.
 *
 * @internal
 */
export const begin = Effect.fnUntraced(function*(
  { book, claims, store }: Journal,
  submission: Submission
): Effect.fn.Return<number, TaskStoreError> {
  const lease = yield* claims.lease
  let mayBeThere = false
  const once = Effect.catch(store.begin(submission, lease), (error) => {
    const isAgain = mayBeThere && !error.retryable
    mayBeThere ||= error.retryable
    if (!isAgain) return Effect.fail(error)
    // The call before may have been written, and only its reply was lost.
    return Effect.flatMap(
      store.submission(submission.id),
      (stored) => stored !== undefined && isSame(stored, submission) ? Effect.void : Effect.fail(error)
    )
  })
  yield* retried(once)
  claims.wrote(lease, yield* Clock.currentTimeMillis)
  book?.begun(submission.id)
  return lease.until - claims.leaseMs
})

/**
 * Says of an intent that may have been written that nothing was sent; harmless where there is none.
 *
 * @internal
 */
export const withdraw = ({ store }: Journal, submission: Submission): Effect.Effect<void, TaskStoreError> =>
  retryStore(
    Effect.flatMap(store.submission(submission.id), (stored) =>
      stored !== undefined && isSame(stored, submission)
        ? store.settle(submission.id, { _tag: "rejected", reason: "NotSent" })
        : Effect.void)
  )

const isSame = Schema.toEquivalence(Submission)

/**
 * Records what became of a create. The ledger knows even when the store can't be written.
 *
 * @internal
 */
export const settle = ({ book, store }: Journal, id: TaskId, outcome: Outcome): Effect.Effect<void, TaskStoreError> =>
  Effect.suspend(() => {
    book?.submitted(id, outcome)
    return retryStore(store.settle(id, outcome))
  })

/**
 * Records that nobody knows what became of a create, unless somebody has found out in the meantime.
 *
 * @internal
 */
export const leaveOpen = (
  { book, store }: Journal,
  id: TaskId,
  outcome: Outcome
): Effect.Effect<void, TaskStoreError> =>
  Effect.suspend(() => {
    book?.submitted(id, outcome)
    return retryStore(
      Effect.flatMap(store.submission(id), (stored) => {
        const known = stored?.outcome._tag
        return known === "pending" || known === "ambiguous" ? store.settle(id, outcome) : Effect.void
      })
    )
  })

/**
 * Makes a task, with what the answer to its create says already. It is held from its first moment on, so that no other
 * process takes it before it is followed. Who leaves does not stop it.
 *
 * @internal
 */
export const create = (
  journal: Journal,
  created: Created,
  observation: Observation | undefined
): Effect.Effect<Stepped, TaskStoreError | VersionConflict> =>
  seenThrough(made(journal, created, observation), journal.scope)

const made = Effect.fnUntraced(function*(
  journal: Journal,
  created: Created,
  observation: Observation | undefined
): Effect.fn.Return<Stepped, TaskStoreError | VersionConflict> {
  const first = TaskMachine.initial(created)
  const event: TaskEvent | undefined = observation === undefined
    ? undefined
    : { type: "task.observed", at: created.at, observation: withoutRaw(observation) }
  const second = event === undefined ? undefined : TaskMachine.step(first, event)
  const isChanged = event !== undefined && second?.verdict === "changed"
  const events: ReadonlyArray<JournalEvent> = isChanged ? [created, event] : [created]
  const snapshot = TaskMachine.persist(isChanged ? second.snapshot : first)
  const { at, handle, id } = created
  const { claims } = journal
  const claim = yield* claims.lease
  const version = yield* retried(
    journal.store.append(id, 0, events, { snapshot, raw: observation?.raw, claim })
  )
  claims.took(id, claim.until - claims.leaseMs)
  journal.book?.stepped(snapshot)
  journal.announce({
    id,
    handle,
    seq: 0,
    at,
    event: { type: "task.created", at },
    from: undefined,
    to: first.value,
    snapshot: TaskMachine.persist(first)
  })
  if (isChanged) journal.announce({ id, handle, seq: 1, at, event, from: second.from, to: second.to, snapshot })
  if (snapshot.value === "SUCCESS") journal.succeeded?.(snapshot)
  return { snapshot, version, verdict: "changed", hasMoved: true }
})

/**
 * Takes a stored task one step further. What changes nothing is not written; when somebody else was faster, the step is
 * taken from where they left the task. Who leaves does not stop it.
 *
 * @internal
 */
export const step = (
  journal: Journal,
  stored: StoredTask,
  event: TaskEvent
): Effect.Effect<Stepped, TaskStoreError | VersionConflict> => seenThrough(taken(journal, stored, event), journal.scope)

const taken = Effect.fnUntraced(function*(
  journal: Journal,
  stored: StoredTask,
  event: TaskEvent
): Effect.fn.Return<Stepped, TaskStoreError | VersionConflict> {
  if (event.type === "task.observed" && isOurEnd(journal, stored, event.observation)) {
    // What else the answer says is kept, as far as an end counts, and then that it was our doing.
    const { progress: _, status: __, ...rest } = event.observation
    const { snapshot, version } = yield* taken(journal, stored, { ...event, observation: new Observation(rest) })
    return yield* taken(journal, { ...stored, snapshot, version }, { type: "task.cancelled", at: event.at })
  }
  const kept = event.type === "task.observed" ? { ...event, observation: withoutRaw(event.observation) } : event
  const raw = event.type === "task.observed" ? event.observation.raw : undefined
  let current = stored
  for (let attempt = 0;; attempt++) {
    const { from, snapshot: next, to, verdict } = TaskMachine.step(TaskMachine.restore(current.snapshot), kept)
    if (verdict !== "changed") {
      return { snapshot: current.snapshot, version: current.version, verdict, hasMoved: false }
    }
    const snapshot = TaskMachine.persist(next)
    const { handle, id } = snapshot.task
    const appended = yield* retried(journal.store.append(id, current.version, [kept], { snapshot, raw })).pipe(
      Effect.catchTag("VersionConflict", (conflict) =>
        attempt < maxConflicts
          ? Effect.flatMap(retryStore(journal.store.load(id)), (now) =>
            now === undefined ? Effect.fail(conflict) : Effect.succeed(now))
          : Effect.fail(conflict))
    )
    if (typeof appended === "number") {
      journal.book?.stepped(snapshot)
      journal.announce({ id, handle, seq: appended - 1, at: kept.at, event: kept, from, to, snapshot })
      const hasMoved = from !== to
      if (hasMoved && to === "SUCCESS") journal.succeeded?.(snapshot)
      return { snapshot, version: appended, verdict, hasMoved }
    }
    current = appended
  }
})

/** A read may see that a task is cancelled before whoever has it cancelled hears so. */
const isOurEnd = ({ cancelling }: Journal, { snapshot }: StoredTask, { status }: Observation): boolean =>
  status === "CANCELLED" && cancelling.has(snapshot.task.id)

/** How often somebody else may be faster. */
const maxConflicts = 10

/** The answer itself is kept beside the journal, the last one only. */
const withoutRaw = (observation: Observation): Observation => {
  if (observation.raw === undefined) return observation
  const { raw: _, ...rest } = observation
  return new Observation(rest)
}
