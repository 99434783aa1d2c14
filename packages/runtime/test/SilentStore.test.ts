import { assert, describe, it } from "@effect/vitest"
import { type Submission, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

/** All that a store is asked for. */
const methods = [
  "append",
  "begin",
  "claim",
  "events",
  "find",
  "leaseOf",
  "list",
  "load",
  "lock",
  "release",
  "remove",
  "renew",
  "settle",
  "submission",
  "submissions",
  "takeBack"
] as const satisfies ReadonlyArray<keyof TaskStore.TaskStore["Service"]>

type Method = (typeof methods)[number]

const silences = {
  "can be called off": Effect.never,
  "cannot be called off": Effect.uninterruptible(Effect.never)
}

const table = methods.flatMap((method) =>
  (["can be called off", "cannot be called off"] as const).map((how) => ({ method, how }))
)

/** A store that never answers to one method, from when it `is` silent on. */
const silent = (method: Method, how: keyof typeof silences, state: { is: boolean }) =>
  Layer.effect(
    TaskStore.TaskStore,
    Effect.map(TaskStore.TaskStore, (store) =>
      TaskStore.TaskStore.of({
        ...store,
        [method]: (...args: ReadonlyArray<never>) =>
          Effect.suspend((): Effect.Effect<unknown, unknown> =>
            state.is ? silences[how] : Reflect.apply(store[method], store, args)
          )
      }))
  ).pipe(Layer.provide(TaskStore.layerMemory))

/** An engine on such a store, in a scope of its own, since that has to close as well. */
const world = Effect.fnUntraced(function*(
  { how, method }: { readonly method: Method; readonly how: keyof typeof silences },
  provider: VideoProvider.VideoProvider,
  isSilent: boolean
) {
  const state = { is: isSilent }
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(Harness.layer(provider, {}, silent(method, how, state)), scope)
  return {
    state,
    tasks: Context.get(context, VideoTasks.VideoTasks),
    store: Context.get(context, TaskStore.TaskStore),
    closing: Effect.forkDetach(Scope.close(scope, Exit.void), { startImmediately: true })
  }
})

const isOver = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.pollUnsafe() !== undefined

const ends = Effect.fnUntraced(function*(closing: Effect.Effect<Fiber.Fiber<void>>) {
  const fiber = yield* closing
  yield* TestClock.adjust("5 seconds")
  assert.isTrue(isOver(fiber), "the layer has closed")
})

const answers = () => VideoProvider.double({ observations: [Harness.running(10), Harness.success] })

const creating = (create: VideoProvider.VideoProvider["create"]) => (): VideoProvider.VideoProvider => ({
  ...answers(),
  create
})

const reset = Harness.error(new VideoTaskError.SubmissionAmbiguous({ detail: "reset" }), "create")

const providers = {
  answers,
  refuses: creating(() => Effect.fail(Harness.unauthorized)),
  "loses the answer": creating(() => Effect.fail(reset)),
  "is out": creating(() => Effect.never)
}

describe("a store that never answers", () => {
  describe.each(["answers", "refuses", "loses the answer"] as const)("when the API %s", (name) => {
    it.effect.each(table)("lets a submit end: $method $how", (row) =>
      Effect.gen(function*() {
        const { closing, tasks } = yield* world(row, providers[name](), true)
        const fiber = yield* Effect.forkDetach(Effect.result(tasks.submit(Harness.request)))
        const isUnkept = name === "answers" && (row.method === "append" || row.method === "settle")
        // A task that exists is worth minutes.
        yield* TestClock.adjust(isUnkept ? "6 minutes" : "15 seconds")
        assert.isTrue(isOver(fiber))
        const answer = yield* Fiber.join(fiber)
        if (answer._tag === "Failure") {
          const { handle, reason: { _tag: reason } } = answer.failure
          if (row.method === "begin") assert.deepStrictEqual([reason, handle], ["StoreError", undefined])
          else if (name === "answers") assert.deepStrictEqual([reason, handle?.remoteId], ["StoreError", "remote-1"])
          else assert.strictEqual(reason, name === "refuses" ? "Unauthorized" : "SubmissionAmbiguous")
        } else assert.isTrue(name === "answers" && !isUnkept)
        yield* ends(closing)
      }))
  })

  describe.each(["answers", "refuses", "is out"] as const)("when the API %s", (name) => {
    it.effect.each(table)(
      "lets a submit be interrupted, and everything end: $method $how",
      (row) =>
        Effect.gen(function*() {
          const { closing, tasks } = yield* world(row, providers[name](), true)
          const told: Array<Submission.Outcome> = []
          const fiber = yield* Effect.forkDetach(tasks.submit(Harness.request, {
            interrupted: { patience: "5 seconds", tell: (outcome) => Effect.sync(() => void told.push(outcome)) }
          }))
          yield* TestClock.adjust("1 second")
          const wasOver = isOver(fiber)
          const interrupting = yield* Effect.forkDetach(Fiber.interrupt(fiber))
          yield* TestClock.adjust("3 seconds")
          if (name === "answers" && !wasOver && row.method !== "begin") {
            assert.deepStrictEqual(told.map((one) => one._tag === "created" && one.handle.remoteId), [
              false,
              "remote-1"
            ])
          }
          yield* TestClock.adjust("4 seconds")
          assert.isTrue(isOver(interrupting))
          assert.strictEqual(told.at(-1)?._tag, wasOver ? undefined : expected(name, row.method))
          yield* ends(closing)
        })
    )
  })

  it.effect.each(
    (["refuses", "loses the answer"] as const).flatMap((name) =>
      (["can be called off", "cannot be called off"] as const).map((how) => ({ name, how }))
    )
  )("hears when it is back what became of a create that an API $name: $how", ({ how, name }) =>
    Effect.gen(function*() {
      const { state, store, tasks } = yield* world({ method: "settle", how }, providers[name](), true)
      yield* Effect.forkDetach(tasks.submit(Harness.request))
      yield* TestClock.adjust("1 minute")
      const outcomes = Effect.map(store.submissions({}), ({ items }) => items.map(({ outcome }) => outcome._tag))
      assert.deepStrictEqual(yield* outcomes, ["pending"])
      state.is = false
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* outcomes, [name === "refuses" ? "rejected" : "ambiguous"])
    }))

  it.effect("takes nothing back that somebody has found out in the meantime", () =>
    Effect.gen(function*() {
      const row = { method: "settle", how: "can be called off" } as const
      const { state, store, tasks } = yield* world(row, providers["loses the answer"](), true)
      yield* Effect.forkDetach(tasks.submit(Harness.request))
      yield* TestClock.adjust("20 seconds")
      state.is = false
      const outcome = { _tag: "rejected", reason: "discarded" } as const
      for (const { id } of (yield* store.submissions({})).items) yield* store.settle(id, outcome)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* store.submissions({})).items.map((one) => one.outcome), [outcome])
    }))

  it.effect.each(table)("keeps no layer open with many submits: $method $how", (row) =>
    Effect.gen(function*() {
      const { closing, tasks } = yield* world(row, answers(), true)
      yield* Effect.forEach([...Array(40).keys()], () => Effect.forkDetach(tasks.submit(Harness.request)))
      yield* TestClock.adjust("1 second")
      yield* ends(closing)
    }))

  it.effect.each(table)("holds no wait beyond its deadline: $method $how", (row) =>
    Effect.gen(function*() {
      const { closing, state, tasks } = yield* world(row, answers(), false)
      const handle = yield* tasks.submit(Harness.request)
      state.is = true
      const fiber = yield* Effect.forkDetach(Effect.result(tasks.await(handle, { deadline: "5 minutes" })))
      yield* TestClock.adjust("5 minutes")
      assert.isTrue(isOver(fiber))
      const answer = yield* Fiber.join(fiber)
      const reason = answer._tag === "Failure" ? answer.failure.reason._tag : answer.success.status
      assert.strictEqual(
        reason,
        row.method === "append" ? "WaitTimedOut" : ["find", "load"].includes(row.method) ? "StoreError" : "SUCCESS"
      )
      yield* ends(closing)
    }))

  it.effect.each(table)(
    "lets go of who waits, cancels, lists or resumes: $method $how",
    (row) =>
      Effect.gen(function*() {
        const { closing, state, tasks } = yield* world(row, answers(), false)
        const handle = yield* tasks.submit(Harness.request)
        state.is = true
        const calls = [tasks.await(handle), tasks.cancel(handle), tasks.refresh(handle), tasks.resume()]
        const fibers = yield* Effect.forEach(calls, (call) => Effect.forkDetach(call))
        yield* TestClock.adjust("1 second")
        const interrupting = yield* Effect.forkDetach(Fiber.interruptAll(fibers))
        yield* TestClock.adjust("3 seconds")
        assert.isTrue(isOver(interrupting))
        yield* ends(closing)
      })
  )
})

