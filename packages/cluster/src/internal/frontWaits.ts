/**
 * Waiting for a task whose bucket may move meanwhile: the wait goes on at its next owner, and what happened in between is
 * in the store.
 */
import { isEnded, type Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import { bucketOf } from "@video-tasks/runtime/SqlBuckets"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Router from "./router.ts"
import { isOfStore } from "./storeError.ts"

/** How long is waited before a wait is begun anew, in ms. */
const againMs = 200

/** How much later than the engine the caller's patience is looked at here, in ms. */
const slackMs = 2000

/** @internal */
export interface FrontWaits {
  readonly router: Router.Router
  readonly get: (id: TaskId) => Effect.Effect<Task, VideoTaskError.VideoTaskError>
}

/** @internal */
export interface Wanted {
  readonly id: TaskId
  readonly handle: TaskHandle
  /** `Infinity` for none. */
  readonly deadlineMs: number
}

/**
 * Hands over the task as it is, then every change, until it has ended.
 *
 * @internal
 */
export const follow = Effect.fnUntraced(function*(
  { get, router }: FrontWaits,
  { deadlineMs, handle, id }: Wanted,
  next: (task: Task) => void
): Effect.fn.Return<void, VideoTaskError.VideoTaskError> {
  const since = yield* Clock.currentTimeMillis
  const bucket = bucketOf(id, router.count)
  let last: Task | undefined = undefined
  const tell = (task: Task) => {
    if (last !== undefined && Equal.equals(last, task)) return
    last = task
    next(task)
  }
  const rounds = Effect.gen(function*() {
    for (;;) {
      const stored = yield* get(id)
      tell(stored)
      if (isEnded(stored)) return
      const restMs = since + deadlineMs - (yield* Clock.currentTimeMillis)
      const payload = { id, ...(Number.isFinite(restMs) ? { deadlineMs: Math.max(0, restMs) } : {}) }
      const asked = yield* Router.askOnce(
        router,
        bucket,
        (door) => Stream.runForEach(door.observe(payload), (task) => Effect.sync(() => tell(task)))
      )
      if (asked._tag === "answered") return yield* asked.answer
      yield* Effect.sleep(againMs)
    }
  }).pipe(
    // A store that is away for a moment ends no wait.
    Effect.retry({ schedule: Schedule.spaced(againMs), while: (error) => isOfStore(error) && error.retryable }),
    Effect.mapError((error) => VideoTaskError.withHandle(error, handle))
  )
  const timedOut = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.fail(VideoTaskError.make({
      provider: handle.provider,
      operation: "await",
      handle,
      reason: new VideoTaskError.WaitTimedOut({ waitedMs: now - since })
    })))
  return yield* Effect.catchIf(
    Number.isFinite(deadlineMs)
      ? Effect.timeoutOrElse(rounds, { duration: deadlineMs + slackMs, orElse: () => timedOut })
      : rounds,
    // A wait that was begun anew counts from its first beginning.
    ({ reason }) => reason._tag === "WaitTimedOut",
    () => timedOut
  )
})
