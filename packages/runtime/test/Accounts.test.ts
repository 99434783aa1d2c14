import { assert, describe, it } from "@effect/vitest"
import { VideoProvider, type VideoTaskError } from "@video-tasks/core"
import { Accounts, AccountShares, type TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, type Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

type Engine = Context.Context<VideoTasks.VideoTasks | TaskStore.TaskStore>

/** A provider that notes when each read came, and how many were out at once. */
const recording = (answer: (n: number) => Effect.Effect<void, VideoTaskError.VideoTaskError>, forMs = 0) => {
  const times: Array<number> = []
  const out = { now: 0, most: 0 }
  const provider = VideoProvider.double({
    observe: () =>
      Effect.gen(function*() {
        const n = times.push(yield* Clock.currentTimeMillis)
        out.most = Math.max(out.most, ++out.now)
        yield* Effect.ensuring(Effect.sleep(forMs), Effect.sync(() => out.now--))
        yield* answer(n)
        return Harness.running()
      })
  })
  return { provider, times, out }
}

const good = () => Effect.void

/** The most requests in any window of this length. */
const most = (times: ReadonlyArray<number>, windowMs: number): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length))

/** Engines with stores of their own, as buckets have them, that share their accounts. */
const engines = (count: number, provider: VideoProvider.VideoProvider, options: VideoTasks.Options = {}) =>
  Effect.gen(function*() {
    const accounts = yield* Layer.build(Accounts.layer)
    return yield* Effect.forEach(
      Array.from({ length: count }),
      () => Layer.build(Layer.fresh(Harness.layer(provider, options))).pipe(Effect.provideContext(accounts))
    )
  })

const attachAll = (engine: Engine, count: number) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    return yield* Effect.forEach(
      Array.from({ length: count }),
      (_, n) => tasks.attach({ provider: "double", remoteId: `remote-${n}` })
    )
  }).pipe(Effect.provideContext(engine))

const trackAll = (engine: Engine, count: number) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    yield* Effect.forEach(yield* attachAll(engine, count), tasks.track)
  }).pipe(Effect.provideContext(engine))

const awaitOne = (engine: Engine) =>
  Effect.gen(function*() {
    const [handle] = yield* attachAll(engine, 1)
    return yield* Effect.flip((yield* VideoTasks.VideoTasks).await(handle!))
  }).pipe(Effect.provideContext(engine))

describe("Accounts", () => {
  it.effect("holds one budget for all engines of a process", () =>
    Effect.gen(function*() {
      const { out, provider, times } = recording(good, 2000)
      const all = yield* engines(4, provider, { budget: { requestsPerSecond: 2, burst: 1, concurrency: 3 } })
      yield* Effect.forEach(all, (engine) => trackAll(engine, 20))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(out.most, 3)
      assert.isAtMost(most(times, 1000), 3)
      assert.isAtLeast(times.length, 80)
    }))

  it.effect("lets each engine have its turn", () =>
    Effect.gen(function*() {
      const { provider } = recording(good)
      const all = yield* engines(2, provider, { budget: { requestsPerSecond: 2, burst: 1 } })
      const [busy, idle] = [all[0]!, all[1]!]
      yield* trackAll(busy, 100)
      yield* TestClock.adjust("10 seconds")
      const [handle] = yield* attachAll(idle, 1)
      const seen = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.track(handle!)
        yield* TestClock.adjust("2 minutes")
        return yield* tasks.pollInfo(handle!)
      }).pipe(Effect.provideContext(idle))
      assert.isAtLeast(seen.polls, 1)
    }))

  it.effect("holds a Retry-After that one engine heard for all of them", () =>
    Effect.gen(function*() {
      const { provider, times } = recording((n) => n === 1 ? Effect.fail(Harness.rateLimited(30_000)) : Effect.void)
      const all = yield* engines(3, provider)
      yield* trackAll(all[0]!, 1)
      yield* TestClock.adjust(100)
      yield* Effect.forEach(all, (engine) => trackAll(engine, 5))
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(times.length, 1)
      yield* TestClock.adjust("10 seconds")
      assert.isAtLeast(times.length, 15)
    }))

  it.effect("ends the waits of all engines when a key is refused, and tries it with one request", () =>
    Effect.gen(function*() {
      const { provider, times } = recording(() => Effect.fail(Harness.unauthorized), 1000)
      const all = yield* engines(3, provider, { budget: { concurrency: 1 } })
      const waits = yield* Effect.forEach(all, (engine) => Effect.forkChild(awaitOne(engine)))
      yield* TestClock.adjust("5 seconds")
      const errors = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(errors.map(({ reason }) => reason._tag), ["Unauthorized", "Unauthorized", "Unauthorized"])
      assert.strictEqual(times.length, 1)
    }))

  it.effect("goes on for the others when one engine ends", () =>
    Effect.gen(function*() {
      const { provider, times } = recording(good, 500)
      const accounts = yield* Layer.build(Accounts.layer)
      const layer = Layer.fresh(Harness.layer(provider, { budget: { concurrency: 1 } }))
      const stays = yield* Effect.provideContext(Layer.build(layer), accounts)
      yield* Effect.scoped(Effect.gen(function*() {
        const ends = yield* Effect.provideContext(Layer.build(Layer.fresh(layer)), accounts)
        yield* trackAll(ends, 5)
        yield* trackAll(stays, 5)
        yield* TestClock.adjust(100)
      }))
      const before = times.length
      yield* TestClock.adjust("30 seconds")
      assert.isAtLeast(times.length - before, 5)
    }))
})

