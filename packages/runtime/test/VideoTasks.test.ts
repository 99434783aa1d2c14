import { assert, describe, it } from "@effect/vitest"
import { type Submission, TaskHandle, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

describe("VideoTasks", () => {
  it.effect("submits, waits and hands over the video", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const store = yield* TaskStore.TaskStore
      const handle = yield* tasks.submit(Harness.request)
      assert.strictEqual(handle.remoteId, "remote-1")
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("10 minutes")
      const done = yield* Fiber.join(fiber)
      assert.strictEqual(done.status, "SUCCESS")
      assert.deepStrictEqual(done.videos, [Harness.video])
      const page = yield* store.submissions({})
      assert.deepStrictEqual(page.items.map((one) => one.outcome), [
        { _tag: "created", handle } satisfies Submission.Outcome
      ])
      const events = yield* store.events(done.id)
      assert.deepStrictEqual(events.map((event) => event.type), ["task.created", "task.observed", "task.observed"])
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double({
      observations: [Harness.running(10), Harness.running(10), Harness.success]
    })))))

  it.effect("emits a task as it is and then every change, and ends with its end", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fiber = yield* Effect.forkChild(Stream.runCollect(tasks.observe(handle)))
      yield* TestClock.adjust("10 minutes")
      const seen = yield* Fiber.join(fiber)
      assert.deepStrictEqual(seen.map((task) => [task.status, task.progress]), [
        ["SUBMITTED", undefined],
        ["IN_PROGRESS", 10],
        ["IN_PROGRESS", 60],
        ["SUCCESS", 100]
      ])
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double({
      observations: [Harness.running(10), Harness.running(10), Harness.running(60), Harness.success]
    })))))

  it.effect("stops waiting at the deadline and leaves the task running", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fiber = yield* Effect.forkChild(Effect.flip(tasks.await(handle, { deadline: "1 minute" })))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual(error.reason, new VideoTaskError.WaitTimedOut({ waitedMs: 60_000 }))
      assert.isTrue(error.handle !== undefined && TaskHandle.isSameTask(error.handle, handle))
      assert.strictEqual((yield* tasks.get(handle)).status, "IN_PROGRESS")
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double()))))
})
