import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { SqlBuckets } from "@video-tasks/runtime"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Redacted, Stream } from "effect"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as SilentLink from "../../node/test/support/silentLink.ts"
import { now } from "./chaos/clock.ts"
import * as Conductor from "./chaos/conductor.ts"
import * as Customers from "./chaos/customers.ts"
import * as History from "./chaos/history.ts"
import * as Namespaces from "./chaos/namespaces.ts"
import * as Worker from "./chaos/worker.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const buckets = 16

const poll = { floor: 200, ceiling: 400 }

/** So many polls of a task show that a worker goes on with it. */
const enough = 3

/** A way to the database that can be cut, for each of two workers. */
interface Way {
  readonly host: string
  readonly prefix: Worker.Prefix
  readonly databaseHost: string
  readonly databasePort: number
  readonly cut: () => void
  readonly mend: () => void
}

interface Ways {
  /** Where the workers reach the API. */
  readonly apiHost: string
  readonly a: Way
  readonly b: Way
}

const link = (host?: string) =>
  Effect.acquireRelease(
    Effect.promise(() => SilentLink.open(server.port, host)),
    (link) => Effect.promise(() => link.close())
  )

const byProxy = Effect.gen(function*() {
  const way = Effect.map(link(), ({ cut, mend, port }): Way => ({
    host: "127.0.0.1",
    prefix: [],
    databaseHost: "127.0.0.1",
    databasePort: port,
    cut,
    mend
  }))
  return { apiHost: "127.0.0.1", a: yield* way, b: yield* way }
})

const byNamespace = Effect.gen(function*() {
  const { host, namespaces: [one, other] } = yield* Effect.acquireRelease(
    Effect.sync(() => Namespaces.make(2)),
    ({ remove }) => Effect.sync(remove)
  )
  const way = (namespace: Namespaces.Namespace) =>
    Effect.map(link(namespace.databaseHost), ({ port }): Way => ({ ...namespace, databasePort: port }))
  return { apiHost: host, a: yield* way(one!), b: yield* way(other!) }
})

/** Whether this machine lets us make namespaces. */
const canSeparate = (): boolean => {
  try {
    Namespaces.make(1).remove()
    return true
  } catch (error) {
    process.stdout.write(`NOT TRIED: no network namespaces on this machine: ${String(error).slice(0, 200)}\n`)
    return false
  }
}

