/**
 * Asks the providers for the tasks of creates whose answer was lost, once for all lines that are open at the time.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import { running } from "@video-tasks/core/TaskStatus"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as StoreReads from "./storeReads.ts"

/** Says whether a create has been looked up by now, and not found; else looks it up, and what others left with it. */
export type LookUp = (id: TaskId) => Effect.Effect<boolean, never, VideoTasks | TaskStore>

/** Makes it for a run under a name; tasks that are no lines of its own are left to others. */
export const make = (owner: string, own: ReadonlySet<TaskId>): LookUp => {
  const semaphore = Semaphore.makeUnsafe(1)
  const looked = new Set<TaskId>()
  const look = Effect.fnUntraced(function*(id: TaskId) {
    const tasks = yield* VideoTasks
    const { ambiguous } = yield* tasks.resume({ takeOver: false })
    for (const submission of ambiguous) looked.add(submission.id)
    const claimed = StoreReads.tasks({ status: running }).pipe(
      Stream.filter(({ claim, snapshot }) => claim?.owner.startsWith(owner) === true && !own.has(snapshot.task.id))
    )
    yield* Stream.runForEach(claimed, ({ snapshot }) => tasks.untrack(snapshot.task.id))
    yield* Effect.logDebug("a create was looked up", id)
  })
  return (id) =>
    Effect.suspend(() => {
      if (looked.has(id)) return Effect.succeed(true)
      // One that can't be looked up is as open as before, and is looked up by the next run.
      const once = Effect.ensuring(Effect.ignore(look(id)), Effect.sync(() => looked.add(id)))
      return Effect.as(Effect.provideService(once, References.MinimumLogLevel, "Error"), false)
    }).pipe(semaphore.withPermits(1))
}
