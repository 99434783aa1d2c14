import { assert, describe, it } from "@effect/vitest"
import { type Observation, VideoProvider, type VideoTaskError } from "@video-tasks/core"
import { TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, Fiber, Layer, Logger, References, Stream, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

const leaky = "https://cdn.example.com/v.mp4?X-Signature=SECRET"

const answers: ReadonlyArray<
  readonly [string, ReadonlyArray<Observation.Observation | VideoTaskError.VideoTaskError>]
> = [
  ["success", [Harness.running(10), Harness.success]],
  ["failure", [Harness.observed({ status: "FAILED", failure: { message: "moderated" } })]],
  ["a leaky unknown word", [Harness.observed({ unrecognised: leaky }), Harness.success]],
  ["raw answers", [Harness.observed({ status: "IN_PROGRESS", raw: leaky }), Harness.success]],
  ["faults", [Harness.unavailable(), Harness.rateLimited(1000), Harness.success]],
  ["a refused key", [Harness.unauthorized]],
  ["an unknown task", [Harness.notFound]]
]

describe("nothing leaks", () => {
  for (const [name, observations] of answers) {
    it.effect(`into logs, errors, spans and observers with ${name}`, () => {
      const seen: Array<unknown> = []
      const logger = Logger.make((entry) => {
        seen.push(Logger.formatJson.log(entry), Logger.formatStructured.log(entry))
      })
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          seen.push(span)
          return span
        }
      })
      const observer = Layer.succeed(TaskObserver.TaskObserver, {
        step: (step) => Effect.sync(() => seen.push(step))
      })
      const provider = VideoProvider.double({ observations, cancel: () => Effect.fail(Harness.unavailable()) })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit({ ...Harness.request, images: [new URL(leaky)] })
        const fibers = yield* Effect.all([
          Effect.forkChild(Effect.exit(tasks.await(handle, { deadline: "5 minutes" }))),
          Effect.forkChild(Effect.exit(Stream.runCollect(tasks.observe(handle, { deadline: "5 minutes" })))),
          Effect.forkChild(Effect.exit(Effect.flip(tasks.refresh(handle)))),
          Effect.forkChild(Effect.exit(tasks.cancel(handle)))
        ])
        yield* TestClock.adjust("10 minutes")
        for (const fiber of fibers) {
          const exit = yield* Fiber.join<Exit.Exit<unknown, unknown>, never>(fiber)
          seen.push(exit, Exit.isFailure(exit) ? exit.cause : undefined)
        }
        assert.isAtLeast(seen.length, 5)
        assert.notInclude(Harness.everything(seen), "SECRET")
      }).pipe(
        Effect.provide(
          Harness.layer(provider).pipe(Layer.provide(observer), Layer.provideMerge(Logger.layer([logger])))
        ),
        Effect.provideService(References.MinimumLogLevel, "All"),
        Effect.withTracer(tracer)
      )
    })
  }

  it.effect("but the store keeps the whole link, or nobody could fetch the file", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const store = yield* TaskStore.TaskStore
      const handle = yield* tasks.submit(Harness.request)
      const task = yield* tasks.refresh(handle)
      assert.strictEqual(task.status === "SUCCESS" && Harness.reveal(task.videos[0]!.url), Harness.signedUrl)
      const stored = yield* store.find(handle)
      assert.strictEqual(Harness.reveal(stored!.snapshot.task.videos[0]!.url), Harness.signedUrl)
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double({ observations: [Harness.success] })))))
})

describe("spans", () => {
  const spansOf = (options: VideoTasks.Options) => {
    const names: Array<readonly [string, string | undefined]> = []
    const tracer = Tracer.make({
      span: (options) => {
        const parent = options.parent._tag === "Some" && options.parent.value._tag === "Span"
          ? options.parent.value.name
          : undefined
        names.push([options.name, parent])
        return new Tracer.NativeSpan(options)
      }
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(fiber)
      return names
    }).pipe(
      Effect.provide(
        Harness.layer(VideoProvider.double({ observations: [Harness.running(), Harness.success] }), options)
      ),
      Effect.withTracer(tracer)
    )
  }

  it.effect("of creates and reads belong to those of the submit and the wait", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* spansOf({}), [
        ["VideoTasks.submit", undefined],
        ["VideoTasks.create", "VideoTasks.submit"],
        ["VideoTasks.await", undefined],
        ["VideoTasks.poll", "VideoTasks.await"],
        ["VideoTasks.poll", "VideoTasks.await"]
      ])
    }))

  it.effect("of reads can be switched off", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* spansOf({ pollSpans: false })).map(([name]) => name), [
        "VideoTasks.submit",
        "VideoTasks.create",
        "VideoTasks.await"
      ])
    }))
})
