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
  /** How many requests an account may send in a second. */
  readonly requestsPerSecond: number
  readonly laneOf: (stored: StoredTask) => Effect.Effect<Lane, VideoTaskError>
}

/** What tasks that are taken up may take of the budget of an account: the rest is for those that somebody waits for. */
const share = 0.8

/** @internal */
export const track = (scheduler: Scheduler, { snapshot }: StoredTask, lane: Lane, atLeastMs = 0): void => {
  if (isTerminal(snapshot.value)) return
  const { createdAt, handle, id, model } = snapshot.task
  const entry = scheduler.join(id, lane, handle.createdAt ?? createdAt, "track")
  lane.account.retry(entry)
  scheduler.begin(entry, Math.max(atLeastMs, firstDelayMs(scheduler, entry, handle, model)))
}

/**
 * Takes tasks up one after the other: their first reads come as fast as the budget lets them, and no faster. Fails for a
 * task whose provider is not configured as it was.
 *
 * @internal
 */
export const make = ({ laneOf, requestsPerSecond, scheduler }: TrackerOptions) => () => {
  const counts = new Map<Lane["account"], number>()
  return (stored: StoredTask): Effect.Effect<void, VideoTaskError> =>
    Effect.map(laneOf(stored), (lane) => {
      const { account, family: { batchSize = 1 }, policy: { floorMs } } = lane
      const before = counts.get(account) ?? 0
      counts.set(account, before + 1 / batchSize)
      const quietMs = stored.snapshot.task.updatedAt + floorMs - scheduler.now()
      const spreadMs = 1000 * before / (requestsPerSecond * share)
      // A clock that was put back must not put off a read.
      track(scheduler, stored, lane, Math.max(Math.min(quietMs, floorMs), spreadMs))
    })
}
