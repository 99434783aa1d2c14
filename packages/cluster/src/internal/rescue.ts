/**
 * What is known of a submit goes by the store, whoever asked for it.
 */
import type { Submission } from "@video-tasks/core/Submission"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
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
export const look = ({ store }: Submits, id: TaskId): Effect.Effect<Submission | undefined, VideoTaskError> =>
  Effect.mapError(store.submission(id), (error) => storeError(error.message, error.retryable))

/**
 * A runner that was thought dead has heard of the task that it had asked for, and may not store it any more: whoever has its
 * bucket by now does. Fails with the error where that is of another kind, or when nobody could store it.
 *
 * @internal
 */
export const rescued = Effect.fnUntraced(function*(
  parts: Submits,
  id: TaskId,
  error: VideoTaskError
): Effect.fn.Return<TaskHandle.TaskHandle, VideoTaskError> {
  const { handle, reason } = error
  if (handle === undefined || reason._tag !== "StoreError") return yield* Effect.fail(error)
  const { remoteId, route } = handle
  const resolution = { remoteId, ...(route === undefined ? {} : { route }) }
  for (let waitedMs = 0; waitedMs <= parts.router.patienceMs; waitedMs += lookMs) {
    const outcome = (yield* Effect.mapError(look(parts, id), () => error))?.outcome
    if (outcome?._tag === "created") return outcome.handle
    if (outcome?._tag === "ambiguous") {
      // The submitter and the runner both try, and one of them comes second.
      const asked = yield* Effect.result(Router.ask(parts.router, id, (door) => door.resolve({ id, resolution })))
      if (asked._tag === "Success") return handle
    }
    yield* Effect.sleep(lookMs)
  }
  return yield* Effect.fail(error)
})

/**
 * Rescues beside what fails: the bucket of the task may have to come back to this very runner before it can be stored.
 *
 * @internal
 */
export const rescueIn = (parts: Submits, scope: Scope.Scope): Rescue => (id, error) =>
  rescued(parts, id, error).pipe(
    Effect.asVoid,
    Effect.catch(({ handle }) =>
      handle === undefined
        ? Effect.void
        : Effect.logWarning("a task was created and could not be stored: attach it", TaskHandle.format(handle))
    ),
    Effect.forkIn(scope),
    Effect.asVoid
  )
