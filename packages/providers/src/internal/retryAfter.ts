/**
 * How long a provider asks to wait, in whichever of its spellings.
 */

/** The longest wait that is believed: after an hour it is cheap to ask again. */
export const maxMs = 3_600_000

/**
 * Reads `retry-after-ms`, `Retry-After` (seconds or an HTTP date), then `retry_after` in the body, in ms. Nonsense,
 * and a moment that is over, is `undefined`: the ordinary back-off applies.
 */
export const read = (
  headers: Readonly<Record<string, string | undefined>>,
  body: unknown,
  nowMs: number
): number | undefined =>
  believed(number(headers["retry-after-ms"])) ??
    believed(fromHeader(headers["retry-after"], nowMs)) ??
    believed(fromBody(body))

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
