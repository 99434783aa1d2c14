import { assert, describe, it } from "@effect/vitest"
import { type Observation, TaskHandle, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Effect, Exit, Fiber, Layer, Logger, Metric, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

type Answer = Observation.Observation | VideoTaskError.VideoTaskError | "silence" | "defect"

/** A provider that answers in order; the last answer is repeated. It counts creates and notes the reads. */
const scripted = (answers: ReadonlyArray<Answer>, options: VideoProvider.DoubleOptions = {}) => {
  const reads: Array<number> = []
  let posts = 0
  const double = VideoProvider.double({
    ...options,
    observe: () =>
      Effect.gen(function*() {
        const answer = answers[Math.min(reads.length, answers.length - 1)]
        reads.push(yield* Clock.currentTimeMillis)
        if (answer === "silence") return yield* Effect.never
        if (answer === "defect") return yield* Effect.die(new TypeError("undefined is not https://x.example/?s=SECRET"))
        return answer instanceof VideoTaskError.VideoTaskError
          ? yield* Effect.fail(answer)
          : answer ?? Harness.running()
      })
  })
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (request, created) => Effect.suspend(() => (posts++, double.create(request, created)))
  }
  return { provider, reads, posts: () => posts }
}

const html = Harness.error(new VideoTaskError.UnexpectedResponse({ status: 200, detail: "HTML" }))

/** The faults of one status read that other clients lose tasks to; each happens once, in the middle of a task. */
const faults: ReadonlyArray<readonly [string, ReadonlyArray<Answer>]> = [
  ["one 500", [Harness.unavailable(500)]],
  ["one 503 with an HTML page", [Harness.unavailable(503)]],
  ["one 408", [Harness.unavailable(408)]],
  ["one 429 with Retry-After", [Harness.rateLimited(3000)]],
  ["one 429 without", [Harness.rateLimited()]],
  ["one reset", [Harness.error(new VideoTaskError.ProviderUnavailable({ detail: "ECONNRESET" }))]],
  ["truncated JSON", [Harness.error(new VideoTaskError.UnexpectedResponse({ status: 200, detail: "not JSON" }))]],
  ["HTML with 200", [html]],
  ["an empty 200", [Harness.error(new VideoTaskError.UnexpectedResponse({ status: 200, detail: "empty" }))]],
  ["an unknown state", [Harness.observed({ unrecognised: "moderating" })]],
  ["one 404 of a task that was seen", [Harness.notFound]],
  ["a hung answer", ["silence"]],
  ["a fault of the provider module", ["defect"]],
  ["eight faults in a row", Array.from({ length: 8 }, () => html)]
]

const awaited = (duration: "1 hour" | "1 minute" = "1 hour", options?: VideoTasks.WaitOptions) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const handle = yield* tasks.submit(Harness.request)
    const fiber = yield* Effect.forkChild(Effect.exit(tasks.await(handle, options)))
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

const failureOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>) =>
  Exit.isFailure(exit) && exit.cause.reasons[0]?._tag === "Fail" ? exit.cause.reasons[0].error : undefined

