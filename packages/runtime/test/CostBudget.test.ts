import { assert, describe, it } from "@effect/vitest"
import { type ModelSpec, type Price, Video, VideoProvider, VideoProviders, VideoTaskError } from "@video-tasks/core"
import { CostBudget, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

const listed: VideoProvider.CatalogueModel = {
  id: "model-1",
  features: [],
  routes: [],
  currency: "USD / M Tokens",
  perSecond: 0.05
}

/** 0.25 USD at five seconds. */
const request = { ...Harness.request, seconds: 5 }

/** A provider that counts what is asked of it. */
const shop = (
  options: VideoProvider.DoubleOptions = {},
  catalogue: VideoProvider.VideoProvider["models"] | undefined = Effect.succeed([listed])
) => {
  const asked = { catalogues: 0, posts: 0 }
  const plain = VideoProvider.double({ ...options, models: Effect.suspend(() => (asked.catalogues++, catalogue)) })
  const provider: VideoProvider.VideoProvider = {
    ...plain,
    create: (...args) => Effect.suspend(() => (asked.posts++, plain.create(...args)))
  }
  return { asked, provider }
}

const layer = (provider: VideoProvider.VideoProvider, max?: number, currency = "USD") =>
  VideoTasks.layer({ budget: { burst: 100, requestsPerSecond: 1000 } }).pipe(
    Layer.provideMerge(max === undefined ? Layer.empty : CostBudget.layer({ max, currency })),
    Layer.provideMerge(TaskStore.layerMemory),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
  ) as Layer.Layer<VideoTasks.VideoTasks | CostBudget.CostBudget | TaskStore.TaskStore>

const sums = Effect.map(CostBudget.ledger, ({ left, reserved, settled, unknown }) => ({
  reserved,
  settled,
  unknown,
  left
}))

const submit = Effect.flatMap(VideoTasks.VideoTasks, (tasks) => tasks.submit(request))

/** Submits with as much time as it takes. */
const submitLong = Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(Effect.exit(submit))
  yield* TestClock.adjust("10 minutes")
  return yield* Fiber.join(fiber)
})

const reasonOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>) =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause))?.reason : undefined

const refusing = (reason: VideoTaskError.Reason) => () => Effect.fail(Harness.error(reason, "create"))

const bill = (amount: number, unit: string) => new Video.Cost({ amount, unit, kind: "bill" })

/** Submits, and reads the task until it has ended. */
const live = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* submit
  assert.deepStrictEqual(yield* sums, { reserved: 0.25, settled: 0, unknown: 0, left: 0.75 })
  return yield* tasks.refresh(handle)
})

