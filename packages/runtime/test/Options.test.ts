import { assert, describe, it } from "@effect/vitest"
import { VideoProvider, VideoProviders, type VideoTaskError } from "@video-tasks/core"
import { CostBudget, Fallback, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Duration, Effect, Layer, Logger } from "effect"
import * as Harness from "./support/harness.ts"

/** What no compiler has seen. */
const untyped = (value: unknown): never => value as never

/** A provider whose creates are counted, which takes a callback URL. */
const counted = () => {
  const posts: Array<unknown> = []
  const plain = VideoProvider.double({ family: { takesCallbackUrl: true } })
  const provider: VideoProvider.VideoProvider = {
    ...plain,
    create: (request, options) => Effect.suspend(() => (posts.push(request), plain.create(request, options)))
  }
  return { posts, provider }
}

const heard = () => {
  const said: Array<unknown> = []
  return { said, layer: Logger.layer([Logger.make(({ message }) => said.push(message))]) }
}

const sentence = ({ message, reason }: VideoTaskError.VideoTaskError) => {
  assert.strictEqual(reason._tag, "InvalidRequest")
  return message
}

/** The layer, built over a provider that is never asked. */
const built = (options: unknown) =>
  Effect.scoped(Layer.build(VideoTasks.layer(untyped(options)))).pipe(
    Effect.provide([TaskStore.layerMemory, Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([]))])
  )

describe("VideoTasks.layer", () => {
  it.effect.each<[object, string]>([
    [{ poll: { floor: -5 } }, "poll.floor is -5; allowed: a duration of 0 or more (a bare number is milliseconds)"],
    [{ poll: { floor: Number.NaN } }, "poll.floor is NaN; allowed: a duration of 0 or more"],
    [{ poll: { floor: Infinity } }, "poll.floor is Infinity; allowed: a duration of 0 or more"],
    [{ poll: { floor: "5m" } }, "poll.floor is \"5m\"; allowed: a duration of 0 or more"],
    [{ poll: { floor: null } }, "poll.floor is null; allowed: a duration of 0 or more"],
    [{ poll: { floor: "5 seconds", ceiling: 4999 } }, "poll.ceiling is 4999; allowed: poll.floor or more"],
    [{ poll: { ceiling: Duration.infinity } }, "poll.ceiling is Infinity; allowed: poll.floor or more"],
    [{ poll: { ceiling: -1 } }, "poll.ceiling is -1; allowed: poll.floor or more"],
    [{ poll: { timeout: 0 } }, "poll.timeout is 0; allowed: a duration above 0"],
    [{ poll: { timeout: "-1 second" } }, "poll.timeout is \"-1 second\"; allowed: a duration above 0"],
    [{ lease: 60 }, "lease is 60; allowed: 1 second to 1 hour (a bare number is milliseconds)"],
    [{ lease: 0 }, "lease is 0; allowed: 1 second to 1 hour"],
    [{ lease: "2 hours" }, "lease is \"2 hours\"; allowed: 1 second to 1 hour"],
    [{ lease: Duration.hours(2) }, "lease is 7200000 millis; allowed: 1 second to 1 hour"],
    [{ budget: { requestsPerSecond: 0 } }, "budget.requestsPerSecond is 0; allowed: a number above 0"],
    [{ budget: { requestsPerSecond: Infinity } }, "budget.requestsPerSecond is Infinity; allowed: a number above 0"],
    [{ budget: { burst: -1 } }, "budget.burst is -1; allowed: a number above 0"],
    [{ budget: { concurrency: Number.NaN } }, "budget.concurrency is NaN; allowed: a number above 0"],
    [{ budget: { concurrency: "16" } }, "budget.concurrency is \"16\"; allowed: a number above 0"]
  ])("refuses %o with a typed error", ([options, says]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(built(options))
      assert(error._tag === "VideoTaskError")
      assert.deepStrictEqual([error.operation, error.retryable], ["configure", false])
      assert.include(sentence(error), says)
    }))

  it.effect("names everything that is wrong at once", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(VideoTasks.check({ lease: 0, poll: { floor: -1 }, budget: { burst: 0 } }))
      assert.deepStrictEqual(
        error.reason._tag === "InvalidRequest" ? error.reason.violations.map(({ field }) => field) : [],
        ["poll.floor", "lease", "budget.burst"]
      )
    }))

  it.effect.each<[unknown]>([
    [{}],
    [{ poll: null, budget: null }],
    [{ poll: { floor: 0, ceiling: 0 } }],
    [{ poll: { floor: "10 minutes" } }],
    [{ poll: { ceiling: 100 }, budget: { concurrency: Infinity, requestsPerSecond: 0.25, burst: 1 } }],
    [{ lease: "1 second" }],
    [{ lease: Duration.hours(1) }]
  ])("takes %o without a word", ([options]) => {
    const { layer, said } = heard()
    return Effect.gen(function*() {
      yield* built(options)
      assert.deepStrictEqual(said, [])
    }).pipe(Effect.provide(layer))
  })

  it.effect("warns once of bare numbers that look like seconds", () => {
    const { layer, said } = heard()
    const options = { poll: { floor: 5, ceiling: 30, timeout: 100 } }
    return Effect.gen(function*() {
      yield* built(options)
      // Who passes options on to several engines has them checked several times.
      yield* built({ ...options })
      assert.deepStrictEqual(said, [["poll.floor is 5 ms, poll.ceiling is 30 ms: a bare number is milliseconds"]])
    }).pipe(Effect.provide(layer))
  })
})

