import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import type { AccountShares } from "@video-tasks/runtime"
import { Clock, Deferred, Duration, Effect } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection } from "effect/sql"
import { TestClock } from "effect/testing"
import type { Grant } from "../src/internal/pgShares.ts"
import { Member } from "../src/internal/shareMember.ts"

const limits = { requestsPerSecond: 40, burst: 4, concurrency: 8 }

const granted: Grant = { rate: 30, places: 6, runners: 2, paused_ms: 0, is_refused: false, news: 0 }

const shareOf = ({ places, rate }: Pick<Grant, "places" | "rate">): AccountShares.AccountLimits => ({
  requestsPerSecond: rate,
  burst: Math.floor(rate / 10),
  concurrency: places
})

/** What is left to each of two processes once nobody can say more. */
const equalPart = shareOf({ rate: 20, places: 4 })

/** Nobody answers, and a statement can't be called off either. */
const silence = Effect.uninterruptible(Effect.never)

type Answer = Effect.Effect<Grant>

/** One process, whose database answers each draw as the test says, and the shares that it was given. */
const joined = Effect.fnUntraced(function*(answer: (draw: number) => Answer) {
  const said: Array<AccountShares.AccountLimits> = []
  let draws = 0
  const execute = (text: string) =>
    text.startsWith("INSERT")
      ? Effect.map(Effect.suspend(() => answer(++draws)), (grant) => [grant])
      : Effect.succeed([])
  const connection = { execute } as unknown as SqlConnection.Connection
  const sql = yield* SqlClient.make({
    acquirer: Effect.succeed(connection),
    compiler: PgClient.makeCompiler(),
    driver: "double",
    spanAttributes: []
  }).pipe(Effect.provide(Reactivity.layer))
  const context = yield* Effect.context()
  const member = new Member({
    sql,
    runner: "a",
    periodMs: 3000,
    leaseMs: 8000,
    expectedRunners: 4,
    fork: (effect) => void Effect.runForkWith(context)(effect)
  }, {
    key: "account",
    provider: "double",
    label: "default",
    limits,
    demand: () => ({ requests: 0, waiting: 5, inFlight: 0 }),
    share: (share) => void said.push(share),
    hear: () => undefined
  })
  yield* Effect.forkChild(member.life)
  member.wanted()
  return { said, draws: () => draws }
})

/** A little at a time, so that what is told from one fiber to another arrives in between. */
const pass = (ms: number) =>
  Effect.forEach(Array.from({ length: ms / 100 }), () => TestClock.adjust(100), { discard: true })

describe("a member", () => {
  it.effect("keeps its share for a lease when the database falls silent, and not 1 ms longer", () =>
    Effect.gen(function*() {
      const { draws, said } = yield* joined((draw) => draw === 1 ? Effect.succeed(granted) : silence)
      yield* pass(7900)
      yield* TestClock.adjust(99)
      assert.deepStrictEqual(said, [shareOf(granted)])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([said, draws()], [[shareOf(granted), equalPart], 2])
    }))

  it.effect("goes by itself when nobody has ever answered", () =>
    Effect.gen(function*() {
      const { said } = yield* joined(() => silence)
      yield* pass(4000)
      assert.deepStrictEqual(said, [{ requestsPerSecond: 10, burst: 1, concurrency: 2 }])
    }))

  it.effect("keeps asking a database that does not answer, and takes what comes to its last question", () =>
    Effect.gen(function*() {
      const late = yield* Deferred.make<Grant>()
      const { draws, said } = yield* joined((draw) => {
        if (draw === 2) return Effect.uninterruptible(Deferred.await(late))
        return Effect.succeed(draw === 1 ? granted : { ...granted, rate: 20 })
      })
      yield* pass(8000)
      assert.deepStrictEqual([said, draws()], [[shareOf(granted), equalPart], 2])
      yield* Deferred.succeed(late, { ...granted, rate: 40 })
      yield* pass(1900)
      assert.deepStrictEqual([said, draws()], [[shareOf(granted), equalPart], 2])
      yield* pass(100)
      assert.deepStrictEqual([said.slice(2), draws()], [[shareOf({ ...granted, rate: 20 })], 3])
    }))

  it.effect("counts the lease of a slow answer from when it asked", () =>
    Effect.gen(function*() {
      const { said } = yield* joined((draw) => {
        if (draw === 1) return Effect.delay(Effect.succeed(granted), "3900 millis")
        return silence
      })
      yield* pass(7900)
      assert.deepStrictEqual(said, [shareOf(granted)])
      yield* pass(100)
      assert.deepStrictEqual(said, [shareOf(granted), equalPart])
    }))

  it.effect("has nothing of an answer that it slept over", () => {
    let now = 0
    const nanos = () => BigInt(now) * 1_000_000n
    const asleep: Clock.Clock = {
      currentTimeMillisUnsafe: () => now,
      currentTimeMillis: Effect.sync(() => now),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) => Duration.toMillis(duration) > 0 ? Effect.never : Effect.void
    }
    return Effect.gen(function*() {
      const { said } = yield* joined(() => Effect.sync(() => (now += 60_000, granted)))
      yield* Effect.yieldNow
      assert.deepStrictEqual(said, [{ requestsPerSecond: 10, burst: 1, concurrency: 2 }])
    }).pipe(Effect.provideService(Clock.Clock, asleep))
  })
})