const expected = (name: "answers" | "refuses" | "is out", method: Method): Submission.Outcome["_tag"] =>
  method === "begin" ? "rejected" : name === "answers" ? "created" : name === "refuses" ? "rejected" : "ambiguous"

describe("a store that does not answer about one task", () => {
  it.effect.each(["load", "append"] as const)("gives its place back, and the task is read again: %s", (method) => {
    const state = { id: "", is: true }
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          [method]: (id: string, ...args: ReadonlyArray<never>) =>
            Effect.suspend((): Effect.Effect<unknown, unknown> =>
              state.is && id === state.id
                ? Effect.uninterruptible(Effect.never)
                : Reflect.apply(store[method], store, [id, ...args])
            )
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const [first, second] = [yield* tasks.submit(Harness.request), yield* tasks.submit(Harness.request)]
      yield* tasks.track(first)
      yield* tasks.track(second)
      state.id = (yield* tasks.get(first)).id
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual((yield* tasks.get(second)).status, "SUCCESS")
      assert.match((yield* tasks.pollInfo(second)).lastFailure ?? "none", /none/)
      state.is = false
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* tasks.get(first)).status, "SUCCESS")
    }).pipe(Effect.provide(Harness.layer(
      VideoProvider.double({ observations: [Harness.success] }),
      { budget: { concurrency: 1 } },
      store
    )))
  })
})

