import { assert, describe, it } from "@effect/vitest"
import {
  Observation,
  PollPolicy,
  RequestRecord,
  Submission,
  type TaskHandle,
  TaskId,
  VideoProvider,
  VideoTaskError
} from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

/** A provider that knows references, and counts what it is asked. */
const world = (options: VideoProvider.DoubleOptions = {}) => {
  const asked = { posts: 0, looks: [] as Array<string>, reads: [] as Array<number>, remoteIds: [] as Array<string> }
  const known = new Map<string, { readonly remoteId: string; readonly createdAt?: number }>()
  const plain = VideoProvider.double()
  const handleOf = (remoteId: string): Effect.Effect<TaskHandle.TaskHandle, VideoTaskError.VideoTaskError> =>
    Effect.map(plain.create(Harness.request, {}), ({ handle }) => {
      const { createdAt: _, ...rest } = handle
      return new (handle.constructor as typeof TaskHandle.TaskHandle)({ ...rest, remoteId })
    })
  const provider = VideoProvider.double({
    ...options,
    family: { canFindCreated: true, ...options.family },
    create: (request, sent) =>
      Effect.suspend(() => {
        asked.posts++
        return (options.create ?? plain.create)(request, sent)
      }),
    observe: (handle) =>
      Effect.suspend(() => {
        asked.reads.push(0)
        asked.remoteIds.push(handle.remoteId)
        return (options.observe ?? (() => Effect.succeed(Harness.running(10))))(handle)
      }),
    findByTrace: (_, { reference }) =>
      Effect.suspend(() => {
        asked.looks.push(reference)
        const found = known.get(reference)
        if (found === undefined) return Effect.undefined
        const { remoteId, ...made } = found
        return Effect.map(handleOf(remoteId), (handle) => ({
          handle,
          observation: new Observation.Observation({ status: "IN_PROGRESS", remoteId, videos: [], ...made })
        }))
      })
  })
  return { provider, asked, known }
}

const process = (
  store: TaskStore.TaskStore["Service"],
  provider: VideoProvider.VideoProvider | ReadonlyArray<VideoProvider.VideoProvider>,
  options: VideoTasks.Options = {}
) => Layer.fresh(Harness.layer(provider, options, Layer.succeed(TaskStore.TaskStore, store)))

const idOf = (n: number) => TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

/** A create that a process had begun when it died. */
const begun = (n: number, fields: Partial<Submission.Submission> = {}) =>
  new Submission.Submission({
    id: idOf(n),
    provider: "double",
    family: "double",
    model: "model-1",
    account: "default",
    baseUrl: "https://double.invalid",
    requestHash: "ab",
    startedAt: 0,
    owner: "dead",
    reference: idOf(n),
    outcome: { _tag: "pending" },
    ...fields
  })

const outcomes = (store: TaskStore.TaskStore["Service"]) =>
  Effect.map(store.submissions({}), (page) => page.items.map((one) => one.outcome._tag))

const inMemory = <A, E>(
  use: (store: TaskStore.TaskStore["Service"]) => Effect.Effect<A, E>
) => Effect.flatMap(TaskStore.TaskStore, use).pipe(Effect.provide(TaskStore.layerMemory))

const resumed = VideoTasks.VideoTasks.use((tasks) => tasks.resume())

