import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, VideoProvider, VideoProviders } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Reporter from "../src/internal/reporter.ts"
import { submitPatiently } from "../src/internal/submitPatiently.ts"
import { recorded } from "./utils/screen.ts"

/** A store that takes the intent of a create, and says nothing more. */
const silent = Layer.effect(
  TaskStore.TaskStore,
  Effect.map(TaskStore.TaskStore, (store) =>
    TaskStore.TaskStore.of({
      ...store,
      append: () => Effect.never,
      settle: () => Effect.never,
      find: () => Effect.never
    }))
).pipe(Layer.provide(TaskStore.layerMemory))

const double = VideoProvider.double({})

const provider: VideoProvider.VideoProvider = {
  ...double,
  create: (...order) => Effect.delay(double.create(...order), "2 seconds")
}

const layer = VideoTasks.layer().pipe(
  Layer.provide(silent),
  Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
)

describe("submitPatiently", () => {
  it.effect("prints the handle of an interrupted create within its patience, whatever the store does", () => {
    const { screen, written } = recorded()
    const reporter = Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true }))
    const request = { provider: "double", family: "double", model: "model-1", prompt: "a fox" }
    return Effect.gen(function*() {
      // Nobody closes it: who does waits for the store for a moment.
      const context = yield* Layer.buildWithScope(Layer.merge(layer, reporter), yield* Scope.make())
      const fiber = yield* Effect.forkDetach(Effect.provideContext(submitPatiently(request, {}), context))
      yield* TestClock.adjust("1 second")
      const interrupting = yield* Effect.forkDetach(Fiber.interrupt(fiber))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(written.out.map((line) => TaskHandle.parse(line)?.provider), ["double"])
      assert.isDefined(interrupting.pollUnsafe())
    })
  })
})
