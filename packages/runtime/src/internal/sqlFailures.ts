/**
 * What a database says when it fails, as the store's own errors.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import type { TaskStoreError, VersionConflict } from "../TaskStore.ts"
import type { Failures } from "./memoryStore.ts"
import { isAway } from "./sqlAway.ts"

/** Much longer messages are somebody's data. */
const maxDetail = 300

/** @internal */
export interface SqlFailures extends Failures {
  readonly failed: (detail: string, retryable: boolean) => TaskStoreError
}

/**
 * Names what was tried, in front of what the database says. Values never stand in it: statements carry none.
 *
 * @internal
 */
export const orFail =
  ({ failed }: SqlFailures, what: string) =>
  <A, E extends TaskStoreError | VersionConflict | SqlError | Schema.SchemaError, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, Exclude<E, SqlError | Schema.SchemaError> | TaskStoreError, R> =>
    Effect.mapError(effect, (error) => {
      switch (error._tag) {
        case "SqlError":
          return failed(`${what}: ${detailOf(error)}`, isAway(error))
        case "SchemaError":
          // Its own message would quote the value, links included.
          return failed(`${what}: it does not have the shape that this version knows`, false)
        default:
          return error as Exclude<E, SqlError | Schema.SchemaError>
      }
    })

const detailOf = ({ reason }: SqlError): string => {
  const { cause, message } = reason
  const own = message ?? reason._tag
  const inner = hasProperty(cause, "message") && typeof cause.message === "string" ? cause.message : ""
  const all = inner === "" || own.includes(inner) ? own : `${own} (${inner})`
  return Redact.clip(Redact.text(all), maxDetail)
}
