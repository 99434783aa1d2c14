import { assert, describe, it } from "@effect/vitest"
import { type Submission, VideoProvider } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

const locked = new TaskStore.TaskStoreError({ detail: "locked", retryable: true })

/** A store that takes no step of a task while `away` says so. */
const storeAway = (
  away: (now: number) => boolean,
  meanwhile: Effect.Effect<never, TaskStore.TaskStoreError> = Effect.fail(locked)
) =>
  Layer.effect(
    TaskStore.TaskStore,
    Effect.map(TaskStore.TaskStore, (store) =>
      TaskStore.TaskStore.of({
        ...store,
        append: (id, version, events, next) =>
          Effect.flatMap(
            Clock.currentTimeMillis,
            (now) => away(now) ? meanwhile : store.append(id, version, events, next)
          )
      }))
  ).pipe(Layer.provide(TaskStore.layerMemory))

const counting = () => {
  const counts = { posts: 0, reads: 0 }
  const plain = VideoProvider.double({ observations: [Harness.running(10), Harness.success] })
  const provider: VideoProvider.VideoProvider = {
    ...plain,
    create: (request, options) => Effect.suspend(() => (counts.posts++, plain.create(request, options))),
    observe: (handle) => Effect.suspend(() => (counts.reads++, plain.observe(handle)))
  }
  return { counts, provider }
}

const handles = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  return (yield* store.list({})).items.map(({ snapshot }) => snapshot.task.handle.remoteId)
})

const submissions = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  return (yield* store.submissions({})).items.map(({ outcome }) => outcome._tag)
})

describe("a store that is away while a create is answered", () => {
  it.effect("is waited for, and the task is in it when the submit returns", () => {
    const { counts, provider } = counting()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(tasks.submit(Harness.request))
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* handles, [])
      yield* TestClock.adjust("10 seconds")
      const { remoteId } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* handles, [remoteId])
      assert.deepStrictEqual([yield* submissions, counts.posts], [["created"], 1])
    }).pipe(Effect.provide(Harness.layer(provider, {}, storeAway((now) => now < 60_000))))
  })

  it.effect("gets the task later, although the submit has failed with its handle", () => {
    const { counts, provider } = counting()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(Effect.flip(tasks.submit(Harness.request)))
      yield* TestClock.adjust("6 minutes")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual([error.reason._tag, error.handle?.remoteId], ["StoreError", "remote-1"])
      assert.deepStrictEqual(yield* handles, [])
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual([yield* handles, yield* submissions, counts.posts], [["remote-1"], ["created"], 1])
    }).pipe(Effect.provide(Harness.layer(provider, {}, storeAway((now) => now < 600_000))))
  })

  it.effect("keeps the handle from nobody who interrupts", () => {
    const { provider } = counting()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const told: Array<Submission.Outcome> = []
      const interrupted = {
        patience: "5 seconds",
        tell: (outcome: Submission.Outcome) => Effect.sync(() => void told.push(outcome))
      } as const
      const fiber = yield* Effect.forkChild(tasks.submit(Harness.request, { interrupted }))
      yield* TestClock.adjust("1 second")
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        told.map((one) => one._tag === "created" ? one.handle.remoteId : one._tag),
        ["pending", "remote-1"]
      )
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual([yield* handles, yield* submissions], [["remote-1"], ["created"]])
    }).pipe(Effect.provide(Harness.layer(provider, {}, storeAway((now) => now < 60_000))))
  })

  it.effect("that hangs does not keep everything from ending", () => {
    const { provider } = counting()
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const hanging = Effect.uninterruptible(Effect.never)
      const context = yield* Layer.buildWithScope(Harness.layer(provider, {}, storeAway(() => true, hanging)), scope)
      yield* Effect.forkChild(
        Effect.provideContext(VideoTasks.VideoTasks.use((_) => _.submit(Harness.request)), context)
      )
      yield* TestClock.adjust("1 second")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(closing.pollUnsafe())
    })
  })
})

