import { assert, describe, it } from "@effect/vitest"
import { type Submission, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Option } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

const created = VideoProvider.double().create

/** A provider whose creates answer in order, each after `tookMs`; the last answer is repeated. */
const answering = (answers: ReadonlyArray<VideoTaskError.Reason | "created">, tookMs = 0) => {
  const posts: Array<number> = []
  const provider = VideoProvider.double({
    create: (request, options) =>
      Effect.gen(function*() {
        const answer = answers[Math.min(posts.length, answers.length - 1)]
        posts.push(yield* Clock.currentTimeMillis)
        yield* Effect.sleep(tookMs)
        if (answer === "created" || answer === undefined) return yield* created(request, options)
        return yield* Effect.fail(Harness.error(answer, "create"))
      })
  })
  return { posts, provider }
}

const limited = (retryAfterMs?: number) =>
  new VideoTaskError.RateLimited({ detail: "HTTP 429", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

const serverError = new VideoTaskError.SubmissionAmbiguous({ detail: "HTTP 500", status: 500 })

const notSent = new VideoTaskError.NotSent({ detail: "ECONNREFUSED" })

const outcome = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  return (yield* store.submissions({})).items[0]?.outcome._tag
})

/** Submits, interrupts after `afterMs`, and lets time pass. */
const interrupted = Effect.fnUntraced(function*(afterMs: number, options: VideoTasks.SubmitOptions = {}) {
  const tasks = yield* VideoTasks.VideoTasks
  const told: Array<Submission.Outcome["_tag"]> = []
  const tell = (one: Submission.Outcome) => Effect.sync(() => void told.push(one._tag))
  const fiber = yield* Effect.forkChild(
    tasks.submit(Harness.request, { ...options, interrupted: { tell, ...options.interrupted } })
  )
  yield* TestClock.adjust(afterMs)
  yield* Effect.forkChild(Fiber.interrupt(fiber))
  yield* TestClock.adjust("10 minutes")
  return told
})

