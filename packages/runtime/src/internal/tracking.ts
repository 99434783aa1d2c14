/**
 * Following tasks that nobody waits for.
 */
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { StoredTask } from "../TaskStore.ts"
import type { Lane } from "./entry.ts"
import type { Scheduler } from "./scheduler.ts"
import { firstDelayMs } from "./waits.ts"

/** @internal */
export interface TrackerOptions {
  readonly scheduler: Scheduler
  readonly laneOf: (stored: StoredTask) => Effect.Effect<Lane, VideoTaskError>
}

/** @internal */
export const track = (scheduler: Scheduler, { snapshot }: StoredTask, lane: Lane, atLeastMs = 0): void => {
  if (isTerminal(snapshot.value)) return
  const { createdAt, handle, id, model, trace } = snapshot.task
  const entry = scheduler.join(id, lane, handle.createdAt ?? createdAt, "track")
  entry.trace = trace
  lane.account.retry(entry)
  scheduler.begin(entry, Math.max(atLeastMs, firstDelayMs(scheduler, entry, handle, model)))
}

/**
 * Takes tasks up one after the other: their first reads come as fast as the budget lets them, and no faster. Fails for a
 * task whose provider is not configured as it was.
 *
 * @internal
 */
export const make =
  ({ laneOf, scheduler }: TrackerOptions) => () => (stored: StoredTask): Effect.Effect<void, VideoTaskError> =>
    Effect.map(laneOf(stored), (lane) => {
      const { account, family: { batchSize = 1 }, policy: { floorMs } } = lane
      const now = scheduler.now()
      const quietMs = stored.snapshot.task.updatedAt + floorMs - now
      const spreadMs = account.takeUpMs(now, 1 / batchSize)
      // A clock that was put back must not put off a read.
      track(scheduler, stored, lane, Math.max(Math.min(quietMs, floorMs), spreadMs))
    })
