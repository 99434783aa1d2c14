/**
 * Durations as people write them on a command line: `10s`, `250ms`, `2m`, `1h`, or `"10 seconds"`.
 */
import * as Duration from "effect/Duration"

/** What is allowed, in words, for messages. */
export const allowed = "a duration such as 250ms, 10s, 2m, 1h or \"10 seconds\""

/** Reads a duration; anything else is `undefined`. */
export const parse = (text: string): Duration.Duration | undefined => {
  const [, amount, unit] = pattern.exec(text.trim()) ?? []
  if (amount === undefined || unit === undefined) return undefined
  const factor = units.get(unit.toLowerCase())
  return factor === undefined ? undefined : Duration.millis(Number(amount) * factor)
}

/** Writes a span of time in as few words as people need: `0.4s`, `45s`, `1m 05s`, `1h 02m`. */
export const format = (ms: number): string => {
  if (ms < 0) return "0s"
  if (ms < 950) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`
}

const two = (value: number): string => String(value).padStart(2, "0")

const pattern = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i

const units = new Map(
  [
    [["ms", "milli", "millis", "millisecond", "milliseconds"], 1],
    [["s", "sec", "secs", "second", "seconds"], 1_000],
    [["m", "min", "mins", "minute", "minutes"], 60_000],
    [["h", "hr", "hrs", "hour", "hours"], 3_600_000],
    [["d", "day", "days"], 86_400_000]
  ].flatMap(([names, factor]) => (names as Array<string>).map((name) => [name, factor as number] as const))
)
