import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Cluster, ClusterError } from "@video-tasks/cluster"
import { TaskId, VideoProvider, type VideoTaskError } from "@video-tasks/core"
import { CostBudget, SqlBuckets, TaskStore } from "@video-tasks/runtime"
import { Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as Api from "./support/api.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const buckets = 16

/** A database and an API of a test's own. */
const world = Effect.gen(function*() {
  const url = yield* World.fresh(server)
  const api = yield* Effect.acquireRelease(Effect.promise(() => Api.start()), (api) => Effect.promise(() => api.stop()))
  const created = () => api.asked.filter(({ what }) => what === "create").map(({ id }) => id)
  const readBy = (name: string, id: string) =>
    api.asked.some(({ by, id: read, what }) => what === "read" && by === name && read === `of-${id}`)
  return { url, api, created, readBy, runner: (name: string) => World.runner(url, Api.provider(api.url, name)) }
})

/** A new id in a bucket. */
const idIn = (wanted: (bucket: number) => boolean): TaskId.TaskId => {
  for (;;) {
    const id = TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-${crypto.randomUUID().slice(-12)}`)
    if (wanted(SqlBuckets.bucketOf(id, buckets))) return id
  }
}

const reasonOf = (error: VideoTaskError.VideoTaskError) => error.reason._tag

// What they do is wait.
describe.concurrent("Members", () => {
  it.live(
    "gives a member that joins its share, while creates are in flight and waits go on",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, created, readBy, runner } = yield* world
        const a = yield* runner("a")
        yield* World.settled(a)
        const ids = Array.from({ length: buckets }, (_, bucket) => idIn((one) => one === bucket))
        const submit = (id: TaskId.TaskId) => a.tasks.submit(World.named(id), { id })
        const [known, late] = [ids, ids.map((id) => idIn((one) => one === SqlBuckets.bucketOf(id, buckets)))]
        yield* Effect.forEach(known, submit, { concurrency: 4 })
        const seen = new Map<string, ReadonlyArray<string>>()
        const observers = yield* Effect.forEach(known, (id) =>
          Effect.forkChild(Stream.runForEach(a.tasks.observe(id), ({ status }) =>
            Effect.sync(() =>
              seen.set(id, [...seen.get(id) ?? [], status])
            ))))
        api.hold = ({ what }) =>
          what === "create"
        const inFlight = yield* Effect.forEach(late, (id) =>
          Effect.forkChild(submit(id)))
        yield* World.until(
          "creates are in flight",
          Effect.sync(() => created().length === 2 * buckets)
        )
        const b = yield* runner("b")
        // What moves waits for its creates.
        yield* World.until("a gives some up", Effect.map(a.cluster.owned, ({ length }) => length < buckets))
        api.release()
        const handles = yield* Effect.forEach(inFlight, Fiber.join)
        assert.deepStrictEqual(handles.map(({ remoteId }) => remoteId), late.map((id) => `of-${id}`))
        yield* World.settled(a, b)
        assert.deepStrictEqual([...created()].sort(), [...known, ...late].sort())
        const all = [...known, ...late]
        yield* World.until(
          "b reads what it has",
          Effect.map(b.cluster.owned, (owned) =>
            all.filter((id) =>
              owned.includes(SqlBuckets.bucketOf(id, buckets))
            ).every((id) => readBy("b", id)))
        )
        for (const id of known) {
          api.answers.set(`of-${id}`, { status: "SUCCESS" })
        }
        yield* Effect.forEach(observers, Fiber.join)
        // Each state once, whoever served the bucket.
        const states = ["SUBMITTED", "IN_PROGRESS", "SUCCESS"]
        assert.deepStrictEqual(
          known.map((id) => seen.get(id)),
          known.map((id) => states.slice(states.indexOf(seen.get(id)?.[0] ?? "SUCCESS")))
        )
      })),
    60_000
  )

  it.live(
    "hands over when a member stops, and finishes what it was asked for",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, created, readBy, runner } = yield* world
        const [a, b] = yield* Effect.all([runner("a"), runner("b")], { concurrency: 2 })
        yield* World.settled(a, b)
        yield* World.still(a)
        const owned = yield* a.cluster.owned
        const [known, last] = [idIn((one) => owned.includes(one)), idIn((one) => owned.includes(one))]
        yield* b.tasks.submit(World.named(known), { id: known })
        yield* World.until("a reads it", Effect.sync(() => readBy("a", known)))
        api.hold = ({ what }) => what === "create"
        const inFlight = yield* Effect.forkChild(b.tasks.submit(World.named(last), { id: last }))
        yield* World.until("a create is in flight", Effect.sync(() => created().includes(last)))
        const stopped = yield* Effect.forkChild(a.stop)
        yield* World.until("a gives all up", Effect.map(a.cluster.owned, ({ length }) => length === 0))
        api.release()
        assert.strictEqual((yield* Fiber.join(inFlight)).remoteId, `of-${last}`)
        yield* Fiber.join(stopped)
        yield* World.settled(b)
        yield* World.until("b reads both", Effect.sync(() => readBy("b", known) && readBy("b", last)))
        assert.deepStrictEqual(created(), [known, last])
      })),
    60_000
  )

  it.live(
    "goes on with what a stand-alone process on the same database leaves",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, created, readBy, runner, url } = yield* world
        const a = yield* runner("a")
        yield* World.settled(a)
        const mine = idIn(() => true)
        yield* Effect.scoped(Effect.gen(function*() {
          const alone = yield* World.alone(url, Api.provider(api.url, "alone"))
          yield* alone.submit(World.named(mine), { id: mine })
          const theirs = yield* a.tasks.submit(World.request)
          api.answers.set(theirs.remoteId, { status: "SUCCESS" })
          assert.strictEqual((yield* alone.await(theirs)).status, "SUCCESS")
          assert.strictEqual((yield* alone.get(mine)).status, "SUBMITTED")
          assert.isFalse(readBy("a", mine))
        }))
        yield* World.until("the cluster reads it", Effect.sync(() => readBy("a", mine)))
        api.answers.set(`of-${mine}`, { status: "SUCCESS" })
        const ended = Effect.map(a.tasks.get(mine), ({ status }) => status === "SUCCESS")
        yield* World.until("it has ended", ended)
        assert.strictEqual(created().filter((id) => id === mine).length, 1)
      })),
    60_000
  )

  it.live(
    "stops serving a bucket that somebody takes, and keeps the task of a create in flight",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, created, runner, url } = yield* world
        const a = yield* runner("a")
        yield* World.settled(a)
        const id = idIn(() => true)
        api.hold = ({ what }) => what === "create"
        const inFlight = yield* Effect.forkChild(a.tasks.submit(World.named(id), { id }))
        yield* World.until("a create is in flight", Effect.sync(() => created().includes(id)))
        const bucket = SqlBuckets.bucketOf(id, buckets)
        yield* Effect.flatMap(SqlBuckets.make(buckets), ({ take }) => take(bucket, "thief")).pipe(
          Effect.provide(PgClient.layer({ url: Redacted.make(url) }))
        )
        api.release()
        const handle = yield* Fiber.join(inFlight)
        assert.strictEqual(handle.remoteId, `of-${id}`)
        assert.strictEqual((yield* a.tasks.get(id)).handle.remoteId, `of-${id}`)
        const owners = yield* a.cluster.owners
        assert.deepStrictEqual([owners[bucket]?.runner, owners[bucket]?.epoch], [a.cluster.runner, 3])
        assert.deepStrictEqual(created(), [id])
      })),
    60_000
  )

  it.live(
    "says after its patience that nothing was sent when nobody serves, and nobody sends it later",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, created, runner, url } = yield* world
        const client = yield* World.client(url, Api.provider(api.url, "client"), { patience: "1 second" })
        const id = idIn(() => true)
        const refused = yield* Effect.flip(client.tasks.submit(World.named(id), { id }))
        assert.strictEqual(reasonOf(refused), "NotSent")
        const a = yield* runner("a")
        yield* World.settled(a)
        assert.strictEqual(reasonOf(yield* Effect.flip(a.tasks.submit(World.named(id), { id }))), "StoreError")
        assert.deepStrictEqual(created(), [])
      })),
    60_000
  )

  it.live(
    "tells which buckets somebody serves who lives, from which somebody took once",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, runner, url } = yield* world
        const client = yield* World.client(url, Api.provider(api.url, "client"))
        const served = Effect.map(client.cluster.served, ({ length }) => length)
        assert.strictEqual(yield* served, 0)
        const a = yield* runner("a")
        yield* World.settled(a)
        const all = Array.from({ length: buckets }, (_, bucket) => bucket)
        assert.deepStrictEqual(yield* client.cluster.served, all)
        assert.deepStrictEqual(yield* a.cluster.served, all)
        yield* a.stop
        yield* World.until("nobody serves", Effect.map(served, (count) => count === 0))
        const owners = yield* client.cluster.owners
        assert.isTrue(owners.every(({ epoch, runner }) => epoch > 0 && runner === a.cluster.runner))
        // Another one at the same address has another name.
        const again = yield* World.runner(url, Api.provider(api.url, "a"), {
          address: a.cluster.place?.address ?? { host: "", port: 0 }
        })
        yield* World.settled(again)
        assert.strictEqual(yield* served, buckets)
      })),
    60_000
  )

  it.live(
    "refuses a budget, which would count in one process only",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { api, url } = yield* world
        const refused = new ClusterError.InvalidOption({
          field: "CostBudget",
          value: "20 USD",
          allowed: "none: it counts in one process, and a cluster has several; maxCost of a submit holds in all of them"
        })
        const address = { host: "127.0.0.1", port: 0 }
        for (const layer of [Cluster.layer({ ...World.timing, address }), Cluster.layerClient(World.timing)]) {
          const limited = layer.pipe(
            Layer.provide(CostBudget.layer({ max: 20, currency: "usd" })),
            Layer.provide(World.providers(Api.provider(api.url, "a"))),
            Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
          )
          assert.deepStrictEqual(yield* Effect.flip(Layer.build(limited)), refused)
        }
        const checked = Effect.provide(Cluster.check({}), CostBudget.layer({ max: 20, currency: "usd" }))
        assert.deepStrictEqual(yield* Effect.flip(checked), refused)
      })),
    30_000
  )

  it.live(
    "keeps to the number of buckets that the database has, and takes it over",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { url } = yield* world
        const database = PgClient.layer({ url: Redacted.make(url) })
        const make = (count?: number) => Effect.provide(SqlBuckets.make(count), database)
        assert.strictEqual((yield* make(8)).count, 8)
        assert.strictEqual((yield* make()).count, 8)
        const error = yield* Effect.flip(make(9))
        assert.instanceOf(error, SqlBuckets.BucketCountChanged)
        assert.strictEqual(
          error.message,
          "the database has 8 buckets, not 9: their number is fixed at the first start"
        )
        const address = { host: "127.0.0.1", port: yield* World.freePort }
        const layer = Cluster.layer({ ...World.timing, buckets: 9, address }).pipe(
          Layer.provide(World.providers(VideoProvider.double())),
          Layer.provide(database)
        )
        assert.instanceOf(yield* Effect.flip(Layer.build(layer)), SqlBuckets.BucketCountChanged)
        const tables = yield* Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`SELECT tablename FROM pg_tables WHERE tablename LIKE 'video_tasks_cluster%'`
        ).pipe(Effect.provide(database))
        assert.deepStrictEqual(tables, [])
        assert.instanceOf(yield* Effect.flip(make(0)), TaskStore.TaskStoreError)
      })),
    30_000
  )
})
