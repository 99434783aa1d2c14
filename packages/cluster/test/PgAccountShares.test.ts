import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PgAccountShares } from "@video-tasks/cluster"
import { Observation, VideoProvider, VideoProviders, VideoTaskError } from "@video-tasks/core"
import { Accounts, AccountShares, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Context, Effect, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as SilentLink from "../../node/test/support/silentLink.ts"
import * as Pg from "../src/internal/pgShares.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const client = Layer.unwrap(Effect.sync(() => PgClient.layer({ url: Redacted.make(server.url) })))

const limits = { requestsPerSecond: 30, concurrency: 10 }

interface Asking {
  readonly rate: number
  readonly places: number
  readonly inFlight?: number
  readonly askedAt?: number
}

/** An account of its own, whose processes draw at the times that the test says. */
const account = (name: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* Pg.migrate(sql)
    return (runner: string, now: number, { askedAt = now, inFlight = 0, places, rate }: Asking) =>
      Pg.draw(sql, {
        account: name,
        runner,
        limits,
        wants: { requestsPerSecond: rate, concurrency: places },
        inFlight,
        askedAt,
        leaseMs: 10_000,
        renewsMs: 4500
      }, now)
  })

const parts = ({ places, rate }: Pg.Grant) => [Math.round(rate * 100) / 100, places]

/** The same numbers in each run. */
const numbers = (seed: number) => () => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32

