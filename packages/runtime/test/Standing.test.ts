import { assert, describe, it } from "@effect/vitest"
import { longestLifeMs, type Outcome, Submission } from "@video-tasks/core/Submission"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as Standing from "../src/Standing.ts"
import { layerMemory, TaskStore } from "../src/TaskStore.ts"

const now = 1_700_000_000_000

const submission = (outcome: Outcome["_tag"], more: { owner?: string; startedAt?: number } = {}) =>
  new Submission({
    id: "01900000-0000-7000-8000-000000000001" as TaskId,
    provider: "double",
    family: "videos",
    model: "m",
    account: "default",
    requestHash: "0",
    startedAt: now,
    ...more,
    outcome: outcome === "rejected"
      ? { _tag: outcome, reason: "InvalidRequest" }
      : outcome === "ambiguous"
      ? { _tag: outcome, detail: "lost" }
      : { _tag: "pending" }
  })

describe("Standing", () => {
  it("is sending while the sender's lease holds, and open from the moment on that it is over", () => {
    const pending = submission("pending", { owner: "a" })
    assert.deepStrictEqual(
      [now + 1, now, now - 1, undefined].map((until) => Standing.of(pending, until, now)),
      ["sending", "open", "open", "open"]
    )
  })

  it("believes no sender for longer than a create can be under way", () => {
    const startedAt = now - longestLifeMs
    assert.deepStrictEqual(
      [startedAt, startedAt + 1].map((at) =>
        Standing.of(submission("pending", { owner: "a", startedAt: at }), now + 60_000, now)
      ),
      ["open", "sending"]
    )
  })

  it("gives a sender without a name the longest life of a create", () => {
    assert.strictEqual(Standing.sendingUntil(submission("pending"), undefined, now), now + longestLifeMs)
    assert.strictEqual(Standing.of(submission("pending"), undefined, now + longestLifeMs), "open")
  })

  it("takes a lease for over that ends later than any lease may", () => {
    assert.deepStrictEqual(
      [now + Standing.longestLeaseMs, now + Standing.longestLeaseMs + 1].map((until) => [
        Standing.of(submission("pending", { owner: "a" }), until, now),
        Standing.isHeld({ owner: "a", until }, now)
      ]),
      [["sending", true], ["open", false]]
    )
    assert.isFalse(Standing.isHeld(undefined, now))
  })

  it("is open once it is ambiguous, and settled once it is rejected, whoever lives", () => {
    assert.deepStrictEqual(
      (["ambiguous", "rejected"] as const).map((outcome) =>
        Standing.of(submission(outcome, { owner: "a" }), now + 60_000, now)
      ),
      ["open", "settled"]
    )
  })

  it.effect("reads the lease of the sender", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore
      yield* TestClock.setTime(now)
      const pending = submission("pending", { owner: "a" })
      yield* store.begin(pending, { owner: "a", until: now + 60_000 })
      assert.strictEqual(yield* Standing.read(store, pending), "sending")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Standing.read(store, pending), "open")
    }).pipe(Effect.provide(layerMemory)))
})