describe("an interrupted submit", () => {
  it.effect("sends nothing more when it waits for its turn after a 429", () => {
    const { posts, provider } = answering([limited(5000), "created"])
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* interrupted(1000, { interrupted: { patience: "5 seconds" } }), ["rejected"])
      assert.strictEqual(posts.length, 1)
      assert.strictEqual(yield* outcome, "rejected")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("sends nothing more between two tries of a create that may be repeated", () => {
    const { posts, provider } = answering([serverError, "created"])
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* interrupted(100, { resubmit: "server-error" }), ["ambiguous"])
      assert.strictEqual(posts.length, 1)
      assert.strictEqual(yield* outcome, "ambiguous")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("sends nothing more between two tries of a create that was not sent", () => {
    const { posts, provider } = answering([notSent, "created"])
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* interrupted(100), ["rejected"])
      assert.strictEqual(posts.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("waits for an answer that is out, as long as it is asked to", () => {
    const { posts, provider } = answering(["created"], 3000)
    return Effect.gen(function*() {
      const told = yield* interrupted(1000, { interrupted: { patience: "5 seconds" } })
      assert.deepStrictEqual(told, ["pending", "created"])
      assert.strictEqual(posts.length, 1)
      assert.strictEqual(yield* outcome, "created")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("says that the outcome is unknown when the answer takes longer", () => {
    const { provider } = answering(["created"], 30_000)
    return Effect.gen(function*() {
      const told = yield* interrupted(1000, { interrupted: { patience: "5 seconds" } })
      assert.deepStrictEqual(told, ["pending", "ambiguous"])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("a create that may be repeated", () => {
  for (
    const [last, name] of [[notSent, "was not sent"], [
      new VideoTaskError.InvalidRequest({ violations: [] }),
      "was refused"
    ]] as const
  ) {
    it.effect(`stays ambiguous when its second try ${name}`, () => {
      const { provider } = answering([serverError, last])
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const fiber = yield* Effect.forkChild(
          Effect.exit(tasks.submit(Harness.request, { resubmit: "server-error" }))
        )
        yield* TestClock.adjust("10 minutes")
        const exit = yield* Fiber.join(fiber)
        const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
        assert.strictEqual(error?.reason._tag, "SubmissionAmbiguous")
        assert.strictEqual(yield* outcome, "ambiguous")
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  }
})

describe("Retry-After", () => {
  it.effect("holds for who stood in line when it came", () => {
    const { posts, provider } = answering([limited(60_000)], 1000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 10 }), () => Effect.exit(tasks.submit(Harness.request)), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(posts.length, 2)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 2 } })))
  })

  it.effect("of a create holds for the account even when the create gives up at once", () => {
    const { posts, provider } = answering([limited(300_000), "created"])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      yield* Effect.forkChild(Effect.exit(tasks.submit(Harness.request)))
      yield* TestClock.adjust("1 second")
      yield* Effect.forkChild(Effect.exit(tasks.submit(Harness.request)))
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(posts.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("does not hold up the deadline of a wait, nor a single read", () => {
    const provider = VideoProvider.double({ observations: [Harness.rateLimited(3_600_000)] })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const [one, two] = yield* Effect.forEach(["a", "b"], (remoteId) => tasks.attach({ provider: "double", remoteId }))
      yield* Effect.forkChild(Effect.exit(tasks.await(one!)))
      yield* TestClock.adjust("1 second")
      const waiting = yield* Effect.forkChild(Effect.flip(tasks.await(two!, { deadline: "1 minute" })))
      const read = yield* Effect.flip(tasks.refresh(two!))
      assert.strictEqual(read.reason._tag, "RateLimited")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "WaitTimedOut")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("the line of an account", () => {
  it.effect("lets a create through before the reads of a thousand tasks", () => {
    const times: Array<number> = []
    const double = VideoProvider.double({ observations: [Harness.running()] })
    const provider: VideoProvider.VideoProvider = {
      ...double,
      create: (request, options) =>
        Effect.tap(double.create(request, options), () => Effect.map(Clock.currentTimeMillis, (now) => times.push(now)))
    }
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      for (let n = 0; n < 1000; n++) {
        yield* tasks.track(yield* tasks.attach({ provider: "double", remoteId: `task-${n}` }))
      }
      yield* TestClock.adjust("1 second")
      yield* Effect.forkChild(tasks.submit(Harness.request))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(times.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("lets one request try a refused key, and everybody else go on when it is good", () => {
    let isGood = false
    let reads = 0
    const provider = VideoProvider.double({
      observe: () =>
        Effect.suspend(() => {
          reads++
          return isGood ? Effect.succeed(Harness.running()) : Effect.fail(Harness.unauthorized)
        })
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, n) => `task-${n}`),
        (remoteId) => tasks.attach({ provider: "double", remoteId })
      )
      yield* Effect.forEach(handles, (handle) => tasks.track(handle))
      yield* TestClock.adjust("10 minutes")
      const before = reads
      for (let n = 0; n < 3; n++) {
        const refresh = yield* Effect.forkChild(Effect.flip(tasks.refresh(handles[0]!)))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(refresh)).reason._tag, "Unauthorized")
      }
      assert.isAtMost(reads - before, 6)
      isGood = true
      yield* Effect.forkChild(tasks.refresh(handles[0]!))
      yield* TestClock.adjust("2 minutes")
      assert.isAtLeast(reads - before, 100)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("does not stop the clock of waits when a shared budget never answers", () => {
    const silent = Layer.succeed(
      RateLimiter.RateLimiter,
      { consume: () => Effect.never } as unknown as RateLimiter.RateLimiter
    )
    const provider = VideoProvider.double({ observations: [Harness.running(), Harness.success] })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.attach({ provider: "double", remoteId: "a" })
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "SUCCESS")
    }).pipe(Effect.provide(Harness.layer(provider).pipe(Layer.provide(silent))))
  })
})
