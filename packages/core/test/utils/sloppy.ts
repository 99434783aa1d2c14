/**
 * The same body as a careless server would write it: other spellings of the same values, fields that nobody knows, fields
 * that are missing.
 */
import { DateTime, Schema } from "effect"
import { containers } from "../../src/internal/wireJson.ts"

type Json = Schema.Json

type JsonObject = Readonly<Record<string, Json>>

/** What decides how each value is written: any list of numbers, used again from its start when it is over. */
export const Carelessness = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 59 })))

/** Fields that tell nothing about a task: a body may come without them. */
const noise: ReadonlySet<string> = new Set([
  "object",
  "prompt",
  "prompt_en",
  "action",
  "draft",
  "priority",
  "group",
  "param",
  "point",
  "refund",
  "estimatedCost",
  "external_task_id",
  "watermark_url",
  "list_price"
])

/** Fields that a body may come without, and what nobody knows then. */
const optional: Readonly<Record<string, ReadonlyArray<string>>> = {
  model: ["model"],
  progress: ["progress"],
  estimated_remaining: ["estimatedRemainingMs"],
  created_at: ["createdAt"],
  createdAt: ["createdAt"],
  create_time: ["createdAt"],
  submit_time: ["createdAt"],
  start_time: ["startedAt"],
  completed_at: ["completedAt"],
  finish_time: ["completedAt"],
  // Of Ark and Kling: the end of what has ended, from which Ark's links live a day.
  updated_at: ["completedAt", "expiresAt"],
  update_time: ["completedAt", "expiresAt"],
  expires_at: ["expiresAt"],
  public_url_expires_at: ["expiresAt"],
  usage: ["cost"],
  cost: ["cost"],
  cost_in_usd_ticks: ["cost"],
  quota: ["cost"],
  billing: ["cost"],
  final_unit_deduction: ["cost"],
  final_balance_deduction: ["cost"],
  duration: ["durationSeconds"],
  seconds: ["durationSeconds"],
  fps: ["fps"],
  framespersecond: ["fps"],
  width: ["width"],
  height: ["height"],
  size: ["width", "height"],
  resolution: ["resolution"],
  seed: ["seed"],
  format: ["mimeType"],
  poster: ["thumbnailUrl"],
  last_frame_url: ["thumbnailUrl"],
  thumbnail_url: ["thumbnailUrl"],
  failureCode: ["code", "providerCode", "retryable"],
  // Of the catalogue.
  created: ["createdAt"],
  name: ["name"],
  provider: ["vendor"],
  provider_code: ["vendor", "vendorCode"],
  model_type: ["type"],
  features: ["features"],
  endpoints: ["routes"],
  upcoming: ["upcoming"],
  currency: ["currency"],
  per_second: ["perSecond"]
}

/** What a wrapper says beside the data, which says it by itself. */
const isPraise = (key: string, value: Json, { data }: JsonObject): boolean =>
  typeof data === "object" && data !== null &&
  (key === "code" || key === "message" || key === "msg") && /^(0|ok|succe(ss|ed))?$/i.test(String(value))

const isTime = (key: string): boolean => /^created$|(_at|At|_time)$/.test(key)

const isWord = (key: string): boolean => key === "status" || key === "task_status"

const inZone = (ms: number): string =>
  DateTime.formatIso(DateTime.makeUnsafe(ms + 8 * 3_600_000)).replace("Z", "+08:00")

const numeric = /^\d+(\.\d+)?$/

/** Ms since the epoch. */
const timeOf = (value: number | string): number => {
  if (typeof value === "string" && !numeric.test(value)) return Date.parse(value)
  return Number(value) >= 1e11 ? Number(value) : Number(value) * 1000
}

const times = (ms: number): ReadonlyArray<Json> => [
  ms,
  String(ms),
  DateTime.formatIso(DateTime.makeUnsafe(ms)),
  inZone(ms),
  ...(ms % 1000 === 0 ? [ms / 1000, String(ms / 1000)] : [])
]

const words = (word: string): ReadonlyArray<Json> => [
  word.toLowerCase(),
  word.toUpperCase(),
  ` ${word} `,
  word.replaceAll("_", "-"),
  word.replaceAll("_", " ")
]

const codes = (code: Json): ReadonlyArray<Json> =>
  code === 0 || code === "success" ? [0, "0", "success", "SUCCESS"] : []

/** The other spellings of a value. */
const spellings = (key: string, value: Json): ReadonlyArray<Json> => {
  if (isTime(key)) {
    return value === null || value === 0 ? [0, "0", null, ""] : times(timeOf(value as number | string))
  }
  if (typeof value === "boolean") return [String(value), String(value).toUpperCase()]
  if (isWord(key) && typeof value === "string") return words(value)
  if (key === "code") return typeof value === "number" ? [...codes(value), String(value)] : codes(value)
  if (key === "progress" && typeof value === "number" && value > 1) return [String(value), `${value}%`, ` ${value} % `]
  if (key === "progress" && typeof value === "string") return [value.replace("%", ""), ` ${value} `]
  if (key === "endpoints" && typeof value === "string") return [JSON.parse(value) as Json]
  if (typeof value === "number") return [String(value), ` ${value}`]
  // An id of digits is no number.
  return typeof value === "string" && numeric.test(value) && !key.endsWith("id") ? [Number(value), ` ${value} `] : []
}

const extras: ReadonlyArray<Json> = [null, "", 0, "v1", [1, null], { deep: { er: [true] } }]

/** A body that is written carelessly. */
export interface Sloppy {
  readonly body: Json
  /** What of its reading is not known any more. */
  readonly missing: ReadonlySet<string>
}

/** Writes a body carelessly. */
export const sloppy = (body: Json, carelessness: ReadonlyArray<number>): Sloppy => {
  const missing = new Set<string>()
  let used = 0
  const pick = (): number => carelessness[used++ % carelessness.length] ?? 0
  const one = <A>(clean: A, others: ReadonlyArray<A>): A => others[pick() % (others.length + 2)] ?? clean
  const write = (key: string, value: Json): Json => {
    if (Array.isArray(value)) return folded(key, value.map((item) => write("", item)))
    if (typeof value === "object" && value !== null) return folded(key, object(value as JsonObject))
    return one(value, spellings(key, value))
  }
  const folded = (key: string, value: Json): Json => containers.has(key) ? one(value, [JSON.stringify(value)]) : value
  const keeps = (parent: JsonObject, key: string, item: Json): boolean => {
    const parts = optional[key]
    if (parts === undefined) return !(noise.has(key) || isPraise(key, item, parent)) || pick() % 3 !== 0
    if (pick() % 6 !== 0) return true
    for (const part of parts) missing.add(part)
    return false
  }
  const object = (value: JsonObject): Json => {
    const kept = Object.entries(value).filter(([key, item]) => keeps(value, key, item))
    const written = kept.map(([key, item]) => [key, write(key, item)] as const)
    const extra = pick() % 2 === 0 ? [] : [[`x_${pick()}`, extras[pick() % extras.length] ?? null] as const]
    return Object.fromEntries([...extra, ...written])
  }
  return { body: write("", body), missing }
}

/** A reading without some of its parts, wherever in it they stand. */
export const without = (reading: unknown, parts: ReadonlySet<string>): unknown => {
  if (Array.isArray(reading)) return reading.map((item) => without(item, parts))
  if (typeof reading !== "object" || reading === null) return reading
  return Object.fromEntries(
    Object.entries(reading).flatMap(([key, value]) => parts.has(key) ? [] : [[key, without(value, parts)]])
  )
}
