/**
 * The successes whose files nobody has kept yet.
 */
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { StoredTask, TaskStore, TaskStoreError } from "../TaskStore.ts"
import { retryStore } from "./errors.ts"

/** @internal */
export const unkept = Effect.fnUntraced(function*(
  store: TaskStore["Service"],
  lookBack: Duration.Input = "7 days"
): Effect.fn.Return<ReadonlyArray<StoredTask>, TaskStoreError> {
  const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(lookBack)
  const found: Array<StoredTask> = []
  let cursor: string | undefined
  do {
    // What ended since then has changed since then, by our own clock: the API's may be behind.
    const filter = { status: ["SUCCESS"], changedSince: since - maxSkewMs } as const
    const page = yield* retryStore(cursor === undefined ? store.list(filter) : store.list(filter, cursor))
    for (const stored of page.items) if (isUnkept(stored, since)) found.push(stored)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
})

/** How far the clocks of those who write may be apart, in ms. */
const maxSkewMs = 300_000

const isUnkept = ({ snapshot }: StoredTask, since: number): boolean => {
  const task = TaskMachine.toTask(TaskMachine.restore(snapshot))
  return task.status === "SUCCESS" && task.archived === undefined && task.videos.length > 0 && task.completedAt >= since
}
