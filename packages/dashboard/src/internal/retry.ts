/**
 * A task created anew, at most once under the id that whoever asked for it gave the new one: an answer may get lost, and
 * the question come again, also after a restart.
 */
import * as RequestRecord from "@video-tasks/core/RequestRecord"
import type { Submission } from "@video-tasks/core/Submission"
import type * as TaskId from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as RequestHash from "@video-tasks/runtime/RequestHash"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import type { Done } from "../Contract.ts"
import { notNow, ofError, Refusal, storeFailed } from "./refusal.ts"

/** What became of the create under this id, when there was one. */
export const made = Effect.fnUntraced(function*(
  store: TaskStore["Service"],
  first: Submission,
  again: TaskId.TaskId
): Effect.fn.Return<Done | undefined, Refusal> {
  const found = yield* Effect.mapError(store.submission(again), storeFailed)
  if (found === undefined) {
    return (yield* Effect.mapError(store.load(again), storeFailed)) === undefined ? undefined : yield* taken
  }
  if (found.id === first.id || found.requestHash !== (yield* hashOf(first))) return yield* taken
  const { outcome } = found
  switch (outcome._tag) {
    case "created":
      return { message: "It was created anew.", id: again }
    case "pending":
      return { message: "It is being created.", id: again }
    case "ambiguous":
      return { message: "It was sent, and nobody knows whether it made a task. It is not sent again.", id: again }
    case "rejected":
      return yield* new Refusal({
        status: 409,
        reason: "RetryRefused",
        message: `It was not created (${outcome.reason}), and nothing was made under this id: begin anew.`
      })
  }
})

/** Creates it, and follows it. */
export const make = Effect.fnUntraced(function*(
  tasks: VideoTasks["Service"],
  store: TaskStore["Service"],
  first: Submission,
  again: TaskId.TaskId
): Effect.fn.Return<Done, Refusal> {
  const request = first.request && RequestRecord.toRequest(first.request, first)
  if (request === undefined) return yield* notNow("What was asked for was not kept.")
  const options = { id: again, interrupted: { patience: "10 seconds" } } as const
  return yield* tasks.submit(request, options).pipe(
    Effect.flatMap((handle) => tasks.track(handle)),
    Effect.as({ message: "It was created anew.", id: again }),
    Effect.catch((error) => known(store, first, again, error))
  )
})

// internal

const taken = new Refusal({ status: 409, reason: "IdTaken", message: "Another task has this id: begin anew." })

const hashOf = ({ request, requestHash, ...target }: Submission): Effect.Effect<string> => {
  const asked = request && RequestRecord.toRequest(request, target)
  return asked === undefined ? Effect.succeed(requestHash) : RequestHash.of(asked)
}

/** A store that refused the id may have it from another process on it, which was asked the same. */
const known = Effect.fnUntraced(function*(
  store: TaskStore["Service"],
  first: Submission,
  again: TaskId.TaskId,
  error: VideoTaskError
): Effect.fn.Return<Done, Refusal> {
  if (error.reason._tag !== "StoreError" || error.handle !== undefined) return yield* ofError(error)
  return (yield* made(store, first, again)) ?? (yield* ofError(error))
})