describe("a share", () => {
  it.effect("is all of it for whoever is alone", () =>
    Effect.gen(function*() {
      const draw = yield* account("alone")
      assert.deepStrictEqual(parts(yield* draw("a", 0, { rate: 1, places: 1 })), [30, 10])
    }).pipe(Effect.provide(client)))

  it.effect("is what is left for whoever comes later, then an equal part", () =>
    Effect.gen(function*() {
      const draw = yield* account("later")
      const much = { rate: 30, places: 10 }
      yield* draw("a", 0, much)
      assert.deepStrictEqual(parts(yield* draw("b", 1000, much)), [0, 0])
      assert.deepStrictEqual(parts(yield* draw("a", 3000, much)), [15, 5])
      assert.deepStrictEqual(parts(yield* draw("b", 3250, much)), [15, 5])
    }).pipe(Effect.provide(client)))

  it.effect("goes by demand: who wants little has that, and the others divide the rest", () =>
    Effect.gen(function*() {
      const draw = yield* account("demand")
      const round = (now: number) =>
        Effect.all([
          draw("a", now, { rate: 2, places: 1 }),
          draw("b", now, { rate: 30, places: 10 }),
          draw("c", now, { rate: 100, places: 10 })
        ])
      yield* round(0)
      yield* round(3000)
      assert.deepStrictEqual((yield* round(6000)).map(({ rate }) => rate), [2, 14, 14])
    }).pipe(Effect.provide(client)))

  it.effect("has a part of what nobody wants", () =>
    Effect.gen(function*() {
      const draw = yield* account("spare")
      const little = { rate: 3, places: 1 }
      yield* draw("a", 0, little)
      yield* draw("b", 0, little)
      assert.deepStrictEqual(parts(yield* draw("a", 1, little)), [15, 5])
      assert.deepStrictEqual(parts(yield* draw("b", 2, little)), [15, 5])
    }).pipe(Effect.provide(client)))

  it.effect("of a process that died is free when its lease is over, and of one that ended at once", () =>
    Effect.gen(function*() {
      const draw = yield* account("died")
      const much = { rate: 30, places: 10 }
      yield* draw("a", 0, much)
      assert.deepStrictEqual(parts(yield* draw("b", 9999, much)), [0, 0])
      assert.deepStrictEqual(parts(yield* draw("b", 10_000, much)), [30, 10])
      const sql = yield* SqlClient.SqlClient
      const b = { account: "died", runner: "b" }
      yield* Pg.release(sql, { ...b, askedAt: 9999 })
      assert.deepStrictEqual(parts(yield* draw("c", 10_001, much)), [0, 0])
      yield* Pg.release(sql, { ...b, askedAt: 10_000 })
      assert.deepStrictEqual(parts(yield* draw("c", 10_001, much)), [30, 10])
    }).pipe(Effect.provide(client)))

  it.effect("of a process that died is its successor's at the same place, once it has missed a draw", () =>
    Effect.gen(function*() {
      const draw = yield* account("successor")
      const much = { rate: 30, places: 10 }
      yield* draw("10.0.0.5:4700/first", 0, much)
      assert.deepStrictEqual(parts(yield* draw("10.0.0.5:470/other", 1, much)), [0, 0])
      yield* draw("10.0.0.5:4700/first", 2, much)
      yield* draw("10.0.0.5:470/other", 3, much)
      const early = yield* draw("10.0.0.5:4700/second", 4501, much)
      assert.deepStrictEqual([...parts(early), early.runners], [0, 0, 3])
      const stranger = yield* draw("10.0.0.5:470/other", 4502, much)
      assert.strictEqual(stranger.runners, 3)
      const heir = yield* draw("10.0.0.5:4700/second", 4502, much)
      assert.deepStrictEqual([...parts(heir), heir.runners], [15, 5, 2])
    }).pipe(Effect.provide(client)))

  it.effect("of one that lives is not taken by another that came up at its address", () =>
    Effect.gen(function*() {
      const draw = yield* account("twins")
      const much = { rate: 30, places: 10 }
      const seen: Array<ReadonlyArray<ReadonlyArray<number | undefined>>> = []
      for (let now = 0; now < 15_000; now += 3000) {
        const a = parts(yield* draw("10.0.0.5:4700/a", now, much))
        const b = parts(yield* draw("10.0.0.5:4700/b", now + 1000, much))
        seen.push([a, b])
      }
      const equal = [[15, 5], [15, 5]]
      assert.deepStrictEqual(seen, [[[30, 10], [0, 0]], equal, equal, equal, equal])
    }).pipe(Effect.provide(client)))

  it.effect("is not changed by what was asked for before it and comes after it", () =>
    Effect.gen(function*() {
      const draw = yield* account("order")
      const much = { rate: 30, places: 10 }
      yield* draw("a", 0, much)
      yield* draw("a", 5000, { ...much, askedAt: 4000 })
      const late = yield* Effect.exit(draw("a", 6000, { rate: 1, places: 1, askedAt: 3000 }))
      assert.isTrue(late._tag === "Failure")
      // Nothing is left of it before its own lease is over.
      assert.deepStrictEqual(parts(yield* draw("b", 14_999, much)), [0, 0])
      yield* Pg.release(yield* SqlClient.SqlClient, { account: "order", runner: "b", askedAt: 14_999 })
      // A clock that was set back is a matter of one lease.
      assert.deepStrictEqual(parts(yield* draw("a", 15_000, { ...much, askedAt: 1000 })), [30, 10])
    }).pipe(Effect.provide(client)))

  it.effect("leaves out the places of requests that are still out", () =>
    Effect.gen(function*() {
      const draw = yield* account("places")
      yield* draw("a", 0, { rate: 1, places: 10 })
      const [, a] = [
        yield* draw("b", 1, { rate: 1, places: 10 }),
        yield* draw("a", 2, { rate: 1, places: 10, inFlight: 9 })
      ]
      assert.strictEqual(a.places, 5)
      assert.strictEqual((yield* draw("b", 3, { rate: 1, places: 10 })).places, 1)
    }).pipe(Effect.provide(client)))

  it.effect("gives each process its turn where places can't be divided", () =>
    Effect.gen(function*() {
      const draw = yield* account("turns")
      const runners = Array.from({ length: 12 }, (_, n) => `runner-${n}`)
      const served = new Set<string>()
      for (let now = 0; now < 300_000; now += 3000) {
        let all = 0
        for (const runner of runners) {
          const { places } = yield* draw(runner, now, { rate: 1, places: 10 })
          all += places
          if (places > 0) served.add(runner)
        }
        assert.isAtMost(all, 12)
      }
      assert.deepStrictEqual([...served].sort(), runners.toSorted())
    }).pipe(Effect.provide(client)), 30_000)

  it.effect(
    "never lets all together exceed the budget, whoever comes, goes and wants what",
    () =>
      Effect.gen(function*() {
        const draw = yield* account("random")
        const random = numbers(20_261_121)
        const held = new Map<string, { readonly until: number; readonly rate: number; readonly places: number }>()
        for (let step = 0, now = 0; step < 1000; step++, now += Math.floor(random() * 1500)) {
          const runner = `runner-${Math.floor(random() * 6)}`
          const { places, rate } = yield* draw(runner, now, {
            rate: random() * 40,
            places: 1 + Math.floor(random() * 10)
          })
          held.set(runner, { rate, places, until: now + 10_000 })
          const live = [...held.values()].filter(({ until }) => until > now)
          assert.isAtMost(live.reduce((sum, one) => sum + one.rate, 0), limits.requestsPerSecond + 1e-6)
          assert.isAtMost(live.reduce((sum, one) => sum + one.places, 0), limits.concurrency)
        }
      }).pipe(Effect.provide(client)),
    30_000
  )

  it.effect("is drawn outside of a transaction of whoever made it", () =>
    Effect.gen(function*() {
      const url = yield* World.fresh(server)
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* Effect.ignore(sql.withTransaction(
          Effect.andThen(Layer.build(PgAccountShares.layer()), Effect.fail("rolled back"))
        ))
        assert.deepStrictEqual(yield* sql`SELECT account FROM video_tasks_accounts`, [])
      }).pipe(Effect.scoped, Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
    }))

  it.live("is right when many draw at the same moment", () =>
    Effect.gen(function*() {
      const draw = yield* account("race")
      const runners = Array.from({ length: 8 }, (_, n) => `runner-${n}`)
      for (let round = 0; round < 20; round++) {
        const grants = yield* Effect.forEach(
          runners,
          (runner) => draw(runner, round * 3000, { rate: 30, places: 10 }),
          {
            concurrency: "unbounded"
          }
        )
        assert.isAtMost(grants.reduce((sum, { rate }) => sum + rate, 0), limits.requestsPerSecond + 1e-6)
        assert.isAtMost(grants.reduce((sum, { places }) => sum + places, 0), limits.concurrency)
        if (round > 8) assert.deepStrictEqual(grants.map(({ rate }) => rate), runners.map(() => 30 / 8))
      }
    }).pipe(Effect.provide(client)), 30_000)
})

