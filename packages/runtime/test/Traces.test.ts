import { assert, describe, it } from "@effect/vitest"
import { TaskMachine, VideoProvider } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber, Layer, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

/** A tracer that keeps its spans. */
const recording = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer, provide: Effect.provideService(Tracer.Tracer, tracer) }
}

const linked = ({ links }: Tracer.NativeSpan) => links.map(({ span }) => [span.traceId, span.spanId])

const polled = () => {
  let reads = 0
  return VideoProvider.double({
    observe: () => Effect.sync(() => (++reads > 1 ? Harness.success : Harness.running(10)))
  })
}

const life = (provider: VideoProvider.VideoProvider, store: TaskStore.TaskStore["Service"]) =>
  Layer.fresh(Harness.layer(provider, {}, Layer.succeed(TaskStore.TaskStore, store)))

describe("Traces", () => {
  it.effect("links the spans of a later process to the span in which the task was submitted", () =>
    Effect.gen(function*() {
      const provider = polled()
      const store = yield* TaskStore.TaskStore
      const first = recording()
      const handle = yield* VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request)).pipe(
        Effect.provide(life(provider, store)),
        Effect.withSpan("request"),
        first.provide
      )
      const submit = first.spans.find(({ name }) => name === "VideoTasks.submit")
      const second = recording()
      const waiting = yield* Effect.forkChild(
        VideoTasks.VideoTasks.use((tasks) => Effect.andThen(tasks.resume({ takeOver: false }), tasks.await(handle)))
          .pipe(Effect.provide(life(provider, store)), second.provide)
      )
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(waiting)
      const expected = [[submit?.traceId, submit?.spanId]]
      const seen = second.spans.filter(({ links }) => links.length > 0)
      assert.deepStrictEqual(
        [...new Set(seen.map(({ name }) => name))].sort(),
        ["VideoTasks.await", "VideoTasks.poll", "VideoTasks.resume"]
      )
      for (const span of seen) assert.deepStrictEqual(linked(span), expected)
      for (const span of second.spans) assert.notStrictEqual(span.traceId, submit?.traceId)
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("links nothing within one trace", () =>
    Effect.gen(function*() {
      const provider = polled()
      const { provide, spans } = recording()
      const done = yield* Effect.forkChild(
        VideoTasks.VideoTasks.use((tasks) => Effect.flatMap(tasks.submit(Harness.request), (h) => tasks.await(h))).pipe(
          Effect.provide(life(provider, yield* TaskStore.TaskStore)),
          Effect.withSpan("request"),
          provide
        )
      )
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(done)
      const [request] = spans
      assert.isTrue(spans.some(({ name }) => name === "VideoTasks.poll"))
      for (const span of spans) {
        assert.strictEqual(span.traceId, request?.traceId)
        assert.deepStrictEqual(span.links, [])
      }
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("keeps nothing with a task where spans go nowhere", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const handle = yield* VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request)).pipe(
        Effect.provide(life(polled(), store))
      )
      const stored = yield* store.find(handle)
      assert.isUndefined(stored?.snapshot.task.trace)
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("keeps the trace through the journal and the snapshot, and shows it in no task", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const { provide, spans } = recording()
      const handle = yield* VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request)).pipe(
        Effect.provide(life(polled(), store)),
        provide
      )
      const [submit] = spans
      const stored = yield* store.find(handle)
      const snapshot = stored?.snapshot
      if (snapshot === undefined) return assert.fail("no task")
      const trace = `00-${submit?.traceId}-${submit?.spanId}-01`
      assert.strictEqual(snapshot.task.trace, trace)
      const [created] = yield* store.events(snapshot.task.id)
      assert.strictEqual(created?.type === "task.created" ? created.trace : undefined, trace)
      const json = yield* Schema.encodeEffect(TaskMachine.Persisted)(snapshot)
      assert.deepStrictEqual(yield* Schema.decodeEffect(TaskMachine.Persisted)(json), snapshot)
      const { trace: _, ...older } = json.task
      assert.isUndefined((yield* Schema.decodeEffect(TaskMachine.Persisted)({ ...json, task: older })).task.trace)
      assert.notProperty(TaskMachine.toTask(TaskMachine.restore(snapshot)), "trace")
    }).pipe(Effect.provide(TaskStore.layerMemory)))
})
