import { assert, describe, it } from "@effect/vitest"
import { Observation, TaskId, VideoProvider, VideoProviders } from "@video-tasks/core"
import { type SqlBuckets, TaskStore } from "@video-tasks/runtime"
import { Deferred, Effect, Exit, Fiber, Layer, type Scope } from "effect"
import { EntityAddress, EntityId, EntityType, ShardId } from "effect/cluster"
import { TestClock } from "effect/testing"
import * as BucketEngine from "../src/internal/bucketEngine.ts"
import { handlers } from "../src/internal/doorHandlers.ts"
import { Engines } from "../src/internal/engines.ts"
import { nameOf } from "../src/internal/wire.ts"

const idOf = (n: number) => TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-00000000000${n}`)

const request = { provider: "double", family: "double", model: "model-1", prompt: "A fox" }

const poll = { floor: "1 second", ceiling: "1 second" } as const

const running = new Observation.Observation({ status: "IN_PROGRESS", videos: [] })

/** A bucket on a runner, with an API that answers its creates when it is told to. */
const world = Effect.fnUntraced(function*(concurrency: number, read: Effect.Effect<void> = Effect.void) {
  const posts: Array<string> = []
  const answers = new Map<number, Deferred.Deferred<void>>()
  let reads = 0
  const double = VideoProvider.double({
    observe: () => Effect.andThen(Effect.sync(() => reads++), Effect.as(read, running))
  })
  const answer = (n: number) => {
    const known = answers.get(n) ?? Deferred.makeUnsafe<void>()
    answers.set(n, known)
    return known
  }
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (request, options) =>
      Effect.andThen(
        Effect.suspend(() => Deferred.await(answer(posts.push(request.prompt)))),
        double.create(request, options)
      )
  }
  const store = yield* TaskStore.TaskStore
  const engines = new Engines(1)
  let isLost = false
  const gone = new TaskStore.TaskStoreError({ detail: "bucket 0 was taken over", retryable: false })
  const held = <A, E>(write: Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | TaskStore.TaskStoreError> => isLost ? Effect.fail(gone) : write)
  const mine: TaskStore.TaskStore["Service"] = {
    ...store,
    append: (...step) => held(store.append(...step)),
    settle: (...outcome) => held(store.settle(...outcome))
  }
  const rescued: Array<string | undefined> = []
  const buckets: SqlBuckets.Buckets = {
    count: 1,
    store,
    owners: Effect.succeed([]),
    take: () =>
      Effect.succeed({
        bucket: 0,
        epoch: 1,
        owner: "a",
        store: mine,
        confirm: Effect.void,
        lost: Effect.never,
        isLost: Effect.succeed(isLost)
      })
  }
  const scope = yield* Effect.scope
  const run = yield* BucketEngine.run(
    {
      buckets,
      engines,
      runner: "a",
      options: { budget: { concurrency }, poll },
      grace: "15 seconds",
      scope,
      lostMs: 1000
    },
    0
  ).pipe(
    Effect.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider])))),
    Effect.forkChild
  )
  const door = handlers(engines, (_, { handle }) => Effect.sync(() => rescued.push(handle?.remoteId)))
  const address = EntityAddress.make({
    entityType: EntityType.make("door"),
    entityId: EntityId.make(nameOf(0)),
    shardId: ShardId.make("default", 1)
  })
  const ask = <A, E>(handler: (envelope: never) => Effect.Effect<A, E>, payload: object) =>
    handler({ address, payload } as never)
  const submit = (n: number) =>
    ask(door.submit, { id: idOf(n), attempt: "1", request: { ...request, prompt: `${n}` }, options: {} })
  const abandon = (n: number, attempt = "1") => ask(door.abandon, { id: idOf(n), attempt })
  const outcome = (n: number) => Effect.map(store.submission(idOf(n)), (one) => one?.outcome._tag)
  yield* TestClock.adjust(1)
  return {
    posts,
    engines,
    run,
    rescued,
    thief: Effect.sync(() => {
      isLost = true
    }),
    submit,
    abandon,
    outcome,
    reads: () => reads,
    answer: (n: number) => Deferred.succeed(answer(n), undefined)
  }
})

const test = (name: string, body: Effect.Effect<void, unknown, TaskStore.TaskStore | Scope.Scope>) =>
  it.effect(name, () => Effect.provide(body, TaskStore.layerMemory))

describe("the door to a bucket", () => {
  test(
    "goes on with a create whose caller is cut off, and answers the same attempt again",
    Effect.gen(function*() {
      const { answer, outcome, posts, submit } = yield* world(1)
      const caller = yield* Effect.forkChild(submit(1))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(caller)
      assert.strictEqual(yield* outcome(1), "pending")
      const again = yield* Effect.forkChild(submit(1))
      yield* TestClock.adjust(1)
      yield* answer(1)
      assert.strictEqual((yield* Fiber.join(again)).provider, "double")
      assert.deepStrictEqual([posts, yield* outcome(1)], [["1"], "created"])
    })
  )

  test(
    "sends nothing more of a create whose caller says that it is not wanted",
    Effect.gen(function*() {
      const { abandon, answer, outcome, posts, submit } = yield* world(1)
      yield* Effect.forkChild(submit(1))
      const caller = yield* Effect.forkChild(submit(2))
      yield* TestClock.adjust(1)
      yield* abandon(2, "of somebody else")
      yield* TestClock.adjust(1)
      assert.isUndefined(caller.pollUnsafe())
      yield* abandon(2)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(caller)))
      yield* answer(1)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([posts, yield* outcome(2)], [["1"], undefined])
    })
  )
})

describe("a bucket that is given up", () => {
  test(
    "reads nothing from then on",
    Effect.gen(function*() {
      const { answer, outcome, reads, run, submit } = yield* world(2)
      yield* answer(1)
      yield* Effect.forkChild(submit(1))
      yield* Effect.forkChild(submit(2))
      yield* TestClock.adjust("1 minute")
      const before = reads()
      yield* TestClock.adjust("10 seconds")
      assert.isAbove(reads(), before)
      const after = reads()
      const given = yield* Effect.forkChild(Fiber.interrupt(run))
      yield* TestClock.adjust("14 seconds")
      assert.deepStrictEqual([given.pollUnsafe(), reads()], [undefined, after])
      yield* answer(2)
      yield* Fiber.await(given)
      assert.strictEqual(yield* outcome(2), "created")
    })
  )

  test(
    "leaves what stands in line to its next owner",
    Effect.gen(function*() {
      const { answer, outcome, posts, run, submit } = yield* world(1)
      yield* Effect.forkChild(submit(1))
      const second = yield* Effect.forkChild(Effect.flip(submit(2)))
      yield* TestClock.adjust("1 second")
      const given = yield* Effect.forkChild(Fiber.interrupt(run))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(second))._tag, "NotHere")
      yield* answer(1)
      yield* Fiber.await(given)
      assert.deepStrictEqual([posts, yield* outcome(1), yield* outcome(2)], [["1"], "created", undefined])
    })
  )

  test(
    "leaves to its next owner also what gets its turn because a read is let go of",
    Effect.gen(function*() {
      const { answer, outcome, posts, reads, run, submit } = yield* world(2, Effect.never)
      const first = yield* Effect.forkChild(submit(1))
      yield* TestClock.adjust("1 second")
      yield* answer(1)
      yield* Fiber.join(first)
      yield* TestClock.adjust("1 minute")
      yield* Effect.forkChild(submit(2))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(posts, ["1", "2"])
      const third = yield* Effect.forkChild(Effect.flip(submit(3)))
      yield* TestClock.adjust(1)
      const before = reads()
      assert.isAbove(before, 0)
      const given = yield* Effect.forkChild(Fiber.interrupt(run))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(third)
      assert.strictEqual(error._tag, "NotHere")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual([posts, reads(), yield* outcome(3)], [["1", "2"], before, undefined])
      assert.isUndefined(given.pollUnsafe())
      yield* answer(2)
      yield* Fiber.await(given)
      assert.strictEqual(yield* outcome(2), "created")
    })
  )

  test(
    "is free after its grace, and what a create is answered later is kept",
    Effect.gen(function*() {
      const { answer, engines, outcome, run, submit } = yield* world(1)
      yield* Effect.forkChild(submit(1))
      yield* TestClock.adjust("1 second")
      const given = yield* Effect.forkChild(Fiber.interrupt(run))
      yield* TestClock.adjust("14 seconds")
      assert.isUndefined(given.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.await(given)
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual([engines.owned, yield* outcome(1)], [[], "pending"])
      yield* answer(1)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* outcome(1), "created")
    })
  )

  test(
    "has its task handed over when somebody else may store it",
    Effect.gen(function*() {
      const { answer, outcome, rescued, submit, thief } = yield* world(1)
      const caller = yield* Effect.forkChild(Effect.flip(submit(1)))
      yield* TestClock.adjust("1 second")
      yield* thief
      yield* answer(1)
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(caller)
      assert.deepStrictEqual([error._tag, rescued, yield* outcome(1)], ["VideoTaskError", ["remote-1"], "pending"])
    })
  )

  test(
    "does not wait longer than the grace when its runner stops",
    Effect.gen(function*() {
      const { engines, outcome, run, submit } = yield* world(1)
      yield* Effect.forkChild(submit(1))
      yield* TestClock.adjust("1 second")
      const stopped = yield* Effect.forkChild(Effect.andThen(engines.stop("15 seconds"), Fiber.interrupt(run)))
      yield* TestClock.adjust("14 seconds")
      assert.deepStrictEqual([stopped.pollUnsafe(), yield* outcome(1)], [undefined, "pending"])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(stopped)
      assert.strictEqual(yield* outcome(1), "ambiguous")
    })
  )
})
