import { assert, describe, it } from "@effect/vitest"
import { Diagram, TaskHandle, TaskMachine, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskActor, type TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, type Fiber, Layer, ManagedRuntime, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { assign, createActor, createMachine, type InspectionEvent, setup } from "xstate"
import * as Harness from "./support/harness.ts"

/** A provider that counts what it is asked. */
const counting = (options: VideoProvider.DoubleOptions = {}) => {
  const double = VideoProvider.double({
    observations: [Harness.running(20), Harness.running(60), Harness.success],
    ...options
  })
  const asked = { creates: 0, reads: 0, cancels: 0 }
  const count = <A>(what: keyof typeof asked, effect: A): A => {
    asked[what]++
    return effect
  }
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (...args) => Effect.suspend(() => count("creates", double.create(...args))),
    observe: (...args) => Effect.suspend(() => count("reads", double.observe(...args))),
    cancel: (...args) => Effect.suspend(() => count("cancels", double.cancel(...args)))
  }
  return { asked, provider }
}

/** Runs a test on a provider; the actors' effects run in its context, under its clock. */
const withLogic = <A, E>(
  provider: VideoProvider.VideoProvider,
  body: (
    logic: TaskActor.Logic,
    tasks: VideoTasks.VideoTasks["Service"]
  ) => Effect.Effect<A, E, VideoTasks.VideoTasks | TaskStore.TaskStore>
) =>
  Effect.gen(function*() {
    const context = yield* Effect.context<VideoTasks.VideoTasks>()
    return yield* body(TaskActor.logic(context), yield* VideoTasks.VideoTasks)
  }).pipe(Effect.provide(Harness.layer(provider)))

const quota = new VideoTaskError.QuotaExceeded({ detail: "HTTP 402" })

const input = TaskActor.submit(Harness.request)

/** Lets everything happen that needs no time to pass. */
const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

const shortly = Effect.andThen(settle, TestClock.adjust("1 millis"))

