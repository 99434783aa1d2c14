import { assert, describe, it } from "@effect/vitest"
import { TaskStore } from "@video-tasks/runtime"
import { Deferred, Effect, Metric } from "effect"
import * as Meters from "../src/internal/meters.ts"

/** What the counters of buckets say. */
const counts = Effect.map(Metric.snapshot, (all) =>
  ["taken", "lost"].map((name) => {
    const found = all.find(({ id }) => id === `video_tasks_buckets_${name}`)
    return found?.type === "Counter" ? Number(found.state.count) : undefined
  }))

describe("Meters", () => {
  it.effect("count a bucket that is taken away once, however many wait for that", () =>
    Effect.gen(function*() {
      const gone = yield* Deferred.make<void>()
      const buckets = Meters.buckets({
        count: 1,
        store: yield* Effect.provide(TaskStore.TaskStore, TaskStore.layerMemory),
        owners: Effect.succeed([]),
        take: (bucket) =>
          Effect.map(Effect.provide(TaskStore.TaskStore, TaskStore.layerMemory), (store) => ({
            bucket,
            epoch: 1,
            owner: "one",
            store,
            confirm: Effect.void,
            lost: Deferred.await(gone),
            isLost: Deferred.isDone(gone)
          }))
      })
      const one = yield* buckets.take(0, "one")
      assert.deepStrictEqual(yield* counts, [1, 0])
      yield* Deferred.succeed(gone, undefined)
      yield* one.lost
      yield* one.lost
      assert.deepStrictEqual(yield* counts, [1, 1])
    }))
})
