import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

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
export const inTransaction = <A, E, R>(
  sql: SqlClient,
  durability: "full" | "relaxed",
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> => {
  const relax: Effect.Effect<unknown, SqlError> = sql.onDialectOrElse<
    Effect.Effect<unknown, SqlError>,
    never,
    Effect.Effect<unknown, SqlError>
  >({
    pg: () => sql`SET LOCAL synchronous_commit TO OFF`,
    orElse: () => Effect.void
  })
  return durability === "full"
    ? sql.withTransaction(effect)
    : Effect.provideService(sql.withTransaction(Effect.andThen(relax, effect)), Durability, durability)
}
