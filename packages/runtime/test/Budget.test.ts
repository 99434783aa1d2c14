import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, VideoProvider } from "@video-tasks/core"
import { VideoTasks } from "@video-tasks/runtime"
import { Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

/** A provider that notes when each request came. */
const recording = (answer: VideoProvider.VideoProvider["observe"], options: VideoProvider.DoubleOptions = {}) => {
  const times: Array<number> = []
  const provider = VideoProvider.double({
    ...options,
    observe: (handle) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return answer(handle)
      })
  })
  return { provider, times }
}

/** The most requests in any window of this length. */
const most = (times: ReadonlyArray<number>, windowMs: number): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length))

const attachAll = (count: number, provider = "double") =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    return yield* Effect.forEach(Array.from({ length: count }), (_, n) =>
      tasks.attach({ provider, remoteId: `remote-${n}` }))
  })

describe("Budget", () => {
  it.effect("sends at most 10 requests in 50 ms for 200 tasks that start together", () => {
    const { provider, times } = recording(() => Effect.succeed(Harness.running()))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(200)
      yield* Effect.forEach(handles, (handle) => tasks.await(handle), { concurrency: "unbounded" }).pipe(
        Effect.forkChild
      )
      yield* TestClock.adjust("1 minute")
      assert.isAtLeast(times.length, 200)
      assert.isAtMost(most(times, 50), 10)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("sends at most 10 requests in 50 ms for 200 creates that start together", () => {
    const times: Array<number> = []
    const double = VideoProvider.double()
    const provider: VideoProvider.VideoProvider = {
      ...double,
      create: (request, options) =>
        Effect.andThen(
          Effect.map(Clock.currentTimeMillis, (now) => times.push(now)),
          double.create(request, options)
        )
    }
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forEach(Array.from({ length: 200 }), () => tasks.submit(Harness.request), {
        concurrency: "unbounded"
      }).pipe(Effect.forkChild)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).length, 200)
      assert.strictEqual(times.length, 200)
      assert.isAtMost(most(times, 50), 10)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("keeps the requests per second and the concurrency that it is given", () => {
    let inFlight = 0
    let highest = 0
    const { provider, times } = recording(() =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          highest = Math.max(highest, ++inFlight)
        }),
        () => Effect.as(Effect.sleep("2 seconds"), Harness.running()),
        () => Effect.sync(() => inFlight--)
      )
    )
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(50)
      yield* Effect.forEach(handles, tasks.track)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(highest, 3)
      assert.isAtMost(most(times, 1000), 3)
      assert.isAtLeast(times.length, 80)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { requestsPerSecond: 2, burst: 1, concurrency: 3 } })))
  })

  it.effect("lets the accounts of two providers send independently", () => {
    const one = recording(() => Effect.fail(Harness.rateLimited(60_000)), { id: "one" })
    const two = recording(() => Effect.succeed(Harness.running()), { id: "two" })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      yield* Effect.forEach(yield* attachAll(5, "one"), tasks.track)
      yield* Effect.forEach(yield* attachAll(5, "two"), tasks.track)
      yield* TestClock.adjust("50 seconds")
      assert.isAtMost(one.times.length, 5)
      assert.isAtLeast(two.times.length, 10)
    }).pipe(Effect.provide(Harness.layer([one.provider, two.provider])))
  })

  it.effect("owes nothing for tasks that left the line", () => {
    const { provider, times } = recording(() => Effect.succeed(Harness.running()))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(500)
      const fiber = yield* Effect.forkChild(
        Effect.forEach(handles, (handle) => tasks.await(handle), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(100)
      yield* Fiber.interrupt(fiber)
      const before = times.length
      yield* TestClock.adjust("1 second")
      assert.strictEqual(times.length, before)
      yield* Effect.forkChild(tasks.await(handles[400]!))
      yield* TestClock.adjust(50)
      assert.strictEqual(times.length, before + 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  describe("Retry-After", () => {
    it.effect("silences a whole account of 50 tasks until it is over", () => {
      let isLimited = false
      let limitedAt = 0
      const { provider, times } = recording(() =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (isLimited || now < 30_000) return Effect.succeed(Harness.running())
          isLimited = true
          limitedAt = now
          return Effect.fail(Harness.rateLimited(3000))
        })
      )
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handles = yield* attachAll(50)
        yield* Effect.forEach(handles, (handle) => tasks.await(handle), { concurrency: "unbounded" }).pipe(
          Effect.forkChild
        )
        yield* TestClock.adjust("2 minutes")
        assert.isAtLeast(limitedAt, 30_000)
        assert.deepStrictEqual(times.filter((at) => at > limitedAt && at < limitedAt + 3000), [])
        assert.isAtLeast(times.filter((at) => at >= limitedAt + 3000).length, 50)
        assert.isAtMost(most(times, 50), 10)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("of a 503 counts as well, and creates wait with the reads", () => {
      const { provider, times } = recording(() => Effect.fail(Harness.unavailable(503, 45_000)))
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const [handle] = yield* attachAll(1)
        yield* tasks.track(handle!)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(times.length, 1)
        const fiber = yield* Effect.forkChild(
          Effect.andThen(tasks.submit(Harness.request), Clock.currentTimeMillis)
        )
        yield* TestClock.adjust("1 minute")
        assert.isAtLeast(yield* Fiber.join(fiber), times[0]! + 45_000)
        assert.strictEqual(times.length, 2)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is an ordinary back-off when there is none", () => {
      const { provider, times } = recording(() => Effect.fail(Harness.rateLimited()))
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const [handle] = yield* attachAll(1)
        yield* tasks.track(handle!)
        yield* TestClock.adjust("5 minutes")
        const gaps = times.slice(1).map((at, n) => Math.round((at - times[n]!) / 1000))
        assert.isTrue(gaps.every((gap) => gap >= 9 && gap <= 66), `gaps: ${gaps.join(", ")}`)
        assert.isAtMost(times.length, 9)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("a refused key", () => {
    it.effect("ends every wait of the account with its own handle, and sends nothing more", () => {
      let isValid = true
      const { provider, times } = recording(() =>
        isValid ? Effect.succeed(Harness.running()) : Effect.fail(Harness.unauthorized)
      )
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handles = yield* attachAll(20)
        yield* Effect.forEach(handles.slice(10), tasks.track)
        const fibers = yield* Effect.forEach(
          handles.slice(0, 10),
          (handle) => Effect.forkChild(Effect.flip(tasks.await(handle)))
        )
        yield* TestClock.adjust("5 seconds")
        isValid = false
        yield* TestClock.adjust("2 minutes")
        const errors = yield* Effect.forEach(fibers, Fiber.join)
        assert.deepStrictEqual(
          errors.map((error) => error.reason._tag),
          Array.from({ length: 10 }, () => "Unauthorized")
        )
        assert.deepStrictEqual(
          errors.map((error) => error.handle?.remoteId),
          handles.slice(0, 10).map((one) => one.remoteId)
        )
        const sent = times.length
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(times.length, sent)
        assert.deepStrictEqual(
          yield* Effect.forEach(handles, (handle) => Effect.map(tasks.get(handle), (task) => task.status)),
          handles.map(() => "IN_PROGRESS")
        )
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is tried again by a new wait, and then the others go on", () => {
      let isValid = false
      const { provider, times } = recording((handle) =>
        !isValid
          ? Effect.fail(Harness.unauthorized)
          : Effect.succeed(handle.remoteId === "remote-0" ? Harness.success : Harness.running())
      )
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handles = yield* attachAll(5)
        yield* Effect.forEach(handles.slice(1), tasks.track)
        yield* TestClock.adjust("10 minutes")
        const refused = times.length
        assert.isAtMost(refused, 4)
        isValid = true
        const fiber = yield* Effect.forkChild(tasks.await(handles[0]!))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(fiber)).status, "SUCCESS")
        assert.isAtLeast(times.length, refused + 5)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("of an older answer does not harm a wait that tries again", () => {
      let read = 0
      const { provider } = recording(() => {
        read++
        if (read === 1) return Effect.andThen(Effect.sleep("5 seconds"), Effect.fail(Harness.unauthorized))
        if (read === 2) return Effect.fail(Harness.unauthorized)
        return Effect.succeed(Harness.success)
      })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const [slow, fast, third] = yield* attachAll(3)
        yield* tasks.track(slow!)
        yield* TestClock.adjust("1 second")
        const refused = yield* Effect.forkChild(Effect.exit(tasks.await(fast!)))
        yield* TestClock.adjust("1 second")
        assert.isTrue(Exit.isFailure(yield* Fiber.join(refused)))
        const fiber = yield* Effect.forkChild(tasks.await(third!))
        yield* TestClock.adjust("1 minute")
        const done = yield* Fiber.join(fiber)
        assert.isTrue(TaskHandle.isSameTask(done.handle, third!))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* tasks.get(slow!)).status, "SUCCESS")
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })
})
