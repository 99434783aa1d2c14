import { assert, describe, it } from "@effect/vitest"
import { PollPolicy, TaskId, TaskMachine, VideoProvider } from "@video-tasks/core"
import { Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { Account } from "../src/internal/account.ts"
import { Durations } from "../src/internal/durations.ts"
import type { Lane, Read, Waiter } from "../src/internal/entry.ts"
import * as Scheduler from "../src/internal/scheduler.ts"
import * as Harness from "./support/harness.ts"

const idOf = (n: number) => TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

const limiter = Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory)

/** A scheduler whose reads take a second, with the lane of one account. */
const world = Effect.gen(function*() {
  const state = { inFlight: 0, reads: 0 }
  const handle = yield* Effect.map(VideoProvider.double().create(Harness.request), (created) => created.handle)
  const snapshot = TaskMachine.persist(TaskMachine.initial({ type: "task.created", at: 0, id: idOf(0), handle }))
  const read: Effect.Effect<Read> = Effect.acquireUseRelease(
    Effect.sync(() => (state.reads++, state.inFlight++)),
    () =>
      Effect.as(Effect.sleep("1 second"), {
        _tag: "Observed",
        snapshot,
        version: 1,
        isChanged: false,
        reading: {},
        model: undefined,
        hasMoved: false,
        isAlmostDone: false
      }),
    () => Effect.sync(() => state.inFlight--)
  )
  const scheduler = yield* Scheduler.make({
    read: () => read,
    readMany: () => Effect.die("one by one"),
    durations: new Durations(),
    onDrop: () => undefined
  })
  const provider = VideoProvider.double()
  const lane: Lane = {
    provider,
    family: provider.families[0]!,
    policy: PollPolicy.standard,
    account: new Account(
      { provider: "double", label: "default" },
      { requestsPerSecond: 1000, burst: 10, concurrency: 2 },
      yield* RateLimiter.RateLimiter,
      scheduler
    ),
    start: scheduler.start
  }
  return { lane, scheduler, state }
})

const waiter = (onRead: () => void = () => undefined): Waiter => ({
  span: undefined,
  changed: () => undefined,
  read: onRead,
  failed: () => undefined,
  closed: () => undefined
})

describe("the scheduler", () => {
  it.effect("keeps nothing of a task that the last one has left: in line, in flight, or between two reads", () =>
    Effect.gen(function*() {
      const { lane, scheduler, state } = yield* world
      for (const seconds of [0, 0.5, 1, 5, 30, 31]) {
        const waiters = Array.from({ length: 5 }, () => waiter())
        const entries = waiters.map((one, n) => scheduler.join(idOf(n), lane, 0, one))
        for (const entry of entries) scheduler.begin(entry, 0)
        yield* TestClock.adjust(seconds * 1000)
        for (const [n, entry] of entries.entries()) scheduler.leave(entry, waiters[n]!)
        assert.deepStrictEqual(
          [scheduler.entries.size, scheduler.size(), state.inFlight, lane.account.inFlight, lane.account.waiting],
          [0, 0, 0, 0, 0],
          `after ${seconds} s`
        )
      }
    }).pipe(Effect.provide(limiter)))

  it.effect("goes on with the others when one who waits breaks", () =>
    Effect.gen(function*() {
      const { lane, scheduler, state } = yield* world
      const broken = waiter()
      const entry = scheduler.join(idOf(1), lane, 0, broken)
      scheduler.alarm(500, () => {
        throw new Error("broken")
      })
      scheduler.begin(entry, 1000)
      yield* TestClock.adjust("1 minute")
      assert.isAtLeast(state.reads, 2)
    }).pipe(Effect.provide(limiter)))

  it.effect("wakes for what is due earlier than what it sleeps for", () =>
    Effect.gen(function*() {
      const { scheduler } = yield* world
      const fired: Array<number> = []
      scheduler.alarm(60_000, () => fired.push(60_000))
      yield* TestClock.adjust("1 second")
      scheduler.alarm(2000, () => fired.push(2000))
      const never = scheduler.alarm(3000, () => fired.push(3000))
      scheduler.disarm(never)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(fired, [2000])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(fired, [2000, 60_000])
    }).pipe(Effect.provide(limiter)))
})
