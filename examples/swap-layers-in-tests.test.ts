/**
 * Two ways to test code that makes videos: a provider made by hand, and the simulator. Both under `TestClock`: a job that
 * takes minutes is over at once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Observation, Video, VideoProvider, VideoProviders } from "@video-tasks/core"
import { CometApi } from "@video-tasks/providers"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Simulator, SimulatorHttp } from "@video-tasks/simulator"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"

// The code under test.
const makeTrailer = Effect.fn("makeTrailer")(function*(product: string) {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* tasks.submit(
    CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: `A camera move around ${product}`, seconds: 5 })
  )
  return yield* tasks.await(handle)
})

// Everything but the provider.
const tasks = VideoTasks.layer().pipe(
  Layer.provide(VideoProviders.layer([CometApi.CometApi])),
  Layer.provide(TaskStore.layerMemory)
)

describe("with a provider made by hand", () => {
  const observe = (observations: ReadonlyArray<Observation.Observation>) =>
    tasks.pipe(Layer.provide(Layer.succeed(
      CometApi.CometApi,
      VideoProvider.double({ id: "cometapi", family: { id: "seedance" }, observations })
    )))

  it.effect("hands over the video of a task that took three minutes", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(makeTrailer("a paper airplane"))
      yield* TestClock.adjust("3 minutes")
      const done = yield* Fiber.join(fiber)
      assert.strictEqual(done.videos.length, 1)
    }).pipe(Effect.provide(observe([
      new Observation.Observation({ status: "IN_PROGRESS", progress: 40, videos: [] }),
      new Observation.Observation({
        status: "SUCCESS",
        videos: [new Video.Video({ url: Redacted.make("https://example.com/v.mp4") })]
      })
    ]))))

  it.effect("fails with the provider's reason", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.flip(makeTrailer("a paper airplane")))
      yield* TestClock.adjust("3 minutes")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.reason._tag, "TaskFailed")
    }).pipe(Effect.provide(observe([
      new Observation.Observation({
        status: "FAILED",
        failure: new Video.Failure({ message: "the prompt was refused" }),
        videos: []
      })
    ]))))
})

describe("with the simulator", () => {
  const simulated = tasks.pipe(
    Layer.provide(CometApi.layer({ apiKey: Redacted.make("any") })),
    Layer.provideMerge(SimulatorHttp.layer())
  )

  it.effect("pays once, whatever happens to the polls", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.script([
        { on: "poll", fault: "503-html" },
        { on: "poll", nth: 2, fault: "reset-after-accept" }
      ])
      const fiber = yield* Effect.forkChild(makeTrailer("a paper airplane"))
      yield* TestClock.adjust("10 minutes")
      const done = yield* Fiber.join(fiber)
      assert.strictEqual(done.status, "SUCCESS")
      const { bills, posts } = yield* simulator.ledger
      assert.deepStrictEqual({ bills, posts }, { bills: 1, posts: 1 })
    }).pipe(Effect.provide(simulated)))
})