describe("a read of a task", () => {
  describe("survives", () => {
    for (const [name, fault] of faults) {
      it.effect(name, () => {
        const { posts, provider } = scripted([Harness.running(), ...fault, Harness.running(), Harness.success])
        return Effect.gen(function*() {
          const exit = yield* awaited()
          assert.isTrue(Exit.isSuccess(exit), String(exit))
          assert.strictEqual(posts(), 1)
        }).pipe(Effect.provide(Harness.layer(provider)))
      })
    }

    it.effect("answers that never come, at most 15 s each", () => {
      const { provider, reads } = scripted(["silence", "silence", Harness.success])
      return Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* awaited()))
        const gaps = reads.slice(1).map((at, n) => at - reads[n]!)
        // 15 s of silence, then 10 s (and then 20 s) of back-off with a tenth of jitter.
        assert.isTrue(
          gaps[0]! >= 24_000 && gaps[0]! <= 26_000 && gaps[1]! >= 33_000 && gaps[1]! <= 37_000,
          String(gaps)
        )
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("a read that can't be interrupted, without losing its place for ever", () => {
      let reads = 0
      const provider = VideoProvider.double({
        observe: () =>
          Effect.suspend(() => ++reads === 1 ? Effect.uninterruptible(Effect.never) : Effect.succeed(Harness.success))
      })
      return Effect.gen(function*() {
        const exit = yield* awaited()
        assert.isTrue(Exit.isSuccess(exit))
      }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1 } })))
    })
  })

  it.effect("that always fails is repeated ever more slowly until the deadline, which leaves the task running", () => {
    const { posts, provider, reads } = scripted([Harness.unavailable(500)])
    return Effect.gen(function*() {
      const error = failureOf(yield* awaited("1 hour", { deadline: "10 minutes" }))
      assert.strictEqual(error?.reason._tag, "WaitTimedOut")
      assert.match(error?.message ?? "", /^The task was not seen to end in 60\d s .* the last read failed: .*HTTP 500/)
      assert.strictEqual(error?.handle?.remoteId, "remote-1")
      assert.isAtMost(reads.length, 20)
      assert.strictEqual(posts(), 1)
      const tasks = yield* VideoTasks.VideoTasks
      assert.strictEqual((yield* tasks.get(error!.handle!)).status, "SUBMITTED")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("with an unknown state for ever stays few", () => {
    const { provider, reads } = scripted([Harness.observed({ unrecognised: "moderating" })])
    return Effect.gen(function*() {
      const error = failureOf(yield* awaited("1 hour", { deadline: "5 minutes" }))
      assert.strictEqual(error?.reason._tag, "WaitTimedOut")
      assert.include(error?.message, "The task is still running after 300 s of waiting.")
      assert.isAtMost(reads.length, 30)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("that says InvalidRequest stops the wait, and the task stays resumable", () => {
    const invalid = Harness.error(new VideoTaskError.InvalidRequest({ violations: [], detail: "HTTP 400" }))
    const { provider, reads } = scripted([Harness.running(), invalid, Harness.success])
    return Effect.gen(function*() {
      const error = failureOf(yield* awaited())
      assert.strictEqual(error?.reason._tag, "InvalidRequest")
      assert.strictEqual(error?.handle?.remoteId, "remote-1")
      assert.strictEqual(reads.length, 2)
      const tasks = yield* VideoTasks.VideoTasks
      assert.strictEqual((yield* tasks.await(error!.handle!)).status, "SUCCESS")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  describe("of a task that the provider does not know", () => {
    it.effect("right after our own create is repeated for the grace", () => {
      const { provider } = scripted([Harness.notFound, Harness.notFound, Harness.running(), Harness.success], {
        family: { graceMs: 60_000 }
      })
      return Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* awaited()))
      }).pipe(Effect.provide(Harness.layer(provider, { poll: { floor: "2 seconds", ceiling: "5 seconds" } })))
    })

    it.effect("after the grace is the end: ERROR in the store, TaskNotFound for the waiter", () => {
      const { provider, reads } = scripted([Harness.notFound])
      return Effect.gen(function*() {
        const error = failureOf(yield* awaited())
        assert.strictEqual(error?.reason._tag, "TaskNotFound")
        assert.strictEqual(error?.handle?.remoteId, "remote-1")
        assert.isTrue(reads.at(-1)! >= 20_000)
        const tasks = yield* VideoTasks.VideoTasks
        const task = yield* tasks.get(error!.handle!)
        assert.deepStrictEqual([task.status, task.status === "ERROR" && task.failure.code], ["ERROR", "not_found"])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is the end at once for a task that was attached", () => {
      const { provider, reads } = scripted([Harness.notFound])
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.attach({ provider: "double", remoteId: "remote-1" })
        const error = yield* Effect.flip(tasks.await(handle))
        assert.strictEqual(error.reason._tag, "TaskNotFound")
        assert.strictEqual(reads.length, 1)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is the end at once for a handle of long ago", () => {
      const { provider, reads } = scripted([Harness.notFound])
      return Effect.gen(function*() {
        yield* TestClock.adjust("1 day")
        const tasks = yield* VideoTasks.VideoTasks
        const error = yield* Effect.flip(tasks.await(
          new TaskHandle.TaskHandle({
            provider: "double",
            family: "double",
            remoteId: "remote-9",
            baseUrl: "https://double.invalid",
            account: "default",
            createdAt: 0,
            requestHash: "ab"
          })
        ))
        assert.strictEqual(error.reason._tag, "TaskNotFound")
        assert.strictEqual(reads.length, 1)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("twice in a row is the end of a task that was seen", () => {
      const { provider, reads } = scripted([Harness.running(), Harness.notFound])
      return Effect.gen(function*() {
        assert.strictEqual(failureOf(yield* awaited())?.reason._tag, "TaskNotFound")
        assert.strictEqual(reads.length, 3)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("with a success without a video", () => {
    const bare = Harness.observed({ status: "SUCCESS" })

    it.effect("is repeated soon, and the video is taken when it comes", () => {
      const { provider, reads } = scripted([bare, Harness.success])
      return Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* awaited()))
        assert.isAtMost(reads[1]! - reads[0]!, 11_000)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is MissingResult after three reads or 30 s", () => {
      const { provider, reads } = scripted([bare])
      return Effect.gen(function*() {
        const error = failureOf(yield* awaited())
        assert.strictEqual(error?.reason._tag, "MissingResult")
        assert.isAtMost(reads.length, 3)
        const tasks = yield* VideoTasks.VideoTasks
        assert.strictEqual((yield* tasks.get(error!.handle!)).status, "SUCCESS")
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("tries the content route where the family declares one", () => {
      const { provider, reads } = scripted([bare], {
        family: { hasContentRoute: true },
        content: () => Effect.succeed(Harness.video)
      })
      return Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* awaited()))
        assert.strictEqual(reads.length, 1)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("keeps until when the content route serves the file", () => {
      const { provider } = scripted([Harness.observed({ status: "SUCCESS", expiresAt: 1_712_701_300_000 })], {
        family: { hasContentRoute: true },
        content: () => Effect.succeed(Harness.video)
      })
      return Effect.gen(function*() {
        const done = Exit.getSuccess(yield* awaited())
        assert.deepStrictEqual(
          Option.map(done, ({ videos }) => videos.map(({ expiresAt }) => expiresAt)),
          Option.some([1_712_701_300_000])
        )
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("does not stumble over a content route that fails", () => {
      const { provider } = scripted([bare], {
        family: { hasContentRoute: true },
        content: () => Effect.fail(Harness.unauthorized)
      })
      return Effect.gen(function*() {
        assert.strictEqual(failureOf(yield* awaited())?.reason._tag, "MissingResult")
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("of the other ends", () => {
    const failure = { code: "moderation", message: "no", providerCode: 7 }
    const ends: ReadonlyArray<readonly [Observation.Observation, string]> = [
      [Harness.observed({ status: "FAILED", failure }), "TaskFailed"],
      [Harness.observed({ status: "ERROR", failure }), "TaskErrored"],
      [Harness.observed({ status: "CANCELLED" }), "TaskCancelled"],
      [Harness.observed({ status: "EXPIRED" }), "TaskExpired"]
    ]
    for (const [end, reason] of ends) {
      it.effect(`${end.status} is ${reason}, with the handle`, () => {
        const { provider, reads } = scripted([Harness.running(), end])
        return Effect.gen(function*() {
          const error = failureOf(yield* awaited())
          assert.strictEqual(error?.reason._tag, reason)
          assert.strictEqual(error?.handle?.remoteId, "remote-1")
          assert.strictEqual(error?.retryable, false)
          const tasks = yield* VideoTasks.VideoTasks
          assert.strictEqual((yield* tasks.awaitEnd(error!.handle!)).status, end.status)
          assert.strictEqual(reads.length, 2)
        }).pipe(Effect.provide(Harness.layer(provider)))
      })
    }
  })

  it.effect("that changes nothing writes nothing", () => {
    const { provider, reads } = scripted([Harness.running(10)])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const store = yield* TaskStore.TaskStore
      const handle = yield* tasks.submit(Harness.request)
      yield* tasks.track(handle)
      yield* TestClock.adjust("30 minutes")
      assert.isAtLeast(reads.length, 50)
      assert.strictEqual((yield* store.find(handle))?.version, 2)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("of a task older than a day happens once in five minutes", () => {
    const { provider, reads } = scripted([Harness.running(10)])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      yield* TestClock.adjust("25 hours")
      yield* tasks.track(handle)
      yield* TestClock.adjust("1 hour")
      assert.isTrue(reads.length >= 11 && reads.length <= 15, String(reads.length))
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("goes on as before when the clock of the machine is set back", () => {
    const { provider, reads } = scripted([Harness.running()])
    let setBackMs = 0
    const skewed = (clock: Clock.Clock): Clock.Clock => {
      const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() - setBackMs
      return { ...clock, currentTimeMillisUnsafe, currentTimeMillis: Effect.sync(currentTimeMillisUnsafe) }
    }
    const rare = {
      poll: { floor: "1 second", ceiling: "1 second" },
      budget: { requestsPerSecond: 2, burst: 1 }
    } as const
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const one = Effect.flatMap(tasks.submit(Harness.request), tasks.track)
      yield* Effect.forkChild(Effect.all([one, one, one, one]))
      yield* TestClock.adjust("1 minute")
      const before = reads.length
      setBackMs = 3_600_000
      yield* TestClock.adjust("1 minute")
      const after = reads.length - before
      assert.isTrue(before >= 110 && before <= 121 && after >= 115 && after <= 121, `${before}, ${after}`)
    }).pipe(Effect.provide(Harness.layer(provider, rare)), Effect.updateService(Clock.Clock, skewed))
  })

  it.effect("is due when others are, so that they are loaded and written together", () => {
    const { provider, reads } = scripted([Harness.running()])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      for (let n = 0; n < 100; n++) yield* tasks.track(yield* tasks.submit(Harness.request))
      yield* TestClock.adjust("1 minute")
      assert.isAtLeast(reads.length, 500)
      assert.deepStrictEqual(reads.filter((at) => at % 64 !== 0), [])
    }).pipe(
      Effect.provide(
        Harness.layer(provider, {
          poll: { floor: "10 seconds", ceiling: "10 seconds" },
          budget: { requestsPerSecond: 10_000, burst: 1000, concurrency: 1000 }
        })
      )
    )
  })

  it.effect("obeys a cadence that the user asks for", () => {
    const { provider, reads } = scripted([Harness.running()])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      yield* tasks.track(handle)
      yield* TestClock.adjust("1 minute")
      const gaps = reads.slice(1).map((at, n) => at - reads[n]!)
      assert.isAtLeast(gaps.length, 40)
      assert.isTrue(gaps.every((gap) => gap >= 1000 && gap <= 1400), gaps.join(", "))
    }).pipe(Effect.provide(Harness.layer(provider, { poll: { floor: "1 second", ceiling: "1 second" } })))
  })

  it.effect("warns once of a word that nobody knows, counts it, and says nothing secret", () => {
    const word = "weird https://x.example/?sig=SECRET"
    const { provider } = scripted([
      Harness.observed({ unrecognised: word }),
      Harness.observed({ unrecognised: word }),
      Harness.observed({ unrecognised: word }),
      Harness.success
    ])
    const lines: Array<string> = []
    const logger = Logger.make((entry) => lines.push(Logger.formatJson.log(entry)))
    return Effect.gen(function*() {
      assert.isTrue(Exit.isSuccess(yield* awaited()))
      const warnings = lines.filter((line) => line.includes("nobody knows"))
      assert.strictEqual(warnings.length, 1)
      assert.include(warnings[0], "vt1_")
      assert.notInclude(lines.join("\n"), "SECRET")
      const found = (yield* Metric.snapshot).find((one) =>
        one.id === "video_tasks_unknown_words" && one.attributes?.["provider"] === "double"
      )
      assert.deepStrictEqual(found?.state, { count: 3, incremental: true })
    }).pipe(
      Effect.provide(Layer.provideMerge(Harness.layer(provider), Logger.layer([logger]))),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })
})
