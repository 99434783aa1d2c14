/**
 * Buckets in words.
 */

/** How the buckets of a worker changed. */
interface Moves {
  readonly taken: ReadonlyArray<number>
  /** Given up. */
  readonly given: ReadonlyArray<number>
  /** Taken by others. */
  readonly lost: ReadonlyArray<number>
}

/** What has come and gone. */
export const moves = ({ given, lost, taken }: Moves): string =>
  [
    ...(taken.length === 0 ? [] : [`took ${buckets(taken)}`]),
    ...(given.length === 0 ? [] : [`gave ${buckets(given)} up`]),
    ...(lost.length === 0 ? [] : [`others took ${buckets(lost)}`])
  ].join(", ")

/** Their numbers; three and more in a row as a range. */
export const buckets = (numbers: ReadonlyArray<number>): string => {
  const rows: Array<{ readonly from: number; to: number }> = []
  for (const bucket of numbers.toSorted((a, b) => a - b)) {
    const row = rows.at(-1)
    if (row?.to === bucket - 1) row.to = bucket
    else rows.push({ from: bucket, to: bucket })
  }
  const words = rows.flatMap(({ from, to }): ReadonlyArray<number | string> => {
    if (to - from > 1) return [`${from}–${to}`]
    return from === to ? [from] : [from, to]
  })
  return `${numbers.length === 1 ? "bucket" : "buckets"} ${words.join(", ")}`
}
