/**
 * Recording a task that exists, with what it is expected to cost. Whatever fails from here on carries its handle.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { Created as TaskCreated } from "@video-tasks/core/TaskEvent"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import { is as isTaskId, type TaskId } from "@video-tasks/core/TaskId"
import type { Created } from "@video-tasks/core/VideoProvider"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { TaskStoreError, VersionConflict } from "../TaskStore.ts"
import { fromStore, retryStore } from "./errors.ts"
import { insist } from "./insist.ts"
import * as Journal from "./journal.ts"
import type { Order } from "./submit.ts"
import * as Traces from "./traces.ts"

/** @internal */
export const keep = Effect.fnUntraced(function*(
  journal: Journal.Journal,
  order: Order,
  { handle, observation }: Created
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  const { estimate, id, request } = order
  const at = yield* Clock.currentTimeMillis
  const trace = yield* Traces.current
  const event: TaskCreated = {
    type: "task.created",
    at,
    id,
    handle,
    model: request.model,
    ...(estimate === undefined ? {} : { estimate }),
    ...(trace === undefined ? {} : { trace })
  }
  const write = Journal.create(journal, event, observation).pipe(
    Effect.as(undefined),
    // The provider gave us a task that we have already.
    Effect.catchTag(
      "VersionConflict",
      (conflict) =>
        conflict.id !== id && isTaskId(conflict.id)
          ? Effect.succeed(conflict.id)
          // Another process found it by its reference before its answer came here, or an attempt was written after all.
          : Effect.flatMap(
            retryStore(journal.store.find(handle)),
            (known) => known?.snapshot.task.id === id ? Effect.succeed(undefined) : Effect.fail(conflict)
          )
    )
  )
  const twin = yield* insist(write, journal.scope).pipe(
    sealed(order, handle),
    Effect.tapError(() => Effect.sync(() => journal.book?.lost(id)))
  )
  yield* insist(Journal.settle(journal, id, { _tag: "created", handle }), journal.scope).pipe(
    Effect.ensuring(twin === undefined ? Effect.void : linked(journal, id, twin)),
    sealed(order, handle)
  )
  return handle
})

const sealed =
  ({ lane: { provider } }: Order, handle: TaskHandle) =>
  <A>(write: Effect.Effect<A, TaskStoreError | VersionConflict>): Effect.Effect<A, VideoTaskError.VideoTaskError> =>
    write.pipe(
      Effect.mapError((error) => fromStore(error, provider.id, handle)),
      Effect.catchDefect((defect) =>
        Effect.fail(VideoTaskError.make({
          provider: provider.id,
          operation: "store",
          handle,
          reason: new VideoTaskError.StoreError({ detail: Redact.text(String(defect)), retryable: false })
        }))
      ),
      Effect.tapError(() => Effect.logError("a task exists that could not be stored", format(handle)))
    )

/** The money of this submit goes with the task that we have: its end may have been seen already. */
const linked = ({ book, store }: Journal.Journal, id: TaskId, twin: TaskId): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (book === undefined) return Effect.void
    book.linked(id, twin)
    return Effect.interruptible(retryStore(store.load(twin))).pipe(
      Effect.map((stored) => stored === undefined ? undefined : book.stepped(stored.snapshot)),
      Effect.catchCause((cause) => Effect.logWarning("what became of a task could not be read", twin, cause))
    )
  })