describe("AccountShares", () => {
  /** A process whose shares the test hands out. */
  const process = (provider: VideoProvider.VideoProvider) =>
    Effect.gen(function*() {
      const said: Array<AccountShares.AccountNews["_tag"] | "Wanted"> = []
      const joined: Array<AccountShares.SharedAccount> = []
      const shares = AccountShares.AccountShares.of({
        join: (account) => {
          joined.push(account)
          return { wanted: () => void said.push("Wanted"), tell: ({ _tag }) => void said.push(_tag) }
        }
      })
      const accounts = yield* Layer.build(
        Layer.provide(Accounts.layer, Layer.succeed(AccountShares.AccountShares, shares))
      )
      const engine = yield* Layer.build(Harness.layer(provider)).pipe(Effect.provideContext(accounts))
      yield* attachAll(engine, 1)
      return { engine, said, account: () => joined[0]! }
    })

  const share = { requestsPerSecond: 10, burst: 1, concurrency: 2 }

  it.effect("sends nothing without a share, and keeps to it from then on", () =>
    Effect.gen(function*() {
      const { out, provider, times } = recording(good, 1000)
      const { account, engine, said } = yield* process(provider)
      yield* trackAll(engine, 20)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual([times.length, said.includes("Wanted")], [0, true])
      assert.deepStrictEqual(account().limits, { requestsPerSecond: 50, burst: 5, concurrency: 16 })
      assert.deepStrictEqual(
        [account().key, account().provider, account().label],
        [`video-tasks ["double","default"]`, "double", "default"]
      )
      assert.deepStrictEqual(account().demand(), { requests: 20, waiting: 20, inFlight: 0 })
      account().share(share)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(out.most, 2)
      account().share({ ...share, requestsPerSecond: 0 })
      yield* TestClock.adjust("1 second")
      const before = times.length
      yield* TestClock.adjust("10 seconds")
      assert.isAtMost(times.length - before, 1)
    }))

  it.effect("does not wait at the old pace when its share has grown", () =>
    Effect.gen(function*() {
      const { provider, times } = recording(good)
      const { account, engine } = yield* process(provider)
      account().share({ requestsPerSecond: 0.01, burst: 1, concurrency: 2 })
      yield* trackAll(engine, 5)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(times.length, 1)
      account().share(share)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(times.length, 5)
    }))

  it.effect("tells of a Retry-After once, and heeds one that others tell of", () =>
    Effect.gen(function*() {
      const { provider, times } = recording((n) => n === 1 ? Effect.fail(Harness.rateLimited(5000)) : Effect.void)
      const { account, engine, said } = yield* process(provider)
      account().share(share)
      yield* trackAll(engine, 3)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(said.filter((one) => one !== "Wanted"), ["Paused"])
      account().hear({ _tag: "Paused", until: (yield* Clock.currentTimeMillis) + 60_000 })
      const before = times.length
      yield* TestClock.adjust("59 seconds")
      assert.isAtMost(times.length - before, 1)
      yield* TestClock.adjust("1 minute")
      assert.isAtLeast(times.length - before, 3)
      assert.deepStrictEqual(said.filter((one) => one !== "Wanted"), ["Paused"])
    }))

  it.effect("tries a key that others were refused with one request, and says that it is good", () =>
    Effect.gen(function*() {
      const { out, provider, times } = recording(good, 1000)
      const { account, engine, said } = yield* process(provider)
      account().share({ ...share, concurrency: 10, requestsPerSecond: 50 })
      account().hear({ _tag: "Refused" })
      yield* trackAll(engine, 10)
      yield* TestClock.adjust(900)
      assert.deepStrictEqual([times.length, out.most], [1, 1])
      yield* TestClock.adjust("2 seconds")
      assert.isAtLeast(times.length, 10)
      assert.deepStrictEqual(said.filter((one) => one !== "Wanted"), ["Accepted"])
    }))

  it.effect("tells once that its key is refused, tries it when another one's is good, and is silent when it is not", () =>
    Effect.gen(function*() {
      let isGood = false
      const { provider, times } = recording(() => isGood ? Effect.void : Effect.fail(Harness.unauthorized))
      const { account, engine, said } = yield* process(provider)
      const news = () => said.filter((one) => one !== "Wanted")
      account().share(share)
      yield* trackAll(engine, 10)
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual(news(), ["Refused"])
      const before = times.length
      account().hear({ _tag: "Accepted" })
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual([times.length - before, news()], [1, ["Refused"]])
      isGood = true
      account().hear({ _tag: "Accepted" })
      yield* TestClock.adjust("1 minute")
      assert.isAtLeast(times.length - before, 11)
      assert.deepStrictEqual(news(), ["Refused", "Accepted"])
    }))
})
