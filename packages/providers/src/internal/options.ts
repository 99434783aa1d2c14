/**
 * The further fields of a request.
 */
import type * as Schema from "effect/Schema"

/** The fields that are given. */
export const present = (
  fields: Readonly<Record<string, Schema.Json | undefined>>
): Readonly<Record<string, Schema.Json>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
  )
