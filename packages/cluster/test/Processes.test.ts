import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { TaskId, type VideoTaskError } from "@video-tasks/core"
import { SqlBuckets } from "@video-tasks/runtime"
import { Effect, Fiber, Redacted, type Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as Api from "./support/api.ts"
import * as WorkerProcess from "./support/workerProcess.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

/** So many that each worker gets some. */
const buckets = 16

/** An API, workers `a` and `b` as processes of their own, and a client in this process. */
const cluster = Effect.fnUntraced(function*(options: { readonly concurrency?: number } = {}) {
  const url = yield* World.fresh(server)
  const api = yield* Effect.acquireRelease(Effect.promise(() => Api.start()), (api) => Effect.promise(() => api.stop()))
  const worker = Effect.fnUntraced(function*(name: string): Effect.fn.Return<WorkerProcess.Worker, never, Scope.Scope> {
    const port = yield* World.freePort
    return yield* Effect.acquireRelease(
      Effect.promise(() => WorkerProcess.start({ url, port, name, api: api.url, buckets, ...options })),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    )
  })
  const [a, b] = yield* Effect.all([worker("a"), worker("b")], { concurrency: 2 })
  const client = yield* World.client(
    url,
    ["double", "other"].map((id) => Api.provider(api.url, "client", id))
  )
  const bucketsOf = ({ port }: WorkerProcess.Worker) =>
    Effect.map(
      Effect.orDie(client.cluster.owners),
      (owners) => owners.filter(({ runner }) => runner?.startsWith(`127.0.0.1:${port}/`)).map(({ bucket }) => bucket)
    )
  yield* World.until(
    "both workers have buckets",
    Effect.map(
      Effect.all([bucketsOf(a), bucketsOf(b)]),
      (each) => each.flat().length === buckets && each.every((some) => some.length > 0)
    )
  )
  yield* World.still(client)
  const sql = <A>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>) =>
    Effect.flatMap(SqlClient.SqlClient, use).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url) })),
      Effect.orDie
    )
  /** A new id in a bucket of a worker, or in the bucket of another id. */
  const idAt = Effect.fnUntraced(function*(worker: WorkerProcess.Worker, like?: TaskId.TaskId) {
    const wanted = like === undefined ? yield* bucketsOf(worker) : [SqlBuckets.bucketOf(like, buckets)]
    for (let n = 0;; n++) {
      const id = TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-${crypto.randomUUID().slice(-12)}`)
      if (wanted.includes(SqlBuckets.bucketOf(id, buckets))) return id
    }
  })
  const submit = (id: TaskId.TaskId, provider = "double") =>
    client.tasks.submit({ ...World.named(id), provider }, { id })
  const created = () => api.asked.filter(({ what }) => what === "create").map(({ id }) => id)
  const readBy = (worker: WorkerProcess.Worker, id: TaskId.TaskId) =>
    api.asked.some(({ by, id: read, what }) => what === "read" && by === worker.name && read === `of-${id}`)
  return { a, api, b, bucketsOf, client, created, idAt, readBy, sql, submit, worker }
})

const reasonOf = (error: VideoTaskError.VideoTaskError) => error.reason._tag

// What they do is wait.
describe.concurrent("Processes", () => {
  it.live(
    "goes on elsewhere after SIGKILL: waits, reads, and a create in flight that is never sent again",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { a, api, b, bucketsOf, client, created, idAt, readBy, submit } = yield* cluster()
        const [known, lost] = [yield* idAt(a), yield* idAt(a)]
        yield* submit(known)
        const seen = yield* Effect.forkChild(Stream.runCollect(client.tasks.observe(known)))
        const waits = yield* Effect.forkChild(client.tasks.await(known))
        yield* World.until("a reads its task", Effect.sync(() => readBy(a, known)))
        api.hold = ({ id }) => id === lost
        const inFlight = yield* Effect.forkChild(Effect.flip(submit(lost)))
        yield* World.until("the create is in flight", Effect.sync(() => created().includes(lost)))
        a.child.kill("SIGKILL")
        const served = Effect.map(client.cluster.served, ({ length }) => length)
        yield* World.until("nobody serves what a had", Effect.map(served, (count) => count < buckets))
        yield* World.until("b has all", Effect.map(bucketsOf(b), ({ length }) => length === buckets))
        assert.strictEqual(yield* served, buckets)
        assert.deepStrictEqual(reasonOf(yield* Fiber.join(inFlight)), "SubmissionAmbiguous")
        assert.deepStrictEqual(
          yield* Stream.runCollect(client.tasks.submissions({ outcome: "ambiguous" })).pipe(
            Effect.map((all) => all.map(({ id }) => id))
          ),
          [lost]
        )
        yield* World.until("b reads the task of a", Effect.sync(() => readBy(b, known)))
        api.answers.set(`of-${known}`, { status: "SUCCESS" })
        assert.strictEqual((yield* Fiber.join(waits)).status, "SUCCESS")
        const statuses = (yield* Fiber.join(seen)).map(({ status }) => status)
        // Each state once, whoever served the bucket.
        assert.deepStrictEqual(statuses.slice(-2), ["IN_PROGRESS", "SUCCESS"])
        assert.strictEqual(new Set(statuses).size, statuses.length)
        assert.deepStrictEqual(created().filter((id) => id === lost), [lost])
        const settled = yield* client.tasks.resolve(lost, { remoteId: `of-${lost}` })
        assert.strictEqual(settled.outcome._tag, "created")
      })),
    90_000
  )

  it.live(
    "writes nothing and sends no create after it was asleep for longer than its lock, and joins again",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { a, api, b, bucketsOf, client, created, idAt, readBy, sql, submit } = yield* cluster({ concurrency: 1 })
        const [followed, sent] = [yield* idAt(a), yield* idAt(a)]
        const queued = yield* idAt(a, sent)
        yield* submit(followed, "other")
        yield* World.until("a reads its task", Effect.sync(() => readBy(a, followed)))
        let reads = 0
        api.hold = ({ by, id }) => {
          if (by === a.name && id === `of-${followed}`) reads++
          return id === sent || (by === a.name && id === `of-${followed}`)
        }
        const first = yield* Effect.forkChild(Effect.flip(submit(sent)))
        yield* World.until("a create is in flight", Effect.sync(() => created().includes(sent)))
        const second = yield* Effect.forkChild(submit(queued))
        const outcomeOf = (id: TaskId.TaskId) =>
          Effect.map(
            Stream.runCollect(client.tasks.submissions()),
            (all) => all.find((one) => one.id === id)?.outcome._tag
          )
        // Another one of the account stands in line behind it, and leaves no trace before it is its turn.
        yield* World.until("an intent is written", Effect.map(outcomeOf(sent), (outcome) => outcome === "pending"))
        yield* World.until("a read is in flight", Effect.sync(() => reads > 0))

        a.child.kill("SIGSTOP")
        yield* World.until("b has all", Effect.map(bucketsOf(b), ({ length }) => length === buckets))
        assert.strictEqual(reasonOf(yield* Fiber.join(first)), "SubmissionAmbiguous")
        // What stood in line goes out from b.
        assert.strictEqual((yield* Fiber.join(second)).remoteId, `of-${queued}`)
        yield* World.until("b reads the task of a", Effect.sync(() => readBy(b, followed)))

        yield* sql(audit)
        // What a hears now would be a change, and the version of the task is still the one that it knows.
        api.answers.set(`${a.name}:of-${followed}`, { status: "SUCCESS" })
        api.release()
        api.answers.clear()
        a.child.kill("SIGCONT")
        yield* World.until("a has joined again", Effect.map(bucketsOf(a), ({ length }) => length > 0))
        const written = yield* sql((sql) =>
          sql<{ app: string; what: string }>`SELECT app, what FROM audit ORDER BY seq`
        )
        const firstOfA = written.find(({ app }) => app === a.name)
        assert.deepStrictEqual(firstOfA, { app: a.name, what: "video_tasks_buckets" })
        assert.deepStrictEqual(created(), [followed, sent, queued])
        // What a has heard meanwhile of the create that it had sent, b stores.
        yield* World.until("its task is stored", Effect.map(outcomeOf(sent), (outcome) => outcome === "created"))

        assert.strictEqual((yield* client.tasks.get(followed)).status, "IN_PROGRESS")
        api.answers.set(`of-${followed}`, { status: "SUCCESS" })
        assert.strictEqual((yield* client.tasks.await(followed)).status, "SUCCESS")
      })),
    120_000
  )

  it.live(
    "finishes a create in flight when it is asked to stop, and hands its buckets over",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { a, api, b, bucketsOf, client, created, idAt, readBy, submit } = yield* cluster()
        const [known, last] = [yield* idAt(a), yield* idAt(a)]
        yield* submit(known)
        api.hold = ({ id }) => id === last
        const inFlight = yield* Effect.forkChild(submit(last))
        yield* World.until("the create is in flight", Effect.sync(() => created().includes(last)))
        a.child.kill("SIGTERM")
        yield* Effect.promise(() => a.leaving)
        api.release()
        assert.strictEqual((yield* Fiber.join(inFlight)).remoteId, `of-${last}`)
        assert.strictEqual(yield* Effect.promise(() => a.ended), 0)
        yield* World.until("b has all", Effect.map(bucketsOf(b), ({ length }) => length === buckets))
        yield* World.until("b reads both", Effect.sync(() => readBy(b, known) && readBy(b, last)))
        for (const id of [known, last]) api.answers.set(`of-${id}`, { status: "SUCCESS" })
        assert.strictEqual((yield* client.tasks.await(known)).status, "SUCCESS")
        assert.strictEqual((yield* client.tasks.await(last)).status, "SUCCESS")
        assert.deepStrictEqual(created(), [known, last])
      })),
    90_000
  )
})

/** Keeps who writes to which table from now on. */
const audit = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    yield* sql`CREATE TABLE audit (seq SERIAL, app TEXT, what TEXT)`
    yield* sql.unsafe(`CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO audit (app, what) VALUES (current_setting('application_name'), TG_TABLE_NAME); RETURN NULL; END $$`)
    for (const table of ["tasks", "events", "submissions", "leases", "buckets"]) {
      yield* sql.unsafe(`CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON video_tasks_${table}
        FOR EACH ROW EXECUTE FUNCTION audited()`)
    }
  })
