/**
 * Pages go by the number that a row got when it came: rows that come or change meanwhile move no other.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
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
