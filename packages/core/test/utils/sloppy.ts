/**
 * The same body as a careless server would write it: other spellings of the same values, fields that nobody knows, fields
 * that are missing.
 */
import { DateTime, Schema } from "effect"

type Json = Schema.Json

/** What decides how each value is written: any list of numbers, used again from its start when it is over. */
export const Carelessness = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 59 })))

/** Fields that tell nothing about a task: a body may come without them. */
const noise: ReadonlySet<string> = new Set(["object", "prompt", "action", "draft", "priority", "group"])

/** The word of a wrapper, which says nothing that its code does not say. */
const isPraise = (key: string, value: Json): boolean =>
  key === "message" && typeof value === "string" && /^(succe(ss|ed))?$/i.test(value)

const isTime = (key: string): boolean => /(_at|At|_time)$/.test(key)

const isWord = (key: string): boolean => key === "status" || key === "task_status"

const containers = /^(data|error|metadata|output|outputs|result|task_info|task_result|usage|video|videos|content|cost)$/

const inZone = (ms: number): string =>
  DateTime.formatIso(DateTime.makeUnsafe(ms + 8 * 3_600_000)).replace("Z", "+08:00")

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
  if (isTime(key) && typeof value === "number" && value > 0) return times(value >= 1e11 ? value : value * 1000)
  if (isTime(key) && typeof value === "string") return times(Date.parse(value))
  if (isTime(key) && (value === null || value === 0)) return [0, "0", null, "", 0.0]
  if (isWord(key) && typeof value === "string") return words(value)
  if (key === "code") return typeof value === "number" ? [...codes(value), String(value)] : codes(value)
  if (key === "progress" && typeof value === "number" && value > 1) return [String(value), `${value}%`, ` ${value} % `]
  if (typeof value === "number") return [String(value), ` ${value}`]
  return []
}

const extras: ReadonlyArray<Json> = [null, "", 0, "v1", [1, null], { deep: { er: [true] } }]

/** Writes a body carelessly. */
export const sloppy = (body: Json, carelessness: ReadonlyArray<number>): Json => {
  let used = 0
  const pick = (): number => carelessness[used++ % carelessness.length] ?? 0
  const one = <A>(clean: A, others: ReadonlyArray<A>): A => others[pick() % (others.length + 2)] ?? clean
  const write = (key: string, value: Json): Json => {
    if (Array.isArray(value)) return folded(key, value.map((item) => write("", item)))
    if (typeof value === "object" && value !== null) return folded(key, object(value))
    return one(value, spellings(key, value))
  }
  const folded = (key: string, value: Json): Json => containers.test(key) ? one(value, [JSON.stringify(value)]) : value
  const object = (value: object): Json => {
    const kept = Object.entries(value as Readonly<Record<string, Json>>).filter(([key, item]) =>
      !(noise.has(key) || isPraise(key, item)) || pick() % 3 !== 0
    )
    const written = kept.map(([key, item]) => [key, write(key, item)] as const)
    const extra = pick() % 2 === 0 ? [] : [[`x_${pick()}`, extras[pick() % extras.length] ?? null] as const]
    return Object.fromEntries([...extra, ...written])
  }
  return write("", body)
}