const running = new Observation.Observation({ status: "IN_PROGRESS", videos: [] })

const failed = (reason: VideoTaskError.Reason) =>
  VideoTaskError.make({ provider: "double", operation: "observe", reason })

/** A process: its own connections, its own accounts, one engine. */
const runner = (
  provider: VideoProvider.VideoProvider,
  budget: VideoTasks.Options["budget"],
  options: PgAccountShares.Options = {}
) =>
  Layer.build(Layer.fresh(
    VideoTasks.layer({ budget, poll: { floor: 100, ceiling: 200 } }).pipe(
      Layer.provideMerge(TaskStore.layerMemory),
      Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider])))),
      Layer.provide(Accounts.layer),
      Layer.provide(PgAccountShares.layer({ period: 200, lease: 1000, ...options })),
      Layer.provide(client)
    )
  ))

const track = (engine: Context.Context<VideoTasks.VideoTasks>, count: number) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    for (let n = 0; n < count; n++) {
      yield* tasks.track(yield* tasks.attach({ provider: "double", remoteId: `remote-${n}` }))
    }
  }).pipe(Effect.provideContext(engine))

/** A provider with an account of its own, as all processes of a test have it. */
const recording = (label: string, answer: (n: number) => Effect.Effect<void, VideoTaskError.VideoTaskError>) => {
  const times: Array<number> = []
  const out = { now: 0, most: 0 }
  const provider: VideoProvider.VideoProvider = {
    ...VideoProvider.double({
      observe: () =>
        Effect.gen(function*() {
          const n = times.push(yield* Clock.currentTimeMillis)
          out.most = Math.max(out.most, ++out.now)
          yield* Effect.ensuring(Effect.sleep(20), Effect.sync(() => out.now--))
          yield* answer(n)
          return running
        })
    }),
    account: label
  }
  return { provider, times, out }
}

const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.gen(function*() {
    while (!isSo()) yield* Effect.sleep(20)
  }).pipe(Effect.timeout("20 seconds"), Effect.orDie)

/** Waits until each process of an account has had a new share: who would have sent more has done it. */
const drawnAnew = (label: string, processes: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const look = Effect.map(
      sql<{ runner: string; at: number }>`SELECT key AS runner, (value->>'askedAt')::float8 AS at
        FROM video_tasks_accounts, jsonb_each(shares) WHERE account LIKE ${`%${label}%`}`,
      (rows) => new Map(rows.map(({ at, runner }) => [runner, at]))
    )
    const before = yield* look
    assert.strictEqual(before.size, processes)
    const isAnew = Effect.map(look, (now) => [...before].every(([runner, at]) => (now.get(runner) ?? 0) > at + 500))
    while (!(yield* isAnew)) yield* Effect.sleep(20)
  }).pipe(Effect.timeout("20 seconds"), Effect.provide(client), Effect.orDie)

