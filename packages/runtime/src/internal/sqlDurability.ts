import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as SqlOwn from "./sqlOwn.ts"

/** @internal */
export const Durability = Context.Reference<"full" | "relaxed">("@video-tasks/runtime/SqlTaskStore/Durability", {
  defaultValue: () => "full"
})

/**
 * Runs a transaction that is confirmed as hard as it must be. PostgreSQL is told here, SQLite by its driver: there it
 * can't change within a transaction.
 *
 * @internal
 */
export const inTransaction = <A, E>(
  sql: SqlClient,
  durability: "full" | "relaxed",
  effect: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError> =>
  sql.onDialectOrElse({
    pg: () =>
      SqlOwn.transaction(
        sql,
        durability === "full" ? effect : Effect.andThen(sql`SET LOCAL synchronous_commit TO OFF`, effect)
      ),
    orElse: () => Effect.provideService(sql.withTransaction(effect), Durability, durability)
  })
