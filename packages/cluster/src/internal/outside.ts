import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"

/** Runs statements outside of the transaction that the caller may be in: what processes tell one another is not part of it. */
export const outside = <A, E, R>(sql: SqlClient, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateContext(
    effect,
    (context: Context.Context<R>) => Context.omit(sql.transactionService)(context) as Context.Context<R>
  )
