/**
 * Whether a database is only away: what it says then, or the way to it.
 */
import { hasProperty } from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"

/** @internal */
export const isAway = ({ isRetryable, reason }: SqlError): boolean => {
  const code = hasProperty(reason.cause, "code") && typeof reason.cause.code === "string"
    ? reason.cause.code
    : undefined
  if (reason._tag === "ConnectionError" && reason.operation === "connect") {
    return code === undefined ? noAnswer.test(reason.message ?? "") : unreachable.test(code)
  }
  return isRetryable || (code !== undefined && shortOf.test(code))
}

// internal

/** Neither a certificate that is no good nor an address that is none gets better by itself. */
const unreachable = /^(?:E(?!RR_|PROTO)[A-Z_]+|08\w{3})$/

const noAnswer = /timed out|closed/i

/** PostgreSQL ends, begins or restarts (57P0x), or has no room for one more (53xxx). */
const shortOf = /^(?:57P0\d|53\w{3})$/