describe("a create without an outcome", () => {
  it.effect("is left alone while its sender lives, and is ambiguous when its lease has lapsed", () => {
    const { asked, provider } = world({ family: { canFindCreated: false } })
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* store.begin(begun(1), { owner: "dead", until: 60_000 })
        yield* Effect.gen(function*() {
          assert.deepStrictEqual((yield* resumed).ambiguous, [])
          assert.deepStrictEqual(yield* outcomes(store), ["pending"])
          yield* TestClock.adjust("2 minutes")
          assert.deepStrictEqual(yield* outcomes(store), ["ambiguous"])
          assert.deepStrictEqual((yield* resumed).ambiguous.map((one) => one.id), [idOf(1)])
        }).pipe(Effect.provide(process(store, provider)))
        assert.deepStrictEqual([asked.posts, asked.looks], [0, []])
      })
    )
  })

  it.effect("is ambiguous, and a task is taken over, although a wrong clock has written a lease of years", () => {
    const { provider } = world({ family: { canFindCreated: false } })
    return inMemory((store) =>
      Effect.gen(function*() {
        const submit = VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request))
        const handle = yield* Effect.provide(submit, process(store, provider))
        const task = yield* store.find(handle)
        const years = { owner: "dead", until: 1e12 }
        yield* store.begin(begun(1), years)
        yield* store.claim("dead", 1, years.until, 0, task === undefined ? [] : [task.snapshot.task.id])
        const { ambiguous, tracked } = yield* Effect.provide(resumed, process(store, provider))
        assert.deepStrictEqual([tracked, ambiguous.map(({ id }) => id)], [1, [idOf(1)]])
      })
    )
  })

  it.effect("is ambiguous after half an hour, although its sender lives on", () => {
    const { provider } = world({ family: { canFindCreated: false } })
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* store.begin(begun(1), { owner: "dead", until: 3_600_000 })
        yield* TestClock.adjust("29 minutes")
        const outcomesOf = Effect.andThen(Effect.provide(resumed, process(store, provider)), outcomes(store))
        assert.deepStrictEqual(yield* outcomesOf, ["pending"])
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* outcomesOf, ["ambiguous"])
      })
    )
  })

  it.effect("of this very process is over when it is no longer sent", () => {
    const { provider } = world({ family: { canFindCreated: false } })
    return inMemory((store) => {
      const full = new TaskStore.TaskStoreError({ detail: "full", retryable: false })
      let isFull = true
      const unsettled = Layer.succeed(TaskStore.TaskStore, {
        ...store,
        append: (...all: Parameters<typeof store.append>) => isFull ? Effect.fail(full) : store.append(...all),
        settle: (...all: Parameters<typeof store.settle>) => isFull ? Effect.fail(full) : store.settle(...all)
      })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        assert.strictEqual((yield* Effect.flip(tasks.submit(Harness.request))).reason._tag, "StoreError")
        assert.deepStrictEqual(yield* outcomes(store), ["pending"])
        isFull = false
        assert.strictEqual((yield* tasks.resume()).ambiguous.length, 1)
      }).pipe(Effect.provide(Layer.fresh(Harness.layer(provider, {}, unsettled))))
    })
  })

  it.effect("of a look-up that hangs does not cost the lease", () => {
    const { provider } = world()
    const hanging = { ...provider, findByTrace: () => Effect.never }
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(begun(1))
        yield* tasks.track(yield* tasks.submit(Harness.request))
        const fiber = yield* Effect.forkChild(tasks.resume())
        yield* TestClock.adjust("16 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).ambiguous.length, 1)
        for (let minute = 0; minute < 10; minute++) {
          yield* TestClock.adjust("1 minute")
          const now = yield* Clock.currentTimeMillis
          const [stored] = (yield* store.list({})).items
          assert.isAbove(stored?.claim?.until ?? 0, now)
        }
      }).pipe(Effect.provide(process(store, hanging)))
    )
  })

  it.effect("of nobody knows whom is left alone for half an hour", () => {
    const { provider } = world({ family: { canFindCreated: false } })
    return inMemory((store) =>
      Effect.gen(function*() {
        const { owner: _, ...anonymous } = begun(1)
        yield* store.begin(new Submission.Submission(anonymous))
        yield* TestClock.adjust("29 minutes")
        assert.deepStrictEqual((yield* resumed).ambiguous, [])
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* resumed).ambiguous.length, 1)
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("is looked up by the name that it went out with, becomes its task and is never sent again", () => {
    const { asked, known, provider } = world()
    known.set("my-name", { remoteId: "remote-9" })
    return inMemory((store) =>
      Effect.gen(function*() {
        const estimate = { amount: 0.4, unit: "USD", kind: "estimate" as const }
        yield* store.begin(begun(1, { reference: "my-name", estimate }))
        yield* store.begin(begun(2))
        yield* TestClock.adjust("1 second")
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const { ambiguous, found, tracked } = yield* tasks.resume()
          assert.deepStrictEqual([tracked, found.map((one) => one.remoteId), ambiguous.map((one) => one.id)], [
            1,
            ["remote-9"],
            [idOf(2)]
          ])
          const task = yield* tasks.get(idOf(1))
          assert.deepStrictEqual([task.model, task.handle.createdAt, { ...task.estimate }], ["model-1", 0, estimate])
          yield* TestClock.adjust("1 minute")
          assert.isAbove(asked.reads.length, 0)
        }).pipe(Effect.provide(process(store, provider)))
        assert.deepStrictEqual(yield* outcomes(store), ["created", "ambiguous"])
        assert.strictEqual(asked.posts, 0)
        assert.deepStrictEqual(asked.looks.slice(0, 2), ["my-name", idOf(2)])
      })
    )
  })

  it.effect("is not an older task under the same name", () => {
    const { known, provider } = world()
    known.set("my-name", { remoteId: "remote-9", createdAt: 1000 })
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 hour")
        yield* store.begin(begun(1, { reference: "my-name", startedAt: 3_000_000 }))
        assert.deepStrictEqual((yield* resumed).found, [])
        assert.deepStrictEqual(yield* outcomes(store), ["ambiguous"])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("is not looked for at another API or account than it went to", () => {
    const { asked, provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* store.begin(begun(1, { baseUrl: "https://elsewhere.example" }))
        yield* store.begin(begun(2, { account: "other" }))
        assert.strictEqual((yield* resumed).ambiguous.length, 2)
        assert.deepStrictEqual(asked.looks, [])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("that is found while its answer is still out is one task", () => {
    const { known, provider } = world({
      create: (_, { reference = "" } = {}) =>
        Effect.gen(function*() {
          known.set(reference, { remoteId: "remote-9" })
          yield* Effect.sleep("2 minutes")
          const created = yield* VideoProvider.double().create(Harness.request, {})
          const { ...fields } = created.handle
          const handle = new (created.handle.constructor as typeof TaskHandle.TaskHandle)({
            ...fields,
            remoteId: "remote-9"
          })
          return { ...created, handle }
        })
    })
    return inMemory((store) =>
      Effect.gen(function*() {
        // This process was asleep: its lease has lapsed, and another one has found its task.
        const asleep = { ...store, renew: () => Effect.void }
        const submit = VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request))
        const fiber = yield* Effect.forkChild(Effect.provide(submit, process(asleep, provider)))
        yield* TestClock.adjust("90 seconds")
        yield* Effect.gen(function*() {
          assert.strictEqual((yield* resumed).found.length, 1)
          yield* TestClock.adjust("1 minute")
          assert.strictEqual((yield* Fiber.join(fiber)).remoteId, "remote-9")
        }).pipe(Effect.provide(process(store, provider)))
        assert.strictEqual((yield* store.list({})).items.length, 1)
        assert.deepStrictEqual(yield* outcomes(store), ["created"])
      })
    )
  })
})

describe("lookUp", () => {
  it.effect("finds the task of one lost create, and leaves all others and what is unfinished alone", () => {
    const { asked, known, provider } = world()
    for (const n of [1, 2]) known.set(idOf(n), { remoteId: `found-${n}` })
    return inMemory((store) =>
      Effect.gen(function*() {
        const submit = VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request))
        const other = yield* Effect.provide(submit, process(store, provider))
        for (const n of [1, 2, 3]) yield* store.begin(begun(n))
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const { outcome } = yield* tasks.lookUp(idOf(1))
          assert.deepStrictEqual(outcome, { _tag: "created", handle: (yield* tasks.get(idOf(1))).handle })
          assert.strictEqual((yield* tasks.lookUp(idOf(3))).outcome._tag, "ambiguous")
          yield* TestClock.adjust("5 minutes")
        }).pipe(Effect.provide(process(store, provider)))
        assert.deepStrictEqual(yield* outcomes(store), ["created", "created", "pending", "ambiguous"])
        assert.deepStrictEqual([asked.looks, asked.reads, asked.posts], [[idOf(1), idOf(3)], [], 1])
        assert.isUndefined((yield* store.find(other))?.claim)
      })
    )
  })

  it.effect("leaves a create alone whose sender lives, and knows no other id", () => {
    const { asked, provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(begun(1, { owner: "alive" }), { owner: "alive", until: 60_000 })
        assert.strictEqual((yield* tasks.lookUp(idOf(1))).outcome._tag, "pending")
        assert.strictEqual((yield* Effect.flip(tasks.lookUp(idOf(2)))).reason._tag, "InvalidRequest")
        assert.deepStrictEqual(asked.looks, [])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })
})

