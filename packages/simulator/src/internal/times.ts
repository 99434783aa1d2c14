import * as DateTime from "effect/DateTime"

const pad = (n: number, length = 2): string => String(n).padStart(length, "0")

const parts = (at: number) => DateTime.toPartsUtc(DateTime.makeUnsafe(at))

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** @internal `20260420` */
export const day = (at: number): string => {
  const p = parts(at)
  return `${p.year}${pad(p.month)}${pad(p.day)}`
}

/** @internal `20260420103229` */
export const compact = (at: number): string => {
  const p = parts(at)
  return `${day(at)}${pad(p.hour)}${pad(p.minute)}${pad(p.second)}`
}

/** @internal `20260420T103229Z` */
export const signing = (at: number): string => `${day(at)}T${compact(at).slice(8)}Z`

/** @internal The IMF-fixdate of RFC 9110. */
export const http = (at: number): string => {
  const p = parts(at)
  const clock = `${pad(p.hour)}:${pad(p.minute)}:${pad(p.second)}`
  return `${days[p.weekDay]}, ${pad(p.day)} ${months[p.month - 1]} ${p.year} ${clock} GMT`
}

/** @internal */
export const iso = (at: number): string => DateTime.formatIso(DateTime.makeUnsafe(at))
