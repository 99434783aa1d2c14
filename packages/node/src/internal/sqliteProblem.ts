/**
 * What SQLite says when it fails, in words and as Effect's `SqlError`.
 */
import { hasProperty } from "effect/Predicate"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"

/** What a database file can suffer from, by SQLite's primary result code (sqlite.org/rescode.html). */
const problems = {
  5: "busy",
  6: "busy",
  8: "read-only",
  10: "input-output",
  11: "damaged",
  13: "full",
  14: "cannot-open",
  26: "not-a-database"
} as const

export type Problem = (typeof problems)[keyof typeof problems]

const words: Readonly<Record<Problem, string>> = {
  "busy": "another process holds the database file for too long",
  "read-only": "the database file can't be written",
  "input-output": "the disk failed",
  "damaged": "the database file is damaged",
  "full": "the disk is full",
  "cannot-open": "the database file can't be opened",
  "not-a-database": "the file is not an SQLite database"
}

const isKnown = (code: number): code is keyof typeof problems => code in problems

const codeOf = (cause: unknown): number | undefined =>
  hasProperty(cause, "errcode") && typeof cause.errcode === "number" ? cause.errcode : undefined

const problemOfCode = (code: number | undefined): Problem | undefined => {
  const primary = code === undefined ? undefined : code & 0xff
  return primary !== undefined && isKnown(primary) ? problems[primary] : undefined
}

/** Takes it out of an error again. */
export const problemOf = ({ reason: { cause } }: SqlError): Problem | undefined =>
  hasProperty(cause, "errno") && typeof cause.errno === "number" ? problemOfCode(cause.errno) : undefined

/** The message of whatever was thrown. */
export const saidBy = (cause: unknown): string =>
  hasProperty(cause, "message") && typeof cause.message === "string" ? cause.message : String(cause)

/**
 * `node:sqlite` calls the extended code `errcode`; Effect's classifier looks for `errno`, as other drivers have it.
 * SQLite's message stays, which names columns but never their values.
 */
export const sqlError = (cause: unknown, operation: string): SqlError => {
  const code = codeOf(cause)
  const said = saidBy(cause)
  const problem = problemOfCode(code)
  return new SqlError({
    reason: classifySqliteError(code === undefined ? cause : { errno: code, message: said }, {
      message: problem === undefined ? said : `${words[problem]} (${said})`,
      operation
    })
  })
}
