/**
 * The file of an SQLite database: made so that nobody else can read it, opened so that it can be trusted.
 */
// oxlint-disable-next-line import/no-unassigned-import -- an old Node must be told before it meets anything else
import "./nodeVersion.ts"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import * as fs from "node:fs"
import * as path from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { problemOf, saidBy, sqlError } from "./sqliteProblem.ts"

export interface FileOptions {
  readonly filename: string
  readonly busyTimeoutMs: number
  readonly maxBytes: number | undefined
}

/** How long a statement waits in place, in ms: nothing else happens in the process meanwhile. */
export const inPlaceMs = 25

/** SQLite gives its `-wal` and `-shm` the mode of the file itself. */
const ownerOnly = 0o600

/** Two processes that make the same file at once get in each other's way, whatever the time-out says. */
const retries = Schedule.exponential(10).pipe(Schedule.jittered, Schedule.upTo({ duration: "5 seconds" }))

/** Opens a database and proves that it can be written. It is closed with the scope. */
export const open = Effect.fnUntraced(function*(
  options: FileOptions
): Effect.fn.Return<DatabaseSync, SqlError, Scope.Scope> {
  const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"))
  const { busyTimeoutMs, filename } = options
  if (filename !== ":memory:") yield* create(filename)
  const database = yield* Effect.acquireRelease(
    Effect.try({
      try: () =>
        new DatabaseSync(filename, { timeout: Math.min(busyTimeoutMs, inPlaceMs), enableForeignKeyConstraints: true }),
      catch: (cause) => sqlError(cause, "open")
    }),
    (opened) => Effect.sync(() => opened.close())
  )
  yield* Effect.try({
    try: () => configure(database, options),
    catch: (cause) => sqlError(cause, "open")
  }).pipe(Effect.retry({ schedule: retries, while: (error) => problemOf(error) === "busy" }))
  return database
})

// internal

const create = (filename: string): Effect.Effect<void, SqlError> =>
  Effect.try({
    try: () => {
      makeFolder(path.resolve(path.dirname(filename)))
      if (!fs.existsSync(filename)) fs.closeSync(fs.openSync(filename, "a", ownerOnly))
    },
    catch: (cause) =>
      new SqlError({
        reason: new ConnectionError({
          cause,
          message: `the database file can't be made (${saidBy(cause)})`,
          operation: "open"
        })
      })
  })

/** Node's own `recursive` tries again without end below a folder that takes none, such as `/proc`. */
const makeFolder = (folder: string): void => {
  if (fs.existsSync(folder)) return
  makeFolder(path.dirname(folder))
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    // Another process was faster.
    if (!fs.existsSync(folder)) throw cause
  }
}

const configure = (database: DatabaseSync, { filename, maxBytes }: FileOptions): void => {
  // Where fsync only reaches the disk's own memory (macOS), this reaches the disk; elsewhere it does nothing.
  database.exec("PRAGMA fullfsync = ON")
  if (filename !== ":memory:") database.exec("PRAGMA journal_mode = WAL")
  if (maxBytes !== undefined) {
    const size = Number(database.prepare("PRAGMA page_size").get()?.["page_size"])
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / size)}`)
  }
  // A file that is read-only, no database or damaged at its root says so here, and not at the first paid task. Only a
  // write finds out, since SQLite opens what it may only read and begins any transaction; nothing is left of this one.
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"])
  database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${version}; ROLLBACK`)
}
