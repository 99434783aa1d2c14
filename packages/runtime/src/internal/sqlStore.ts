/**
 * A `TaskStore` on tables, whole or a share of it.
 */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { TaskStore, TaskStoreError, VersionConflict } from "../TaskStore.ts"
import * as SqlAppend from "./sqlAppend.ts"
import * as SqlClaims from "./sqlClaims.ts"
import { orFail, type SqlFailures } from "./sqlFailures.ts"
import * as SqlLocks from "./sqlLocks.ts"
import * as SqlOwn from "./sqlOwn.ts"
import * as SqlRemove from "./sqlRemove.ts"
import { migrate } from "./sqlSchema.ts"
import type { Share } from "./sqlShare.ts"
import * as SqlSteps from "./sqlSteps.ts"
import * as SqlSubmissions from "./sqlSubmissions.ts"
import * as SqlTasks from "./sqlTasks.ts"

/** @internal */
export const failures: SqlFailures = {
  failed: (detail, retryable) => new TaskStoreError({ detail, retryable }),
  refused: (detail) => new TaskStoreError({ detail, retryable: false }),
  conflict: (id, expected, actual) => new VersionConflict({ id, expected, actual })
}

/**
 * The tables of a store, and what all shares of it have in common.
 *
 * @internal
 */
export interface Tables {
  readonly sql: SqlClient
  readonly postgres: { readonly steps: SqlSteps.Steps; readonly loads: SqlTasks.Loads } | undefined
}

/**
 * Brings the tables up to date.
 *
 * @internal
 */
export const open = Effect.fnUntraced(function*(client: SqlClient): Effect.fn.Return<Tables, TaskStoreError> {
  const sql = client.withoutTransforms()
  yield* SqlOwn.without(sql, failures, usable(sql))
  return {
    sql,
    postgres: SqlOwn.isPostgres(sql) ? { steps: SqlSteps.make(sql), loads: SqlTasks.loads(sql) } : undefined
  }
})

/** @internal */
export const of = ({ postgres, sql }: Tables, share?: Share): TaskStore["Service"] => {
  const shared = postgres && { ...postgres, share }
  const store: TaskStore["Service"] = {
    ...SqlSubmissions.make(sql, failures, share),
    ...SqlAppend.make(sql, failures, shared),
    ...SqlTasks.make(sql, failures, shared),
    ...SqlClaims.make(sql, failures, share),
    ...SqlLocks.make(sql, failures),
    ...SqlRemove.make(sql, failures, share)
  }
  const apart = SqlOwn.apart(sql, failures)
  return TaskStore.of({
    begin: (submission, sender) => apart(store.begin(submission, sender)),
    settle: (id, outcome) => apart(store.settle(id, outcome)),
    takeBack: (id, outcome) => apart(store.takeBack(id, outcome)),
    submission: (id) => apart(store.submission(id)),
    submissions: (filter, cursor) => apart(store.submissions(filter, cursor)),
    append: (id, expected, events, next) => apart(store.append(id, expected, events, next)),
    load: (id) => apart(store.load(id)),
    events: (id) => apart(store.events(id)),
    find: (handle) => apart(store.find(handle)),
    list: (filter, cursor) => apart(store.list(filter, cursor)),
    claim: (owner, limit, until, now, ids) => apart(store.claim(owner, limit, until, now, ids)),
    leaseOf: (owner) => apart(store.leaseOf(owner)),
    renew: (owner, until) => apart(store.renew(owner, until)),
    release: (owner, ids) => apart(store.release(owner, ids)),
    lock: (name, until, now, held) => apart(store.lock(name, until, now, held)),
    remove: (ids) => apart(store.remove(ids))
  })
}

// internal

const usable = Effect.fnUntraced(function*(sql: SqlClient): Effect.fn.Return<void, TaskStoreError> {
  const dialect = sql.onDialectOrElse({ sqlite: () => "sqlite", pg: () => "pg", orElse: () => undefined })
  if (dialect === undefined) return yield* Effect.fail(failures.refused("the store needs SQLite or PostgreSQL"))
  if (dialect === "pg") yield* recent(sql)
  yield* orFail(failures, "the store could not be opened")(migrate(sql, failures))
})

/** The oldest PostgreSQL that does: it ends the session of whoever has fallen silent, and so frees what that one held. */
const oldest = 14

const recent = Effect.fnUntraced(function*(sql: SqlClient) {
  const rows = yield* orFail(failures, "the store could not be opened")(
    sql<{ readonly number: number; readonly name: string }>`SELECT current_setting('server_version_num')::int AS number,
      current_setting('server_version') AS name`
  )
  const found = rows[0]
  if (found !== undefined && found.number < oldest * 10_000) {
    return yield* Effect.fail(
      failures.refused(`the database is PostgreSQL ${found.name}, and ${oldest} or newer is needed`)
    )
  }
})