describe("a store that is away while a create is begun", () => {
  it.effect("and hangs keeps nobody from ending, and hears when it is back that nothing was sent", () => {
    const { counts, provider } = counting()
    const back = Deferred.makeUnsafe<void>()
    const silent = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          begin: (...intent) => Effect.uninterruptible(Effect.andThen(Deferred.await(back), store.begin(...intent)))
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(tasks.submit(Harness.request))
      yield* TestClock.adjust("1 second")
      const ending = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(ending)
      yield* Deferred.succeed(back, undefined)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* submissions, counts.posts], [["rejected"], 0])
    }).pipe(Effect.provide(Harness.layer(provider, {}, silent)))
  })

  it.effect("hears later of an intent which it may have written that nothing was sent", () => {
    const { counts, provider } = counting()
    const deaf = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          begin: (...intent) => Effect.andThen(Effect.ignore(store.begin(...intent)), Effect.fail(locked)),
          submission: (id) =>
            Effect.flatMap(
              Clock.currentTimeMillis,
              (now) => now < 30_000 ? Effect.fail(locked) : store.submission(id)
            )
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(Effect.flip(tasks.submit(Harness.request)))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "StoreError")
      assert.deepStrictEqual(yield* submissions, ["pending"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([yield* submissions, counts.posts], [["rejected"], 0])
    }).pipe(Effect.provide(Harness.layer(provider, {}, deaf)))
  })
})

describe("a store that is away while a task is read", () => {
  it.effect("ends no wait", () => {
    const { counts, provider } = counting()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      const fiber = yield* Effect.forkChild(tasks.await(handle))
      yield* TestClock.adjust("5 minutes")
      assert.isUndefined(fiber.pollUnsafe())
      assert.match((yield* tasks.pollInfo(handle)).lastFailure ?? "", /locked/)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "SUCCESS")
      assert.strictEqual(counts.posts, 1)
    }).pipe(Effect.provide(Harness.layer(provider, {}, storeAway((now) => now > 1000 && now < 400_000))))
  })
})

describe("a store that falls silent before everything ends", () => {
  /** Does with each release and renewal what the test says, and notes them. */
  const withFarewells = (meanwhile: <A, E>(call: Effect.Effect<A, E>) => Effect.Effect<A, E>) => {
    const called: Array<string> = []
    const noted = <A, E>(name: string, call: Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        called.push(name)
        return meanwhile(call)
      })
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          renew: (owner, until) => noted("renew", store.renew(owner, until)),
          release: (owner, ids) => noted("release", store.release(owner, ids))
        }))
    )
    return { called, store }
  }

  const attached = Effect.flatMap(
    VideoTasks.VideoTasks,
    (tasks) => tasks.attach({ provider: "double", remoteId: "remote-1" })
  )

  it.effect("is waited for at the end for two seconds, and told nothing more", () => {
    const { called, store } = withFarewells(() => Effect.uninterruptible(Effect.never))
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const layer = Harness.layer(counting().provider, {}, Layer.provide(store, TaskStore.layerMemory))
      yield* Effect.provideContext(attached, yield* Layer.buildWithScope(layer, scope))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(1999)
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(closing)))
      assert.deepStrictEqual(called, ["release"])
    })
  })

  it.effect.each(["renew", "claim"] as const)("keeps nothing from ending that hangs in a %s", (name) => {
    const silent = { is: false, calls: 0 }
    const hanging = Effect.suspend(() => {
      silent.calls++
      return Effect.uninterruptible(Effect.never)
    })
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) => {
        const call = (...args: ReadonlyArray<never>) =>
          Effect.suspend((): Effect.Effect<unknown, TaskStore.TaskStoreError> =>
            silent.is ? hanging : Reflect.apply(store[name], store, args)
          )
        return TaskStore.TaskStore.of({ ...store, [name]: call })
      })
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Harness.layer(counting().provider, {}, store), scope)
      yield* Effect.provideContext(
        Effect.andThen(attached, VideoTasks.VideoTasks.use((tasks) => tasks.resume())),
        context
      )
      silent.is = true
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(silent.calls, 1)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(closing)))
    })
  })

  it.effect("has everything back at once when it answers, also when the program is interrupted", () => {
    const { called, store } = withFarewells((call) => Effect.andThen(Effect.sleep(500), call))
    return Effect.gen(function*() {
      const plain = yield* TaskStore.TaskStore
      const layer = Harness.layer(
        counting().provider,
        {},
        Layer.provide(store, Layer.succeed(TaskStore.TaskStore, plain))
      )
      const held = Effect.map(plain.list({}), ({ items }) => items.map(({ claim }) => claim?.until))
      const program = yield* Effect.forkChild(Effect.provide(Effect.andThen(attached, Effect.never), layer))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* held, [60_000])
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(program))
      yield* TestClock.adjust(999)
      assert.isUndefined(interrupting.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(interrupting)
      assert.deepStrictEqual([yield* held, called], [[undefined], ["release", "renew"]])
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })
})
