/**
 * Connections of our own: what the store confirms lasts, whatever transaction its caller is in, and a connection that falls
 * silent is thrown away.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { hasProperty } from "effect/Predicate"
import * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import type { TaskStoreError } from "../TaskStore.ts"
import { forAMoment } from "./bounded.ts"
import type { SqlFailures } from "./sqlFailures.ts"

/** How long a call may have a connection, in ms. */
const answerMs = 10_000

/** How long one may have it that walks through many rows, in ms. */
const walkMs = 30_000

/** How long a call from within a transaction waits for another connection, in ms: with a pool of one it never comes. */
const freeMs = 20_000

/** How long a connection has for a sign of life, in ms. */
const signMs = 2000

/** How long connections are suspected after one was silent, in ms: those that nobody uses are closed by then. */
const suspicionMs = 60_000

/** How many connections a call tries while they are suspected. */
const mostSuspects = 20

/** How long whoever is interrupted waits for its call to be over, in ms. It is at once, unless the database is silent. */
const farewellMs = 500

/** @internal */
export const isPostgres = (sql: SqlClient): boolean => sql.onDialectOrElse({ pg: () => true, orElse: () => false })

/**
 * Makes a call to the store that belongs to no transaction of its caller. PostgreSQL has another connection for it. SQLite has
 * one connection: a call within a transaction is refused, since it would wait for the end of what waits for it.
 *
 * @internal
 */
export const apart = (
  sql: SqlClient,
  failures: SqlFailures
): <A, E>(call: Effect.Effect<A, E>) => Effect.Effect<A, E | TaskStoreError> =>
  isPostgres(sql)
    ? (call) =>
      Effect.withFiber<Effect.Success<typeof call>, Effect.Error<typeof call> | TaskStoreError>(({ context }) => {
        const own = detached(outside(sql, call))
        if (Context.getOption(context, sql.transactionService)._tag === "None") return own
        return Effect.timeoutOrElse(own, {
          duration: freeMs,
          orElse: () => Effect.fail(failures.failed(noneFree, true))
        })
      })
    : (call) => refusing(sql, failures, call)

/**
 * Runs on PostgreSQL without the transaction of its caller. SQLite refuses what is within one.
 *
 * @internal
 */
export const without = <A, E>(
  sql: SqlClient,
  failures: SqlFailures,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E | TaskStoreError> => isPostgres(sql) ? outside(sql, call) : refusing(sql, failures, call)

/**
 * Leaves the transaction of the caller out of what is run.
 *
 * @internal
 */
export const outside = <A, E>(sql: SqlClient, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.updateContext(call, (context: Context.Context<never>) => Context.omit(sql.transactionService)(context))

/**
 * Runs statements of PostgreSQL on one connection. When they take too long the connection is closed, and they fail as if it
 * had broken: of a cable that was pulled nobody hears otherwise.
 *
 * @internal
 */
export const alone = <A, E>(
  sql: SqlClient,
  statements: Effect.Effect<A, E>,
  pace: "answers" | "walks" = "answers"
): Effect.Effect<A, E | SqlError> =>
  isPostgres(sql)
    ? Effect.withFiber<A, E | SqlError>(({ context }) =>
      Context.getOption(context, sql.transactionService)._tag === "Some"
        ? statements
        : lent(sql, statements, pace === "walks" ? walkMs : answerMs)
    )
    : statements

/**
 * Runs a transaction of PostgreSQL. Unlike the one of `SqlClient` it is interrupted, and given up, at every statement.
 *
 * @internal
 */
export const transaction = <A, E>(sql: SqlClient, body: Effect.Effect<A, E>): Effect.Effect<A, E | SqlError> =>
  alone(
    sql,
    Effect.flatMap(connectionOf(sql), (connection) =>
      Effect.uninterruptibleMask((restore) => {
        const begun = restore(Effect.andThen(connection.execute("BEGIN", [], undefined), body))
        const committed = Effect.flatMap(begun, (made) => Effect.as(commit(connection), made))
        return Effect.onError(committed, () => Effect.ignore(connection.execute("ROLLBACK", [], undefined)))
      }))
  )

// internal

const suspectUntil = new WeakMap<SqlClient, number>()

const noneFree = "no connection to the database was free: within a transaction the store needs a second one"

const withinOne =
  "the store was called within a transaction of its own connection, which it would wait for: call it before or after"

const connectionOf = (sql: SqlClient): Effect.Effect<Connection> =>
  Effect.withFiber(({ context }) => Effect.succeed(Context.getUnsafe(context, sql.transactionService)[0]))

const refusing = <A, E>(
  sql: SqlClient,
  failures: SqlFailures,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E | TaskStoreError> =>
  Effect.withFiber<A, E | TaskStoreError>(({ context }) => {
    const found = Context.getOption(context, sql.transactionService)
    if (found._tag === "None") return call
    const refused = Effect.fail(failures.refused(withinOne))
    if (found.value[1] > 0) return refused
    // A fiber may have outlived the transaction that it was made in: then nothing can be asked of that any more.
    return Effect.flatMap(
      Effect.exit(sql.afterCommit(Effect.void)),
      (exit): Effect.Effect<A, E | TaskStoreError> => Exit.isSuccess(exit) ? refused : outside(sql, call)
    )
  })

/** Who is interrupted leaves, however long the database takes to answer. */
const detached = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(call, { startImmediately: true }), (fiber) =>
      Effect.onInterrupt(
        restore(Fiber.join(fiber)),
        () => forAMoment(Fiber.interrupt(fiber), farewellMs)
      ))
  )

/**
 * Where one connection was silent the others that were open may be as well: for a while each is asked first whether it is
 * there, and others are taken until one is.
 */
const lent = <A, E>(sql: SqlClient, statements: Effect.Effect<A, E>, ms: number): Effect.Effect<A, E | SqlError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now < (suspectUntil.get(sql) ?? 0)
      ? Effect.retry(borrowed(sql, statements, ms, true), { times: mostSuspects, while: (error) => error === stale })
      : borrowed(sql, statements, ms, false))

