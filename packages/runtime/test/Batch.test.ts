import { assert, describe, it } from "@effect/vitest"
import { type Observation, TaskHandle, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Metric, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

interface Request {
  readonly at: number
  readonly ids: ReadonlyArray<string>
}

type Answer = Observation.Observation | "absent"

/** A provider that reads many at once, and notes what it was asked. */
const reading = (
  options: VideoProvider.DoubleOptions & {
    readonly batchSize?: number
    /** What is known of a task. */
    readonly of?: (id: string, now: number) => Answer
    /** What happens before many are answered. */
    readonly before?: (ids: ReadonlyArray<string>, now: number) => Effect.Effect<void, VideoTaskError.VideoTaskError>
    readonly beforeOne?: (id: string, now: number) => Effect.Effect<void, VideoTaskError.VideoTaskError>
  } = {}
) => {
  const { batchSize = 100, before, beforeOne, of = () => Harness.running(), ...rest } = options
  const many: Array<Request> = []
  const one: Array<Request> = []
  let interrupted = 0
  const provider = VideoProvider.double({
    observe: ({ remoteId }) =>
      Effect.gen(function*() {
        const at = yield* Clock.currentTimeMillis
        one.push({ at, ids: [remoteId] })
        if (beforeOne !== undefined) yield* beforeOne(remoteId, at)
        const answer = of(remoteId, at)
        return answer === "absent" ? yield* Effect.fail(Harness.notFound) : answer
      }),
    observeMany: (handles) =>
      Effect.gen(function*() {
        const at = yield* Clock.currentTimeMillis
        const ids = handles.map(({ remoteId }) => remoteId)
        many.push({ at, ids })
        if (before !== undefined) yield* before(ids, at)
        return new Map(handles.flatMap((handle): ReadonlyArray<[TaskHandle.TaskHandle, Observation.Observation]> => {
          const answer = of(handle.remoteId, at)
          return answer === "absent" ? [] : [[handle, answer]]
        }))
      }).pipe(Effect.onInterrupt(() => Effect.sync(() => interrupted++))),
    ...rest,
    family: { batchSize, ...rest.family }
  })
  return { interrupted: () => interrupted, many, one, provider }
}

const attachAll = (
  count: number,
  options: { readonly provider?: string; readonly route?: (n: number) => string } = {}
) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    return yield* Effect.forEach(Array.from({ length: count }), (_, n) =>
      tasks.attach(
        new TaskHandle.TaskHandle({
          provider: options.provider ?? "double",
          family: "double",
          remoteId: `task-${n}`,
          baseUrl: "https://double.invalid",
          account: "default",
          ...(options.route === undefined ? {} : { route: options.route(n) })
        })
      ))
  })

const trackAll = Effect.fnUntraced(function*(handles: ReadonlyArray<TaskHandle.TaskHandle>) {
  const tasks = yield* VideoTasks.VideoTasks
  for (const handle of handles) yield* tasks.track(handle)
})

const awaitAll = Effect.fnUntraced(function*(handles: ReadonlyArray<TaskHandle.TaskHandle>) {
  const tasks = yield* VideoTasks.VideoTasks
  return yield* Effect.forEach(handles, (handle) => Effect.forkChild(Effect.exit(tasks.await(handle))))
})

const polls = Effect.fnUntraced(function*(handle: TaskHandle.TaskHandle) {
  const tasks = yield* VideoTasks.VideoTasks
  const { failures, polls } = yield* tasks.pollInfo(handle)
  return [polls, failures]
})

const unexpected = new VideoTaskError.UnexpectedResponse({ detail: "an HTML page" })

const idsOf = (requests: ReadonlyArray<Request>): ReadonlyArray<string> => requests.flatMap(({ ids }) => ids)

const sorted = (ids: ReadonlyArray<string>) => [...ids].sort()

const tagOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>) =>
  Exit.isSuccess(exit)
    ? "success"
    : Option.match(Cause.findErrorOption(exit.cause), { onNone: () => "interrupted", onSome: (one) => one.reason._tag })