describe("resolve", () => {
  const lost = (fields: Partial<Submission.Submission> = {}) =>
    begun(1, { outcome: { _tag: "ambiguous", detail: "lost" }, ...fields })

  it.effect("makes the task that somebody found, under the id of the submission", () => {
    const { asked, provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(lost())
        const settled = yield* tasks.resolve(idOf(1), { remoteId: " remote-7 " })
        const task = yield* tasks.get(idOf(1))
        assert.deepStrictEqual(settled.outcome, { _tag: "created", handle: task.handle })
        assert.deepStrictEqual([task.handle.remoteId, task.handle.createdAt, task.handle.requestHash], [
          "remote-7",
          0,
          "ab"
        ])
        assert.deepStrictEqual([asked.posts, asked.looks, asked.reads], [0, [], []])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("refuses a task that another create has made, and names that one", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const { id } = yield* tasks.get(handle)
        yield* store.begin(lost())
        const error = yield* Effect.flip(tasks.resolve(idOf(1), { remoteId: handle.remoteId }))
        assert.strictEqual(error.reason._tag, "InvalidRequest")
        assert.include(error.message, `which is the task of the create ${id}`)
        assert.deepStrictEqual(yield* outcomes(store), ["created", "ambiguous"])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("takes a task that was attached by hand, for one create only", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.attach({ provider: "double", remoteId: "remote-7" })
        yield* store.begin(lost())
        yield* store.begin(begun(2, { outcome: { _tag: "ambiguous", detail: "lost" } }))
        yield* tasks.resolve(idOf(1), { remoteId: "remote-7" })
        const error = yield* Effect.flip(tasks.resolve(idOf(2), { remoteId: "remote-7" }))
        assert.include(error.message, `which is the task of the create ${idOf(1)}`)
        assert.deepStrictEqual(yield* outcomes(store), ["created", "ambiguous"])
        assert.strictEqual((yield* store.find(handle))?.snapshot.task.handle.remoteId, "remote-7")
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  const unknown = Effect.fail(Harness.error(new VideoTaskError.TaskNotFound({ remoteId: "typo" })))
  const knowing = (createdAt: number): VideoProvider.DoubleOptions => ({
    family: { graceMs: 0 },
    observe: ({ remoteId }) =>
      remoteId === "typo" ? unknown : Effect.succeed(Harness.observed({ status: "IN_PROGRESS", createdAt }))
  })

  it.effect("asks the API, where that is wanted, and refuses what it does not know, and what is older", () => {
    const { asked, provider } = world(knowing(1000))
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(lost({ startedAt: 3_000_000 }))
        yield* store.begin(begun(2, { outcome: { _tag: "ambiguous", detail: "lost" } }))
        yield* TestClock.adjust("1 hour")
        const check = (n: number, remoteId: string) => tasks.resolve(idOf(n), { remoteId, check: true })
        const errors = yield* Effect.forEach(["typo", "old"], (remoteId) => Effect.flip(check(1, remoteId)))
        assert.deepStrictEqual(errors.map(({ reason }) => reason._tag), ["InvalidRequest", "InvalidRequest"])
        assert.deepStrictEqual(errors.map(({ message }) => /does not know|older/.exec(message)?.[0]), [
          "does not know",
          "older"
        ])
        assert.deepStrictEqual(yield* outcomes(store), ["ambiguous", "ambiguous"])
        assert.strictEqual((yield* check(2, "right")).outcome._tag, "created")
        assert.deepStrictEqual([asked.remoteIds, asked.posts], [["typo", "old", "right"], 0])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  for (const resolution of [{ remoteId: "right" }, "discard"] as const) {
    const outcome = resolution === "discard" ? "rejected" : "created"
    it.effect(`settles a create anew as ${outcome} that was settled with an id that the API has never known`, () => {
      const { provider } = world(knowing(0))
      return inMemory((store) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* store.begin(lost())
          yield* tasks.resolve(idOf(1), { remoteId: "typo" })
          const fiber = yield* Effect.forkChild(tasks.awaitEnd(idOf(1)))
          yield* TestClock.adjust("10 minutes")
          assert.strictEqual((yield* Fiber.join(fiber)).status, "ERROR")
          const { outcome: settled } = yield* tasks.resolve(idOf(1), resolution)
          assert.strictEqual(settled._tag, outcome)
          assert.strictEqual(
            (yield* store.load(idOf(1)))?.snapshot.task.handle.remoteId,
            resolution === "discard"
              ? undefined
              : "right"
          )
        }).pipe(Effect.provide(process(store, provider)))
      )
    })
  }

  it.effect("takes nothing back that a read has seen", () => {
    let reads = 0
    const { provider } = world({
      family: { graceMs: 0 },
      observe: () => reads++ === 0 ? Effect.succeed(Harness.running(10)) : unknown
    })
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(lost())
        yield* tasks.resolve(idOf(1), { remoteId: "remote-7" })
        const fiber = yield* Effect.forkChild(tasks.awaitEnd(idOf(1)))
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual((yield* Fiber.join(fiber)).status, "ERROR")
        const error = yield* Effect.flip(tasks.resolve(idOf(1), "discard"))
        assert.include(error.message, "which is created")
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("takes a submission that made nothing as refused", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(lost())
        assert.deepStrictEqual((yield* tasks.resolve(idOf(1), "discard")).outcome, {
          _tag: "rejected",
          reason: "discarded"
        })
        const refused = yield* Effect.flip(tasks.resolve(idOf(1), { remoteId: "remote-7" }))
        assert.strictEqual(refused.reason._tag, "InvalidRequest")
        assert.include(refused.message, "rejected")
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("refuses what is unknown, still being sent, or of another API", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(begun(2, { owner: "alive" }), { owner: "alive", until: 60_000 })
        yield* store.begin(lost({ baseUrl: "https://elsewhere.example" }))
        const tagOf = (id: TaskId.TaskId) =>
          Effect.map(Effect.flip(tasks.resolve(id, { remoteId: "x" })), (error) => error.reason._tag)
        assert.deepStrictEqual(yield* Effect.forEach([idOf(3), idOf(2), idOf(1)], tagOf), [
          "InvalidRequest",
          "InvalidRequest",
          "ResumeIdentityChanged"
        ])
        assert.deepStrictEqual(yield* outcomes(store), ["pending", "ambiguous"])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })
})

describe("resume", () => {
  it.effect("tells of a task whose API is configured differently by now, and goes on with the others", () => {
    const { asked, provider } = world()
    const moved = { ...provider, baseUrl: "https://moved.invalid" }
    return inMemory((store) =>
      Effect.gen(function*() {
        const submit = VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request))
        const old = yield* Effect.provide(submit, process(store, moved))
        // The double's handles are of its own address: this one was made at another.
        const elsewhere = { ...old }
        assert.strictEqual(elsewhere.baseUrl, "https://double.invalid")
        const { leftAlone, tracked } = yield* Effect.provide(resumed, process(store, moved))
        assert.deepStrictEqual([tracked, leftAlone.map(({ handle, reason }) => [handle?.remoteId, reason._tag])], [0, [[
          old.remoteId,
          "ResumeIdentityChanged"
        ]]])
        const again = yield* Effect.provide(resumed, process(store, provider))
        assert.deepStrictEqual([again.tracked, again.leftAlone, asked.reads], [1, [], []])
      })
    )
  })

  it.effect("reads a task that has just changed no sooner than its floor", () => {
    const { asked, provider } = world({ family: { poll: { ...PollPolicy.standard, floorMs: 10_000 } } })
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* tasks.attach({ provider: "double", remoteId: "x" })
          yield* tasks.refresh(handle)
        }).pipe(Effect.provide(process(store, provider)))
        const before = asked.reads.length
        yield* TestClock.adjust("4 seconds")
        yield* Effect.gen(function*() {
          yield* resumed
          yield* TestClock.adjust("5900 millis")
          assert.strictEqual(asked.reads.length, before)
          yield* TestClock.adjust("200 millis")
          assert.strictEqual(asked.reads.length, before + 1)
        }).pipe(Effect.provide(process(store, provider)))
      })
    )
  })

  it.effect("spreads the first reads of 10,000 tasks, and keeps room for who waits", () => {
    const reads: Array<readonly [at: number, remoteId: string]> = []
    const { provider } = world({
      observe: (handle) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          reads.push([now, handle.remoteId])
          return Harness.running(10)
        })
    })
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          for (let n = 0; n < 10_000; n++) yield* tasks.attach({ provider: "double", remoteId: `x-${n}` })
        }).pipe(Effect.provide(process(store, provider)))
        yield* TestClock.adjust("1 hour")
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const began = yield* Clock.currentTimeMillis
          assert.strictEqual((yield* tasks.resume()).tracked, 10_000)
          yield* TestClock.adjust("30 seconds")
          // Somebody waits for the last one, which would be read in four minutes.
          const asked = yield* Clock.currentTimeMillis
          const fiber = yield* Effect.forkChild(tasks.await(
            yield* tasks.attach({
              provider: "double",
              remoteId: "x-9999"
            })
          ))
          yield* TestClock.adjust("30 seconds")
          const last = reads.find(([, remoteId]) => remoteId === "x-9999")?.[0] ?? Infinity
          assert.isAtMost(last - asked, 1000)
          const counts = new Map<number, number>()
          for (const [at] of reads) {
            const second = Math.floor((at - began) / 1000)
            counts.set(second, (counts.get(second) ?? 0) + 1)
          }
          const most = Math.max(...counts.values())
          assert.isAtMost(most, 55)
          assert.isAtLeast(reads.length, 2000)
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provide(process(store, provider)))
      })
    )
  }, 240_000)

  it.effect("finds and follows the create of a process that dies later", () => {
    const { asked, known, provider } = world()
    known.set(idOf(1), { remoteId: "remote-9" })
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* store.begin(begun(1, { owner: "alive" }), { owner: "alive", until: 60_000 })
        assert.deepStrictEqual((yield* resumed).found, [])
        yield* TestClock.adjust("90 seconds")
        assert.deepStrictEqual(yield* outcomes(store), ["created"])
        assert.isAbove(asked.reads.length, 0)
      }).pipe(Effect.provide(process(store, provider)))
    )
  })

  it.effect("takes over what a process leaves that dies later", () => {
    const { asked, provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* VideoTasks.VideoTasks.use((tasks) => tasks.attach({ provider: "double", remoteId: "x" })).pipe(
          Effect.provide(process(store, provider))
        )
        // Another process holds it for a minute, and is never heard of again.
        yield* store.claim("dead", 10, 60_000, 0)
        yield* Effect.gen(function*() {
          assert.strictEqual((yield* resumed).tracked, 0)
          yield* TestClock.adjust("59 seconds")
          assert.strictEqual(asked.reads.length, 0)
          yield* TestClock.adjust("1 minute")
          assert.isAbove(asked.reads.length, 0)
        }).pipe(Effect.provide(process(store, provider)))
      })
    )
  })

  it.effect("says of a task that is gone whether it was ever seen", () => {
    const state = { isGone: false }
    const { provider } = world({
      observe: () => state.isGone ? Effect.fail(Harness.notFound) : Effect.succeed(Harness.running(10))
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const seen = yield* tasks.attach({ provider: "double", remoteId: "seen" })
      yield* tasks.refresh(seen)
      state.isGone = true
      const never = yield* tasks.attach({ provider: "double", remoteId: "never" })
      const messages = yield* Effect.forEach([seen, never], (handle) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Effect.flip(tasks.await(handle)))
          yield* TestClock.adjust("5 minutes")
          return (yield* Fiber.join(fiber)).message
        }))
      assert.include(messages[0], "it knew it before and has forgotten it")
      assert.include(messages[1], "it was never seen there")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })
})

