/**
 * Pages go by the number that a row got when it came: rows that come or change meanwhile move no other.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import type { Page, TaskStoreError } from "../TaskStore.ts"
import type { SqlFailures } from "./sqlFailures.ts"

/**
 * How many a page holds. One row more is read, to see whether it is the last one.
 *
 * @internal
 */
export const pageSize = 100

/**
 * The number behind which a page starts.
 *
 * @internal
 */
export const positionOf = (
  cursor: string | undefined,
  { refused }: SqlFailures
): Effect.Effect<number, TaskStoreError> => {
  if (cursor === undefined) return Effect.succeed(0)
  return /^\d{1,15}$/.test(cursor)
    ? Effect.succeed(Number(cursor))
    : Effect.fail(refused("the cursor is not one of this store"))
}

/**
 * What a page begins behind: nothing, where it is the first one of the newest.
 *
 * @internal
 */
export const behind = (
  sql: SqlClient,
  column: string,
  page: { readonly cursor: string | undefined; readonly after: number; readonly newestFirst: boolean }
): ReadonlyArray<Fragment> => {
  if (!page.newestFirst) return [sql`${sql.literal(column)} > ${page.after}`]
  return page.cursor === undefined ? [] : [sql`${sql.literal(column)} < ${page.after}`]
}

/**
 * The first and the last id that begin like this, for a database to look them up by; none where no id begins like this.
 * Both have the form of an id, so that every collation puts the ids between them there.
 *
 * @internal
 */
export const rangeOf = (prefix: string): ReadonlyArray<readonly [from: string, to: string]> | undefined => {
  const filled = (digit: string): string => prefix + blank.slice(prefix.length).replaceAll("0", digit)
  return /^[0-9a-f-]{0,36}$/.test(prefix) && filled("0").replaceAll(/[1-9a-f]/g, "0") === blank
    ? [[filled("0"), filled("f")]]
    : undefined
}

const blank = "00000000-0000-0000-0000-000000000000"

/** @internal */
export const pageOf = <Row extends { readonly position: string; readonly id: string }, A>(
  rows: ReadonlyArray<Row>,
  decode: (row: Row) => Effect.Effect<A, Schema.SchemaError>
): Effect.Effect<Page<A>> => {
  const kept = rows.slice(0, pageSize)
  const last = rows.length > pageSize ? kept.at(-1) : undefined
  return Effect.map(
    readable(kept, decode),
    (items) => last === undefined ? { items } : { items, cursor: last.position }
  )
}

/**
 * Leaves out rows that can't be read, and says so: one damaged row must not hide the others.
 *
 * @internal
 */
export const readable = <Row extends { readonly id: string }, A>(
  rows: ReadonlyArray<Row>,
  decode: (row: Row) => Effect.Effect<A, Schema.SchemaError>
): Effect.Effect<ReadonlyArray<A>> =>
  Effect.map(
    Effect.forEach(rows, (row) =>
      Effect.catch(Effect.map(decode(row), Option.some), () =>
        Effect.as(Effect.logError("a row of the store can't be read and is left out", row.id), Option.none<A>()))),
    (decoded) =>
      decoded.flatMap(Option.toArray)
  )
