import { assert, describe, it } from "@effect/vitest"
import { WorkflowTasks } from "@video-tasks/cluster"
import {
  Observation,
  Submission,
  Task,
  TaskHandle,
  TaskId,
  Video,
  VideoProvider,
  VideoProviders,
  VideoTaskError
} from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, Fiber, Layer, Option, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { DurableDeferred, Workflow, WorkflowEngine } from "effect/workflow"

const request = { provider: "double", family: "double", model: "model-1", prompt: "a fox" }

const id = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")

const running = new Observation.Observation({ status: "IN_PROGRESS", videos: [] })

const video = new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4?X-Signature=SECRET") })

const success = new Observation.Observation({ status: "SUCCESS", videos: [video] })

/** A provider that counts what it is asked. */
const world = (create?: VideoProvider.VideoProvider["create"]) => {
  const asked = { creates: 0, reads: 0, hasEnded: false }
  const double = VideoProvider.double({
    observe: () =>
      Effect.sync(() => {
        asked.reads++
        return asked.hasEnded ? success : running
      })
  })
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (request, options) =>
      Effect.suspend(() => {
        asked.creates++
        return (create ?? double.create)(request, options)
      })
  }
  return { asked, provider }
}

const payload = { id: TaskId.TaskId }

const Tracked = Workflow.make("Tracked", {
  payload,
  idempotencyKey: ({ id }) => id,
  success: Schema.Struct({ status: Schema.String, handle: TaskHandle.FromString }),
  error: VideoTaskError.VideoTaskError
})

const tracked = Tracked.toLayer(Effect.fnUntraced(function*({ id }) {
  const handle = yield* WorkflowTasks.create(request, { id })
  const { status } = yield* WorkflowTasks.trackActivity(handle)
  return { status, handle }
}))

const Woken = Workflow.make("Woken", {
  payload,
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: VideoTaskError.VideoTaskError
})

const woken = Woken.toLayer(Effect.fnUntraced(function*({ id }) {
  yield* WorkflowTasks.create(request, { id })
  const { status } = yield* WorkflowTasks.awaitEnded(id, { every: "1 hour" })
  return status
}))

const observer = WorkflowTasks.layerObserver({
  tokenOf: (id) =>
    Effect.asSome(DurableDeferred.tokenFromPayload(WorkflowTasks.ended(id), { workflow: Woken, payload: { id } }))
})

const store = TaskStore.layerMemory

/** A process: its engine forgets everything with it, the store does not. */
const processOn = (
  provider: VideoProvider.VideoProvider,
  { isWoken = true, owner = "one" }: { readonly isWoken?: boolean; readonly owner?: string } = {}
) =>
  Layer.fresh(
    Layer.mergeAll(tracked, woken).pipe(
      Layer.provideMerge(
        VideoTasks.layer({ owner, lease: "1 minute" }).pipe(
          Layer.provide(isWoken ? observer : Layer.empty),
          Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
        )
      ),
      Layer.provideMerge(WorkflowEngine.layerMemory)
    )
  )

const statuses = Effect.gen(function*() {
  const all = yield* TaskStore.TaskStore
  return (yield* all.submissions({})).items.map(({ outcome }) => outcome._tag)
})

/** Digests are made outside of the test's clock: waits until something has happened. */
const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.repeat(Effect.promise(() => new Promise((resolve) => setImmediate(resolve))), { until: isSo }).pipe(
    Effect.asVoid
  )

/** Lets minutes pass until something has happened. */
const minutes = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.repeat(
    Effect.andThen(TestClock.adjust("1 minute"), Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))),
    { until: isSo }
  ).pipe(Effect.asVoid)

/** What a process that died left: a create that may have been sent. */
const abandoned = TaskStore.TaskStore.use((all) =>
  all.begin(
    new Submission.Submission({
      id,
      provider: "double",
      family: "double",
      model: "model-1",
      account: "default",
      requestHash: "ab",
      startedAt: 0,
      owner: "dead",
      outcome: { _tag: "pending" }
    }),
    { owner: "dead", until: 30_000 }
  )
)

const reasonOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>) =>
  Option.getOrUndefined(Exit.findErrorOption(exit))?.reason._tag

