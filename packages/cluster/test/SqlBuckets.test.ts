import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Observation, Submission, TaskHandle, TaskId, TaskMachine } from "@video-tasks/core"
import { SqlBuckets, type TaskStore } from "@video-tasks/runtime"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as SqlShare from "../../runtime/src/internal/sqlShare.ts"
import * as SqlStore from "../../runtime/src/internal/sqlStore.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const count = 4

const database = Layer.unwrap(Effect.map(
  Effect.suspend(() => World.fresh(server)),
  (url) => PgClient.layer({ url: Redacted.make(url) })
))

/** The nth id of a bucket. */
const idIn = (bucket: number, n: number): TaskId.TaskId =>
  TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(8, "0")}${bucket.toString(16).padStart(4, "0")}`)

const submissionOf = (id: TaskId.TaskId) =>
  new Submission.Submission({
    id,
    provider: "p",
    family: "f",
    model: "m",
    account: "default",
    requestHash: "ab",
    startedAt: 1000,
    outcome: { _tag: "pending" }
  })

const createdOf = (id: TaskId.TaskId) => ({
  type: "task.created" as const,
  at: 1000,
  id,
  handle: new TaskHandle.TaskHandle({
    provider: "p",
    family: "f",
    remoteId: id,
    baseUrl: "https://api.example.com",
    account: "default"
  }),
  model: "m"
})

const make = (store: TaskStore.TaskStore["Service"], id: TaskId.TaskId) => {
  const created = createdOf(id)
  return store.append(id, 0, [created], { snapshot: TaskMachine.persist(TaskMachine.initial(created)) })
}

const advance = (store: TaskStore.TaskStore["Service"], id: TaskId.TaskId, version: number, progress: number) => {
  const observation = new Observation.Observation({ status: "IN_PROGRESS", progress, videos: [] })
  const event = { type: "task.observed" as const, at: 2000 + progress, observation }
  const { snapshot } = TaskMachine.step(TaskMachine.initial(createdOf(id)), event)
  return store.append(id, version, [event], {
    snapshot: TaskMachine.persist(snapshot),
    raw: `{"progress":${progress}}`
  })
}

describe("SqlBuckets", () => {
  it("deals ids out by their last four digits", () => {
    assert.deepStrictEqual([0, 1, 2, 3].map((bucket) => SqlBuckets.bucketOf(idIn(bucket, 7), count)), [0, 1, 2, 3])
    assert.strictEqual(SqlBuckets.bucketOf("01890a5d-ac96-774b-bcce-b302099affff", 32), 31)
  })

  it.effect("refuses every write of an owner whose bucket was taken, and writes nothing of it", () =>
    Effect.gen(function*() {
      const buckets = yield* SqlBuckets.make(count)
      const old = yield* buckets.take(1, "old")
      const [made, sent, fresh] = [idIn(1, 1), idIn(1, 2), idIn(1, 3)]
      yield* make(old.store, made)
      yield* old.store.begin(submissionOf(sent), { owner: old.owner, until: 10_000 })
      yield* old.confirm
      const next = yield* buckets.take(1, "next")
      assert.deepStrictEqual([old.epoch, next.epoch], [1, 2])
      const writes: ReadonlyArray<Effect.Effect<unknown, TaskStore.TaskStoreError | TaskStore.VersionConflict>> = [
        advance(old.store, made, 1, 50),
        make(old.store, fresh),
        old.store.begin(submissionOf(fresh)),
        old.store.settle(sent, { _tag: "ambiguous", detail: "late" }),
        old.store.claim(old.owner, 10, 20_000, 1000),
        old.store.renew(old.owner, 20_000),
        old.store.release(old.owner, [made]),
        old.store.remove([made]),
        old.confirm
      ]
      const errors = yield* Effect.forEach(writes, Effect.flip)
      assert.deepStrictEqual(
        errors.map((error) => error._tag === "TaskStoreError" && [error.detail, error.retryable]),
        writes.map(() => ["bucket 1 was taken over by another runner", false])
      )
      yield* old.lost
      assert.deepStrictEqual((yield* next.store.load(made))?.version, 1)
      assert.deepStrictEqual(yield* next.store.load(fresh), undefined)
      assert.deepStrictEqual((yield* next.store.submissions({})).items, [submissionOf(sent)])
      assert.deepStrictEqual(yield* next.store.leaseOf(old.owner), 10_000)
      assert.deepStrictEqual(yield* advance(next.store, made, 1, 50), 2)
    }).pipe(Effect.provide(database)))

  it.live("makes whoever takes a bucket wait for the write that is under way", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const buckets = yield* SqlBuckets.make(count)
      const old = yield* buckets.take(1, "old")
      const id = idIn(1, 1)
      yield* make(old.store, id)
      const taking = yield* sql.withTransaction(Effect.gen(function*() {
        // In a transaction of its own the step would be over before anybody could take the bucket.
        yield* sql`SELECT 1 FROM video_tasks_buckets WHERE bucket = 1 AND epoch = 1 FOR SHARE`
        const fiber = yield* Effect.promise(async () => Effect.runFork(buckets.take(1, "next")))
        yield* World.until(
          "somebody waits for the bucket",
          Effect.map(sql`SELECT 1 FROM pg_locks WHERE NOT granted`, (rows) => rows.length > 0)
        )
        assert.isUndefined(fiber.pollUnsafe())
        return fiber
      }))
      assert.strictEqual((yield* Fiber.join(taking)).epoch, 2)
      assert.strictEqual((yield* Effect.flip(advance(old.store, id, 1, 10)))._tag, "TaskStoreError")
    }).pipe(Effect.provide(database)))

  it.live("waits for no owner that falls asleep in the middle of a write", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const buckets = yield* SqlBuckets.make(count)
      const { epoch } = yield* buckets.take(1, "old")
      const share = { bucket: 1, count, epoch, lost: () => undefined }
      const asleep = yield* Effect.forkChild(
        sql.withTransaction(SqlShare.asOwner(sql, SqlStore.failures, share, Effect.never))
      )
      yield* World.until(
        "it sleeps with the bucket in its hands",
        Effect.map(sql`SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'`, ({ length }) => length > 0)
      )
      assert.strictEqual((yield* buckets.take(1, "next")).epoch, 2)
      yield* Effect.exit(Fiber.interrupt(asleep))
    }).pipe(Effect.provide(database)), 20_000)

  it.effect("claims and lists what is in the bucket only, and what an earlier owner of it held", () =>
    Effect.gen(function*() {
      const buckets = yield* SqlBuckets.make(count)
      const [one, two] = yield* Effect.all([buckets.take(1, "r"), buckets.take(2, "r")])
      const ids = [idIn(1, 1), idIn(2, 2), idIn(1, 3)]
      yield* Effect.forEach(ids, (id) => make(buckets.store, id))
      yield* Effect.forEach(ids, (id) => buckets.store.begin(submissionOf(TaskId.TaskId.make(id.replace("-8", "-9")))))
      const idsOf = (tasks: ReadonlyArray<TaskStore.StoredTask>) => tasks.map(({ snapshot }) => snapshot.task.id)
      assert.deepStrictEqual(idsOf(yield* one.store.claim(one.owner, 10, 20_000, 1000)), [ids[0], ids[2]])
      assert.deepStrictEqual(idsOf((yield* two.store.list({})).items), [ids[1]])
      assert.deepStrictEqual((yield* one.store.submissions({ outcome: "pending" })).items.length, 2)
      // Nobody else gets what is held, and the next owner of the bucket does.
      assert.deepStrictEqual(idsOf(yield* buckets.store.claim("other", 10, 20_000, 1000)), [ids[1]])
      const next = yield* buckets.take(1, "s")
      assert.deepStrictEqual(idsOf(yield* next.store.claim(next.owner, 10, 20_000, 1000)), [ids[0], ids[2]])
      assert.deepStrictEqual(
        (yield* buckets.owners).map(({ epoch, runner }) => [epoch, runner]),
        [[0, undefined], [2, "s"], [1, "r"], [0, undefined]]
      )
    }).pipe(Effect.provide(database)))

  it.effect("keeps the lease of an earlier owner until it has lapsed, and no longer", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const buckets = yield* SqlBuckets.make(count)
      const [one, other] = yield* Effect.all([buckets.take(1, "old"), buckets.take(2, "r")])
      yield* one.store.begin(submissionOf(idIn(1, 1)), { owner: one.owner, until: 10_000 })
      yield* other.store.begin(submissionOf(idIn(2, 2)), { owner: other.owner, until: 10_000 })
      const next = yield* buckets.take(1, "next")
      yield* next.store.begin(submissionOf(idIn(1, 3)), { owner: next.owner, until: 30_000 })
      const owners = Effect.map(
        sql<{ owner: string }>`SELECT owner FROM video_tasks_leases ORDER BY owner`,
        (rows) => rows.map(({ owner }) => owner)
      )
      yield* next.store.renew(next.owner, 40_000)
      assert.deepStrictEqual(yield* owners, [one.owner, next.owner, other.owner])
      yield* TestClock.adjust("11 seconds")
      yield* next.store.renew(next.owner, 50_000)
      assert.deepStrictEqual(yield* owners, [next.owner, other.owner])
    }).pipe(Effect.provide(database)))

  it.effect("writes steps of many buckets that come at the same time together, and says of each what became of it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const buckets = yield* SqlBuckets.make(count)
      const taken = yield* Effect.forEach([0, 1, 2, 3], (bucket) => buckets.take(bucket, "r"))
      const all = taken.flatMap(({ bucket, store }) =>
        Array.from({ length: 25 }, (_, n) => ({ store, id: idIn(bucket, n) }))
      )
      yield* Effect.forEach(all, ({ id, store }) => make(store, id), { concurrency: "unbounded" })
      yield* sql`CREATE TABLE statements (n SERIAL)`
      yield* sql.unsafe(`CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO statements DEFAULT VALUES; RETURN NULL; END $$`)
      yield* sql.unsafe(
        "CREATE TRIGGER counted AFTER UPDATE ON video_tasks_tasks FOR EACH STATEMENT EXECUTE FUNCTION counted()"
      )
      yield* buckets.take(2, "thief")
      const results = yield* Effect.forEach(
        all,
        ({ id, store }, n) => Effect.result(advance(store, id, n % 5 === 0 ? 7 : 1, 50)),
        { concurrency: "unbounded" }
      )
      const said = results.map((result) => result._tag === "Success" ? result.success : result.failure._tag)
      assert.deepStrictEqual(
        said,
        all.map((_, n) => n >= 50 && n < 75 ? "TaskStoreError" : n % 5 === 0 ? "VersionConflict" : 2)
      )
      const journals = yield* sql<
        { count: number }
      >`SELECT count(*)::int AS count FROM video_tasks_events WHERE seq = 1`
      assert.strictEqual(journals[0]?.count, 60)
      const statements = yield* sql<{ count: number }>`SELECT count(*)::int AS count FROM statements`
      assert.isAtMost(statements[0]?.count ?? Infinity, 3)
      const kept = yield* buckets.store.load(idIn(0, 1))
      assert.deepStrictEqual([kept?.version, kept?.raw, kept?.snapshot.task.model], [2, "{\"progress\":50}", "m"])
    }).pipe(Effect.provide(database)))
})