describe("a claim", () => {
  const claimOf = (store: TaskStore.TaskStore["Service"]) =>
    Effect.map(store.list({}), (page) => page.items.map((one) => one.claim?.owner))

  it.effect("holds a task from its create on, and is given up when the wait or the process ends", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* tasks.submit(Harness.request)
          assert.deepStrictEqual(yield* claimOf(store), ["one"])
          const fiber = yield* Effect.forkChild(tasks.await(handle))
          yield* TestClock.adjust("10 minutes")
          assert.deepStrictEqual(yield* claimOf(store), ["one"])
          assert.strictEqual((yield* Effect.provide(resumed, process(store, provider))).tracked, 0)
          yield* Fiber.interrupt(fiber)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* claimOf(store), [undefined])
          yield* tasks.track(handle)
          assert.deepStrictEqual(yield* claimOf(store), ["one"])
        }).pipe(Effect.provide(process(store, provider, { owner: "one" })))
        assert.deepStrictEqual(yield* claimOf(store), [undefined])
      })
    )
  })

  it.effect("of a task that nobody follows is given up after a lease", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.submit(Harness.request)
        yield* TestClock.adjust("2 minutes")
        assert.deepStrictEqual(yield* claimOf(store), [undefined])
      }).pipe(Effect.provide(process(store, provider, { owner: "one" })))
    )
  })

  it.effect("that another process took over while this one slept stops its reads", () => {
    const { asked, provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.track(yield* tasks.submit(Harness.request))
        yield* TestClock.adjust("1 minute")
        const [stored] = (yield* store.list({})).items
        if (stored === undefined) return assert.fail("there is no task")
        yield* store.release("one", [stored.snapshot.task.id])
        yield* store.claim("two", 1, 3_600_000, 60_000)
        const before = asked.reads.length
        yield* TestClock.adjust("30 minutes")
        assert.isAtMost(asked.reads.length, before + 1)
      }).pipe(Effect.provide(process(store, provider, { owner: "one" })))
    )
  })
})

