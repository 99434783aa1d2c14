import { assert, describe, it } from "@effect/vitest"
import { Cluster } from "@video-tasks/cluster"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Fiber, Ref } from "effect"
import { TestClock } from "effect/testing"
import * as Standing from "../src/internal/workerStanding.ts"

/** A worker that has joined: it owns some buckets of four, and so many are served by those that live. */
const joined = (owned: ReadonlyArray<number>, served: Cluster.Cluster["Service"]["served"]) =>
  Effect.tap(Standing.make, (state) =>
    Ref.update(state, (now) => ({
      ...now,
      cluster: Cluster.Cluster.of({
        buckets: 4,
        runner: "10.0.0.5:4700/a",
        place: undefined,
        displaced: Effect.never,
        owned: Effect.succeed(owned),
        // Each bucket was taken once, whoever lives now.
        owners: Effect.succeed(
          [0, 1, 2, 3].map((bucket) => ({ bucket, epoch: 7, runner: "10.0.0.6:4700/b", takenAt: 0 }))
        ),
        served
      })
    })))

const standingOf = (owned: ReadonlyArray<number>, served: Cluster.Cluster["Service"]["served"]) =>
  Effect.flatMap(joined(owned, served), Standing.standing)

describe("workerStanding", () => {
  it.effect("stands by only while somebody who lives serves every bucket", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* standingOf([], Effect.succeed([0, 1, 2, 3])), {
        isReady: true,
        state: "standby",
        owned: 0,
        buckets: 4
      })
      assert.deepStrictEqual(yield* standingOf([], Effect.succeed([0, 2, 3])), {
        isReady: false,
        state: "starting",
        owned: 0,
        buckets: 4,
        reason: "it serves nothing yet, and 1 of 4 buckets are served by nobody"
      })
      const nobody = yield* standingOf([], Effect.succeed([]))
      assert.strictEqual(nobody.reason, "it serves nothing yet, and 4 of 4 buckets are served by nobody")
      assert.strictEqual((yield* standingOf([1], Effect.succeed([1]))).state, "serving")
    }))

  it.effect("is not ready while the database does not answer", () =>
    Effect.gen(function*() {
      const failed = new TaskStore.TaskStoreError({ detail: "away", retryable: true })
      assert.strictEqual((yield* standingOf([1], Effect.fail(failed))).state, "no database")
      const asked = yield* Effect.forkChild(standingOf([1], Effect.never))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(asked), {
        isReady: false,
        state: "no database",
        owned: 1,
        buckets: 4,
        reason: "the database does not answer"
      })
    }))

  it.effect("is not ready before it has joined, while it waits, and once it shall stop", () =>
    Effect.gen(function*() {
      const state = yield* Standing.make
      assert.strictEqual((yield* Standing.standing(state)).state, "starting")
      yield* Ref.update(state, (now) => ({ ...now, waitsFor: { state: "address taken", reason: "taken" } as const }))
      assert.strictEqual((yield* Standing.standing(state)).state, "address taken")
      yield* Ref.update(state, (now) => ({ ...now, isStopping: true }))
      assert.strictEqual((yield* Standing.standing(state)).state, "stopping")
    }))
})
