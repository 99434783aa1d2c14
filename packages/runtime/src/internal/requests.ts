/**
 * Single requests about a task that are not reads of the scheduler: fresh links and cancellation.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type { Video } from "@video-tasks/core/Video"
import type { CancelOutcome } from "@video-tasks/core/VideoProvider"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { StoredTask } from "../TaskStore.ts"
import { runIn } from "./account.ts"
import type { Lane } from "./entry.ts"
import { fromStore } from "./errors.ts"
import * as Journal from "./journal.ts"

/** Passing faults of a single request: 1, 2 and 4 s apart. */
const requestRetries = Schedule.exponential(1000).pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

/**
 * Asks once under the account's budget, again after passing faults. Every failure carries the handle.
 *
 * @internal
 */
export const request = <A>(
  lane: Lane,
  handle: TaskHandle,
  operation: VideoTaskError.Operation,
  ask: Effect.Effect<A, VideoTaskError.VideoTaskError>
): Effect.Effect<A, VideoTaskError.VideoTaskError> => {
  const { account, policy, provider } = lane
  const timely = Effect.timeoutOrElse(ask, {
    duration: policy.pollTimeoutMs,
    orElse: () =>
      Effect.fail(VideoTaskError.make({
        provider: provider.id,
        operation,
        reason: new VideoTaskError.ProviderUnavailable({
          detail: `no complete answer within ${policy.pollTimeoutMs / 1000} s`
        })
      }))
  })
  return Effect.suspend(() => {
    account.retry()
    return runIn(account, timely)
  }).pipe(
    Effect.retry({ schedule: requestRetries, while: (error) => error.retryable }),
    Effect.mapError((error) => VideoTaskError.withHandle(error, handle))
  )
}

/**
 * Asks for the links of a task as they are now. Of a success that the provider has forgotten there are none any more.
 *
 * @internal
 */
export const freshVideos = Effect.fnUntraced(function*(
  lane: Lane,
  { snapshot: { task: { handle }, value } }: StoredTask
): Effect.fn.Return<ReadonlyArray<Video>, VideoTaskError.VideoTaskError> {
  const { family, provider } = lane
  const observation = yield* request(lane, handle, "observe", provider.observe(handle)).pipe(
    Effect.catchIf(
      (error) => value === "SUCCESS" && error.reason._tag === "TaskNotFound",
      ({ requestId }) =>
        Effect.fail(VideoTaskError.make({
          provider: provider.id,
          operation: "observe",
          handle,
          requestId,
          reason: new VideoTaskError.ResultExpired({ detail: "the provider no longer knows the task" })
        }))
    )
  )
  if (observation.videos.length > 0) return observation.videos
  const served = family.hasContentRoute && observation.status === "SUCCESS"
    ? yield* request(lane, handle, "content", provider.content(handle))
    : undefined
  if (served !== undefined) return [served]
  return yield* Effect.fail(VideoTaskError.make({
    provider: provider.id,
    operation: "observe",
    handle,
    reason: new VideoTaskError.MissingResult({
      detail: observation.status === "SUCCESS" ? "the provider gave no link" : "the task has not succeeded"
    })
  }))
})

/** @internal */
export interface Cancelled {
  readonly outcome: CancelOutcome
  readonly stepped?: Journal.Stepped
}

/**
 * Asks the provider to cancel. What has ended can't be cancelled, and nothing is sent. A provider that was not reached has
 * said nothing: that is a failure, no outcome.
 *
 * @internal
 */
export const cancel = Effect.fnUntraced(
  function*(
    journal: Journal.Journal,
    lane: Lane,
    stored: StoredTask
  ): Effect.fn.Return<Cancelled, VideoTaskError.VideoTaskError> {
    const { handle, id } = stored.snapshot.task
    if (isTerminal(stored.snapshot.value)) {
      return { outcome: stored.snapshot.value === "CANCELLED" ? "confirmed" : "failed" }
    }
    journal.cancelling.add(id)
    const outcome = yield* request(lane, handle, "cancel", lane.provider.cancel(handle))
    if (outcome !== "confirmed") return { outcome }
    const at = yield* Clock.currentTimeMillis
    const stepped = yield* Effect.mapError(
      Journal.step(journal, stored, { type: "task.cancelled", at }),
      (error) => fromStore(error, handle.provider, handle)
    )
    return { outcome, stepped }
  },
  (effect, journal, _, { snapshot }) =>
    Effect.ensuring(effect, Effect.sync(() => journal.cancelling.delete(snapshot.task.id)))
)