describe("CostBudget", () => {
  it.effect("lets through exactly as many of 20 submits side by side as it has money for", () => {
    const maker = VideoProvider.double()
    const { asked, provider } = shop({
      create: (...args) => Effect.andThen(Effect.sleep("1 second"), maker.create(...args))
    })
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 20 }, () => Effect.exit(submit)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 minute")
      const exits = yield* Fiber.join(fiber)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 7)
      assert.deepStrictEqual(
        exits.filter(Exit.isFailure).map((exit) => reasonOf(exit)?._tag),
        Array.from({ length: 13 }, () => "BudgetExceeded" as const)
      )
      assert.deepStrictEqual(asked, { catalogues: 1, posts: 7 })
      // Seven times 0.25, although 1.9 would be enough for a part of an eighth.
      assert.deepStrictEqual(yield* sums, { reserved: 1.75, settled: 0, unknown: 0, left: 0.15 })
      const { submissions } = yield* TaskStore.TaskStore
      assert.strictEqual((yield* submissions({})).items.length, 7)
    }).pipe(Effect.provide(layer(provider, 1.9)))
  })

  it.effect("does not lose a cent to binary fractions: three times 0.1 is 0.3", () => {
    const { asked, provider } = shop({}, Effect.succeed([{ ...listed, perSecond: 0.02 }]))
    return Effect.gen(function*() {
      for (let nth = 0; nth < 3; nth++) yield* submit
      assert.deepStrictEqual(yield* sums, { reserved: 0.3, settled: 0, unknown: 0, left: 0 })
      const error = yield* Effect.flip(submit)
      assert.strictEqual(
        error.message,
        "The request exceeds the budget: model-1: it would cost 0.1 USD, and of 0.3 USD there are 0 left. Nothing was sent."
      )
      assert.strictEqual(asked.posts, 3)
    }).pipe(Effect.provide(layer(provider, 0.3)))
  })

  it.effect("keeps an ambiguous submit as unknown, and counts it", () => {
    const { asked, provider } = shop({ create: refusing(new VideoTaskError.SubmissionAmbiguous({ detail: "reset" })) })
    return Effect.gen(function*() {
      assert.strictEqual(reasonOf(yield* submitLong)?._tag, "SubmissionAmbiguous")
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0.25, left: 0.25 })
      assert.strictEqual(reasonOf(yield* submitLong)?._tag, "SubmissionAmbiguous")
      assert.strictEqual(reasonOf(yield* submitLong)?._tag, "BudgetExceeded")
      assert.strictEqual(asked.posts, 2)
      const { entries } = yield* CostBudget.ledger
      assert.deepStrictEqual(entries.map(({ amount, model, state }) => ({ amount, model, state })), [
        { amount: 0.25, model: "model-1", state: "unknown" },
        { amount: 0.25, model: "model-1", state: "unknown" }
      ])
    }).pipe(Effect.provide(layer(provider, 0.5)))
  })

  it.effect.each(
    [
      new VideoTaskError.InvalidRequest({ violations: [], detail: "no" }),
      new VideoTaskError.QuotaExceeded({ detail: "no" }),
      new VideoTaskError.NotSent({ detail: "ECONNREFUSED" }),
      new VideoTaskError.RateLimited({ detail: "HTTP 429" })
    ]
  )("gives the money back when the create ends as $_tag", (reason) => {
    const { provider } = shop({ create: refusing(reason) })
    return Effect.gen(function*() {
      assert.strictEqual(reasonOf(yield* submitLong)?._tag, reason._tag)
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0, left: 0.25 })
    }).pipe(Effect.provide(layer(provider, 0.25)))
  })

  it.effect("gives the money back when the store can't take the submission: nothing was sent", () => {
    const { asked, provider } = shop()
    const broken = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) => ({
        ...store,
        begin: () => Effect.fail(new TaskStore.TaskStoreError({ detail: "full", retryable: false }))
      }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(submit)).reason._tag, "StoreError")
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0, left: 1 })
      assert.strictEqual(asked.posts, 0)
    }).pipe(Effect.provide(
      VideoTasks.layer().pipe(
        Layer.provideMerge(CostBudget.layer({ max: 1, currency: "USD" })),
        Layer.provide(broken),
        Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
      )
    ))
  })

  it.effect("keeps the money when the submit is interrupted with its create out, and follows the answer that comes", () =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<void>()
      const { provider } = shop({
        create: (...args) => Effect.flatMap(Deferred.await(answer), () => VideoProvider.double().create(...args))
      })
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(submit)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* sums, { reserved: 0.25, settled: 0, unknown: 0, left: 0.75 })
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0.25, left: 0.75 })
        yield* Deferred.succeed(answer, undefined)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* sums, { reserved: 0.25, settled: 0, unknown: 0, left: 0.75 })
      }).pipe(Effect.provide(layer(provider, 1)))
    }))

  it.effect.each(
    [
      ["the bill in the same unit", { status: "SUCCESS", cost: bill(0.31, "usd") }, [0, 0.31, 0, 0.69], 0.31],
      ["the estimate when the bill is in another unit", { status: "SUCCESS", cost: bill(25, "credits") }, [
        0,
        0.25,
        0,
        0.75
      ], 25],
      ["the estimate of a success without a bill", { status: "SUCCESS" }, [0, 0.25, 0, 0.75], 0.25],
      ["nothing for a failure without a bill", { status: "FAILED" }, [0, 0, 0, 1], undefined],
      ["nothing for a fault without a bill", { status: "ERROR" }, [0, 0, 0, 1], undefined],
      ["nothing for an expiry without a bill", { status: "EXPIRED" }, [0, 0, 0, 1], undefined],
      ["the bill of a failure", { status: "FAILED", cost: bill(0.1, "USD") }, [0, 0.1, 0, 0.9], 0.1],
      ["a cancelled task as unknown", { status: "CANCELLED" }, [0, 0, 0.25, 0.75], undefined]
    ] as const
  )("settles %s", ([_, fields, [reserved, settled, unknown, left], shown]) => {
    const videos = fields.status === "SUCCESS" ? [Harness.video] : []
    const { provider } = shop({ observations: [Harness.observed({ ...fields, videos })] })
    return Effect.gen(function*() {
      const task = yield* live
      assert.deepStrictEqual(yield* sums, { reserved, settled, unknown, left })
      assert.strictEqual(task.cost?.amount, shown)
      assert.deepStrictEqual(task.estimate, new Video.Cost({ amount: 0.25, unit: "USD", kind: "estimate" }))
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("keeps the money of a task that the provider has forgotten as unknown", () => {
    const { provider } = shop({ observations: [Harness.running(), Harness.notFound] })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(Effect.flatMap(submit, tasks.awaitEnd))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "ERROR")
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0.25, left: 0.75 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("settles the bill of a create that is answered with the finished task", () => {
    const { provider } = shop({
      create: (...args) =>
        Effect.map(VideoProvider.double().create(...args), (created) => ({
          ...created,
          observation: Harness.observed({ status: "SUCCESS", videos: [Harness.video], cost: bill(0.2, "USD") })
        }))
    })
    return Effect.gen(function*() {
      yield* submit
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0.2, unknown: 0, left: 0.8 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("settles a task whose end another process has seen", () => {
    const { provider } = shop({ observations: [Harness.success] })
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const handle = yield* submit
      const other = Layer.provide(
        Harness.layer(provider, {}, Layer.succeed(TaskStore.TaskStore, store)),
        CostBudget.layer({ max: 1, currency: "USD" })
      )
      yield* Effect.flatMap(VideoTasks.VideoTasks, (tasks) => tasks.refresh(handle)).pipe(
        Effect.provide(other, { local: true })
      )
      assert.deepStrictEqual(yield* sums, { reserved: 0.25, settled: 0, unknown: 0, left: 0.75 })
      yield* Effect.flatMap(VideoTasks.VideoTasks, (tasks) => tasks.await(handle))
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0.25, unknown: 0, left: 0.75 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("settles with the task that we have already, when the provider gives that one for a new submit", () => {
    const { provider } = shop({ observations: [Harness.success] })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const attached = yield* tasks.attach({ provider: "double", remoteId: "remote-1" })
      const { id } = yield* tasks.get(attached)
      const handle = yield* submit
      assert.deepStrictEqual(yield* sums, { reserved: 0.25, settled: 0, unknown: 0, left: 0.75 })
      assert.deepStrictEqual((yield* CostBudget.ledger).entries.map((entry) => entry.id), [id])
      yield* tasks.refresh(handle)
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0.25, unknown: 0, left: 0.75 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("settles at once when that task has ended", () => {
    const { provider } = shop({
      observations: [Harness.observed({ status: "SUCCESS", videos: [Harness.video], cost: bill(0.2, "USD") })]
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      yield* tasks.refresh(yield* tasks.attach({ provider: "double", remoteId: "remote-1" }))
      yield* submit
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0.2, unknown: 0, left: 0.8 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("does not know whether a task was paid for twice that two submits got", () => {
    const { provider } = shop({
      create: (...args) => VideoProvider.double().create(...args),
      observations: [Harness.success]
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* submit
      assert.strictEqual((yield* submit).remoteId, handle.remoteId)
      assert.deepStrictEqual(yield* sums, { reserved: 0.25, settled: 0, unknown: 0.25, left: 0.5 })
      yield* tasks.refresh(handle)
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0.25, unknown: 0.25, left: 0.5 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect.each<[string, TaskStore.TaskStore["Service"]["append"]]>([
    ["refuses it", () => Effect.fail(new TaskStore.TaskStoreError({ detail: "full", retryable: false }))],
    ["breaks", () => Effect.die(new Error("disk on fire"))]
  ])("keeps the money of a task as unknown that could not be stored, since the store %s", ([, append]) => {
    const { provider } = shop()
    const broken = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) => ({ ...store, append }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const error = yield* Effect.flip(submit)
      assert.deepStrictEqual([error.reason._tag, error.handle?.remoteId], ["StoreError", "remote-1"])
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0.25, left: 0.75 })
    }).pipe(Effect.provide(
      VideoTasks.layer().pipe(
        Layer.provideMerge(CostBudget.layer({ max: 1, currency: "USD" })),
        Layer.provide(broken),
        Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
      )
    ))
  })

  it.effect("shows the estimate as the cost of a task that runs, and keeps it with the submission", () => {
    const { provider } = shop()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const { submissions } = yield* TaskStore.TaskStore
      const cost = new Video.Cost({ amount: 0.25, unit: "USD", kind: "estimate" })
      assert.deepStrictEqual((yield* tasks.get(yield* submit)).cost, cost)
      assert.deepStrictEqual((yield* submissions({})).items[0]?.estimate, cost)
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("does not take a catalogue that can't be read for a missing price: nothing was sent, and it may be tried again", () => {
    const { asked, provider } = shop({}, Effect.fail(Harness.unavailable(503)))
    return Effect.gen(function*() {
      const error = yield* Effect.flip(submit)
      assert.deepStrictEqual([error.reason._tag, error.retryable, asked.posts], ["NotSent", true, 0])
      assert.strictEqual(
        error.message,
        "The create was not sent: the catalogue of double could not be read (HTTP 503), and under a limit nothing is sent " +
          "whose price is unknown. Nothing was paid; check the base URL and the network, then repeat it."
      )
      assert.deepStrictEqual(yield* sums, { reserved: 0, settled: 0, unknown: 0, left: 1 })
    }).pipe(Effect.provide(layer(provider, 1)))
  })

  it.effect("refuses what has no price, or one in another currency, and says what to do", () => {
    const { asked, provider } = shop({}, Effect.succeed([{ ...listed, perSecond: undefined }]))
    const euros = shop()
    return Effect.gen(function*() {
      const error = yield* Effect.flip(submit)
      assert.strictEqual(
        error.message,
        "The request exceeds the budget: model-1: its price is unknown (the catalogue has no price for it), and under a " +
          "limit nothing is sent whose price is unknown; submit it without the limit. Nothing was sent."
      )
      assert.strictEqual(asked.posts, 0)
      const others = shop({}, Effect.succeed([{ ...listed, perSecond: undefined }, { ...listed, id: "model-2" }]))
      const advice = yield* Effect.flip(submit).pipe(Effect.provide(layer(others.provider, 1), { local: true }))
      assert.include(advice.message, "or choose a model with a price (`video-tasks models --provider double`)")
      const other = yield* Effect.flip(submit).pipe(Effect.provide(layer(euros.provider, 1, "eur"), { local: true }))
      assert.include(other.message, "its price is in USD and the budget in EUR")
      assert.strictEqual(euros.asked.posts, 0)
    }).pipe(Effect.provide(layer(provider, 1)))
  })
})

describe("SubmitOptions.maxCost", () => {
  const trial = (maxCost: VideoTasks.SubmitOptions["maxCost"]) =>
    Effect.flatMap(VideoTasks.VideoTasks, (tasks) => Effect.exit(tasks.submit(request, { maxCost })))

  it.effect("refuses one request that costs more, is in another unit, or has no price", () => {
    const { asked, provider } = shop()
    return Effect.gen(function*() {
      for (const maxCost of [{ amount: 0.2 }, { amount: 5, unit: "EUR" }, { amount: Number.NaN }]) {
        assert.strictEqual(reasonOf(yield* trial(maxCost))?._tag, "BudgetExceeded")
      }
      const tasks = yield* VideoTasks.VideoTasks
      const strange = { ...request, model: "strange" }
      const error = yield* Effect.flip(tasks.submit(strange, { maxCost: { amount: 5 } }))
      assert.include(error.message, "the catalogue does not list it")
      assert.strictEqual(asked.posts, 0)
      assert.isTrue(Exit.isSuccess(yield* trial({ amount: 0.25 })))
      assert.isTrue(Exit.isSuccess(yield* trial({ amount: 0.25, unit: "usd" })))
      assert.deepStrictEqual(asked, { catalogues: 1, posts: 2 })
    }).pipe(Effect.provide(layer(provider)))
  })

  it.effect("asks nobody for a price when there is no limit", () => {
    const { asked, provider } = shop()
    return Effect.gen(function*() {
      const task = yield* Effect.flatMap(VideoTasks.VideoTasks, (tasks) => Effect.flatMap(submit, tasks.get))
      assert.isUndefined(task.cost)
      assert.deepStrictEqual(asked, { catalogues: 0, posts: 1 })
    }).pipe(Effect.provide(layer(provider)))
  })
})

describe("VideoTasks.estimate", () => {
  const estimate = (fields: Partial<typeof request> = {}) =>
    Effect.flatMap(VideoTasks.VideoTasks, (tasks) => tasks.estimate({ ...request, ...fields }))

  const unknown = (reason: string): Price.Estimate => ({ _tag: "unknown", reason })

  const unread = (detail: string): Price.Estimate => ({
    _tag: "unknown",
    reason: `the catalogue of double could not be read (${detail})`,
    isUnread: true
  })

  it.effect("asks for the catalogue once an hour, however many ask for a price", () => {
    const { asked, provider } = shop({}, Effect.as(Effect.sleep("1 second"), [listed]))
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 10 }, () => estimate()), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      const [first] = yield* Fiber.join(fiber)
      assert.deepStrictEqual(first, {
        _tag: "known",
        cost: new Video.Cost({ amount: 0.25, unit: "USD", kind: "estimate" }),
        price: { per: "second", amount: 0.05, unit: "USD" },
        seconds: 5
      })
      yield* TestClock.adjust("59 minutes")
      yield* estimate()
      assert.strictEqual(asked.catalogues, 1)
      yield* TestClock.adjust("1 minute")
      const again = yield* Effect.forkChild(estimate())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(again)
      assert.strictEqual(asked.catalogues, 2)
    }).pipe(Effect.provide(layer(provider)))
  })

  it.effect("goes on for the others when the first who asked goes away", () => {
    const { asked, provider } = shop({}, Effect.as(Effect.sleep("2 seconds"), [listed]))
    return Effect.gen(function*() {
      const first = yield* Effect.forkChild(estimate())
      const second = yield* Effect.forkChild(estimate())
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(second))._tag, "known")
      assert.strictEqual(asked.catalogues, 1)
    }).pipe(Effect.provide(layer(provider)))
  })

  it.effect("says why it does not know: no catalogue, or one that can't be read, which is asked for again after a minute", () => {
    const none = shop({}, Effect.fail(Harness.error(new VideoTaskError.Unsupported({ detail: "none" }), "models")))
    const down = shop({}, Effect.fail(Harness.unavailable(503)))
    const silent = shop({}, Effect.never)
    const broken = shop({}, Effect.die(new Error("GET https://x.example/?sig=SECRET")))
    return Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* Effect.provide(estimate(), layer(none.provider), { local: true }),
        unknown("double has no catalogue with prices")
      )
      yield* Effect.gen(function*() {
        yield* estimate()
        assert.deepStrictEqual(yield* estimate(), unread("HTTP 503"))
        assert.strictEqual(down.asked.catalogues, 1)
        yield* TestClock.adjust("1 minute")
        yield* estimate()
        assert.strictEqual(down.asked.catalogues, 2)
      }).pipe(Effect.provide(layer(down.provider), { local: true }))
      const fiber = yield* Effect.forkChild(Effect.provide(estimate(), layer(silent.provider), { local: true }))
      yield* TestClock.adjust("15 seconds")
      assert.deepStrictEqual(
        yield* Fiber.join(fiber),
        unread("no complete answer within 15 s")
      )
      const said = yield* Effect.provide(estimate(), layer(broken.provider), { local: true })
      assert.notInclude(Harness.everything(said), "SECRET")
    })
  })

  it.effect("takes the price that is documented where there is no catalogue", () => {
    const spec: ModelSpec.ModelSpec = { id: "model-1", price: { per: "second", amount: 5, unit: "credits" } }
    const { provider } = shop(
      { family: { models: [spec] } },
      Effect.fail(Harness.error(new VideoTaskError.Unsupported({ detail: "none" }), "models"))
    )
    return Effect.gen(function*() {
      const known = yield* estimate()
      assert.strictEqual(known._tag === "known" && known.cost.unit, "credits")
      // What needs no question goes with every task.
      const task = yield* Effect.flatMap(VideoTasks.VideoTasks, (tasks) => Effect.flatMap(submit, tasks.get))
      assert.strictEqual(task.cost?.amount, 25)
    }).pipe(Effect.provide(layer(provider)))
  })

  it.effect("asks the provider what is paid for: under a limit nothing is sent whose length only it can't tell", () => {
    const { asked, provider } = shop({ billedSeconds: ({ seconds }) => seconds === 8 ? 12 : undefined })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      assert.deepStrictEqual(
        yield* estimate(),
        unknown("it costs 0.05 USD a second, and how much of it this request pays for is not known before")
      )
      const refused = yield* Effect.flip(tasks.submit(request, { maxCost: { amount: 100 } }))
      assert.deepStrictEqual([refused.reason._tag, asked.posts], ["BudgetExceeded", 0])
      const long = { ...request, seconds: 8 }
      const known = yield* estimate(long)
      assert.strictEqual(known._tag === "known" && known.cost.amount, 0.6)
      yield* Effect.flip(tasks.submit(long, { maxCost: { amount: 0.5 } }))
      assert.strictEqual(asked.posts, 0)
      yield* tasks.submit(long)
      assert.strictEqual((yield* sums).reserved, 0.6)
    }).pipe(Effect.provide(layer(provider, 10)))
  })

  it.effect("reserves for all videos that a request asks for", () => {
    const { asked, provider } = shop()
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const four = { ...request, options: { n: 4 } }
      yield* Effect.flip(tasks.submit(four, { maxCost: { amount: 0.9 } }))
      assert.strictEqual(asked.posts, 0)
      yield* tasks.submit(four)
      assert.strictEqual((yield* sums).reserved, 1)
    }).pipe(Effect.provide(layer(provider, 10)))
  })

  it.effect("fails for a provider or a family that there is not", () => {
    const { provider } = shop()
    return Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(estimate({ provider: "x" }))).reason._tag, "InvalidRequest")
      assert.strictEqual((yield* Effect.flip(estimate({ family: "x" }))).reason._tag, "InvalidRequest")
    }).pipe(Effect.provide(layer(provider)))
  })
})
