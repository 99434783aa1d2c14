import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { VideoProvider } from "@video-tasks/core"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

describe("Cluster", () => {
  it.live("submits at one runner and waits at the other", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* World.fresh(server)
      const provider = VideoProvider.double({ observations: [World.running(50), World.success] })
      const [a, b] = yield* Effect.all([World.runner(url, provider), World.runner(url, provider)])
      yield* World.settled(a, b)
      const handles = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], () => a.tasks.submit(World.request))
      const ended = yield* Effect.forEach(handles, (handle) => b.tasks.await(handle), { concurrency: "unbounded" })
      assert.deepStrictEqual(ended.map(({ status }) => status), handles.map(() => "SUCCESS" as const))
      assert.deepStrictEqual(ended.map(({ handle }) => handle.remoteId), handles.map(({ remoteId }) => remoteId))
    })), 60_000)

  it.live(
    "has no two runners at one address, and a new one at once where one has ended",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const url = yield* World.fresh(server)
        const provider = VideoProvider.double({})
        const any = { address: { host: "127.0.0.1", port: 0 } }
        const one = yield* World.runner(url, provider, any)
        const address = one.cluster.place?.address ?? any.address
        assert.isAbove(address.port, 0)
        assert.deepStrictEqual(one.cluster.place, { address, listen: address })
        const error = yield* Effect.flip(World.runner(url, provider, { address, listen: any.address }))
        assert.strictEqual(error._tag, "AddressTaken")
        assert.match(
          error.message,
          new RegExp(`^another runner has the address 127.0.0.1:${address.port} \\(from 127.0.0.1, `)
        )
        yield* one.stop
        const waits: Array<string> = []
        const onWaiting = (why: string) => Effect.sync(() => void waits.push(why))
        const two = yield* World.runner(url, provider, { address, onWaiting })
        yield* World.settled(two)
        assert.deepStrictEqual([waits, two.cluster.place?.address], [[], address])
      })),
    60_000
  )

  it.live("refuses a PostgreSQL that is too old", () =>
    Effect.gen(function*() {
      const url = yield* World.fresh(server)
      yield* older(url)
      const error = yield* Effect.flip(Effect.scoped(World.runner(url, VideoProvider.double({}))))
      assert.deepStrictEqual(
        error,
        new TaskStore.TaskStoreError({
          detail: "the database is PostgreSQL 13.22, and 14 or newer is needed",
          retryable: false
        })
      )
    }), 60_000)
})

/** Has a database say that it is older than it is: a function of its own stands before the one of the server. */
const older = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`CREATE FUNCTION public.current_setting(name text) RETURNS text LANGUAGE sql AS
      $$ SELECT CASE name WHEN 'server_version' THEN '13.22' ELSE '130022' END $$`)
    yield* sql.unsafe(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = public, pg_catalog`)
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
