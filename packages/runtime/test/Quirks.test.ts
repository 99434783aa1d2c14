import { assert, describe, it } from "@effect/vitest"
import { type Observation, Video, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

/** A provider whose reads are answered in order, the last answer again and again. It counts creates and reads. */
const scripted = (answers: ReadonlyArray<Observation.Observation | VideoTaskError.VideoTaskError>) => {
  const count = { creates: 0, reads: 0 }
  const double = VideoProvider.double({
    observe: () =>
      Effect.suspend(() => {
        const answer = answers[Math.min(count.reads++, answers.length - 1)]
        return answer instanceof VideoTaskError.VideoTaskError
          ? Effect.fail(answer)
          : Effect.succeed(answer ?? Harness.running())
      })
  })
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (request, created) => Effect.suspend(() => (count.creates++, double.create(request, created)))
  }
  return { provider, count }
}

describe("a task at New-API", () => {
  it.effect("quirk 24: that is stuck at 30 % is given up by the wait's own deadline, and can be waited for again", () => {
    const { count, provider } = scripted([...Array.from({ length: 8 }, () => Harness.running(30)), Harness.success])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const first = yield* Effect.forkChild(Effect.flip(tasks.await(handle, { deadline: "1 minute" })))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* Fiber.join(first)).reason, new VideoTaskError.WaitTimedOut({ waitedMs: 60_000 }))
      const stuck = yield* tasks.get(handle)
      assert.deepStrictEqual([stuck.status, stuck.status === "IN_PROGRESS" && stuck.progress], ["IN_PROGRESS", 30])
      const again = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Fiber.join(again)).status, "SUCCESS")
      assert.strictEqual(count.creates, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("quirk 25: that flips to a failure while it runs has failed, and no later word revives it", () => {
    const failure = new Video.Failure({ message: "channel fault" })
    const failed = Harness.observed({ status: "FAILED", failure })
    const { count, provider } = scripted([Harness.running(60), failed, Harness.running(70), Harness.success])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const wait = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Fiber.join(wait)).reason._tag, "TaskFailed")
      const ended = yield* tasks.get(handle)
      for (let n = 0; n < 3; n++) {
        yield* tasks.refresh(handle)
        yield* TestClock.adjust("1 minute")
      }
      assert.deepStrictEqual(yield* tasks.get(handle), ended)
      assert.deepStrictEqual([ended.status, count.creates], ["FAILED", 1])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("quirk 26: that is not there yet after its create is waited for", () => {
    const { count, provider } = scripted([Harness.notFound, Harness.running(5), Harness.success])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const wait = yield* Effect.forkChild(Effect.flatMap(tasks.submit(Harness.request), tasks.await))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(wait)).status, "SUCCESS")
      assert.strictEqual(count.creates, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("quirk 26: that never comes into being ends as not found after a while, and is not created again", () => {
    const { count, provider } = scripted([Harness.notFound])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const wait = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(wait)).reason._tag, "TaskNotFound")
      assert.strictEqual((yield* tasks.get(handle)).status, "ERROR")
      assert.isAbove(count.reads, 1)
      assert.strictEqual(count.creates, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})
