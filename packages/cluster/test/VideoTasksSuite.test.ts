import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { VideoTasksSuite } from "@video-tasks/runtime"
import { Effect, Exit, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as World from "./support/world.ts"

const suite = VideoTasksSuite.make()

let server: Postgres.Postgres
let scope: Scope.Closeable
let url: string
let subject: VideoTasksSuite.Subject

/** Two runners that share the buckets, for all cases. */
const start = Effect.gen(function*() {
  scope = yield* Scope.make()
  url = yield* World.fresh(server)
  const { poll: _, ...timing } = World.timing
  const [a, b] = yield* Effect.all(
    [
      World.runner(url, suite.provider, { ...timing, poll: {} }),
      World.runner(url, suite.provider, { ...timing, poll: {} })
    ],
    { concurrency: 2 }
  ).pipe(Scope.provide(scope))
  yield* World.settled(a, b)
  return { here: a.tasks, there: b.tasks }
})

beforeAll(async () => {
  server = await Postgres.start()
  subject = await Effect.runPromise(start)
}, 60_000)

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await server.stop()
}, 30_000)

describe("VideoTasksSuite", () => {
  describe("Cluster.layer", () => {
    for (const one of suite.cases) {
      it.live(one.name, () => Effect.suspend(() => one.run(subject)), 30_000)
    }

    it.live("keeps no message between its members", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const tables = yield* sql<{ name: string }>`SELECT tablename AS name FROM pg_tables
          WHERE tablename LIKE 'video_tasks_cluster%' OR tablename LIKE 'cluster%' ORDER BY tablename`
        assert.deepStrictEqual(tables.map(({ name }) => name), [
          "video_tasks_cluster_locks",
          "video_tasks_cluster_runner_migrations",
          "video_tasks_cluster_runners"
        ])
        const [runners] = yield* sql<{ count: number }>`SELECT count(*)::int AS count FROM video_tasks_cluster_runners`
        assert.strictEqual(runners?.count, 2)
      }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) }))))
  })
})
