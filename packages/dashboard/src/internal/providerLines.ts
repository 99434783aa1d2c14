/**
 * What the page says of each provider, kept up to date with every line that comes, changes or goes.
 */
import type { ProviderLine, Row } from "../Contract.ts"
import { isEnded } from "./rows.ts"

interface Totals {
  rows: number
  running: number
  ended: number
  failed: number
  retrying: number
  isKeyRejected: boolean
  /** How long the successes took, in ms, shortest first. */
  readonly successes: Array<number>
}

/** The providers of the lines. */
export class ProviderLines {
  /** Grows with each change. */
  version = 0
  readonly #totals = new Map<string, Totals>()

  /** A line takes the place of another one. */
  replace(before: Row | undefined, after: Row | undefined): void {
    if (before !== undefined && after !== undefined && countsAlike(before, after)) return
    if (before !== undefined) this.#count(before, -1)
    if (after !== undefined) this.#count(after, 1)
    this.version++
  }

  /** What the last read said of the key. */
  keyRejected(provider: string, isKeyRejected: boolean): void {
    const totals = this.#of(provider)
    if (totals.isKeyRejected === isKeyRejected) return
    totals.isKeyRejected = isKeyRejected
    this.version++
  }

  /** One line a provider, by name. */
  get all(): ReadonlyArray<ProviderLine> {
    return [...this.#totals]
      .filter(([, { isKeyRejected, rows }]) => rows > 0 || isKeyRejected)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .map(([provider, { ended, failed, isKeyRejected, retrying, running, successes }]) => ({
        provider,
        running,
        ended,
        failed,
        p50Ms: quantile(successes, 0.5),
        p90Ms: quantile(successes, 0.9),
        retrying,
        isKeyRejected
      }))
  }

  #of(provider: string): Totals {
    const found = this.#totals.get(provider)
    if (found !== undefined) return found
    const made: Totals = {
      rows: 0,
      running: 0,
      ended: 0,
      failed: 0,
      retrying: 0,
      isKeyRejected: false,
      successes: []
    }
    this.#totals.set(provider, made)
    return made
  }

  #count(row: Row, sign: 1 | -1): void {
    const totals = this.#of(row.provider)
    totals.rows += sign
    if (isRunning(row)) totals.running += sign
    if (isEnded(row.state)) totals.ended += sign
    if (isFailed(row)) totals.failed += sign
    if (row.isRetrying) totals.retrying += sign
    const took = tookOf(row)
    if (took === undefined) return
    const place = placeOf(totals.successes, took)
    if (sign === 1) totals.successes.splice(place, 0, took)
    else totals.successes.splice(place, 1)
  }
}

// internal

const countsAlike = (a: Row, b: Row): boolean =>
  a.provider === b.provider && a.state === b.state && a.isRetrying === b.isRetrying && tookOf(a) === tookOf(b)

const isRunning = ({ state }: Row): boolean =>
  state === "SUBMITTED" || state === "IN_PROGRESS" || state === "submitting"

const isFailed = ({ state }: Row): boolean => state === "FAILED" || state === "ERROR" || state === "EXPIRED"

const tookOf = ({ completedAt, createdAt, state }: Row): number | undefined =>
  state === "SUCCESS" && completedAt !== undefined ? Math.max(0, completedAt - createdAt) : undefined

/** Where a number stands, or would. */
const placeOf = (sorted: ReadonlyArray<number>, wanted: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** The smallest number that at least this share of them does not exceed. */
const quantile = (sorted: ReadonlyArray<number>, share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