describe("WorkflowTasks", () => {
  it.effect("creates a task and follows it to its end", () => {
    const { asked, provider } = world()
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Tracked.execute({ id }))
      yield* until(() => asked.creates === 1)
      yield* TestClock.adjust("1 minute")
      asked.hasEnded = true
      yield* TestClock.adjust("10 minutes")
      const { handle, status } = yield* Fiber.join(fiber)
      const task = yield* VideoTasks.VideoTasks.use((tasks) => tasks.get(handle))
      assert.deepStrictEqual([status, task.id, Task.isEnded(task), asked.creates], ["SUCCESS", id, true, 1])
    }).pipe(Effect.provide(processOn(provider).pipe(Layer.provideMerge(store))))
  })

  it.effect("sends no second create when a process that died is followed by another", () => {
    const { asked, provider } = world()
    return Effect.gen(function*() {
      yield* Effect.gen(function*() {
        yield* Effect.forkChild(Tracked.execute({ id }))
        yield* until(() => asked.creates === 1)
        yield* TestClock.adjust("1 minute")
      }).pipe(Effect.provide(processOn(provider)))
      assert.strictEqual(asked.creates, 1)
      yield* Effect.gen(function*() {
        const reads = asked.reads
        const fiber = yield* Effect.forkChild(Tracked.execute({ id }))
        yield* minutes(() => asked.reads > reads)
        asked.hasEnded = true
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual((yield* Fiber.join(fiber)).status, "SUCCESS")
      }).pipe(Effect.provide(processOn(provider, { owner: "two" })))
      assert.deepStrictEqual([asked.creates, yield* statuses], [1, ["created"]])
    }).pipe(Effect.provide(store))
  })

  it.effect("says that a create is ambiguous whose answer died with the process, and sends no other", () => {
    const { asked, provider } = world(() => Effect.never)
    return Effect.gen(function*() {
      yield* abandoned
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.resume()
        const fiber = yield* Effect.forkChild(Effect.exit(Tracked.execute({ id })))
        yield* TestClock.adjust("20 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        // The lease of the dead one lapses, and the next look of `resume` judges what it sent.
        yield* minutes(() => fiber.pollUnsafe() !== undefined)
        assert.strictEqual(reasonOf(yield* Fiber.join(fiber)), "SubmissionAmbiguous")
      }).pipe(Effect.provide(processOn(provider, { owner: "two" })))
      assert.deepStrictEqual([asked.creates, yield* statuses], [0, ["ambiguous"]])
    }).pipe(Effect.provide(store))
  })

  it.effect("says so when nobody judges a create", () => {
    const { asked, provider } = world()
    return Effect.gen(function*() {
      yield* abandoned
      const fiber = yield* Effect.forkChild(Effect.exit(Tracked.execute({ id })))
      yield* minutes(() => fiber.pollUnsafe() !== undefined)
      assert.strictEqual(reasonOf(yield* Fiber.join(fiber)), "SubmissionAmbiguous")
      assert.strictEqual(asked.creates, 0)
    }).pipe(Effect.provide(processOn(provider).pipe(Layer.provideMerge(store))))
  })

  it.effect("goes on when a store is back that was away, and sends one create", () => {
    const { asked, provider } = world()
    let calls = 0
    const away = new TaskStore.TaskStoreError({ detail: "connection terminated", retryable: true })
    const flaky = Layer.effect(
      TaskStore.TaskStore,
      TaskStore.TaskStore.use((all) =>
        Effect.succeed({
          ...all,
          begin: (...intent: Parameters<typeof all.begin>) =>
            Effect.suspend(() => ++calls < 20 ? Effect.fail(away) : all.begin(...intent))
        })
      )
    ).pipe(Layer.provide(store))
    return Effect.gen(function*() {
      yield* Effect.forkChild(Tracked.execute({ id }))
      yield* minutes(() => asked.creates === 1)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([calls, asked.creates, yield* statuses], [20, 1, ["created"]])
    }).pipe(Effect.provide(processOn(provider).pipe(Layer.provideMerge(flaky))))
  })

  it.effect("ends with what the create is refused with", () => {
    const refusal = VideoTaskError.make({
      provider: "double",
      operation: "create",
      reason: new VideoTaskError.Unauthorized({ detail: "HTTP 401" })
    })
    const { asked, provider } = world(() => Effect.fail(refusal))
    return Effect.gen(function*() {
      const first = yield* Effect.flip(Tracked.execute({ id }))
      assert.strictEqual(first.reason._tag, "Unauthorized")
      assert.strictEqual(asked.creates, 1)
    }).pipe(Effect.provide(processOn(provider).pipe(Layer.provideMerge(store))))
  })

  it.effect("wakes a suspended workflow when its task ends", () => {
    const { asked, provider } = world()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(Woken.execute({ id }))
      yield* until(() => asked.creates === 1)
      yield* TestClock.adjust("1 second")
      yield* tasks.track(id)
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(fiber.pollUnsafe())
      // A webhook that can be believed: the task takes the step at once.
      assert.strictEqual(yield* tasks.notify(id, success), "changed")
      yield* until(() => fiber.pollUnsafe() !== undefined)
      assert.strictEqual(yield* Fiber.join(fiber), "SUCCESS")
      assert.strictEqual(asked.creates, 1)
    }).pipe(Effect.provide(processOn(provider).pipe(Layer.provideMerge(store))))
  })

  it.effect("looks by itself when nobody wakes it", () => {
    const { asked, provider } = world()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(Woken.execute({ id }))
      yield* until(() => asked.creates === 1)
      yield* TestClock.adjust("1 second")
      yield* tasks.track(id)
      asked.hasEnded = true
      yield* TestClock.adjust("30 minutes")
      assert.isUndefined(fiber.pollUnsafe())
      yield* minutes(() => fiber.pollUnsafe() !== undefined)
      assert.strictEqual(yield* Fiber.join(fiber), "SUCCESS")
      assert.strictEqual(asked.creates, 1)
    }).pipe(Effect.provide(processOn(provider, { isWoken: false }).pipe(Layer.provideMerge(store))))
  })
})
