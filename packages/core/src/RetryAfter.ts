/**
 * How long a server asks to wait, in whichever of its spellings.
 *
 * @since 0.1.0
 */

/**
 * The longest wait that is believed, in ms: after an hour it is cheap to ask again.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxMs = 3_600_000

/**
 * Reads `retry-after-ms`, `Retry-After` (RFC 9110: seconds, or an HTTP date), then `retry_after` or `retry_after_ms` in
 * the body, in ms from now.
 *
 * **Details**
 *
 * Header names are in lower case. The body is parsed JSON, or anything else where there is none; the fields may also
 * stand in its `error`. Nonsense, and a moment that is over, is `undefined`: the ordinary back-off applies. More than
 * an hour is an hour.
 *
 * **Example** (Seconds and a date)
 *
 * ```ts import.meta.vitest
 * import { RetryAfter } from "@video-tasks/core"
 *
 * const now = Date.parse("2026-11-21T00:00:00Z")
 * RetryAfter.read({ "retry-after": "7" }, undefined, now) // => 7000
 * RetryAfter.read({ "retry-after": "Sat, 21 Nov 2026 00:00:30 GMT" }, undefined, now) // => 30000
 * RetryAfter.read({ "retry-after": "soon" }, { retry_after: 3 }, now) // => 3000
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const read = (
  headers: Readonly<Record<string, string | undefined>>,
  body: unknown,
  nowMs: number
): number | undefined =>
  believed(number(headers["retry-after-ms"])) ??
    believed(fromHeader(headers["retry-after"], nowMs)) ??
    believed(fromBody(body))

// internal

const believed = (ms: number | undefined): number | undefined =>
  ms === undefined || Number.isNaN(ms) || ms <= 0 ? undefined : Math.min(Math.ceil(ms), maxMs)

const fromHeader = (value: string | undefined, nowMs: number): number | undefined => {
  const seconds = number(value)
  if (seconds !== undefined) return seconds * 1000
  return value !== undefined && httpDate.test(value) ? Date.parse(value) - nowMs : undefined
}

const fromBody = (body: unknown): number | undefined => {
  const at = field(body, "retry_after") === undefined ? field(body, "error") : body
  const ms = number(field(at, "retry_after_ms"))
  if (ms !== undefined) return ms
  const seconds = number(field(at, "retry_after"))
  return seconds === undefined ? undefined : seconds * 1000
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined

const number = (value: unknown): number | undefined => {
  if (typeof value === "number") return value
  return typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined
}

// `Date.parse` also reads "5" and "June": only the forms of RFC 9110 count, with their weekday in front.
const httpDate = /^\s*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{1,2}:\d{2}:\d{2}/
