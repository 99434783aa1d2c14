import { assert, describe, it } from "@effect/vitest"
import { type AccountShares, TaskStore } from "@video-tasks/runtime"
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

  it.effect("tell the share of an account by its provider and its label, whatever stands in them", () =>
    Effect.gen(function*() {
      const joined: Array<AccountShares.SharedAccount> = []
      const heard: Array<AccountShares.AccountLimits> = []
      const limits = { requestsPerSecond: 40, burst: 4, concurrency: 8 }
      Meters.shares({
        join: (account) => {
          joined.push(account)
          return { wanted: () => undefined, tell: () => undefined }
        }
      }).join({
        key: "key",
        provider: "double",
        label: `"ours" \\ theirs`,
        limits,
        demand: () => ({ requests: 0, waiting: 0, inFlight: 0 }),
        share: (share) => void heard.push(share),
        hear: () => undefined
      })
      const share = { requestsPerSecond: 20, burst: 2, concurrency: 4 }
      joined[0]?.share(share)
      assert.deepStrictEqual(heard, [share])
      assert.deepStrictEqual(joined.map(({ key, label, provider }) => [key, provider, label]), [
        ["key", "double", `"ours" \\ theirs`]
      ])
      const gauges = (yield* Metric.snapshot).filter(({ id }) => id.startsWith("video_tasks_account_"))
      assert.sameDeepMembers(
        gauges.map(({ attributes, id, state, type }) => [id, type === "Gauge" ? state.value : undefined, attributes]),
        [
          ["video_tasks_account_rate", 20, { provider: "double", account: `"ours" \\ theirs` }],
          ["video_tasks_account_concurrency", 4, { provider: "double", account: `"ours" \\ theirs` }]
        ]
      )
    }))
})