const borrowed = <A, E>(
  sql: SqlClient,
  statements: Effect.Effect<A, E>,
  ms: number,
  isSuspect: boolean
): Effect.Effect<A, E | SqlError> =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Effect.flatMap(Scope.provide(sql.reserve, scope), (connection) => {
        const watched = <B, F>(use: Effect.Effect<B, F>, longest: number): Effect.Effect<B, F | SqlError> => {
          let isSilent = false
          const watch = Effect.gen(function*() {
            yield* Effect.sleep(longest)
            isSilent = true
            suspectUntil.set(sql, (yield* Clock.currentTimeMillis) + suspicionMs)
            yield* Effect.uninterruptible(destroy(connection, scope))
          })
          return Effect.flatMap(Effect.forkChild(watch), (timer) =>
            use.pipe(
              Effect.mapError((error) => isSilent ? silent(longest) : error),
              Effect.ensuring(Effect.sync(() => timer.interruptUnsafe()))
            ))
        }
        const work = watched(Effect.provideService(statements, sql.transactionService, [connection, 0]), ms)
        if (!isSuspect) return work
        const asked = Effect.mapError(watched(connection.execute("SELECT 1", [], undefined), signMs), () => stale)
        return Effect.andThen(asked, work)
      }),
    (scope, exit) => Scope.close(scope, exit)
  )

/** A connection that is given back in the middle of a statement is closed, at once. */
const destroy = (connection: Connection, scope: Scope.Closeable): Effect.Effect<void> =>
  Effect.andThen(
    Effect.forkDetach(Effect.ignore(connection.execute("ROLLBACK", [], undefined)), { startImmediately: true }),
    Scope.close(scope, Exit.void)
  )

const silent = (ms: number): SqlError =>
  new SqlError({
    reason: new ConnectionError({
      cause: undefined,
      message: `the database has not answered within ${ms / 1000} s`,
      operation: "query"
    })
  })

const stale = silent(signMs)

/** PostgreSQL answers the COMMIT of a transaction that has failed with `ROLLBACK`. */
const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(
    connection.executeRaw("COMMIT", []),
    (answer) =>
      hasProperty(answer, "command") && answer.command === "ROLLBACK"
        ? Effect.fail(
          new SqlError({
            reason: new UnknownError({
              cause: undefined,
              message: "the transaction had failed already",
              operation: "commit"
            })
          })
        )
        : Effect.void
  )
