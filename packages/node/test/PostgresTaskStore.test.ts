import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PostgresTaskStore } from "@video-tasks/node"
import { TaskStore, TaskStoreSuite } from "@video-tasks/runtime"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as Postgres from "./support/postgres.ts"

let server: Postgres.Postgres
let databases = 0

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const sqlOf = (database: string) => PgClient.layer({ url: Redacted.make(server.url.replace(/postgres$/, database)) })

/** A database of its own, empty. */
const fresh = Effect.suspend(() => {
  const database = `test_${++databases}`
  return Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`CREATE DATABASE ${database}`)
    return database
  }).pipe(Effect.provide(sqlOf("postgres")))
})

const storeOf = (database: string) =>
  PostgresTaskStore.layer({ url: Redacted.make(server.url.replace(/postgres$/, database)) })

describe("PostgresTaskStore", () => {
  for (const one of TaskStoreSuite.cases) {
    it.effect(one.name, () => Effect.provide(one.effect, Layer.unwrap(Effect.map(fresh, storeOf))))
  }

  it.effect("says that no server can be reached, and that it may be later", () =>
    Effect.gen(function*() {
      const url = Redacted.make("postgres://tester:geheim@127.0.0.1:1/postgres")
      const error = yield* Effect.flip(Layer.build(PostgresTaskStore.layer({ url })))
      assert.instanceOf(error, TaskStore.TaskStoreError)
      assert.isTrue(error.retryable)
      assert.notInclude(JSON.stringify(error), "geheim")
    }))
})
