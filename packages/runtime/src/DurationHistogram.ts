/**
 * How long jobs take: a small histogram of their durations, seeded with a log-normal guess.
 *
 * Plain data, so that a store can keep it.
 *
 * @since 0.1.0
 */

/**
 * Weights of 48 buckets of equal ratio, from 1 s to 24 h.
 *
 * @category models
 * @since 0.1.0
 */
export interface DurationHistogram {
  readonly weights: ReadonlyArray<number>
}

/**
 * Makes the histogram of a log-normal guess (σ 0.5) with the weight of eight jobs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const seeded = (medianMs: number): DurationHistogram => ({
  weights: Array.from({ length: size }, (_, bucket) => {
    const below = bucket === 0 ? 0 : share(lower(bucket), medianMs)
    const above = bucket === size - 1 ? 1 : share(lower(bucket + 1), medianMs)
    return seedWeight * (above - below)
  })
})

/**
 * Adds the duration of one job in ms. Older jobs count less and less.
 *
 * @category combinators
 * @since 0.1.0
 */
export const record = (self: DurationHistogram, durationMs: number): DurationHistogram => {
  const at = bucketOf(durationMs)
  return { weights: self.weights.map((weight, bucket) => weight * fading + (bucket === at ? 1 : 0)) }
}

/**
 * Returns how long a job that has lasted `elapsedMs` still takes in half of the cases, in ms.
 *
 * **Example** (At the beginning)
 *
 * ```ts import.meta.vitest
 * import { DurationHistogram } from "@video-tasks/runtime"
 *
 * Math.round(DurationHistogram.medianRestMs(DurationHistogram.seeded(90_000), 0) / 10_000) // => 9
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const medianRestMs = (self: DurationHistogram, elapsedMs: number): number => {
  const elapsed = Math.max(0, elapsedMs)
  const from = bucketOf(elapsed)
  const partOfFrom = 1 - within(from, elapsed)
  let left = (self.weights[from] ?? 0) * partOfFrom
  for (let bucket = from + 1; bucket < size; bucket++) left += self.weights[bucket] ?? 0
  // Nothing is known of jobs this old: they take as much again as a tenth of their age.
  if (left < 1e-9) return elapsed / 10
  let wanted = left / 2
  for (let bucket = from; bucket < size; bucket++) {
    const begin = bucket === from ? within(from, elapsed) : 0
    const weight = (self.weights[bucket] ?? 0) * (1 - begin)
    if (weight >= wanted) return lower(bucket) * ratio ** (begin + (1 - begin) * wanted / weight) - elapsed
    wanted -= weight
  }
  return elapsed / 10
}

// internal

const size = 48

const smallestMs = 1000

/** 48 buckets from 1 s to 24 h. */
const ratio = 86_400 ** (1 / size)

/** How much the seed counts, in jobs. */
const seedWeight = 8

/** The memory of about a hundred jobs. */
const fading = 0.99

const sigma = 0.5

const lower = (bucket: number): number => smallestMs * ratio ** bucket

const bucketOf = (ms: number): number =>
  ms < smallestMs ? 0 : Math.min(size - 1, Math.floor(Math.log(ms / smallestMs) / Math.log(ratio)))

/** How far into a bucket a duration lies, from 0 to 1. */
const within = (bucket: number, ms: number): number =>
  Math.max(0, Math.min(1, Math.log(Math.max(ms, smallestMs) / lower(bucket)) / Math.log(ratio)))

/** The share of jobs of a log-normal distribution that are shorter: Zelen and Severo's approximation. */
const share = (ms: number, medianMs: number): number => {
  const z = Math.log(ms / medianMs) / sigma
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * series
  return z > 0 ? 1 - tail : tail
}
