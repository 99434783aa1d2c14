import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, Video, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Context, Deferred, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

/** A provider whose tasks succeed after some time; reads are noted, and how many are under way. */
const lasting = (totalMs: number, answerMs = 0, options: VideoProvider.DoubleOptions = {}) => {
  const reads: Array<number> = []
  const state = { inFlight: 0, posts: 0 }
  const provider = VideoProvider.double({
    ...options,
    observe: (handle) =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        reads.push(now)
        if (answerMs > 0) yield* Effect.sleep(answerMs)
        const elapsed = now - (handle.createdAt ?? 0)
        return elapsed >= totalMs ? Harness.success : Harness.running(Math.floor(100 * elapsed / totalMs / 5) * 5)
      }).pipe(
        (read) =>
          Effect.acquireUseRelease(Effect.sync(() => state.inFlight++), () =>
            read, () =>
            Effect.sync(() => state.inFlight--))
      )
  })
  return { provider, reads, state }
}

describe("a wait", () => {
  for (let seconds = 0; seconds <= 60; seconds += 1) {
    it.effect(`that is interrupted after ${seconds} s stops in the same tick and leaves nothing behind`, () => {
      const { provider, reads, state } = lasting(600_000, 3000)
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const fiber = yield* Effect.forkChild(tasks.await(handle))
        yield* TestClock.adjust(seconds * 1000)
        const at = yield* Clock.currentTimeMillis
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* Clock.currentTimeMillis, at)
        assert.strictEqual(state.inFlight, 0)
        assert.isUndefined((yield* tasks.pollInfo(handle)).nextPollAt)
        const before = reads.length
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(reads.length, before)
        assert.include(["SUBMITTED", "IN_PROGRESS"], (yield* tasks.get(handle)).status)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  }

  it.effect("ends in the tick in which the following does, which leaves creates and commands as they are", () => {
    const { provider, reads, state } = lasting(600_000, 3000)
    const until = Deferred.makeUnsafe<void>()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      yield* tasks.track(handle)
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("1 minute")
      const before = reads.length
      assert.isAbove(before, 0)
      yield* Deferred.succeed(until, undefined)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.strictEqual(state.inFlight, 0)
      const later = yield* tasks.submit(Harness.request)
      yield* tasks.track(later)
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(tasks.await(later))))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reads.length, before)
    }).pipe(Effect.provide(Harness.layer(provider, { followUntil: Deferred.await(until) })))
  })

  it.effect("shares its reads with the other waits of the task, and outlives them", () => {
    const { provider, reads } = lasting(100_000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const one = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("1 second")
      const others = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(Stream.runCollect(tasks.observe(handle))))
      yield* TestClock.adjust("40 seconds")
      yield* Fiber.interrupt(one)
      const shared = reads.length
      yield* TestClock.adjust("5 minutes")
      const seen = yield* Effect.forEach(others, Fiber.join)
      assert.deepStrictEqual(seen.map((tasks) => tasks.at(-1)?.status), ["SUCCESS", "SUCCESS", "SUCCESS"])
      assert.deepStrictEqual(seen[0], seen[1])
      assert.isAtMost(shared, 4)
      assert.isAtMost(reads.length, 12)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("that emits to a slow consumer holds up neither the reads nor the other waits", () => {
    const { provider } = lasting(300_000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const slow = yield* Effect.forkChild(
        Stream.runForEach(tasks.observe(handle), () => Effect.sleep("1 hour"))
      )
      const fast = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual((yield* Fiber.join(fast)).status, "SUCCESS")
      yield* TestClock.adjust("100 hours")
      yield* Fiber.join(slow)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("emits the end last to a consumer that is far behind", () => {
    let progress = 0
    const provider = VideoProvider.double({
      observe: () => Effect.sync(() => ++progress < 300 ? Harness.running(progress / 3) : Harness.success)
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const seen: Array<string> = []
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(
          tasks.observe(handle, { deadline: "100 hours" }),
          (task) =>
            Effect.andThen(
              Effect.sync(() => seen.push(task.status)),
              seen.length < 2 ? Effect.sleep("5 hours") : Effect.void
            )
        )
      )
      yield* TestClock.adjust("20 hours")
      yield* Fiber.join(fiber)
      assert.strictEqual(seen.at(-1), "SUCCESS")
      assert.strictEqual(seen.filter((status) => status === "SUCCESS").length, 1)
      assert.isAtMost(seen.length, 70)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("of a task that has ended sends nothing", () => {
    const { provider, reads } = lasting(10_000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("5 minutes")
      const done = yield* Fiber.join(fiber)
      const before = reads.length
      assert.deepStrictEqual(yield* tasks.await(handle), done)
      assert.deepStrictEqual(yield* tasks.await(done.id), done)
      assert.deepStrictEqual(yield* tasks.refresh(handle), done)
      assert.deepStrictEqual(yield* Stream.runCollect(tasks.observe(handle)), [done])
      yield* tasks.track(handle)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reads.length, before)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  describe("with a deadline", () => {
    it.effect("shorter than the first gap reads once before it ends", () => {
      const { provider, reads } = lasting(600_000)
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const fiber = yield* Effect.forkChild(Effect.flip(tasks.await(handle, { deadline: "2 seconds" })))
        yield* TestClock.adjust("2 seconds")
        const error = yield* Fiber.join(fiber)
        assert.deepStrictEqual(error.reason, new VideoTaskError.WaitTimedOut({ waitedMs: 2000 }))
        assert.deepStrictEqual(reads, [2000])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("that has passed takes the end that its one read brings", () => {
      const { provider } = lasting(1000)
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const fiber = yield* Effect.forkChild(tasks.await(handle, { deadline: "2 seconds" }))
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).status, "SUCCESS")
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("counts from the start of this wait, and the family's is the default", () => {
      const { provider } = lasting(3_600_000 * 5, 0, {
        family: { poll: { ...VideoProvider.double().families[0]!.poll, deadlineMs: 300_000 } }
      })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        for (let wait = 0; wait < 3; wait++) {
          const started = yield* Clock.currentTimeMillis
          const fiber = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
          yield* TestClock.adjust("10 minutes")
          const error = yield* Fiber.join(fiber)
          assert.deepStrictEqual(error.reason, new VideoTaskError.WaitTimedOut({ waitedMs: 300_000 }), String(started))
        }
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("of one ends while another goes on", () => {
      const { provider } = lasting(120_000)
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const short = yield* Effect.forkChild(Effect.exit(tasks.await(handle, { deadline: "1 minute" })))
        const long = yield* Effect.forkChild(tasks.await(handle, { deadline: "10 minutes" }))
        yield* TestClock.adjust("10 minutes")
        assert.isTrue(Exit.isFailure(yield* Fiber.join(short)))
        assert.strictEqual((yield* Fiber.join(long)).status, "SUCCESS")
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("that timed out can be taken up again and reaches the success with no second create", () => {
      const { provider } = lasting(120_000)
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const store = yield* TaskStore.TaskStore
        const handle = yield* tasks.submit(Harness.request)
        const first = yield* Effect.forkChild(Effect.flip(tasks.await(handle, { deadline: "1 minute" })))
        yield* TestClock.adjust("1 minute")
        const error = yield* Fiber.join(first)
        const again = TaskHandle.parse(TaskHandle.format(error.handle!))
        const second = yield* Effect.forkChild(tasks.await(again!))
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual((yield* Fiber.join(second)).status, "SUCCESS")
        assert.strictEqual((yield* store.submissions({})).items.length, 1)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  it.effect("ends when everything ends", () => {
    const { provider, state } = lasting(600_000, 3000)
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Harness.layer(provider), scope)
      const tasks = Context.get(context, VideoTasks.VideoTasks)
      const handle = yield* tasks.submit(Harness.request)
      const before = yield* Effect.forkChild(Effect.exit(tasks.await(handle)))
      const stream = yield* Effect.forkChild(Effect.exit(Stream.runDrain(tasks.observe(handle))))
      yield* TestClock.adjust("31 seconds")
      yield* Scope.close(scope, Exit.void)
      const after = yield* Effect.forkChild(Effect.exit(tasks.await(handle)))
      const exits = yield* Effect.forEach([before, stream, after], (fiber) => Fiber.join<unknown, never>(fiber))
      assert.deepStrictEqual(exits.map((exit) => Exit.hasInterrupts(exit as Exit.Exit<unknown>)), [true, true, true])
      assert.strictEqual(state.inFlight, 0)
    })
  })
})

describe("VideoTasks", () => {
  it.effect("follows 10,000 tasks in one process to their ends", () => {
    const { provider, reads } = lasting(60_000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const ids = yield* Effect.forEach(
        Array.from({ length: 10_000 }),
        (_, n) => tasks.attach({ provider: "double", remoteId: `remote-${n}` })
      )
      const fiber = yield* Effect.forkChild(
        Effect.forEach(ids, (handle) => tasks.await(handle, { deadline: "10 hours" }), {
          concurrency: "unbounded",
          discard: true
        })
      )
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
      const left = yield* Stream.runCollect(tasks.list({ status: ["SUBMITTED", "IN_PROGRESS"] }))
      assert.deepStrictEqual(left, [])
      assert.isAtMost(reads.length, 60_000)
    }).pipe(
      Effect.provide(Harness.layer(provider, { budget: { requestsPerSecond: 10_000, burst: 500, concurrency: 1000 } }))
    )
  }, 180_000)

  it.effect("reads a task once on refresh, and joins a read that is under way", () => {
    const { provider, reads } = lasting(600_000, 2000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fibers = yield* Effect.forEach([1, 2], () => Effect.forkChild(tasks.refresh(handle)))
      yield* TestClock.adjust("2 seconds")
      const found = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(found.map((task) => task.status), ["IN_PROGRESS", "IN_PROGRESS"])
      assert.strictEqual(reads.length, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reads.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("says on refresh what the read failed with", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const error = yield* Effect.flip(tasks.refresh(handle))
      assert.strictEqual(error.reason._tag, "ProviderUnavailable")
      assert.strictEqual(error.handle?.remoteId, "remote-1")
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double({ observations: [Harness.unavailable()] })))))

  it.effect("tells how a task is being read, also afterwards", () => {
    const { provider, reads } = lasting(100_000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      assert.deepStrictEqual(yield* tasks.pollInfo(handle), { polls: 0, failures: 0 })
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("50 seconds")
      const info = yield* tasks.pollInfo(handle)
      assert.strictEqual(info.polls, reads.length)
      assert.isTrue(info.nextPollAt! > 50_000)
      assert.isTrue(info.expectedEndAt! > 80_000 && info.expectedEndAt! < 120_000, String(info.expectedEndAt))
      yield* TestClock.adjust("5 minutes")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* tasks.pollInfo(handle), { polls: reads.length, failures: 0 })
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  describe("cancel", () => {
    it.effect("that the provider confirms ends the task and every wait", () => {
      const { provider, reads } = lasting(600_000, 0, { cancel: () => Effect.succeed("confirmed") })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const fiber = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* tasks.cancel(handle), "confirmed")
        assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "TaskCancelled")
        assert.strictEqual((yield* tasks.get(handle)).status, "CANCELLED")
        assert.strictEqual(yield* tasks.cancel(handle), "confirmed")
        const before = reads.length
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(reads.length, before)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is known as ours although a read sees the end first", () => {
      let isCancelled = false
      const cost = new Video.Cost({ amount: 0.1, unit: "USD", kind: "bill" })
      const provider = VideoProvider.double({
        cancel: () =>
          Effect.suspend(() => {
            isCancelled = true
            return Effect.as(Effect.sleep("10 seconds"), "confirmed" as const)
          }),
        observe: () =>
          Effect.sync(() =>
            isCancelled
              ? Harness.observed({ status: "CANCELLED", progress: 40, cost })
              : Harness.running(30)
          )
      })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const waiting = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
        yield* TestClock.adjust("30 seconds")
        const cancelling = yield* Effect.forkChild(tasks.cancel(handle))
        yield* Effect.forkChild(tasks.refresh(handle))
        yield* TestClock.adjust("5 seconds")
        const { reason } = yield* Fiber.join(waiting)
        assert.deepStrictEqual([reason._tag, reason._tag === "TaskCancelled" && reason.byRequest], [
          "TaskCancelled",
          true
        ])
        assert.isUndefined(cancelling.pollUnsafe())
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* Fiber.join(cancelling), "confirmed")
        const events = yield* (yield* TaskStore.TaskStore).events((yield* tasks.get(handle)).id)
        // The rest of what that read said is kept.
        assert.deepStrictEqual(events.slice(-2).map(({ type }) => type), ["task.observed", "task.cancelled"])
        assert.deepStrictEqual((yield* tasks.get(handle)).cost, cost)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("that the API does not have leaves the task running", () =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        assert.strictEqual(yield* tasks.cancel(handle), "unsupported")
        assert.strictEqual((yield* tasks.get(handle)).status, "SUBMITTED")
      }).pipe(Effect.provide(Harness.layer(VideoProvider.double()))))

    it.effect("that can't be sent, or whose key is refused, is an error with the handle", () => {
      let answer = Harness.unavailable()
      const provider = VideoProvider.double({ cancel: () => Effect.suspend(() => Effect.fail(answer)) })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const fiber = yield* Effect.forkChild(Effect.flip(tasks.cancel(handle)))
        yield* TestClock.adjust("1 minute")
        const unreachable = yield* Fiber.join(fiber)
        assert.deepStrictEqual([unreachable.reason._tag, unreachable.handle?.remoteId], [
          "ProviderUnavailable",
          "remote-1"
        ])
        assert.strictEqual((yield* tasks.get(handle)).status, "SUBMITTED")
        answer = Harness.unauthorized
        const error = yield* Effect.flip(tasks.cancel(handle))
        assert.deepStrictEqual([error.reason._tag, error.handle?.remoteId], ["Unauthorized", "remote-1"])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("freshVideos", () => {
    it.effect("asks the provider and leaves the task as it is", () => {
      const fresh = Harness.observed({ status: "SUCCESS", videos: [Harness.video, Harness.video] })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const fiber = yield* Effect.forkChild(tasks.await(handle))
        yield* TestClock.adjust("5 minutes")
        const done = yield* Fiber.join(fiber)
        assert.strictEqual((yield* tasks.freshVideos(handle)).length, 2)
        assert.deepStrictEqual(yield* tasks.get(handle), done)
      }).pipe(Effect.provide(Harness.layer(VideoProvider.double({ observations: [Harness.success, fresh] }))))
    })

    it.effect("fails with MissingResult when there are none", () =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const error = yield* Effect.flip(tasks.freshVideos(handle))
        assert.deepStrictEqual([error.reason._tag, error.handle?.remoteId], ["MissingResult", "remote-1"])
      }).pipe(Effect.provide(Harness.layer(VideoProvider.double()))))
  })

  describe("attach", () => {
    it.effect("gives one task to one handle, however often it is adopted", () =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.attach({ provider: "double", remoteId: "x-1" })
        const again = yield* tasks.attach(handle)
        assert.deepStrictEqual(again, handle)
        assert.deepStrictEqual((yield* Stream.runCollect(tasks.list())).map((task) => task.handle), [handle])
      }).pipe(Effect.provide(Harness.layer(VideoProvider.double()))))

    const wrong: ReadonlyArray<readonly [string, VideoTasks.AttachOptions, string]> = [
      ["an unknown provider", { provider: "nobody", remoteId: "x" }, "provider"],
      ["an unknown family", { provider: "double", remoteId: "x", family: "nothing" }, "family"],
      ["an empty id", { provider: "double", remoteId: " " }, "remoteId"]
    ]
    for (const [name, options, field] of wrong) {
      it.effect(`refuses ${name}`, () =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const { reason } = yield* Effect.flip(tasks.attach(options))
          assert.deepStrictEqual(
            reason._tag === "InvalidRequest" && reason.violations.map((one) => one.field),
            [field]
          )
        }).pipe(Effect.provide(Harness.layer(VideoProvider.double()))))
    }

    it.effect("refuses a handle of another base URL, and asks nobody", () => {
      const { provider, reads } = lasting(1000)
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const { handle, reason } = yield* Effect.flip(tasks.await(
          new TaskHandle.TaskHandle({
            provider: "double",
            family: "double",
            remoteId: "x",
            baseUrl: "https://evil.example.com",
            account: "default"
          })
        ))
        assert.deepStrictEqual(
          reason,
          new VideoTaskError.ResumeIdentityChanged({
            field: "baseUrl",
            expected: "https://evil.example.com",
            actual: "https://double.invalid"
          })
        )
        assert.strictEqual(handle?.remoteId, "x")
        assert.deepStrictEqual(reads, [])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  it.effect("fails with TaskNotFound for what is not in the store", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const error = yield* Effect.flip(tasks.get("00000000-0000-7000-8000-000000000001" as never))
      assert.strictEqual(error.reason._tag, "TaskNotFound")
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double()))))

  it.effect("stops following a task that is untracked", () => {
    const { provider, reads } = lasting(600_000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      yield* tasks.track(handle)
      yield* TestClock.adjust("1 minute")
      assert.isAtLeast(reads.length, 1)
      yield* tasks.untrack(handle)
      const before = reads.length
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reads.length, before)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("a store that fails", () => {
  it.effect("ends the wait with StoreError and the handle", () => {
    let isBroken = false
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          append: (id, version, events, next) =>
            Effect.suspend(() =>
              isBroken
                ? Effect.fail(new TaskStore.TaskStoreError({ detail: "disk full", retryable: false }))
                : store.append(id, version, events, next)
            )
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      isBroken = true
      const fiber = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
      yield* TestClock.adjust("5 minutes")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual(error.reason, new VideoTaskError.StoreError({ detail: "disk full", retryable: false }))
      assert.strictEqual(error.handle?.remoteId, "remote-1")
      isBroken = false
      const again = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Fiber.join(again)).status, "SUCCESS")
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double({ observations: [Harness.success] }), {}, store)))
  })
})

describe("a restart on the same store", () => {
  /** One process: everything anew but the store and the provider. */
  const process = (
    store: TaskStore.TaskStore["Service"],
    provider: VideoProvider.VideoProvider,
    options: VideoTasks.Options = {}
  ) => Layer.fresh(Harness.layer(provider, options, Layer.succeed(TaskStore.TaskStore, store)))

  it.effect("takes up every unfinished task, with no second create", () => {
    const { provider } = lasting(300_000)
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const submitted = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handles = yield* Effect.forEach([1, 2, 3], () => tasks.submit(Harness.request))
        yield* Effect.forEach(handles, (handle) => tasks.track(handle))
        yield* TestClock.adjust("1 minute")
        return handles
      }).pipe(Effect.provide(process(store, provider)))
      yield* TestClock.adjust("10 minutes")
      const statuses = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        assert.strictEqual(yield* tasks.resume().pipe(Effect.map((one) => one.tracked)), 3)
        assert.strictEqual(yield* tasks.resume().pipe(Effect.map((one) => one.tracked)), 0)
        yield* TestClock.adjust("1 minute")
        return yield* Effect.forEach(submitted, (handle) => Effect.map(tasks.get(handle), (task) => task.status))
      }).pipe(Effect.provide(process(store, provider)))
      assert.deepStrictEqual(statuses, ["SUCCESS", "SUCCESS", "SUCCESS"])
      assert.strictEqual((yield* store.submissions({})).items.length, 3)
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("leaves to another living process what it holds, and takes it over when that is gone", () => {
    const { provider } = lasting(3_600_000)
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const attachAll = Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* Effect.forEach([1, 2, 3], (n) => tasks.attach({ provider: "double", remoteId: `x-${n}` }))
        return (yield* tasks.resume()).tracked
      })
      const first = yield* Effect.forkChild(
        Effect.andThen(attachAll, Effect.never).pipe(Effect.provide(process(store, provider)))
      )
      yield* TestClock.adjust("10 minutes")
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        assert.strictEqual(yield* tasks.resume().pipe(Effect.map((one) => one.tracked)), 0)
        yield* Fiber.interrupt(first)
        assert.strictEqual(yield* tasks.resume().pipe(Effect.map((one) => one.tracked)), 3)
      }).pipe(Effect.provide(process(store, provider)))
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("leaves alone the tasks of a provider that is not configured", () => {
    const other = lasting(1000, 0, { id: "other" })
    const { provider } = lasting(1000)
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      yield* VideoTasks.VideoTasks.use((tasks) => tasks.attach({ provider: "other", remoteId: "x" })).pipe(
        Effect.provide(process(store, other.provider))
      )
      assert.strictEqual(
        yield* VideoTasks.VideoTasks.use((tasks) => Effect.map(tasks.resume(), (one) => one.tracked)).pipe(
          Effect.provide(process(store, provider))
        ),
        0
      )
      const [stored] = (yield* store.list({})).items
      assert.deepStrictEqual([stored?.snapshot.value, stored?.claim], ["SUBMITTED", undefined])
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("of two processes that read one task loses nothing: who is second steps on from the first", () => {
    const { provider } = lasting(100_000)
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const follow = (handle: TaskHandle.TaskHandle) =>
        VideoTasks.VideoTasks.use((tasks) => tasks.await(handle)).pipe(Effect.provide(process(store, provider)))
      const handle = yield* VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request)).pipe(
        Effect.provide(process(store, provider))
      )
      const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(follow(handle)))
      yield* TestClock.adjust("10 minutes")
      const done = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(done.map((task) => task.status), ["SUCCESS", "SUCCESS", "SUCCESS"])
      const events = yield* store.events(done[0]!.id)
      assert.strictEqual(
        events.filter((one) => one.type === "task.observed" && one.observation.status === "SUCCESS").length,
        1
      )
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })
})
