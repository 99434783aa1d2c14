import type { Amount } from "../../../src/Contract.ts"

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const two = (value: number): string => String(value).padStart(2, "0")

/** A length of time as a clock shows it: `0:31`, `2:40`, `1:02:03`, `3 d 4 h`. */
export const clock = (ms: number): string => {
  const rest = Math.max(0, ms)
  if (rest >= day) return `${Math.floor(rest / day)} d ${Math.floor((rest % day) / hour)} h`
  const seconds = two(Math.floor((rest % minute) / second))
  if (rest < hour) return `${Math.floor(rest / minute)}:${seconds}`
  return `${Math.floor(rest / hour)}:${two(Math.floor((rest % hour) / minute))}:${seconds}`
}

/** A length of time in words: `180 ms`, `9.1 s`, `45 s`, `2 min 5 s`, `3 h 20 min`, `4 d 6 h`. */
export const duration = (ms: number): string => {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 9950) return `${(ms / second).toFixed(1)} s`
  const rest = Math.round(ms / second) * second
  if (rest < minute) return `${rest / second} s`
  if (rest < hour) return parts(Math.floor(rest / minute), "min", Math.floor((rest % minute) / second), "s")
  if (rest < day) return parts(Math.floor(rest / hour), "h", Math.floor((rest % hour) / minute), "min")
  return parts(Math.floor(rest / day), "d", Math.floor((rest % day) / hour), "h")
}

const parts = (most: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${most} ${unit}` : `${most} ${unit} ${rest} ${restUnit}`

/** A length of time in one unit, for a narrow column: `8 s`, `3 min`, `2 h`, `5 d`. */
export const brief = (ms: number): string => {
  const rest = Math.max(0, ms)
  if (rest < minute) return `${Math.floor(rest / second)} s`
  if (rest < hour) return `${Math.floor(rest / minute)} min`
  if (rest < day) return `${Math.floor(rest / hour)} h`
  return `${Math.floor(rest / day)} d`
}

/** How long ago something was: `now`, `8 s ago`. */
export const ago = (ms: number): string => ms < second ? "now" : `${brief(ms)} ago`

const signs: Readonly<Record<string, string>> = { USD: "$", EUR: "€", CNY: "¥", GBP: "£", JPY: "¥" }

// Made once: making one takes longer than a row.
const digits = (least: number, most: number): Intl.NumberFormat =>
  new Intl.NumberFormat("en", { minimumFractionDigits: least, maximumFractionDigits: most })
const [whole, units, cents, mills] = [digits(0, 0), digits(0, 2), digits(2, 2), digits(3, 3)]

/** An amount: `$0.12`, `¥3.50`, `120 quota`; an estimate is marked with `~`. */
export const money = ({ amount, unit }: Amount, isEstimate = false): string => {
  const mark = isEstimate ? "~" : ""
  const sign = signs[unit]
  if (sign === undefined) return `${mark}${units.format(amount)} ${unit}`
  // Prices of a few cents have parts of a cent that matter.
  const isFine = Math.abs(amount) < 0.1 && Math.abs(amount * 100 - Math.round(amount * 100)) > 0.001
  return `${mark}${sign}${(isFine ? mills : cents).format(amount)}`
}

/** A whole number with its thousands apart: `10,000`. */
export const count = (value: number): string => whole.format(value)

/** A share in per cent: `0.9 %`, `12 %`. */
export const percent = (share: number): string => {
  const value = share * 100
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} %`
}

const timeOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const dateAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" })

/** The time of day, with tenths of a second: `12:03:10.3`. */
export const time = (at: number): string =>
  `${timeOfDay.format(at)}.${Math.floor((((at % second) + second) % second) / 100)}`

/** Date and time. */
export const date = (at: number): string => dateAndTime.format(at)

/** The end of an id, which tells ids of the same second apart. */
export const shortId = (id: string): string => id.length > 8 ? `…${id.slice(-7)}` : id
