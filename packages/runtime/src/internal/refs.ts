/**
 * From a handle or an id to the task in the store.
 */
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type { StoredTask } from "../TaskStore.ts"
import type { AttachOptions, TaskRef } from "../VideoTasks.ts"
import { fromStore, retryStore } from "./errors.ts"
import * as Journal from "./journal.ts"
import type { Lanes } from "./lanes.ts"

/** @internal */
export interface Refs {
  readonly journal: Journal.Journal
  readonly lanes: Lanes
  readonly providers: VideoProviders["Service"]
}

/**
 * Finds a task in the store; sends nothing.
 *
 * @internal
 */
export const find = Effect.fnUntraced(function*(
  { journal }: Refs,
  ref: TaskRef
): Effect.fn.Return<StoredTask | undefined, VideoTaskError.VideoTaskError> {
  const isId = typeof ref === "string"
  const stored = yield* Effect.mapError(
    retryStore(isId ? journal.store.load(ref) : journal.store.find(ref)),
    (error) => isId ? fromStore(error, "store") : fromStore(error, ref.provider, ref)
  )
  // Another process may have seen its end.
  if (stored !== undefined) journal.book?.stepped(stored.snapshot)
  return stored
})

/**
 * Finds a task in the store, or fails with `TaskNotFound`.
 *
 * @internal
 */
export const get = Effect.fnUntraced(function*(
  refs: Refs,
  ref: TaskRef
): Effect.fn.Return<StoredTask, VideoTaskError.VideoTaskError> {
  const stored = yield* find(refs, ref)
  if (stored !== undefined) return stored
  const isId = typeof ref === "string"
  return yield* Effect.fail(VideoTaskError.make({
    provider: isId ? "store" : ref.provider,
    operation: "store",
    handle: isId ? undefined : ref,
    reason: new VideoTaskError.TaskNotFound({
      remoteId: isId ? ref : ref.remoteId,
      detail: "the task is not in the store"
    })
  }))
})

/**
 * Finds a task in the store; a handle that the store does not know is adopted.
 *
 * @internal
 */
export const getOrAdopt = (
  refs: Refs,
  ref: TaskRef
): Effect.Effect<StoredTask, VideoTaskError.VideoTaskError, SecureRandom.SecureRandom> =>
  typeof ref === "string" ? get(refs, ref) : adopt(refs, ref)

/** @internal */
export const adopt = Effect.fnUntraced(function*(
  refs: Refs,
  handle: TaskHandle
): Effect.fn.Return<StoredTask, VideoTaskError.VideoTaskError, SecureRandom.SecureRandom> {
  yield* refs.lanes.find(handle, "attach")
  const known = yield* find(refs, handle)
  if (known !== undefined) return known
  const id = yield* TaskId.make
  const now = yield* Clock.currentTimeMillis
  const at = Math.min(handle.createdAt ?? now, now)
  yield* Journal.create(refs.journal, { type: "task.created", at, id, handle }, undefined).pipe(
    // Somebody else has adopted it in the meantime.
    Effect.catchTag("VersionConflict", (conflict) => conflict.id === id ? Effect.fail(conflict) : Effect.void),
    Effect.mapError((error) => fromStore(error, handle.provider, handle))
  )
  return yield* get(refs, handle)
})

/**
 * Makes the handle of a task that was created elsewhere.
 *
 * @internal
 */
export const handleOf = Effect.fnUntraced(function*(
  { providers }: Refs,
  { family, provider: id, remoteId }: AttachOptions
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  const provider = yield* providers.get(id, "attach")
  const invalid = (field: string, value: string, allowed: string) =>
    Effect.fail(VideoTaskError.make({
      provider: id,
      operation: "attach",
      reason: new VideoTaskError.InvalidRequest({
        violations: [new VideoTaskError.Violation({ field, value, allowed })]
      })
    }))
  const known = provider.families.map((one) => one.id)
  const familyId = family ?? known[0]
  if (familyId === undefined || !known.includes(familyId)) {
    return yield* invalid("family", familyId ?? "none", known.join(", "))
  }
  const name = remoteId.trim()
  if (name === "" || name.length > 512) {
    return yield* invalid("remoteId", name === "" ? "empty" : `${name.length} characters`, "1 to 512 characters")
  }
  return new TaskHandle({
    provider: provider.id,
    family: familyId,
    remoteId: name,
    baseUrl: provider.baseUrl,
    account: provider.account
  })
})