const later = Effect.andThen(settle, TestClock.adjust("10 minutes"))

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("TaskActor", () => {
  it.effect("submits once and goes where the task goes, to its end", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const actor = createActor(logic, { input, systemId: "the video" })
        const seen: Array<string> = []
        actor.subscribe(({ context, value }) => seen.push(`${value} ${context.task?.progress ?? ""}`.trim()))
        assert.strictEqual(actor.getSnapshot().value, "starting")
        actor.start()
        assert.strictEqual(actor.system.get("the video"), actor)
        yield* later
        assert.deepStrictEqual(seen, [
          "starting",
          "starting",
          "SUBMITTED",
          "IN_PROGRESS 20",
          "IN_PROGRESS 60",
          "SUCCESS 100"
        ])
        const { context, output, status } = actor.getSnapshot()
        assert.strictEqual(status, "done")
        assert.strictEqual(output, context.task)
        assert.strictEqual(output?.status === "SUCCESS" && Harness.reveal(output.videos[0]!.url), Harness.signedUrl)
        assert.strictEqual(context.id, context.task?.id)
        assert.strictEqual(asked.creates, 1)
      }))
  })

  it.effect("submits nothing where its wait can't be waited", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const wait = { deadline: "5m" as "5 minutes" }
        const actor = createActor(logic, { input: TaskActor.submit(Harness.request, { wait }) })
        const errors: Array<unknown> = []
        actor.subscribe({ error: (error) => errors.push(error) })
        actor.start()
        yield* later
        assert.instanceOf(errors[0], VideoTaskError.VideoTaskError)
        assert.include(String(errors[0]), "deadline is \"5m\"; allowed: a duration of 0 or more")
        assert.deepStrictEqual([errors.length, asked.creates], [1, 0])
      }))
  })

  const ends = [
    { status: "FAILED", reason: "TaskFailed" },
    { status: "ERROR", reason: "TaskErrored" },
    { status: "CANCELLED", reason: "TaskCancelled" },
    { status: "EXPIRED", reason: "TaskExpired" }
  ] as const
  for (const { reason, status } of ends) {
    it.effect(`has ${status} as its output, and as ${reason} where only a success will do`, () =>
      withLogic(
        VideoProvider.double({ observations: [Harness.observed({ status })] }),
        (logic) =>
          Effect.gen(function*() {
            const strict = TaskActor.logic(yield* Effect.context<VideoTasks.VideoTasks>(), { until: "success" })
            const lenient = createActor(logic, { input }).start()
            const demanding = createActor(strict, { input })
            demanding.subscribe({ error: () => undefined })
            demanding.start()
            yield* later
            assert.deepStrictEqual([lenient.getSnapshot().status, lenient.getSnapshot().output?.status], [
              "done",
              status
            ])
            const { context, error, value } = demanding.getSnapshot()
            assert.strictEqual(value, status)
            assert.instanceOf(error, VideoTaskError.VideoTaskError)
            assert.strictEqual(error.reason._tag, reason)
            assert.deepStrictEqual(error.handle, context.handle)
          })
      ))
  }

  it.effect("fails with a typed error that carries the handle when the wait can't go on", () =>
    withLogic(VideoProvider.double({ observations: [Harness.unauthorized] }), (logic, tasks) =>
      Effect.gen(function*() {
        const errors: Array<unknown> = []
        const actor = createActor(logic, { input })
        actor.subscribe({ error: (error) => errors.push(error) })
        actor.start()
        yield* later
        const { context, error, status } = actor.getSnapshot()
        assert.strictEqual(status, "error")
        assert.deepStrictEqual(errors, [error])
        assert.instanceOf(error, VideoTaskError.VideoTaskError)
        assert.strictEqual(error.reason._tag, "Unauthorized")
        assert.deepStrictEqual(error.handle, context.handle)
        assert.strictEqual((yield* tasks.get(context.handle!)).status, "SUBMITTED")
      })))

  it.effect("stops waiting in the same tick, and leaves the task for another actor", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (logic, tasks) =>
      Effect.gen(function*() {
        const first = createActor(logic, { input }).start()
        yield* shortly
        const { handle } = first.getSnapshot().context
        assert.isDefined((yield* tasks.pollInfo(handle!)).nextPollAt)
        first.stop()
        // Nothing is yielded between the stop and the look.
        assert.isUndefined(Effect.runSync(tasks.pollInfo(handle!)).nextPollAt)
        assert.strictEqual(first.getSnapshot().status, "stopped")
        yield* later
        assert.deepStrictEqual(asked, { creates: 1, reads: 0, cancels: 0 })
        const second = createActor(logic, { input: TaskActor.follow(handle!) }).start()
        yield* later
        assert.strictEqual(second.getSnapshot().output?.status, "SUCCESS")
        assert.strictEqual(asked.creates, 1)
      }))
  })

  it.effect("follows the task again after its snapshot was restored, and submits nothing", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const before = createActor(logic, { input }).start()
        yield* shortly
        const persisted = plain(before.getPersistedSnapshot())
        before.stop()
        for (const snapshot of [persisted, plain(before.getPersistedSnapshot())]) {
          const after = createActor(logic, { input, snapshot: snapshot as never })
          assert.deepStrictEqual(after.getSnapshot().context.handle, before.getSnapshot().context.handle)
          assert.strictEqual(after.getSnapshot().value, "SUBMITTED")
          after.start()
          yield* later
          assert.strictEqual(after.getSnapshot().output?.status, "SUCCESS")
        }
        assert.strictEqual(asked.creates, 1)
      }))
  })

  it.effect("restores an end as an end; no secret is in its snapshot", () =>
    withLogic(counting().provider, (logic) =>
      Effect.gen(function*() {
        const before = createActor(logic, { input }).start()
        yield* later
        const persisted = plain(before.getPersistedSnapshot())
        assert.include(JSON.stringify(persisted), "https://cdn.example.com/v.mp4")
        assert.notInclude(JSON.stringify(persisted), "SECRET")
        assert.notInclude(Harness.everything(before.getSnapshot()), "SECRET")
        const after = createActor(logic, { input, snapshot: persisted as never }).start()
        assert.strictEqual(after.getSnapshot().status, "done")
        assert.strictEqual(after.getSnapshot().output?.status, "SUCCESS")
      })))

  it.effect("restores an error as that error", () =>
    withLogic(VideoProvider.double({ observations: [Harness.unauthorized] }), (logic) =>
      Effect.gen(function*() {
        const before = createActor(logic, { input })
        before.subscribe({ error: () => undefined })
        before.start()
        yield* later
        const after = createActor(logic, { input, snapshot: plain(before.getPersistedSnapshot()) as never })
        assert.deepStrictEqual(after.getSnapshot().error, before.getSnapshot().error)
      })))

  it.effect("submits once when it is started, stopped and started in one tick", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const actor = createActor(logic, { input })
        const idle = actor.getSnapshot()
        actor.start()
        actor.stop()
        // What `@xstate/react` does in strict mode.
        Object.assign(actor, { _processingStatus: 0, _snapshot: idle })
        actor.start()
        yield* later
        assert.strictEqual(actor.getSnapshot().output?.status, "SUCCESS")
        assert.strictEqual(asked.creates, 1)
      }))
  })

  it.effect("never creates a second time what it was stopped creating", () => {
    const { asked, provider } = counting({ create: () => Effect.never })
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const before = createActor(logic, { input }).start()
        yield* shortly
        assert.strictEqual(asked.creates, 1)
        before.stop()
        yield* shortly
        const after = createActor(logic, { input, snapshot: plain(before.getPersistedSnapshot()) as never })
        after.subscribe({ error: () => undefined })
        after.start()
        yield* shortly
        const { error } = after.getSnapshot()
        assert.instanceOf(error, VideoTaskError.VideoTaskError)
        assert.strictEqual(error.reason._tag, "SubmissionAmbiguous")
        assert.strictEqual(asked.creates, 1)
      }))
  })

  it.effect("follows a task by our id, and fails with TaskNotFound where there is none", () =>
    withLogic(counting().provider, (logic, tasks) =>
      Effect.gen(function*() {
        const handle = yield* tasks.submit(Harness.request)
        const { id } = yield* tasks.get(handle)
        const found = createActor(logic, { input: TaskActor.follow(id) }).start()
        const none = createActor(logic, {
          input: TaskActor.follow(id.replace(/.$/, id.endsWith("0") ? "1" : "0") as never)
        })
        none.subscribe({ error: () => undefined })
        none.start()
        yield* later
        assert.strictEqual(found.getSnapshot().output?.status, "SUCCESS")
        const { error } = none.getSnapshot()
        assert.instanceOf(error, VideoTaskError.VideoTaskError)
        assert.strictEqual(error.reason._tag, "TaskNotFound")
      })))

  it.effect("refreshes on demand, and says what became of it", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const actor = createActor(logic, { input }).start()
        // It waits for the task to exist.
        actor.send({ type: "task.refresh" })
        assert.deepStrictEqual(actor.getSnapshot().context.command, { type: "task.refresh", state: "pending" })
        yield* shortly
        assert.deepStrictEqual(actor.getSnapshot().context.command, { type: "task.refresh", state: "done" })
        assert.strictEqual(actor.getSnapshot().value, "IN_PROGRESS")
        assert.strictEqual(asked.reads, 1)
        actor.stop()
      }))
  })

  it.effect("cancels at the provider on demand", () => {
    const { asked, provider } = counting({
      observations: [Harness.running(20)],
      family: { canCancel: true },
      cancel: () => Effect.succeed("confirmed")
    })
    return withLogic(provider, (logic) =>
      Effect.gen(function*() {
        const actor = createActor(logic, { input }).start()
        yield* shortly
        actor.send({ type: "task.cancel" })
        yield* shortly
        const { output } = actor.getSnapshot()
        assert.deepStrictEqual(output?.status === "CANCELLED" && output.byRequest, true)
        assert.strictEqual(asked.cancels, 1)
      }))
  })

  it.effect("says why a command failed, and goes on", () =>
    withLogic(counting({ cancel: () => Effect.fail(Harness.unavailable()), family: { canCancel: true } }).provider, (
      logic
    ) =>
      Effect.gen(function*() {
        const actor = createActor(logic, { input }).start()
        yield* shortly
        actor.send({ type: "task.cancel" })
        yield* later
        const { context, output } = actor.getSnapshot()
        assert.strictEqual(output?.status, "SUCCESS")
        assert.strictEqual(context.command?.state, "failed")
      })))

  it.effect("leaves no fiber behind when the create fails under a command that waits for it", () => {
    const { provider } = counting({ create: () => Effect.fail(Harness.error(quota, "create")) })
    return withLogic(provider, () =>
      Effect.gen(function*() {
        const fork = Effect.runForkWith(yield* Effect.context<VideoTasks.VideoTasks>())
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const runner: TaskActor.Runner = {
          runFork: (effect) => {
            const fiber = fork(effect)
            fibers.push(fiber)
            return fiber
          }
        }
        const actor = createActor(TaskActor.logic(runner), { input })
        actor.subscribe({ error: () => undefined })
        actor.start()
        actor.send({ type: "task.cancel" })
        yield* shortly
        const { error } = actor.getSnapshot()
        assert.instanceOf(error, VideoTaskError.VideoTaskError)
        assert.strictEqual(error.reason._tag, "QuotaExceeded")
        assert.deepStrictEqual(fibers.map((fiber) => fiber.pollUnsafe() === undefined), [false, false])
      }))
  })

  it.effect("is stopped, not failed, when the runtime is closed under it", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Harness.layer(counting().provider), scope)
      const actor = createActor(TaskActor.logic(context), { input }).start()
      yield* shortly
      assert.strictEqual(actor.getSnapshot().status, "active")
      assert.isDefined(actor.getSnapshot().context.task)
      yield* Scope.close(scope, Exit.void)
      yield* settle
      const { error, status } = actor.getSnapshot()
      assert.deepStrictEqual([status, error], ["stopped", undefined])
    }))

  it.effect("shows an inspector its steps, and neither prompt nor link", () =>
    withLogic(counting().provider, (logic) =>
      Effect.gen(function*() {
        const inspected: Array<InspectionEvent> = []
        createActor(logic, { input, inspect: (event) => inspected.push(event) }).start()
        yield* later
        assert.deepStrictEqual(
          inspected.flatMap((one) =>
            one.type === "@xstate.snapshot"
              ? [[one.event.type, (one.snapshot as TaskActor.Snapshot).value]]
              : []
          ),
          [
            ["xstate.init", "starting"],
            ["task.named", "starting"],
            ["task.created", "SUBMITTED"],
            ["task.observed", "IN_PROGRESS"],
            ["task.observed", "IN_PROGRESS"],
            ["task.observed", "SUCCESS"]
          ]
        )
        const shown = inspected.map(({ actorRef: _, ...event }) => ({ ...event, sourceRef: undefined }))
        assert.notMatch(Harness.everything(shown), /SECRET|a fox/)
      })))

  it("has a definition that XState draws: the task machine behind `starting`", () => {
    const drawn = Diagram.fromMachine(createMachine(plain(TaskActor.config) as never))
    const task = Diagram.fromMachine(TaskMachine.machine)
    assert.deepStrictEqual(drawn.nodes.map((node) => node.id), ["starting", ...task.nodes.map((node) => node.id)])
    assert.deepStrictEqual(drawn.edges.filter((edge) => task.nodes.some((node) => node.id === edge.source)), [
      ...task.edges
    ])
  })

  it.effect("is invoked by a machine, which is persisted and restored with it", () => {
    const { asked, provider } = counting()
    return withLogic(provider, (video) =>
      Effect.gen(function*() {
        const context: { readonly status?: string } = {}
        const machine = setup({
          types: { context },
          actors: { video }
        }).createMachine({
          context,
          initial: "rendering",
          states: {
            rendering: {
              invoke: {
                id: "video",
                src: "video",
                input,
                onDone: { target: "ready", actions: assign({ status: ({ event }) => event.output.status }) },
                onError: "sorry"
              }
            },
            ready: { type: "final" },
            sorry: { type: "final" }
          }
        })
        const before = createActor(machine).start()
        yield* shortly
        const persisted = plain(before.getPersistedSnapshot())
        before.stop()
        const after = createActor(machine, { snapshot: persisted as never }).start()
        yield* later
        assert.deepStrictEqual([after.getSnapshot().value, after.getSnapshot().context], ["ready", {
          status: "SUCCESS"
        }])
        assert.strictEqual(asked.creates, 1)
      }))
  })

  it.live("runs on a managed runtime, whose failure is the actor's error", () =>
    Effect.gen(function*() {
      const broken = ManagedRuntime.make(
        Layer.effect(VideoTasks.VideoTasks, Effect.fail("no key"))
      )
      const actor = createActor(TaskActor.logic(broken), { input })
      const error = yield* Effect.callback<unknown>((resume) => {
        actor.subscribe({ error: (error) => resume(Effect.succeed(error)) })
        actor.start()
      })
      assert.strictEqual(error, "no key")
      yield* broken.disposeEffect
    }))

  it("says in its persisted snapshot which task it is about", () => {
    const handle = Schema.decodeSync(TaskHandle.TaskHandle)({
      provider: "double",
      family: "double",
      remoteId: "remote-1",
      baseUrl: "https://double.invalid",
      account: "default"
    })
    const runner: TaskActor.Runner = { runFork: () => assert.fail("nothing runs before the start") }
    const actor = createActor(TaskActor.logic(runner), { input: TaskActor.follow(handle) })
    assert.deepStrictEqual(plain(actor.getPersistedSnapshot()), {
      status: "active",
      value: "starting",
      context: { handle: TaskHandle.format(handle) }
    })
  })
})
