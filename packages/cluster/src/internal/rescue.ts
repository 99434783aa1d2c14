/**
 * What is known of a submit goes by the store, whoever asked for it.
 */
import type { Outcome, Submission } from "@video-tasks/core/Submission"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Rescue } from "./doorHandlers.ts"
import * as Router from "./router.ts"
import { storeError } from "./storeError.ts"

/**
 * How often the store is looked at for what became of a create, in ms.
 *
 * @internal
 */
export const lookMs = 250

/** @internal */
export interface Submits {
  readonly router: Router.Router
  readonly store: TaskStore["Service"]
}

/** @internal */
export const look = (
  { store }: Pick<Submits, "store">,
  id: TaskId
): Effect.Effect<Submission | undefined, VideoTaskError> =>
  Effect.mapError(store.submission(id), (error) => storeError(error.message, error.retryable))

/**
 * A runner that was thought dead has heard of the task that it had asked for, and may not store it any more: whoever has its
 * bucket by now does. Fails with the error where that is of another kind, or when nobody could store it in so many ms.
 *
 * @internal
 */
export const rescued = Effect.fnUntraced(function*(
  parts: Submits,
  id: TaskId,
  error: VideoTaskError,
  patienceMs = parts.router.patienceMs
): Effect.fn.Return<TaskHandle.TaskHandle, VideoTaskError> {
  const { handle, reason } = error
  if (handle === undefined || reason._tag !== "StoreError") return yield* Effect.fail(error)
  const { remoteId, route } = handle
  const resolution = { remoteId, ...(route === undefined ? {} : { route }) }
  const until = (yield* Clock.currentTimeMillis) + patienceMs
  do {
    const seen = yield* Effect.result(look(parts, id))
    const outcome = seen._tag === "Success" ? seen.success?.outcome : undefined
    if (outcome?._tag === "created") return outcome.handle
    // Nobody sends it any more, whatever its lease says.
    if (outcome?._tag === "pending") yield* Effect.ignore(parts.store.settle(id, heard))
    if (outcome?._tag === "pending" || outcome?._tag === "ambiguous") {
      // The submitter and the runner both try, and one of them comes second.
      const asked = yield* Effect.result(Router.ask(parts.router, id, (door) => door.resolve({ id, resolution })))
      if (asked._tag === "Success") return handle
    }
    yield* Effect.sleep(lookMs)
  } while ((yield* Clock.currentTimeMillis) <= until)
  return yield* Effect.fail(error)
})

const heard: Outcome = {
  _tag: "ambiguous",
  detail: "its runner has lost the bucket, and hands its answer over"
}

/**
 * Rescues beside what fails, for as long as the scope is open: the bucket of the task may have to come back to this very
 * runner before it can be stored.
 *
 * @internal
 */
export const rescueIn = (parts: Submits, scope: Scope.Scope): Rescue => (id, error) =>
  rescued(parts, id, error, Infinity).pipe(
    Effect.asVoid,
    Effect.ignore,
    Effect.onInterrupt(() =>
      error.handle === undefined
        ? Effect.void
        : Effect.logWarning("a task was created and could not be stored: attach it", TaskHandle.format(error.handle))
    ),
    Effect.forkIn(scope),
    Effect.asVoid
  )
