/**
 * What a store knows of the processes that use it.
 */
import { assert } from "@effect/vitest"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, type Layer } from "effect"

/** The one who uses a store, if anybody does, died a lease ago, and not just now. */
export const aLeaseLater = (store: Layer.Layer<TaskStore.TaskStore, TaskStore.TaskStoreError>) =>
  TaskStore.TaskStore.use((one) =>
    Effect.gen(function*() {
      const tasks = (yield* one.list({})).items.flatMap(({ claim }) => claim === undefined ? [] : [claim.owner])
      const creates = (yield* one.submissions({ outcome: "pending" })).items.flatMap(({ owner }) => owner ?? [])
      const owners = new Set([...tasks, ...creates])
      assert.isAtMost(owners.size, 1)
      for (const owner of owners) yield* one.renew(owner, 0)
    })
  ).pipe(Effect.provide(store))
