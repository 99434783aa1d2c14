/**
 * Effect's `SqlClient` on `node:sqlite`: no package to install, one connection, one file.
 *
 * @since 0.1.0
 */
import { Durability } from "@video-tasks/runtime/SqlTaskStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as SqliteConnection from "./internal/sqliteConnection.ts"
import * as SqliteFile from "./internal/sqliteFile.ts"
import * as SqliteProblem from "./internal/sqliteProblem.ts"

/**
 * Which database, and how.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The path of the file, made with its folders if it is not there; or `:memory:`. */
  readonly filename: string
  /**
   * How long a statement or a transaction waits for another process that writes, its place in line included. Everything
   * else goes on meanwhile. After that the error is retryable.
   *
   * @default "2 seconds"
   */
  readonly busyTimeout?: Duration.Input | undefined
  /**
   * How many prepared statements are kept.
   *
   * @default 200
   */
  readonly cacheSize?: number | undefined
  /** How large the file may become, in bytes; writes beyond fail as on a full disk. */
  readonly maxBytes?: number | undefined
}

/**
 * What a database file can suffer from.
 *
 * @category models
 * @since 0.1.0
 */
export type Problem = SqliteProblem.Problem

/**
 * Opens the database and makes the client. Fails when the file can't be written, is damaged, or is no database.
 *
 * **Details**
 *
 * - The file is made with mode 0600, which SQLite hands on to its `-wal` and `-shm`. A file that is there keeps its mode.
 * - WAL, foreign keys, and `synchronous = FULL` unless `SqlTaskStore.Durability` says `relaxed`.
 * - Transactions are immediate, and one fiber at a time has the connection.
 * - `SqlClient.SafeIntegers` reads integers as `bigint`; without it one beyond 2⁵³ is an error. BLOBs are `Uint8Array`.
 *
 * **Gotchas**
 *
 * The file must be on a local disk: WAL does not work over a network.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SqlClient.SqlClient, SqlError, Scope.Scope | Reactivity.Reactivity> {
  const { busyTimeout = "2 seconds", cacheSize = 200, filename, maxBytes } = options
  const busyTimeoutMs = Duration.toMillis(Duration.fromInputUnsafe(busyTimeout))
  const database = yield* SqliteFile.open({ filename, maxBytes, busyTimeoutMs })
  const connection = SqliteConnection.make(database, cacheSize)
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.withFiber((fiber) =>
      Effect.as(connection.synchronize(fiber.getRef(Durability) === "full" ? "FULL" : "NORMAL"), connection)
    ),
    semaphore: yield* Semaphore.make(1),
    isTransaction: (one) => one.isTransaction()
  })
  const patient = <A, E, R>(acquire: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (asked) => Effect.tap(acquire, () => Effect.sync(() => connection.waitsUntil(asked + busyTimeoutMs)))
    )
  return yield* SqlClient.make({
    ...acquirers,
    acquirer: patient(acquirers.acquirer),
    transactionAcquirer: patient(acquirers.transactionAcquirer),
    borrower: (use) =>
      Effect.flatMap(Clock.currentTimeMillis, (asked) =>
        acquirers.borrower((borrowed) => {
          connection.waitsUntil(asked + busyTimeoutMs)
          return use(borrowed)
        })),
    driver: "node-sqlite",
    compiler: Statement.makeCompilerSqlite(),
    prepareTransactionControls: true,
    beginTransaction: "BEGIN IMMEDIATE",
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

/**
 * Provides the client.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))

/**
 * Tells what is wrong with the database file; `undefined` when the error is about a statement.
 *
 * @category getters
 * @since 0.1.0
 */
export const problemOf: (error: SqlError) => Problem | undefined = SqliteProblem.problemOf