const play = (ways: Ways) =>
  Effect.gen(function*() {
    const url = yield* World.fresh(server)
    const sql = Effect.provide(PgClient.layer({ url: Redacted.make(url) }))
    const { baseUrl: api } = yield* SimulatorServer.SimulatorServer
    const tasks = yield* Conductor.front({ url, api, buckets, poll })
    yield* sql(History.record)
    const started = yield* Effect.forEach(["a", "b"] as const, (name) =>
      Effect.gen(function*() {
        const { databaseHost, databasePort, host, prefix } = ways[name]
        const settings = {
          url: url.replace(`127.0.0.1:${server.port}`, `${databaseHost}:${databasePort}`),
          api,
          name,
          host,
          port: yield* World.freePort,
          buckets,
          poll
        }
        const started = yield* Effect.acquireRelease(
          Effect.sync(() => Worker.start(settings, prefix)),
          ({ worker }) => Effect.sync(() => worker.child.kill("SIGKILL"))
        )
        yield* Effect.promise(() => started.ready)
        return started.worker
      }), { concurrency: 2 })
    const lives = started.map(({ settings: { host, name, port }, startedAt }): History.Life => ({
      name,
      address: `${host}:${port}`,
      startedAt,
      pauses: []
    }))
    const [a] = lives
    /** The buckets whose last taker is `a`, and when it took them. */
    const ofA = Effect.map(sql(History.takes), (takes) => {
      const last = new Map(takes.map((take) => [take.bucket, take]))
      return { all: last.size, takes: [...last.values()].filter(({ address }) => address === a?.address) }
    })
    yield* World.until(
      "both have buckets",
      Effect.map(ofA, ({ all, takes }) => all === buckets && takes.length > 2 && takes.length < buckets - 2)
    )
    const ids = yield* Effect.forEach(Array.from({ length: 48 }), () =>
      Effect.gen(function*() {
        const id = Customers.newId()
        const handle = yield* tasks.submit(Customers.request(`${id} [stuck]`), { id })
        return [handle.remoteId, id] as const
      }), { concurrency: 8 })
    const idOf = new Map<string, string>(ids)
    const simulator = yield* Simulator.Simulator
    /** Waits until each task of some buckets was polled several times by a worker since then. */
    const polled = (name: string, some: ReadonlyArray<number>, since: number) =>
      World.until(
        `${name} polls its tasks`,
        Effect.map(simulator.ledger, ({ tasks }) =>
          tasks.every(({ polledAt, polledBy, taskId }) =>
            !some.includes(SqlBuckets.bucketOf(idOf.get(taskId) ?? "", buckets)) ||
            polledAt.filter((at, n) => at > since && polledBy[n] === name).length >= enough
          ))
      )
    const bucketsOfA = Effect.map(ofA, ({ takes }) =>
      takes.map(({ bucket }) => bucket))
    yield* polled("a", yield* bucketsOfA, 0)

    const { takes: before } = yield* ofA
    ways.a.cut()
    const cutAt = now()
    yield* World.until("b has all", Effect.map(ofA, ({ takes }) => takes.length === 0))
    yield* polled("b", before.map(({ bucket }) => bucket), cutAt)
    const mendedAt = now()
    ways.a.mend()
    yield* World.until("a has some again", Effect.map(ofA, ({ takes }) => takes.length > 2))
    yield* polled("a", yield* bucketsOfA, mendedAt)

    const ledger = yield* simulator.ledger
    const takes = yield* sql(History.takes)
    const cutOff = ledger.tasks.filter(({ taskId }) =>
      before.some(({ bucket }) => bucket === SqlBuckets.bucketOf(idOf.get(taskId) ?? "", buckets))
    )
    const pollsBy = (name: string, from: number, to: number) =>
      cutOff.map(({ polledAt, polledBy }) => polledAt.filter((at, n) => polledBy[n] === name && at >= from && at < to))
    const lastMs = Math.max(0, ...pollsBy("a", cutAt, mendedAt).flat().map((at) => at - cutAt))
    const tookMs = takes.filter(({ at, bucket }) =>
      at > cutAt && at < mendedAt && before.some((take) => take.bucket === bucket)
    ).map(({ at }) => at - cutAt)
    const { late } = History.compare(ledger.tasks, takes, lives, buckets, (remoteId) => idOf.get(remoteId))
    const submissions = yield* Stream.runCollect(tasks.submissions())
    process.stdout.write(
      `  ${before.length} buckets with ${cutOff.length} tasks: last poll ${
        Math.round(lastMs)
      } ms after the cut, taken over ` +
        `${Math.round(Math.min(...tookMs))} to ${Math.round(Math.max(...tookMs))} ms after it, ${late.length} late\n`
    )
    assert.isAbove(cutOff.length, 0)
    assert.isBelow(lastMs, World.lockMs)
    assert.isBelow(lastMs, Math.min(...tookMs))
    assert.isBelow(Math.max(...tookMs), 2 * World.lockMs)
    assert.isTrue(pollsBy("b", cutAt, mendedAt).every((polls) => polls.length > 0))
    assert.deepStrictEqual(late.filter(({ overlapMs }) => overlapMs > World.lockMs), [])
    assert.strictEqual(ledger.posts, ids.length)
    assert.isTrue(submissions.every(({ outcome }) => outcome._tag === "created"))
  }).pipe(
    Effect.provide(SimulatorServer.layerSimulator({ host: ways.apiHost, seed: 1 })),
    Effect.orDie
  )

// What they do is wait.
describe.concurrent("a worker whose link to the database falls silent", () => {
  it.live(
    "stops polling before its lock ends, and the other one takes over",
    () => Effect.scoped(Effect.flatMap(byProxy, play)),
    120_000
  )

  it.live.skipIf(!canSeparate())(
    "does so in a network namespace whose cable is pulled",
    () => Effect.scoped(Effect.flatMap(byNamespace, play)),
    120_000
  )
})