describe("a wait that yields", () => {
  /** A task that was taken over by a second process while the first one, which waits for it, slept. */
  const takenOver = (
    use: (both: {
      readonly wait: Fiber.Fiber<string>
      readonly second: Scope.Closeable
      readonly reads: () => readonly [number, number]
      readonly end: () => void
    }) => Effect.Effect<void>
  ) =>
    inMemory((store) => {
      let hasEnded = false
      const observe = () => Effect.sync(() => hasEnded ? Harness.success : Harness.running(10))
      const [one, two] = [world({ observe }), world({ observe })]
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        const options = { yields: true, deadline: "10 hours" } as const
        const wait = yield* Effect.forkChild(
          Effect.map(Effect.orDie(tasks.await(handle, options)), (task) => task.status)
        )
        yield* TestClock.adjust("1 minute")
        const [stored] = (yield* store.list({})).items
        if (stored === undefined) return assert.fail("there is no task")
        yield* store.release("one", [stored.snapshot.task.id])
        const second = yield* Scope.make()
        const others = yield* Layer.buildWithScope(process(store, two.provider, { owner: "two" }), second)
        yield* Effect.gen(function*() {
          const others = yield* VideoTasks.VideoTasks
          yield* others.resume()
          yield* Effect.forkIn(others.awaitEnd(handle, options), second)
        }).pipe(Effect.provide(others))
        yield* use({
          wait,
          second,
          reads: () => [one.asked.reads.length, two.asked.reads.length],
          end: () => {
            hasEnded = true
          }
        })
      }).pipe(Effect.provide(process(store, one.provider, { owner: "one" })))
    })

  it.effect("asks the API nothing while somebody else follows the task, and takes it over when they are gone", () =>
    takenOver(Effect.fnUntraced(function*({ end, reads, second, wait }) {
      const [before] = reads()
      assert.isAbove(before, 0)
      yield* TestClock.adjust("30 minutes")
      const [held, others] = reads()
      assert.strictEqual(held, before)
      assert.isAbove(others, 1)
      yield* Scope.close(second, Exit.void)
      end()
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual(yield* Fiber.join(wait), "SUCCESS")
      assert.deepStrictEqual(reads(), [before + 1, others])
    })))

  it.effect("hears of the end that somebody else has seen", () =>
    takenOver(Effect.fnUntraced(function*({ end, reads, wait }) {
      const [before] = reads()
      end()
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual(yield* Fiber.join(wait), "SUCCESS")
      assert.deepStrictEqual(reads(), [before, 1])
    })))

  it.effect("hears of it within seconds, whatever its own cadence is", () =>
    inMemory((store) => {
      let hasEnded = false
      const [one, two] = [
        world({ observe: () => Effect.sync(() => hasEnded ? Harness.success : Harness.running(10)) }),
        world()
      ]
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request)
        yield* tasks.track(handle)
        const others = yield* Layer.build(process(store, two.provider, { owner: "two" }))
        const wait = yield* VideoTasks.VideoTasks.use((others) => others.await(handle, { yields: true })).pipe(
          Effect.provide(others),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 second")
        hasEnded = true
        yield* tasks.refresh(handle)
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* Fiber.join(wait)).status, "SUCCESS")
        assert.deepStrictEqual(two.asked.reads, [])
      }).pipe(Effect.provide(process(store, one.provider, { owner: "one" })), Effect.scoped)
    }))
})

