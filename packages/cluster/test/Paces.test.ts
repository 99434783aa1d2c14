import { assert, describe, it } from "@effect/vitest"
import { Cluster, ClusterError } from "@video-tasks/cluster"
import { Effect, Exit } from "effect"
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
      const brisk = yield* Paces.of({ lockExpiration: 6000, sharding: { shardLockRefreshInterval: "1 second" } })
      assert.strictEqual(brisk.graceMs, 4000)
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
