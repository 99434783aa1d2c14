/**
 * Going on with what another process, or this one before it stopped, has left unfinished.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { StoredTask, TaskStore } from "../TaskStore.ts"
import { fromStore, retryStore } from "./errors.ts"

/** How many tasks are claimed at once. */
const batchSize = 500

/** @internal */
export interface ResumeOptions {
  readonly store: TaskStore["Service"]
  readonly owner: string
  readonly leaseMs: number
  /** Follows a task; `false` when its provider is not configured. */
  readonly track: (stored: StoredTask) => Effect.Effect<boolean>
}

/** @internal */
export const make = Effect.fnUntraced(function*(
  options: ResumeOptions
): Effect.fn.Return<Effect.Effect<number, VideoTaskError.VideoTaskError>, never, Scope.Scope> {
  const { leaseMs, owner, store } = options
  const scope = yield* Effect.scope
  const taken = new Set<TaskId>()
  const giveBack = (ids: ReadonlyArray<TaskId>) => Effect.ignore(store.release(owner, ids))
  yield* Effect.addFinalizer(() => taken.size === 0 ? Effect.void : giveBack([...taken]))

  const keepAlive = Effect.gen(function*() {
    for (;;) {
      yield* Effect.sleep(leaseMs / 3)
      const now = yield* Clock.currentTimeMillis
      yield* store.renew(owner, now + leaseMs).pipe(
        Effect.catch((error) => Effect.logWarning("claims could not be renewed", error.message))
      )
    }
  })
  let isKeptAlive = false

  return Effect.gen(function*() {
    const left: Array<TaskId> = []
    let count = 0
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const claimed = yield* Effect.mapError(
        retryStore(store.claim(owner, batchSize, now + leaseMs, now)),
        (error) => fromStore(error, "store")
      )
      for (const stored of claimed) {
        const { id } = stored.snapshot.task
        if (yield* options.track(stored)) {
          taken.add(id)
          count++
        } else left.push(id)
      }
      if (claimed.length < batchSize) break
    }
    // Given back at the end only, or the next claim would bring them again.
    if (left.length > 0) yield* giveBack(left)
    if (count > 0 && !isKeptAlive) {
      isKeptAlive = true
      yield* Effect.forkIn(keepAlive, scope)
    }
    return count
  })
})