describe("submissions", () => {
  it.effect("are kept before anything is sent, with all that a look-up needs", () => {
    const kept: Array<Submission.Submission | undefined> = []
    return inMemory((store) => {
      const { provider } = world({
        create: (request, sent) =>
          Effect.andThen(
            Effect.orDie(Effect.map(store.submissions({}), ({ items: [first] }) => kept.push(first))),
            VideoProvider.double().create(request, sent)
          )
      })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.submit(Harness.request, { id: idOf(7) })
        assert.deepStrictEqual(
          kept,
          [begun(7, {
            owner: "one",
            requestHash: kept[0]?.requestHash ?? "",
            reference: kept[0]?.reference ?? "",
            request: RequestRecord.from(Harness.request),
            startedAt: 0
          })]
        )
        // Another store may have a task of the same id on the same account.
        assert.notStrictEqual(kept[0]?.reference, idOf(7))
        assert.match(kept[0]?.requestHash ?? "", /^[0-9a-f]{64}$/)
        assert.strictEqual(yield* store.leaseOf("one"), 60_000)
      }).pipe(Effect.provide(process(store, provider, { owner: "one" })))
    })
  })

  it.effect("say nothing of what was asked for where that is not wanted", () =>
    inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.submit(Harness.request)
        const { items } = yield* store.submissions({})
        assert.deepStrictEqual(items.map(({ outcome, request }) => [outcome._tag, request]), [["created", undefined]])
      }).pipe(Effect.provide(process(store, world().provider, { keepRequests: false })))
    ))

  it.effect("that were written while only the reply was lost are sent, those of somebody else are not", () => {
    const { asked, provider } = world()
    return inMemory((store) => {
      const lost = new TaskStore.TaskStoreError({ detail: "the connection was cut", retryable: true })
      let cuts = 0
      let isForeign = false
      const cut = Layer.succeed(TaskStore.TaskStore, {
        ...store,
        begin: (one: Submission.Submission, sender?: TaskStore.Lease) => {
          if (cuts-- <= 0) return store.begin(one, sender)
          const written = isForeign ? new Submission.Submission({ ...one, owner: "two" }) : one
          return Effect.andThen(store.begin(written, sender), Effect.fail(lost))
        }
      })
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const submit = Effect.fnUntraced(function*(n: number) {
          cuts = 1
          const fiber = yield* Effect.forkChild(Effect.exit(tasks.submit(Harness.request, { id: idOf(n) })))
          yield* TestClock.adjust("1 second")
          return (yield* Fiber.join(fiber))._tag
        })
        assert.deepStrictEqual([yield* submit(1), asked.posts], ["Success", 1])
        isForeign = true
        assert.deepStrictEqual([yield* submit(2), asked.posts], ["Failure", 1])
        cuts = 0
        const again = yield* Effect.flip(tasks.submit(Harness.request, { id: idOf(1) }))
        assert.deepStrictEqual([again.reason._tag, asked.posts], ["StoreError", 1])
      }).pipe(Effect.provide(Layer.fresh(Harness.layer(provider, { owner: "one" }, cut))))
    })
  })

  it.effect("are listed by their outcome", () => {
    const { provider } = world()
    return inMemory((store) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* store.begin(begun(1, { outcome: { _tag: "ambiguous", detail: "lost" } }))
        yield* tasks.submit(Harness.request)
        const listed = Effect.fnUntraced(function*(filter?: VideoTasks.SubmissionFilter) {
          return (yield* Stream.runCollect(tasks.submissions(filter))).map((one) => one.outcome._tag)
        })
        assert.deepStrictEqual(yield* listed(), ["ambiguous", "created"])
        assert.deepStrictEqual(yield* listed({ outcome: "ambiguous" }), ["ambiguous"])
      }).pipe(Effect.provide(process(store, provider)))
    )
  })
})