describe("a store that answers late", () => {
  /** Takes each step only when the test says so, and says nothing before. */
  const late = () => {
    const open = Deferred.makeUnsafe<void>()
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          append: (id, version, ...rest) =>
            Effect.uninterruptible(
              Effect.andThen(version === 0 ? Effect.void : Deferred.await(open), store.append(id, version, ...rest))
            )
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return { open, store }
  }

  const steps = () => {
    const heard: Array<string> = []
    const observer = Layer.succeed(TaskObserver.TaskObserver, {
      step: ({ seq, to }: TaskObserver.ObservedStep) => Effect.sync(() => void heard.push(`${seq} ${to}`))
    })
    return { heard, observer }
  }

  it.effect("has each step once, and it is told of once", () => {
    const { open, store } = late()
    const { heard, observer } = steps()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fiber = yield* Effect.forkDetach(tasks.await(handle))
      yield* TestClock.adjust("4 minutes")
      assert.isFalse(isOver(fiber))
      yield* Deferred.succeed(open, undefined)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "SUCCESS")
      const { id } = yield* tasks.get(handle)
      const events = yield* TaskStore.TaskStore.use((store) => store.events(id))
      assert.deepStrictEqual(events.map(({ type }) => type), ["task.created", "task.observed"])
      assert.deepStrictEqual(heard, ["0 SUBMITTED", "1 SUCCESS"])
    }).pipe(
      Effect.provide(Layer.provide(
        Harness.layer(VideoProvider.double({ observations: [Harness.success] }), {}, store),
        observer
      ))
    )
  })
})
