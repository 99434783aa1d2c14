/**
 * One connection to an SQLite database, as Effect's `Connection`.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SafeIntegers } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import { inPlaceMs } from "./sqliteFile.ts"
import { problemOf, sqlError } from "./sqliteProblem.ts"

export interface SqliteConnection extends Connection {
  readonly isTransaction: () => boolean
  /** Until when whoever has the connection waits for another process that writes, in ms since the epoch. */
  readonly waitsUntil: (at: number) => void
  /** `PRAGMA synchronous`; nothing happens when it is so already. Not within a transaction. */
  readonly synchronize: (level: "FULL" | "NORMAL") => Effect.Effect<void, SqlError>
}

/** How long everything else goes on between two tries, in ms. */
const pauseMs = 25

type Rows = ReadonlyArray<Record<string, unknown>>

export const make = (database: DatabaseSync, cacheSize: number): SqliteConnection => {
  const prepare = cached(database, cacheSize)
  let synchronous: "FULL" | "NORMAL" | undefined
  let until = 0

  /** SQLite itself would wait in place, and everything in the process with it. */
  const patiently = <A>(once: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
    Effect.catch(once, (error) => {
      // Within a transaction nothing is to be waited for: it has the lock, or has read what is outdated by now.
      if (database.isTransaction || problemOf(error) !== "busy") return Effect.fail(error)
      return Effect.flatMap(Clock.currentTimeMillis, (now) =>
        now + pauseMs + inPlaceMs > until
          // The next one in line tries at once, and would leave no gap.
          ? Effect.andThen(Effect.yieldNow, Effect.fail(error))
          : Effect.andThen(Effect.sleep(pauseMs), patiently(once)))
    })

  const run = <A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    use: (statement: StatementSync, values: ReadonlyArray<SQLInputValue>) => A,
    statementOf: (sql: string) => StatementSync = prepare
  ): Effect.Effect<A, SqlError> =>
    Effect.withFiber((fiber) => {
      const isBig = fiber.getRef(SafeIntegers)
      return patiently(Effect.try({
        try: () => {
          const statement = statementOf(sql)
          statement.setReadBigInts(isBig)
          return use(statement, params.map(inputOf))
        },
        catch: (cause) => sqlError(cause, "execute")
      }))
    })

  const execute: Connection["execute"] = (sql, params, transformRows) => {
    const rows = run(sql, params, rowsOf)
    return transformRows === undefined ? rows : Effect.map(rows, transformRows)
  }

  return {
    isTransaction: () => database.isTransaction,
    waitsUntil: (at) => {
      until = at
    },
    synchronize: (level) =>
      synchronous === level ? Effect.void : Effect.try({
        try: () => {
          database.exec(`PRAGMA synchronous = ${level}`)
          synchronous = level
        },
        catch: (cause) => sqlError(cause, "synchronous")
      }),
    execute,
    executeUnprepared: (sql, params, transformRows) => {
      const rows = run(sql, params, rowsOf, (text) => database.prepare(text))
      return transformRows === undefined ? rows : Effect.map(rows, transformRows)
    },
    executeRaw: (sql, params) =>
      run(
        sql,
        params,
        (statement, values) => statement.columns().length > 0 ? rowsOf(statement, values) : statement.run(...values)
      ),
    executeValues: (sql, params) => run(sql, params, valuesOf),
    executeValuesUnprepared: (sql, params) => run(sql, params, valuesOf, (text) => database.prepare(text)),
    // The connection is shared: a cursor that stays open would hold up everybody else.
    executeStream: (sql, params, transformRows) =>
      Stream.unwrap(Effect.map(execute(sql, params, transformRows), Stream.fromIterable))
  }
}

// internal

/** Rows come without a prototype, which trips up whoever compares or inherits. */
const rowsOf = (statement: StatementSync, values: ReadonlyArray<SQLInputValue>): Rows => {
  statement.setReturnArrays(false)
  return statement.all(...values).map((row) => ({ ...row }))
}

const valuesOf = (
  statement: StatementSync,
  values: ReadonlyArray<SQLInputValue>
): ReadonlyArray<ReadonlyArray<unknown>> => {
  statement.setReturnArrays(true)
  // Typed for objects, whatever was asked for.
  return statement.all(...values) as unknown as ReadonlyArray<ReadonlyArray<unknown>>
}

/** Numbers, texts, bytes, bigints and null go as they are; what SQLite has no type for becomes what it has one for. */
const inputOf = (value: unknown): SQLInputValue => {
  if (typeof value === "boolean") return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  return value as SQLInputValue
}

/** Prepared statements by their text; the one that was not used for longest goes first. */
const cached = (database: DatabaseSync, size: number): (sql: string) => StatementSync => {
  const statements = new Map<string, StatementSync>()
  return (sql) => {
    const found = statements.get(sql)
    const statement = found ?? database.prepare(sql)
    if (found === undefined && statements.size >= size) {
      const [oldest] = statements.keys()
      if (oldest !== undefined) statements.delete(oldest)
    } else if (found !== undefined) statements.delete(sql)
    statements.set(sql, statement)
    return statement
  }
}
