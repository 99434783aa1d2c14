import { PgClient } from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Cluster, ClusterError } from "@video-tasks/cluster"
import { VideoProviders } from "@video-tasks/core"
import type { VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, Layer } from "effect"
import { expectTypeOf } from "vitest"
import * as EngineOptions from "../src/internal/engineOptions.ts"
import * as Paces from "../src/internal/paces.ts"

const refused = (options: Parameters<typeof Cluster.check>[0]) => Effect.flip(Cluster.check(options))

describe("Paces", () => {
  it.effect("follow from the lock expiration", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Paces.of({}), {
        lockMs: 35_000,
        graceMs: 15_000,
        lostMs: 35_000 / 3 + 1000,
        beatMs: 2000,
        sharding: {
          shardLockExpiration: 35_000,
          shardLockRefreshInterval: 10_000,
          runnerHealthCheckInterval: 10_000,
          refreshAssignmentsInterval: 3000
        }
      })
      assert.deepStrictEqual(yield* Paces.of({ lockExpiration: "7 seconds" }), {
        lockMs: 7000,
        graceMs: 3000,
        lostMs: 7000 / 3 + 1000,
        beatMs: 1000,
        sharding: {
          shardLockExpiration: 7000,
          shardLockRefreshInterval: 2000,
          runnerHealthCheckInterval: 2000,
          refreshAssignmentsInterval: 2000
        }
      })
    }))

  it.effect("give way to what is said, and all that follows from them reads that", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* Paces.of({
          lockExpiration: "6 seconds",
          sharding: {
            shardLockRefreshInterval: "1 second",
            runnerHealthCheckInterval: "3 seconds",
            refreshAssignmentsInterval: "4 seconds",
            shardsPerGroup: 50
          }
        }),
        {
          lockMs: 6000,
          graceMs: 4000,
          lostMs: 5000,
          beatMs: 6000 / 7,
          sharding: {
            shardLockExpiration: 6000,
            shardLockRefreshInterval: 1000,
            runnerHealthCheckInterval: 3000,
            refreshAssignmentsInterval: 4000,
            shardsPerGroup: 50
          }
        }
      )
    }))

  it.effect("renew locks three times before they expire", () =>
    Effect.gen(function*() {
      const check = (shardLockRefreshInterval: number) => Cluster.check({ sharding: { shardLockRefreshInterval } })
      const slow = yield* Effect.flip(check(20_000))
      assert.deepStrictEqual(
        slow,
        new ClusterError.InvalidOption({
          field: "sharding.shardLockRefreshInterval",
          value: "20s",
          allowed: "at most a third of lockExpiration (35s)"
        })
      )
      assert.strictEqual((yield* Effect.flip(check(0))).value, "0")
      assert.deepStrictEqual(yield* Effect.exit(check(11_666)), Exit.void)
    }))

  it.effect("let nobody finish requests for as long as the others wait", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* refused({ grace: "40 seconds" }),
        new ClusterError.InvalidOption({ field: "grace", value: "40s", allowed: "less than lockExpiration (35s)" })
      )
      const equal = yield* refused({ grace: "6 seconds", lockExpiration: "6 seconds" })
      assert.strictEqual(equal.message, "grace is 6s; allowed: less than lockExpiration (6s)")
      assert.deepStrictEqual(yield* Effect.exit(Cluster.check({ grace: 0 })), Exit.void)
      assert.deepStrictEqual(yield* Effect.exit(Cluster.check({ grace: "34 seconds" })), Exit.void)
    }))

  it.effect("have bounds", () =>
    Effect.gen(function*() {
      const error = (value: string) =>
        new ClusterError.InvalidOption({ field: "lockExpiration", value, allowed: "5s to 10m" })
      assert.deepStrictEqual(yield* refused({ lockExpiration: 4999 }), error("4s 999ms"))
      assert.deepStrictEqual(yield* refused({ lockExpiration: "11 minutes" }), error("11m"))
      assert.deepStrictEqual(yield* refused({ lockExpiration: "Infinity" }), error("Infinity"))
      assert.deepStrictEqual(yield* Effect.exit(Cluster.check({ lockExpiration: "5 seconds" })), Exit.void)
      assert.deepStrictEqual(yield* Effect.exit(Cluster.check({ lockExpiration: "10 minutes" })), Exit.void)
    }))
})

describe("engineOptions", () => {
  it.effect("that make no sense keep a member from starting, before the database is asked", () =>
    Effect.gen(function*() {
      const member = Cluster.layerClient({ poll: { floor: -1 } }).pipe(
        Layer.provide(Layer.succeed(PgClient, {} as never)),
        Layer.provide(Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([])))
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(member)))
      assert.include(error.message, "poll.floor is -1; allowed: a duration of 0 or more")
    }))

  it("are those of the engine but what is of a bucket", () => {
    type Missing = Exclude<keyof VideoTasks.Options, keyof Cluster.ClientOptions>
    expectTypeOf<Missing>().toEqualTypeOf<"owner" | "followUntil">()
  })

  it("are what the cluster does not take for itself", () => {
    const engine = { lease: "1 minute", keepRequests: false, poll: { floor: 100 } } as const
    const cluster: Required<Omit<Cluster.Options, keyof VideoTasks.Options>> = {
      address: { host: "127.0.0.1", port: 0 },
      buckets: 4,
      grace: 1000,
      listen: { host: "127.0.0.1", port: 0 },
      lockExpiration: 6000,
      onWaiting: () => Effect.void,
      patience: 1000,
      sharding: {}
    }
    const another = { whatComesLater: 1 }
    assert.deepStrictEqual(EngineOptions.of({ ...engine, ...cluster, ...another }), { ...engine, ...another })
  })
})