describe("reads of many at once", () => {
  it.effect("follow 1,000 tasks to their ends with few requests, each task through the same journal", () => {
    const { many, one, provider } = reading({
      of: (id, now) => now < 60_000 + 50 * Number(id.slice(5)) ? Harness.running() : Harness.success
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const store = yield* TaskStore.TaskStore
      const handles = yield* attachAll(1000)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("5 minutes")
      const ends = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual([...new Set(ends.map(tagOf))], ["success"])
      assert.isAtMost(many.length + one.length, 250)
      assert.isTrue(many.every(({ ids }) => ids.length <= 100 && new Set(ids).size === ids.length))
      for (const handle of [handles[0]!, handles[999]!]) {
        const stored = yield* store.find(handle)
        assert.deepStrictEqual([stored?.version, (yield* tasks.get(handle)).status], [3, "SUCCESS"])
      }
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("take one token and one place of the account, however many tasks there are", () => {
    const { many, provider } = reading({ before: () => Effect.sleep("2 seconds") })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(300))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(many.map(({ at, ids }) => [at, ids.length]), [[20, 100]])
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(many.map(({ at, ids }) => [at, ids.length]), [[20, 100], [2020, 100], [4020, 100]])
      assert.strictEqual(new Set(idsOf(many)).size, 300)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1, burst: 10 } })))
  })

  it.effect("bring tasks of different ages into step", () => {
    const { many, one, provider } = reading()
    return Effect.gen(function*() {
      const handles = yield* attachAll(20)
      for (const handle of handles) {
        yield* trackAll([handle])
        yield* TestClock.adjust("1 second")
      }
      yield* TestClock.adjust("10 minutes")
      const late = many.filter(({ at }) => at > 300_000)
      const mean = idsOf(late).length / late.length
      assert.isAtLeast(mean, 12)
      assert.isAtMost(one.length, 30)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("are single reads for a task that is alone, and for a family that has no list", () => {
    const alone = reading()
    const without = reading({ id: "without", family: { batchSize: undefined } })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(1))
      yield* trackAll(yield* attachAll(20, { provider: "without" }))
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual([alone.many.length, without.many.length], [0, 0])
      assert.isAtLeast(alone.one.length, 10)
      assert.isAtLeast(without.one.length, 200)
    }).pipe(Effect.provide(Harness.layer([alone.provider, without.provider])))
  })

  it.effect("hold tasks of all routes of a family", () => {
    const { many, one, provider } = reading({ family: { routes: ["text", "image"] } })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(40, { route: (n) => n % 2 === 0 ? "text" : "image" }))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([many.map(({ ids }) => ids.length), one.length], [[40], 0])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("are not asked for a route that is none of the family's, nor is anybody else", () => {
    const { many, one, provider } = reading({ family: { routes: ["text", "image"] } })
    return Effect.gen(function*() {
      const error = yield* Effect.flip(attachAll(1, { route: () => ".." }))
      assert.deepStrictEqual([error.reason._tag, error.handle?.route], ["InvalidRequest", ".."])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([many, one], [[], []])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("hold tasks of one provider only, though two share the scheduler", () => {
    const first = reading({ id: "first" })
    const second = reading({ id: "second" })
    return Effect.gen(function*() {
      const firsts = yield* attachAll(30, { provider: "first" })
      const seconds = yield* attachAll(30, { provider: "second" })
      for (const [n, handle] of firsts.entries()) yield* trackAll([handle, seconds[n]!])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        [first.many.map(({ ids }) => ids.length), second.many.map(({ ids }) => ids.length)],
        [[30], [30]]
      )
    }).pipe(Effect.provide(Harness.layer([first.provider, second.provider])))
  })

  it.effect("take along who joins later, from its first read on", () => {
    const { many, one, provider } = reading()
    return Effect.gen(function*() {
      const handles = yield* attachAll(11)
      yield* trackAll(handles.slice(0, 10))
      yield* TestClock.adjust("1 minute")
      const before = many.length
      yield* trackAll(handles.slice(10))
      yield* TestClock.adjust("1 minute")
      const joined = many.slice(before).filter(({ ids }) => ids.includes("task-10"))
      assert.isAtLeast(joined.length, 2)
      assert.isTrue(joined.some(({ ids }) => ids.length >= 8))
      assert.isAtMost(one.length, 3)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("drop a task that has ended, and go on with the others", () => {
    const { many, one, provider } = reading({
      of: (id, now) => id === "task-3" && now >= 20_000 ? Harness.success : Harness.running()
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(5)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* tasks.get(handles[3]!)).status, "SUCCESS")
      const before = many.length
      yield* TestClock.adjust("2 minutes")
      assert.isAtLeast(many.length, before + 3)
      assert.notInclude([...idsOf(many.slice(before)), ...idsOf(one)], "task-3")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("do not ask for a task that somebody else has seen the end of", () => {
    const { many, provider } = reading()
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      const [fiber] = yield* awaitAll(handles)
      yield* TestClock.adjust(10)
      const stored = yield* store.find(handles[0]!)
      const snapshot = { ...stored!.snapshot, value: "CANCELLED" as const }
      yield* store.append(stored!.snapshot.task.id, stored!.version, [{ type: "task.cancelled", at: 0 }], { snapshot })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(tagOf(yield* Fiber.join(fiber!)), "TaskCancelled")
      assert.deepStrictEqual(sorted(idsOf(many)), ["task-1", "task-2"])
      assert.strictEqual((yield* tasks.get(handles[0]!)).status, "CANCELLED")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("give the place back when the store knows of all ends but one, or of all", () => {
    const { many, one, provider } = reading()
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const handles = yield* attachAll(5)
      const fibers = yield* awaitAll(handles.slice(0, 4))
      const end = Effect.fnUntraced(function*(handle: TaskHandle.TaskHandle) {
        const stored = yield* store.find(handle)
        const { id } = stored!.snapshot.task
        const snapshot = { ...stored!.snapshot, value: "CANCELLED" as const }
        yield* store.append(id, stored!.version, [{ type: "task.cancelled", at: 0 }], { snapshot })
      })
      yield* TestClock.adjust(10)
      yield* Effect.forEach(handles.slice(0, 3), end)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([many.length, idsOf(one)], [0, ["task-3"]])
      yield* trackAll(handles.slice(4))
      yield* Effect.forEach(handles.slice(3), end)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* Effect.forEach(fibers, Fiber.join)).map(tagOf), fibers.map(() => "TaskCancelled"))
      const tasks = yield* VideoTasks.VideoTasks
      const fresh = yield* tasks.attach({ provider: "double", remoteId: "fresh" })
      const fiber = yield* Effect.forkChild(tasks.refresh(fresh))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "IN_PROGRESS")
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1 } })))
  })

  it.effect("share the floor of the cadence, which is about requests", () => {
    const { many, one, provider } = reading({
      of: () => Harness.observed({ status: "IN_PROGRESS", estimatedRemainingMs: 0 })
    })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(10))
      yield* TestClock.adjust("2 minutes")
      // One task alone is read about 12 times in that time, and ten of them 120 times.
      assert.isTrue(many.length >= 30 && many.length + one.length <= 70, `${many.length} + ${one.length}`)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("leave alone who was read just now", () => {
    const { many, one, provider } = reading({
      of: () => Harness.observed({ status: "IN_PROGRESS", estimatedRemainingMs: 0 })
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(10)
      yield* trackAll(handles)
      yield* TestClock.adjust("3 seconds")
      const fiber = yield* Effect.forkChild(tasks.refresh(handles[0]!))
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([many.length, idsOf(one)], [1, ["task-0"]])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("a task that an answer to many leaves out", () => {
  it.effect("is read by itself, and that is one poll", () => {
    const { many, one, provider } = reading({
      before: () => Effect.void,
      observeMany: (handles) =>
        Effect.sync(() => {
          many.push({ at: 0, ids: handles.map(({ remoteId }) => remoteId) })
          return new Map(handles.filter(({ remoteId }) => remoteId !== "task-1").map((h) => [h, Harness.running()]))
        })
    })
    return Effect.gen(function*() {
      const handles = yield* attachAll(3)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([many.length, idsOf(one)], [1, ["task-1"]])
      assert.deepStrictEqual(yield* Effect.forEach(handles, polls), [[1, 0], [1, 0], [1, 0]])
      yield* TestClock.adjust("5 minutes")
      // It was missing twice: from then on nobody looks for it there.
      assert.strictEqual(idsOf(many).filter((id) => id === "task-1").length, 2)
      assert.isAtLeast(one.length, 10)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is looked for again in an answer to many when it was there in between", () => {
    let reads = 0
    const { many, provider } = reading({
      before: () => Effect.sync(() => void reads++),
      of: (id) => id === "task-0" && reads % 2 === 1 ? "absent" : Harness.running(),
      observe: () => Effect.succeed(Harness.running())
    })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(3))
      yield* TestClock.adjust("10 minutes")
      assert.isAtLeast(idsOf(many.filter(({ at }) => at > 300_000)).filter((id) => id === "task-0").length, 3)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is lost when its own read says that there is none, and the others are not", () => {
    const { provider } = reading({ of: (id) => id === "task-1" ? "absent" : Harness.running() })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(tagOf(yield* Fiber.join(fibers[1]!)), "TaskNotFound")
      assert.deepStrictEqual(
        yield* Effect.forEach([handles[0]!, handles[2]!], (handle) => Effect.map(tasks.get(handle), (t) => t.status)),
        ["IN_PROGRESS", "IN_PROGRESS"]
      )
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("waits for the budget of the account", () => {
    const { one, provider } = reading({ of: (id) => id === "task-0" ? Harness.running() : "absent" })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(11))
      yield* TestClock.adjust("1 second")
      assert.isAtMost(one.length, 2)
      yield* TestClock.adjust("10 seconds")
      assert.isAtLeast(one.length, 10)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { requestsPerSecond: 1, burst: 1 } })))
  })

  it.effect("can be left while it stands in line", () => {
    const { one, provider } = reading({ of: (id) => id === "task-0" ? Harness.running() : "absent" })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(2)
      yield* trackAll(handles)
      yield* TestClock.adjust(500)
      yield* tasks.untrack(handles[1]!)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(one, [])
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { requestsPerSecond: 0.25, burst: 1 } })))
  })

  it.effect("is looked at by itself as well when a list knows of its success and not of its video", () => {
    let contents = 0
    const { one, provider } = reading({
      family: { hasContentRoute: true },
      of: () => Harness.observed({ status: "SUCCESS" }),
      content: () => Effect.sync(() => (contents++, Harness.video))
    })
    return Effect.gen(function*() {
      const fibers = yield* awaitAll(yield* attachAll(3))
      yield* TestClock.adjust("1 second")
      const ends = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(ends.map(tagOf), ["success", "success", "success"])
      assert.deepStrictEqual([one.length, contents], [3, 3])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("a read of many that fails", () => {
  it.effect("is a failed read of each, and each backs off", () => {
    let isDown = true
    const down = () => isDown ? Effect.fail(Harness.unavailable()) : Effect.void
    const { many, one, provider } = reading({ before: down, beforeOne: down })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(10)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(many.length, 1)
      assert.deepStrictEqual(yield* Effect.forEach(handles, polls), handles.map(() => [1, 1]))
      assert.include((yield* tasks.pollInfo(handles[4]!)).lastFailure, "HTTP 500")
      yield* TestClock.adjust("7 seconds")
      assert.deepStrictEqual([many.length, one.length], [1, 0])
      yield* TestClock.adjust("12 seconds")
      assert.deepStrictEqual(yield* Effect.forEach(handles, polls), handles.map(() => [2, 2]))
      isDown = false
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        (yield* Effect.forEach(handles, polls)).map(([, failures]) => failures),
        handles.map(() => 0)
      )
      assert.isAtMost(many.length, 12)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("leaves each its own back-off when one of them is read again at once", () => {
    let isDown = true
    const { many, one, provider } = reading({ before: () => isDown ? Effect.fail(Harness.unavailable()) : Effect.void })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(10)
      yield* trackAll(handles)
      yield* TestClock.adjust("3 seconds")
      isDown = false
      const fiber = yield* Effect.forkChild(tasks.refresh(handles[0]!))
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([many.length, idsOf(one)], [1, ["task-0"]])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("by a fault of the provider's module says nothing of the tasks, and nothing secret", () => {
    const fault = () => Effect.die(new Error("GET https://x.example/?sig=SECRET broke"))
    let isBroken = true
    const { many, one, provider } = reading({
      before: fault,
      beforeOne: () => isBroken ? fault() : Effect.void,
      of: () => Harness.success
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([many.length, one.length], [1, 3])
      const { lastFailure } = yield* tasks.pollInfo(handles[2]!)
      assert.include(lastFailure, "the provider module broke")
      assert.notInclude(lastFailure, "SECRET")
      isBroken = false
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* Effect.forEach(fibers, Fiber.join)).map(tagOf), ["success", "success", "success"])
      assert.strictEqual(many.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  for (
    const [words, before, batches] of [
      ["is no answer of the API", () => Effect.fail(Harness.error(unexpected)), 1],
      ["is a 500", () => Effect.fail(Harness.unavailable()), 2],
      ["is a 503 with Retry-After", () => Effect.fail(Harness.unavailable(503, 2000)), 2],
      ["never comes", () => Effect.never, 2]
    ] as const
  ) {
    it.effect(`for ever since its answer ${words} keeps nobody from the end of a task`, () => {
      const { many, one, provider } = reading({ before, of: () => Harness.success })
      return Effect.gen(function*() {
        const handles = yield* attachAll(50)
        const fibers = yield* awaitAll(handles)
        yield* TestClock.adjust("3 minutes")
        const ends = yield* Effect.forEach(fibers, Fiber.join)
        assert.deepStrictEqual([...new Set(ends.map(tagOf))], ["success"])
        assert.deepStrictEqual([many.length, sorted(idsOf(one))], [batches, sorted(handles.map((h) => h.remoteId))])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  }

  it.effect("twice in a row is not tried for five minutes, then once, and is trusted again when it answers", () => {
    let isDown = true
    const { many, one, provider } = reading({ before: () => isDown ? Effect.fail(Harness.unavailable()) : Effect.void })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(10))
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(many.length, 2)
      assert.isAtLeast(one.length, 50)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(many.length, 3)
      yield* TestClock.adjust("4 minutes")
      assert.strictEqual(many.length, 3)
      isDown = false
      yield* TestClock.adjust("3 minutes")
      assert.isAtLeast(many.length, 6)
      const [before, alone] = [many.length, one.length]
      isDown = true
      yield* TestClock.adjust("5 seconds")
      while (many.length === before) yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([many.length, one.length], [before + 1, alone])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("counts once however many are out, and is not counted by a 429", () => {
    let reason = Harness.unavailable()
    const { many, one, provider } = reading({
      before: () => Effect.andThen(Effect.sleep("1 second"), Effect.suspend(() => Effect.fail(reason)))
    })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(400))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual([many.length, one.length], [4, 0])
      reason = Harness.rateLimited()
      yield* TestClock.adjust("10 minutes")
      assert.isAtLeast(many.length, 20)
      assert.strictEqual(one.length, 0)
      reason = Harness.unavailable()
      yield* TestClock.adjust("2 minutes")
      assert.isAtLeast(one.length, 400)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { requestsPerSecond: 1000, burst: 1000 } })))
  })

  it.effect("because nobody waits any more is no failure of the list", () => {
    const { many, one, provider } = reading({ before: () => Effect.never, of: () => Harness.success })
    return Effect.gen(function*() {
      const handles = yield* attachAll(3)
      for (let times = 1; times <= 3; times++) {
        const fibers = yield* awaitAll(handles)
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.interruptAll(fibers)
        assert.deepStrictEqual([many.length, one.length], [times, 0])
      }
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("with Retry-After silences the account once for that long", () => {
    const { many, one, provider } = reading({
      before: (_, now) => now < 1000 ? Effect.fail(Harness.rateLimited(45_000)) : Effect.void
    })
    return Effect.gen(function*() {
      yield* trackAll(yield* attachAll(50))
      yield* TestClock.adjust("44 seconds")
      assert.deepStrictEqual([many.length, one.length], [1, 0])
      yield* TestClock.adjust("16 seconds")
      assert.isAtLeast(many[1]!.at, 45_000)
      assert.deepStrictEqual([sorted(idsOf(many)).length >= 100, one.length], [true, 0])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("because the key is refused ends every wait once, and one read of many tries it again", () => {
    let isGood = false
    const { many, one, provider } = reading({
      before: () => isGood ? Effect.void : Effect.fail(Harness.unauthorized),
      beforeOne: () => isGood ? Effect.void : Effect.fail(Harness.unauthorized)
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(200)
      const fibers = yield* awaitAll(handles.slice(0, 50))
      yield* trackAll(handles)
      yield* TestClock.adjust("10 minutes")
      const errors = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual([...new Set(errors.map(tagOf))], ["Unauthorized"])
      const remoteIds = errors.map((exit) =>
        Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause))?.handle?.remoteId : undefined
      )
      assert.deepStrictEqual(remoteIds, handles.slice(0, 50).map(({ remoteId }) => remoteId))
      const before = many.length + one.length
      assert.isAtMost(before, 5)
      isGood = true
      const fiber = yield* Effect.forkChild(tasks.refresh(handles[7]!))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "IN_PROGRESS")
      const read = new Set([...many, ...one].slice(before).flatMap(({ ids }) => ids))
      assert.strictEqual(read.size, 200)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  for (
    const reason of [
      new VideoTaskError.Unsupported({ detail: "no list" }),
      new VideoTaskError.TaskNotFound({ remoteId: "list" }),
      new VideoTaskError.InvalidRequest({ violations: [], detail: "task_ids is unknown" })
    ]
  ) {
    it.effect(`for good (${reason._tag}) is no news of the tasks: they are read one by one for a while`, () => {
      const { many, one, provider } = reading({ before: () => Effect.fail(Harness.error(reason)) })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handles = yield* attachAll(5)
        const fibers = yield* awaitAll(handles)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual([many.length, sorted(idsOf(one))], [1, sorted(handles.map((one) => one.remoteId))])
        assert.deepStrictEqual(yield* Effect.forEach(handles, polls), handles.map(() => [1, 0]))
        yield* TestClock.adjust("280 seconds")
        assert.strictEqual(many.length, 1)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(many.length, 2)
        assert.strictEqual((yield* tasks.get(handles[0]!)).status, "IN_PROGRESS")
        yield* Fiber.interruptAll(fibers)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  }

  it.effect("because its answer hangs is cut off, and counts as one failed read of each", () => {
    let hangs = true
    const { interrupted, many, provider } = reading({
      before: () => hangs ? Effect.never : Effect.void,
      of: () => Harness.success
    })
    return Effect.gen(function*() {
      const handles = yield* attachAll(4)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("14 seconds")
      assert.deepStrictEqual([many.length, interrupted()], [1, 0])
      yield* TestClock.adjust("1020 millis")
      assert.strictEqual(interrupted(), 1)
      assert.deepStrictEqual(yield* Effect.forEach(handles, polls), handles.map(() => [1, 1]))
      hangs = false
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* Effect.forEach(fibers, Fiber.join)).map(tagOf), handles.map(() => "success"))
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1 } })))
  })
})

describe("a read of many that is under way", () => {
  it.effect("goes on for the others when one leaves, and that one is not stepped", () => {
    const { interrupted, many, provider } = reading({
      before: () => Effect.sleep("5 seconds"),
      of: () => Harness.success
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      const before = yield* tasks.get(handles[0]!)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fibers[0]!)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([many.length, interrupted()], [1, 0])
      assert.deepStrictEqual(
        yield* Effect.forEach(handles, (handle) => Effect.map(tasks.get(handle), (task) => task.status)),
        [before.status, "SUCCESS", "SUCCESS"]
      )
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is interrupted when the last one leaves, in the same tick, and gives its place back", () => {
    const { interrupted, many, one, provider } = reading({ before: () => Effect.never })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interruptAll(fibers)
      assert.deepStrictEqual([many.length, interrupted()], [1, 1])
      const next = yield* Effect.forkChild(tasks.refresh(handles[0]!))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(next)).status, "IN_PROGRESS")
      assert.strictEqual(one.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1 } })))
  })

  it.effect("gives its place back even when it can't be interrupted", () => {
    const { one, provider } = reading({ before: () => Effect.uninterruptible(Effect.sleep("10 minutes")) })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(handles, tasks.untrack)
      const next = yield* Effect.forkChild(tasks.refresh(handles[0]!))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(next)).status, "IN_PROGRESS")
      assert.strictEqual(one.length, 1)
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1 } })))
  })

  it.effect("is shared by a refresh, and by a wait that joins", () => {
    const { many, one, provider } = reading({ before: () => Effect.sleep("5 seconds"), of: () => Harness.success })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(3)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 second")
      const refresh = yield* Effect.forkChild(tasks.refresh(handles[1]!))
      const wait = yield* Effect.forkChild(tasks.await(handles[2]!))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(refresh)).status, "SUCCESS")
      assert.strictEqual((yield* Fiber.join(wait)).status, "SUCCESS")
      assert.deepStrictEqual([many.length, one.length], [1, 0])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is the one read that a deadline waits for", () => {
    const { provider } = reading({ before: () => Effect.sleep("10 seconds"), of: () => Harness.success })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(2)
      const [first, second] = yield* Effect.forEach(
        handles,
        (handle, n) => Effect.forkChild(Effect.exit(tasks.await(handle, n === 0 ? { deadline: "5 seconds" } : {})))
      )
      yield* TestClock.adjust("11 seconds")
      assert.deepStrictEqual(
        [tagOf(yield* Fiber.join(first!)), tagOf(yield* Fiber.join(second!))],
        ["success", "success"]
      )
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("ends with everything else", () => {
    const { interrupted, provider } = reading({ before: () => Effect.never })
    return Effect.gen(function*() {
      yield* Effect.gen(function*() {
        yield* trackAll(yield* attachAll(5))
        yield* TestClock.adjust("1 second")
      }).pipe(Effect.provide(Harness.layer(provider)))
      assert.strictEqual(interrupted(), 1)
    })
  })

  it.effect("is led by a refresh that hurries, with whom is due soon", () => {
    const { many, provider } = reading()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(10)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 second")
      const due = yield* Effect.forEach(
        handles,
        (handle) => Effect.map(tasks.pollInfo(handle), (one) => one.nextPollAt)
      )
      yield* TestClock.adjust(0.7 * Math.min(...due.map((at) => at ?? 0)))
      const before = many.length
      const fiber = yield* Effect.forkChild(tasks.refresh(handles[0]!))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).status, "IN_PROGRESS")
      assert.strictEqual(many.length, before + 1)
      assert.deepStrictEqual([many[before]!.ids[0], many[before]!.ids.length], ["task-0", 10])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is not stopped by a store that fails for one of its tasks", () => {
    const { provider } = reading({ of: () => Harness.success })
    const failing = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          append: (id, version, events, next) =>
            version > 0 && next.snapshot.task.handle.remoteId === "task-1"
              ? Effect.die(new Error("disk on fire"))
              : store.append(id, version, events, next)
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const handles = yield* attachAll(3)
      const fibers = yield* awaitAll(handles)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        [tagOf(yield* Fiber.join(fibers[0]!)), tagOf(yield* Fiber.join(fibers[2]!))],
        ["success", "success"]
      )
      assert.deepStrictEqual(yield* polls(handles[1]!), [1, 1])
    }).pipe(Effect.provide(Harness.layer(provider, {}, failing)))
  })
})

describe("the count of polls", () => {
  const counted = (outcome: string) =>
    Effect.map(
      Metric.snapshot,
      (all) => all.find((one) => one.id === "video_tasks_polls" && one.attributes?.["outcome"] === outcome)?.state
    )

  it.effect("has one for each task of a read of many", () => {
    const { provider } = reading({ of: () => Harness.success })
    return Effect.gen(function*() {
      const fibers = yield* awaitAll(yield* attachAll(7))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(yield* counted("changed"), { count: 7, incremental: true })
    }).pipe(
      Effect.provide(Harness.layer(provider)),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

  it.effect("has none for a task that left before the answer", () => {
    const { provider } = reading({
      before: () => Effect.andThen(Effect.sleep("3 seconds"), Effect.fail(Harness.unavailable()))
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handles = yield* attachAll(7)
      yield* trackAll(handles)
      yield* TestClock.adjust("1 second")
      yield* tasks.untrack(handles[3]!)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* counted("ProviderUnavailable"), { count: 6, incremental: true })
    }).pipe(
      Effect.provide(Harness.layer(provider)),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })
})
