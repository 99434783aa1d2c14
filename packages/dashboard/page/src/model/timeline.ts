import type { Moment, State } from "../../../src/Contract.ts"

/** A line of the timeline. */
export type Item =
  | { readonly kind: "moment"; readonly moment: Moment; readonly sinceMs: number | undefined }
  /** Reads in a row that changed nothing. */
  | { readonly kind: "quiet"; readonly reads: ReadonlyArray<Moment>; readonly from: number; readonly to: number }

/** Whether it is a read that changed nothing. */
const isQuiet = (moment: Moment): boolean => moment.kind === "poll" && moment.type === "unchanged"

/** Whether it is a read that failed. */
export const isTrouble = (moment: Moment): boolean => moment.kind === "poll" && moment.type === "failed"

/** The lines of the timeline, oldest first: two and more quiet reads in a row become one line. */
export const items = (moments: ReadonlyArray<Moment>): ReadonlyArray<Item> => {
  const lines: Array<Item> = []
  for (let index = 0; index < moments.length; index++) {
    let end = index
    while (end < moments.length && isQuiet(moments[end]!)) end++
    if (end - index > 1) {
      const reads = moments.slice(index, end)
      lines.push({ kind: "quiet", reads, from: reads[0]!.at, to: reads.at(-1)!.at })
      index = end - 1
    } else {
      const moment = moments[index]!
      const previous = moments[index - 1]
      lines.push({ kind: "moment", moment, sinceMs: previous === undefined ? undefined : moment.at - previous.at })
    }
  }
  return lines
}

/** A piece of the bar above the timeline. */
interface Piece {
  readonly state: State
  readonly ms: number
  /** How wide it is drawn: its length in ms, and of what is long and quiet only a part. */
  readonly weight: number
  readonly isCut: boolean
  /** Whether it begins with a read that failed. */
  readonly isTrouble: boolean
}

/** A stay in one state. */
export interface Visit {
  readonly state: State
  readonly ms: number
  readonly pieces: ReadonlyArray<Piece>
}

/** The bar: one visit after the other, until `end`. A quiet gap is drawn at most three times as long as the usual one. */
export const visits = (moments: ReadonlyArray<Moment>, end: number): ReadonlyArray<Visit> => {
  const marks = moments.filter((moment, index) => index === 0 || moment.kind === "step" || isTrouble(moment))
  const gaps = marks.map((moment, index) => Math.max(0, (marks[index + 1]?.at ?? end) - moment.at))
  const longest = 3 * Math.max(1000, median(gaps))
  const result: Array<{ state: State; ms: number; pieces: Array<Piece> }> = []
  let state: State = "SUBMITTED"
  for (const [index, moment] of marks.entries()) {
    state = moment.to ?? state
    const ms = gaps[index]!
    const isCut = ms > longest
    const piece = { state, ms, weight: isCut ? longest : ms, isCut, isTrouble: isTrouble(moment) }
    const visit = result.at(-1)
    if (visit?.state === state) {
      visit.ms += ms
      visit.pieces.push(piece)
    } else result.push({ state, ms, pieces: [piece] })
  }
  return result.filter((visit) => visit.ms > 0)
}

const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
