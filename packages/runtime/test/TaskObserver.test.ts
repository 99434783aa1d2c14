import { assert, describe, it } from "@effect/vitest"
import { TaskMachine, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { type InspectorMessages, TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

const provider = () =>
  VideoProvider.double({ observations: [Harness.running(20), Harness.running(20), Harness.success] })

const observing = (observer: TaskObserver.Observer) =>
  Harness.layer(provider()).pipe(Layer.provide(Layer.succeed(TaskObserver.TaskObserver, observer)))

const run = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* tasks.submit(Harness.request)
  const fiber = yield* Effect.forkChild(tasks.await(handle))
  yield* TestClock.adjust("10 minutes")
  return yield* Fiber.join(fiber)
})

describe("TaskObserver", () => {
  it.effect("hears of every stored step in order, and of nothing else", () => {
    const steps: Array<TaskObserver.ObservedStep> = []
    return Effect.gen(function*() {
      yield* run
      assert.deepStrictEqual(steps.map((step) => [step.seq, step.event.type, step.from, step.to]), [
        [0, "task.created", undefined, "SUBMITTED"],
        [1, "task.observed", "SUBMITTED", "IN_PROGRESS"],
        [2, "task.observed", "IN_PROGRESS", "SUCCESS"]
      ])
    }).pipe(Effect.provide(observing({ step: (step) => Effect.sync(() => steps.push(step)) })))
  })

  it.effect("hears of every read, of what it led to, and of when the next one is due", () => {
    const heard: Array<string> = []
    const polls: Array<TaskObserver.ObservedPoll> = []
    const refused = VideoTaskError.make({
      provider: "double",
      operation: "observe",
      reason: new VideoTaskError.ProviderUnavailable({ detail: "503 at https://api.example.com/v?sign=SECRET" })
    })
    const failing = VideoProvider.double({
      observations: [Harness.running(20), refused, Harness.running(20), Harness.success]
    })
    return Effect.gen(function*() {
      yield* run
      assert.deepStrictEqual(heard, [
        "task.created",
        "task.observed",
        "changed",
        "failed",
        "unchanged",
        "task.observed",
        "changed"
      ])
      assert.deepStrictEqual(polls.map((poll) => [poll.poll, poll.failuresInARow, poll.failure?.reason]), [
        [1, 0, undefined],
        [2, 1, "ProviderUnavailable"],
        [3, 0, undefined],
        [4, 0, undefined]
      ])
      assert.notInclude(JSON.stringify(polls), "SECRET")
      polls.forEach(({ at, nextPollAt, tookMs }, n) => {
        assert.isAtLeast(tookMs, 0)
        if (n === 3) assert.isUndefined(nextPollAt)
        else assert.strictEqual(polls[n + 1]?.at, Math.ceil(nextPollAt ?? at))
      })
    }).pipe(
      Effect.provide(
        Harness.layer(failing).pipe(
          Layer.provide(Layer.succeed(TaskObserver.TaskObserver, {
            step: ({ event }) => Effect.sync(() => heard.push(event.type)),
            poll: (poll) => Effect.sync(() => heard.push((polls.push(poll), poll.outcome)))
          }))
        )
      )
    )
  })

  it.effect("is called when the step is in the store already", () => {
    const versions: Array<number | undefined> = []
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const observer: TaskObserver.Observer = {
        step: (step) =>
          store.load(step.id).pipe(
            Effect.map((stored) => versions.push((stored?.version ?? 0) - step.seq)),
            Effect.orDie
          )
      }
      yield* run.pipe(
        Effect.provide(
          Layer.fresh(
            Harness.layer(provider(), {}, Layer.succeed(TaskStore.TaskStore, store)).pipe(
              Layer.provide(Layer.succeed(TaskObserver.TaskObserver, observer))
            )
          )
        )
      )
      assert.strictEqual(versions.length, 3)
      assert.isTrue(versions.every((ahead) => ahead !== undefined && ahead >= 1))
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  const bad: ReadonlyArray<readonly [string, TaskObserver.Observer]> = [
    ["breaks", { step: () => Effect.die("broken") }],
    ["throws", {
      step: () => {
        throw new Error("broken")
      }
    }],
    ["interrupts itself", { step: () => Effect.interrupt }],
    ["never returns", { step: () => Effect.never }],
    ["takes an hour", { step: () => Effect.sleep("1 hour") }]
  ]
  for (const [name, observer] of bad) {
    it.effect(`that ${name} neither fails nor slows a task`, () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(observing(observer), scope)
        const task = yield* Effect.provideContext(run, context)
        assert.strictEqual(task.status, "SUCCESS")
        assert.isAtMost(task.completedAt, 120_000)
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(closing)
      }))
  }

  it.effect("that breaks once hears of the next step", () => {
    const seen: Array<number> = []
    const observer: TaskObserver.Observer = {
      step: (step) => step.seq === 0 ? Effect.die("broken") : Effect.sync(() => seen.push(step.seq))
    }
    return Effect.gen(function*() {
      yield* run
      assert.deepStrictEqual(seen, [1, 2])
    }).pipe(Effect.provide(observing(observer)))
  })

  it.effect("hears of the last step even when everything ends right after it", () => {
    const steps: Array<string> = []
    const observer: TaskObserver.Observer = {
      step: (step) => Effect.andThen(Effect.yieldNow, Effect.sync(() => steps.push(step.to)))
    }
    return Effect.gen(function*() {
      yield* Effect.provide(VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request)), observing(observer))
      assert.deepStrictEqual(steps, ["SUBMITTED"])
    })
  })

  it.effect("sees no link with its query and no answer", () => {
    const steps: Array<TaskObserver.ObservedStep> = []
    const raw = Harness.observed({ status: "SUCCESS", videos: [Harness.video], raw: "sig=SECRET" })
    return Effect.gen(function*() {
      yield* run
      const [video] = steps.at(-1)!.snapshot.task.videos
      assert.strictEqual(Harness.reveal(video!.url), "https://cdn.example.com/v.mp4")
      assert.notInclude(Harness.everything(steps), "SECRET")
    }).pipe(
      Effect.provide(
        Harness.layer(VideoProvider.double({ observations: [raw] })).pipe(
          Layer.provide(
            Layer.succeed(TaskObserver.TaskObserver, { step: (step) => Effect.sync(() => steps.push(step)) })
          )
        )
      )
    )
  })

  it.effect("layerLog writes a line a step, with the handle", () => {
    const lines: Array<{ readonly message: unknown; readonly annotations: Record<string, unknown> }> = []
    const logger = Logger.make((entry) => {
      const { annotations, message } = Logger.formatStructured.log(entry)
      lines.push({ message, annotations })
    })
    return Effect.gen(function*() {
      yield* run
      assert.deepStrictEqual(lines.map((line) => line.message), [
        "SUBMITTED",
        "SUBMITTED → IN_PROGRESS 20 %",
        "IN_PROGRESS → SUCCESS 100 %"
      ])
      assert.isTrue(lines.every((line) => String(line.annotations["handle"]).startsWith("vt1_")))
    }).pipe(
      Effect.provide(
        Harness.layer(provider()).pipe(Layer.provide(TaskObserver.layerLog), Layer.provideMerge(Logger.layer([logger])))
      )
    )
  })

  it.effect("layerInspector sends the messages of the Stately inspector", () => {
    const messages: Array<InspectorMessages.Message> = []
    return Effect.gen(function*() {
      const task = yield* run
      assert.deepStrictEqual(messages.map((message) => message.type), [
        "@xstate.actor",
        "@xstate.event",
        "@xstate.snapshot",
        "@xstate.event",
        "@xstate.snapshot",
        "@xstate.event",
        "@xstate.snapshot"
      ])
      assert.isTrue(messages.every((one) => one.sessionId === task.id && one.rootId === task.id && one.id === null))
      assert.isTrue(messages.every((one) => /^\d+$/.test(one.createdAt) && one._version === "0.7.2"))
      const [actor] = messages
      const definition = actor?.type === "@xstate.actor" ? JSON.parse(actor.definition) : {}
      assert.deepStrictEqual(
        Object.keys(definition.states),
        Object.keys(TaskMachine.machine.states)
      )
      const last = messages.at(-1)
      assert.deepStrictEqual(last?.type === "@xstate.snapshot" && [last.snapshot.status, last.snapshot.value], [
        "done",
        "SUCCESS"
      ])
      const text = JSON.stringify(messages)
      assert.include(text, "https://cdn.example.com/v.mp4")
      assert.notInclude(text, "SECRET")
      assert.deepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(structuredClone(messages))))
    }).pipe(
      Effect.provide(
        Harness.layer(provider()).pipe(
          Layer.provide(TaskObserver.layerInspector((message) => Effect.sync(() => messages.push(message))))
        )
      )
    )
  })
})
