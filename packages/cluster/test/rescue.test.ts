import { assert, describe, it } from "@effect/vitest"
import { Submission, TaskHandle, TaskId, VideoTaskError } from "@video-tasks/core"
import { TaskStore } from "@video-tasks/runtime"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { rescueIn } from "../src/internal/rescue.ts"
import type { Router } from "../src/internal/router.ts"

const id = TaskId.TaskId.make("01a1fd84-fbdb-7747-a212-98ab37b40ec4")

const handle = new TaskHandle.TaskHandle({
  provider: "double",
  family: "double",
  remoteId: "remote-1",
  baseUrl: "https://double.invalid",
  account: "a"
})

const unstored = VideoTaskError.make({
  provider: "double",
  operation: "store",
  handle,
  reason: new VideoTaskError.StoreError({ detail: "bucket 0 was taken over", retryable: false })
})

const pending = new Submission.Submission({
  id,
  provider: "double",
  family: "double",
  model: "m",
  account: "a",
  requestHash: "ab",
  startedAt: 0,
  outcome: { _tag: "pending" }
})

const away = new TaskStore.TaskStoreError({ detail: "connection terminated", retryable: true })

describe("rescueIn", () => {
  it.effect("goes on until the store answers and somebody has the bucket, however long that takes", () =>
    Effect.gen(function*() {
      const all = yield* TaskStore.TaskStore
      yield* all.begin(pending)
      const store = {
        ...all,
        submission: (id: TaskId.TaskId) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => now < 120_000 ? Effect.fail(away) : all.submission(id))
      }
      const resolved: Array<unknown> = []
      const resolve = (payload: unknown) =>
        Effect.gen(function*() {
          if ((yield* Clock.currentTimeMillis) < 300_000) return yield* Effect.die(new Error("nobody is there"))
          resolved.push(payload, (yield* Effect.orDie(all.submission(id)))?.outcome._tag)
          yield* Effect.orDie(all.settle(id, { _tag: "created", handle }))
        })
      const router = {
        count: 1,
        patienceMs: 1000,
        doors: () => ({ resolve, ping: () => Effect.never })
      } as unknown as Router
      yield* rescueIn({ router, store }, yield* Effect.scope)(id, unstored)
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(resolved, [{ id, resolution: { remoteId: "remote-1" } }, "ambiguous"])
      assert.strictEqual((yield* all.submission(id))?.outcome._tag, "created")
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("has nothing to do for a failure without a task", () =>
    Effect.gen(function*() {
      const store = { ...(yield* TaskStore.TaskStore), submission: () => Effect.die(new Error("nobody asks")) }
      const refused = VideoTaskError.make({
        provider: "double",
        operation: "create",
        reason: new VideoTaskError.NotSent({ detail: "ECONNREFUSED" })
      })
      yield* rescueIn({ router: {} as Router, store }, yield* Effect.scope)(id, refused)
      yield* TestClock.adjust("1 minute")
    }).pipe(Effect.provide(TaskStore.layerMemory)))
})
