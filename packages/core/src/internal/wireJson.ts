/**
 * Reading single JSON values that may be anything: what does not fit is absent, nothing here throws.
 */
import * as Redact from "../Redact.ts"

/** @internal */
export type JsonObject = { readonly [key: string]: unknown }

/** @internal */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A string that says something, trimmed. @internal */
export const text = (value: unknown): string | undefined => {
  if (typeof value !== "string") return undefined
  const trimmed = value.trim()
  return trimmed === "" ? undefined : trimmed
}

/** A text that may be shown: without secrets, and cut, but not through a character. @internal */
export const shown = (value: string, maxLength: number): string =>
  Redact.text(value).slice(0, maxLength).replace(/[\ud800-\udbff]$/, "")

const maxLabel = 200

/** A short string that may be shown. @internal */
export const label = (value: unknown): string | undefined => {
  const found = text(value)
  return found === undefined ? undefined : shown(found, maxLabel)
}

/** A word or a number that stands for one, as text. @internal */
export const word = (value: unknown): string | undefined =>
  typeof value === "number" && Number.isFinite(value) ? String(value) : text(value)

/** More than thirty years is no estimate. */
const largestSeconds = 1e9

/** Ms from a number of seconds. @internal */
export const seconds = (value: unknown): number | undefined => {
  const read = amount(value)
  return read === undefined || read > largestSeconds ? undefined : Math.round(read * 1000)
}

const numeric = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i

/** True or false, also when it came as text. @internal */
export const flag = (value: unknown): boolean | undefined => {
  if (typeof value === "boolean") return value
  const said = text(value)?.toLowerCase()
  return said === "true" || said === "false" ? said === "true" : undefined
}

/** A number, also one that came as text. @internal */
export const number = (value: unknown): number | undefined => {
  const read = typeof value === "string" && numeric.test(value.trim()) ? Number(value) : value
  return typeof read === "number" && Number.isFinite(read) ? read : undefined
}

/** A number that is at least zero. @internal */
export const amount = (value: unknown): number | undefined => {
  const read = number(value)
  return read === undefined || read < 0 ? undefined : read
}

/** 0 to 100 from `45`, `45.5`, `"45"` or `"45%"`, clamped. @internal */
export const percent = (value: unknown): number | undefined => {
  const read = number(typeof value === "string" ? value.trim().replace(/\s*%$/, "") : value)
  return read === undefined ? undefined : Math.min(100, Math.max(0, read))
}

/** Numbers from here on are ms, not s: 1973 in ms, the year 5138 in s. */
const smallestMs = 1e11

const largestMs = 8.64e15

/** Ms since the epoch from s, ms, numeric text or ISO 8601; 0 means "not yet". @internal */
export const time = (value: unknown): number | undefined => {
  const read = number(value)
  if (read === undefined) return isoTime(value)
  if (read <= 0) return undefined
  const ms = read >= smallestMs ? read : read * 1000
  return ms <= largestMs ? Math.round(ms) : undefined
}

const iso = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?$/i

const isoTime = (value: unknown): number | undefined => {
  const parts = typeof value === "string" ? iso.exec(value.trim()) : null
  if (parts === null) return undefined
  const [, day = "", clock = "", zone = "Z"] = parts
  const ms = Date.parse(`${day}T${clock}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`)
  return ms > 0 ? ms : undefined
}

const link = /^https?:\/\/[^\s]+$/i

/** An absolute http(s) URL, as it came. @internal */
export const httpUrl = (value: unknown): string | undefined => {
  const found = text(value)
  return found !== undefined && link.test(found) && URL.canParse(found) ? found : undefined
}

/** An object that is written as JSON inside a string. @internal */
export const embedded = (value: unknown): unknown => {
  const found = text(value)
  if (found === undefined || !/^[{[]/.test(found)) return undefined
  try {
    return JSON.parse(found)
  } catch {
    return undefined
  }
}

/** The fields that hold objects and lists, which some gateways write as JSON inside a string. @internal */
export const containers: ReadonlySet<string> = new Set([
  "billing",
  "content",
  "cost",
  "data",
  "error",
  "file_output",
  "final_balance_deduction",
  "metadata",
  "output",
  "outputs",
  "result",
  "task_info",
  "task_result",
  "usage",
  "video",
  "video_url",
  "videos"
])

/** A gateway's row, the vendor's answer, its data, its result, the list of videos: five, and one to spare. */
const maxDepth = 6

/** The same body, with objects and lists where there was JSON inside a string. What needs no change stays as it is. @internal */
export const unfolded = (body: unknown, depth = 0): unknown => {
  if (depth >= maxDepth) return body
  if (Array.isArray(body)) {
    const items = body.map((item) => unfolded(item, depth + 1))
    return items.some((item, n) => item !== body[n]) ? items : body
  }
  if (!isObject(body)) return body
  let changed: Record<string, unknown> | undefined
  for (const key of Object.keys(body)) {
    if (!containers.has(key)) continue
    const value = body[key]
    const found = unfolded(typeof value === "string" ? embedded(value) ?? value : value, depth + 1)
    if (found !== value) (changed ??= { ...body })[key] = found
  }
  return changed ?? body
}

/** Leaves out the fields that are `undefined`. @internal */
export const present = <A extends object>(fields: A): { [K in keyof A]?: Exclude<A[K], undefined> } => {
  const kept: { [K in keyof A]?: Exclude<A[K], undefined> } = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined) kept[key] = value as Exclude<A[typeof key], undefined>
  }
  return kept
}