describe("a wait", () => {
  it.effect.each<[unknown, string]>([
    ["5m", "deadline is \"5m\"; allowed: a duration of 0 or more (a bare number is milliseconds)"],
    [-1, "deadline is -1; allowed: a duration of 0 or more"],
    [Number.NaN, "deadline is NaN; allowed: a duration of 0 or more"],
    [true, "deadline is true; allowed: a duration of 0 or more"],
    [null, "deadline is null; allowed: a duration of 0 or more"]
  ])("with the deadline %o is refused, with the handle", ([deadline, says]) => {
    const { provider } = counted()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const error = yield* Effect.flip(tasks.await(handle, { deadline: untyped(deadline) }))
      assert.include(sentence(error), says)
      assert.deepStrictEqual(error.handle, handle)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("without options that are any is refused as well", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const error = yield* Effect.flip(tasks.await(handle, untyped(null)))
      assert.include(sentence(error), "options is null; allowed: an object")
    }).pipe(Effect.provide(Harness.layer(counted().provider))))

  it.effect("warns once of a bare deadline that looks like seconds", () => {
    const { layer, said } = heard()
    const provider = VideoProvider.double({ observations: [Harness.running()] })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      for (const prompt of ["a fox", "a cat"]) {
        const handle = yield* tasks.submit({ ...Harness.request, prompt })
        yield* Effect.timeoutOption(tasks.await(handle, { deadline: 60 }), 0)
      }
      assert.deepStrictEqual(said, [["deadline is 60 ms: a bare number is milliseconds"]])
    }).pipe(Effect.provide(Layer.merge(Harness.layer(provider), layer)))
  })

  it.effect("of a fallback is checked before anything is paid for", () => {
    const { posts, provider } = counted()
    return Effect.gen(function*() {
      const wait = { deadline: untyped("5m") }
      const error = yield* Effect.flip(Fallback.awaitWithFallback([Harness.request], { wait }))
      assert.include(error.message, "deadline is \"5m\"; allowed")
      assert.deepStrictEqual(posts, [])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("a submit that no compiler has seen", () => {
  const { request } = Harness

  it.effect.each<[unknown, object | null | undefined, string]>([
    [undefined, undefined, "request is missing; allowed: an object with provider, family, model, prompt"],
    ["a fox", undefined, "request is \"a fox\"; allowed: an object"],
    [{}, undefined, "provider is missing; allowed: a text; family is missing"],
    [{ ...request, prompt: undefined }, undefined, "prompt is missing; allowed: a text"],
    [{ ...request, seconds: "5" }, undefined, "seconds is \"5\"; allowed: a number"],
    [{ ...request, images: "a.png" }, undefined, "images is \"a.png\"; allowed: a list"],
    [{ ...request, options: "n=1" }, undefined, "options is \"n=1\"; allowed: an object"],
    [request, null, "options is null; allowed: an object"],
    [request, { maxCost: 0.01 }, "maxCost is 0.01; allowed: { amount, unit? }, as in { amount: 0.5, unit: \"USD\" }"],
    [request, { maxCost: { usd: 1 } }, "maxCost is an object; allowed: { amount, unit? }"],
    [request, { maxCost: null }, "maxCost is null; allowed: { amount, unit? }"],
    [request, { maxCost: { amount: 1, unit: 5 } }, "maxCost is an object; allowed: { amount, unit? }"],
    [request, { id: "mine" }, "id is \"mine\"; allowed: an id as TaskId.make gives it"],
    [request, { id: null }, "id is null; allowed: an id as TaskId.make gives it"],
    [request, { resubmit: "always" }, "resubmit is \"always\"; allowed: never, server-error"],
    [request, { interrupted: { patience: "1m" } }, "interrupted.patience is \"1m\"; allowed: a duration of 0 or more"],
    [
      request,
      { callbackUrl: "https://me.example/?key=1" },
      "callbackUrl is \"https://me.example/\"; allowed: an http(s) URL"
    ],
    [request, { callbackUrl: null }, "callbackUrl is null; allowed: an http(s) URL"]
  ])("of %o with %o is refused by name, and nothing is sent", ([asked, options, says]) => {
    const { posts, provider } = counted()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const error = yield* Effect.flip(tasks.submit(untyped(asked), untyped(options)))
      assert.include(sentence(error), says)
      assert.deepStrictEqual(posts, [])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect.each<[object | undefined, string]>([
    [undefined, "request is missing"],
    [{ ...request, model: 5 }, "model is 5"]
  ])("fails through a fallback too: %o", ([asked, says]) =>
    Effect.gen(function*() {
      const { attempts, message } = yield* Effect.flip(Fallback.submitWithFallback([untyped(asked)]))
      assert.include(message, says)
      assert.strictEqual(attempts[0].model, "unknown")
    }).pipe(Effect.provide(Harness.layer(counted().provider))))

  it.effect("has no estimate either", () =>
    Effect.gen(function*() {
      const { estimate } = yield* VideoTasks.VideoTasks
      assert.include(sentence(yield* Effect.flip(estimate(untyped({ model: 5 })))), "model is 5; allowed: a text")
    }).pipe(Effect.provide(Harness.layer(counted().provider))))

  it.effect("never dies of a value, whichever field has it", () => {
    const values = [undefined, null, true, 5, Number.NaN, 10n, "x", "", [], {}, [null], () => 1, Symbol("x"), {
      n: 10n
    }]
    return Effect.gen(function*() {
      const { submit } = yield* VideoTasks.VideoTasks
      for (
        const field of ["provider", "family", "model", "prompt", "seconds", "size", "resolution", "images", "options"]
      ) {
        for (const value of values) {
          const answer = yield* Effect.result(submit(untyped({ ...request, [field]: value })))
          const tag = answer._tag === "Failure" ? answer.failure.reason._tag : "InvalidRequest"
          assert.strictEqual(tag, "InvalidRequest", `${field}: ${String(value)}`)
        }
      }
    }).pipe(Effect.provide(Harness.layer(counted().provider, { budget: { burst: 1000 } })))
  })

  it("leaves a budget whose maximum is no number with nothing", () => {
    const { book } = CostBudget.make(untyped({ max: "5", currency: "usd" }))
    assert.deepStrictEqual([book.max, book.unit], [0, "USD"])
  })
})