describe("PgAccountShares", () => {
  it.live("holds the rate and the concurrency of an account over three processes", () =>
    Effect.gen(function*() {
      const all = recording("rate", () => Effect.void)
      const budget = { requestsPerSecond: 40, burst: 3, concurrency: 5 }
      const counts = [0, 0, 0]
      const engines = yield* Effect.forEach(counts, (_, n) =>
        runner({
          ...all.provider,
          observe: (handle) => Effect.andThen(Effect.sync(() => counts[n]!++), all.provider.observe(handle))
        }, budget))
      yield* Effect.forEach(engines, (engine) => track(engine, 60))
      yield* until(() => counts.every((count) => count >= 15))
      const [from, to] = [all.times[0]!, all.times.at(-1)!]
      assert.isAtMost(all.times.length, 3 + 3 + 40 * (to - from + 1) / 1000)
      assert.isAtMost(all.out.most, 5)
    }), 40_000)

  it.live(
    "has those draw anew who hold too much when somebody comes, long before their period is over",
    () =>
      Effect.gen(function*() {
        const rates: Array<number> = [0, 0]
        const demand = { requests: 0, waiting: 100_000, inFlight: 0 }
        const join = Effect.fnUntraced(function*(n: number) {
          const shares = yield* Layer.build(
            Layer.fresh(Layer.provide(PgAccountShares.layer({ period: "1 minute", lease: "5 minutes" }), client))
          )
          Context.get(shares, AccountShares.AccountShares).join({
            key: "comes later",
            provider: "double",
            label: "comes later",
            limits: { requestsPerSecond: 40, burst: 4, concurrency: 8 },
            demand: () => demand,
            share: ({ requestsPerSecond }) => void (rates[n] = requestsPerSecond),
            hear: () => undefined
          }).wanted()
        })
        yield* join(0)
        yield* until(() => rates[0] === 40)
        yield* join(1)
        yield* until(() => rates[0] === 20 && rates[1] === 20)
      }),
    40_000
  )

  it.live("tells all processes of a Retry-After", () =>
    Effect.gen(function*() {
      const limited = { at: 0 }
      const all = recording("pause", (n) =>
        n < 12
          ? Effect.void
          : limited.at > 0
          ? Effect.void
          : Effect.flatMap(Clock.currentTimeMillis, (now) => {
            limited.at = now
            return Effect.fail(failed(new VideoTaskError.RateLimited({ detail: "HTTP 429", retryAfterMs: 3000 })))
          }))
      const engines = yield* Effect.forEach([1, 2, 3], () => runner(all.provider, { requestsPerSecond: 20 }))
      yield* Effect.forEach(engines, (engine) => track(engine, 10))
      yield* until(() => all.times.some((at) => limited.at > 0 && at > limited.at + 2900))
      // Those that were out by the time the others had heard.
      const first = all.times.find((at) => at > limited.at + 1000)
      assert.isAtLeast(first ?? 0, limited.at + 2900)
    }), 40_000)

  it.live(
    "has each process try its key once when one was refused, and all go on when it is good again",
    () =>
      Effect.gen(function*() {
        const key = { isGood: true, refused: 0 }
        const all = recording("refused", () => {
          if (key.isGood) return Effect.void
          key.refused++
          return Effect.fail(failed(new VideoTaskError.Unauthorized({ detail: "HTTP 401" })))
        })
        const engines = yield* Effect.forEach(
          [1, 2, 3],
          () => runner(all.provider, { requestsPerSecond: 50, concurrency: 3 })
        )
        yield* Effect.forEach(engines, (engine) => track(engine, 20))
        yield* until(() => all.times.length > 40)
        key.isGood = false
        yield* until(() => key.refused >= 3)
        yield* drawnAnew("refused", 3)
        // What was out when the first was refused has been refused as well.
        assert.isAtMost(key.refused, 6)
        key.isGood = true
        const before = all.times.length
        yield* Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* tasks.refresh(yield* tasks.attach({ provider: "double", remoteId: "remote-0" }))
        }).pipe(Effect.provideContext(engines[0]!))
        yield* until(() => all.times.length > before + 60)
      }),
    40_000
  )

  it.live(
    "sends an equal part at most while the database is away, and shares again when it is back",
    () =>
      Effect.gen(function*() {
        const away = { is: false }
        const sql = Layer.effect(
          PgClient.PgClient,
          Effect.map(PgClient.PgClient, (real) => {
            const call: ProxyHandler<PgClient.PgClient>["apply"] = (target, self, args) =>
              away.is ? real.unsafe("SELECT 1 / 0") : Reflect.apply(target as never, self, args)
            const sql = new Proxy(real, { apply: call })
            return new Proxy(real, {
              get: (target, name) => name === "withoutTransforms" ? () => sql : Reflect.get(target, name)
            })
          })
        ).pipe(Layer.provide(client))
        const said: Array<AccountShares.AccountLimits> = []
        const shares = yield* Layer.build(
          Layer.provide(PgAccountShares.layer({ period: 100, lease: 500, expectedRunners: 4 }), sql)
        )
        const full = { requestsPerSecond: 40, burst: 4, concurrency: 8 }
        const demand = { requests: 0, waiting: 5, inFlight: 0 }
        const join = (account: string, hear: (limits: AccountShares.AccountLimits) => void) =>
          Context.get(shares, AccountShares.AccountShares).join({
            key: account,
            provider: "double",
            label: account,
            limits: full,
            demand: () => demand,
            share: hear,
            hear: () => undefined
          }).wanted()
        join("away", (limits) => void said.push(limits))
        yield* until(() => said.length > 2)
        assert.deepStrictEqual(said.at(-1), full)
        away.is = true
        const before = said.length
        yield* until(() => said.length > before + 2)
        // It is alone as far as anybody knows.
        assert.deepStrictEqual(said.at(-1), full)
        const unknown: Array<AccountShares.AccountLimits> = []
        join("never drawn", (limits) => void unknown.push(limits))
        yield* until(() => unknown.length > 0)
        assert.deepStrictEqual(unknown[0], { requestsPerSecond: 10, burst: 1, concurrency: 2 })
        away.is = false
        yield* until(() => unknown.at(-1)?.requestsPerSecond === 40)
      }),
    40_000
  )

  it.live(
    "goes by itself while the database is silent, and shares again when it is heard",
    () =>
      Effect.gen(function*() {
        const link = yield* Effect.acquireRelease(
          Effect.promise(() => SilentLink.open(server.port)),
          ({ close }) => Effect.promise(close)
        )
        const url = server.url.replace(String(server.port), String(link.port))
        const said: Array<AccountShares.AccountLimits> = []
        const full = { requestsPerSecond: 40, burst: 4, concurrency: 8 }
        const sharing = Effect.gen(function*() {
          const others = yield* SqlClient.SqlClient
          const shares = yield* Layer.build(Layer.provide(
            PgAccountShares.layer({ period: 100, lease: 500 }),
            PgClient.layer({ url: Redacted.make(url) })
          ))
          Context.get(shares, AccountShares.AccountShares).join({
            key: "silent",
            provider: "double",
            label: "silent",
            limits: full,
            demand: () => ({ requests: 0, waiting: 5, inFlight: 0 }),
            share: (limits) => void said.push(limits),
            hear: () => undefined
          }).wanted()
          yield* until(() => said.length > 2)
          // Another process, which takes what it can.
          const wish = { account: "silent", runner: "other", limits: full, inFlight: 0, leaseMs: 1000, renewsMs: 300 }
          const draw = Effect.flatMap(
            Clock.currentTimeMillis,
            (askedAt) => Pg.draw(others, { ...wish, wants: { requestsPerSecond: 40, concurrency: 8 }, askedAt })
          )
          yield* Effect.repeat(draw, { until: ({ rate }) => rate === 20, schedule: Schedule.spaced(50) })
          link.cut()
          yield* Effect.repeat(draw, { until: ({ rate }) => rate === 40, schedule: Schedule.spaced(50) })
          assert.deepStrictEqual(said.at(-1), { requestsPerSecond: 20, burst: 2, concurrency: 4 })
          link.mend()
          yield* Pg.release(others, { ...wish, askedAt: Infinity })
          yield* until(() => said.at(-1)?.requestsPerSecond === 40)
        })
        yield* Effect.provide(Effect.scoped(sharing), client)
      }),
    40_000
  )
})
