/**
 * News of a task that came by another way than a read.
 */
import type { Observation } from "@video-tasks/core/Observation"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StoredTask } from "../TaskStore.ts"
import type { NotifyOutcome } from "../VideoTasks.ts"
import type { Lane } from "./entry.ts"
import { fromStore } from "./errors.ts"
import * as Journal from "./journal.ts"
import { type ReadOptions, recordDuration } from "./read.ts"
import type { Scheduler } from "./scheduler.ts"

/** @internal */
export interface Notified extends ReadOptions {
  readonly scheduler: Scheduler
}

/**
 * Takes a task one step further by what is believed of it; without that, its next read is due as soon as its floor allows.
 *
 * @internal
 */
export const notify = Effect.fnUntraced(function*(
  { scheduler, ...options }: Notified,
  lane: Lane,
  stored: StoredTask,
  observation: Observation | undefined
): Effect.fn.Return<NotifyOutcome, VideoTaskError> {
  const { handle, id } = stored.snapshot.task
  const isElsewhere = observation?.remoteId !== undefined && observation.remoteId !== handle.remoteId
  if (isElsewhere || isTerminal(stored.snapshot.value)) {
    if (observation !== undefined) options.onIgnored(lane)
    return "ignored"
  }
  // The link of a success that comes without one is asked for: what is said twice must not count as two reads.
  const isBare = observation?.status === "SUCCESS" && observation.videos.length === 0
  if (observation === undefined || isBare) return scheduler.hint(id) ? "hinted" : "unfollowed"
  if (observation.unrecognised !== undefined) yield* options.onUnrecognised(lane, observation.unrecognised, handle)
  const at = yield* Clock.currentTimeMillis
  const stepped = yield* Effect.mapError(
    Journal.step(options.journal, stored, { type: "task.observed", at, observation }),
    (error) => fromStore(error, handle.provider, handle)
  )
  if (stepped.verdict === "ignored") options.onIgnored(lane)
  const entry = scheduler.entries.get(id)
  if (entry !== undefined && stepped.hasMoved && stepped.snapshot.value === "SUCCESS") {
    recordDuration(options, entry, stepped.snapshot, at)
  }
  scheduler.called(stepped, observation)
  return stepped.verdict
})
