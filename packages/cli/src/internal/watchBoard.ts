/**
 * What a list that is watched shows: the rows, and what changed since they were read before.
 */
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Facts from "./facts.ts"

/** A row as it was read. */
export interface Read {
  readonly facts: Facts.Facts
  /** Grows with every change. */
  readonly version: number
}

/** A row that is shown. */
export interface Row extends Read {
  /** What changed, and when that was noticed (ms since the epoch); absent while it is as it was first read. */
  readonly change?: { readonly at: number; readonly words: string } | undefined
  /** It no longer is what was asked for, and goes when people have seen that. */
  readonly isLeaving: boolean
}

/** Which rows are shown. */
export interface Wanted {
  readonly matches: (status: Facts.Facts["status"]) => boolean
  /** Only the newest so many. */
  readonly newest: number
}

/** The rows that are shown. */
export interface Board {
  /** Takes what was read at a time (ms since the epoch), and returns what is new or changed, also what leaves. */
  readonly take: (reads: ReadonlyArray<Read>, now: number) => ReadonlyArray<Row>
  /** Takes away what is no longer there. */
  readonly remove: (ids: ReadonlyArray<string>) => void
  /** What is shown at a time (ms since the epoch), oldest first. */
  readonly rows: (now: number) => ReadonlyArray<Row>
}

/** For how long a row that leaves stays, in ms. */
const farewellMs = 10_000

/** How many ended tasks are kept: a list that is watched for months must not grow for ever. */
const mostEnded = 5000

/** Makes an empty board. */
export const make = ({ matches, newest }: Wanted): Board => {
  const rows = new Map<string, Row>()
  let isFirst = true
  const take = (read: Read, now: number): Row | undefined => {
    const before = rows.get(read.facts.id)
    const isWanted = matches(read.facts.status)
    if (before === undefined && !isWanted) return undefined
    if (before !== undefined && before.version === read.version) return undefined
    const words = before === undefined ? "new" : changed(before.facts, read.facts)
    const row: Row = {
      ...read,
      isLeaving: !isWanted,
      ...(isFirst || words === undefined ? {} : { change: { at: now, words } })
    }
    rows.set(read.facts.id, row)
    return row
  }
  return {
    take: (reads, now) => {
      const news = reads.map((read) => take(read, now)).filter((row) => row !== undefined)
      isFirst = false
      forget(rows, now)
      return news
    },
    remove: (ids) => {
      for (const id of ids) rows.delete(id)
    },
    rows: (now) => {
      const shown = [...rows.values()].filter((row) => !hasLeft(row, now))
        .sort((a, b) => a.facts.createdAt - b.facts.createdAt)
      return newest === Infinity ? shown : shown.slice(-newest)
    }
  }
}

/** Whether nothing happens to a row any more. */
export const isOver = (status: Facts.Facts["status"]): boolean =>
  status !== "ambiguous" && status !== "sending" && isTerminal(status)

// internal

/** What became of a row in as few words as people need; `undefined` when they would see no difference. */
const changed = (before: Facts.Facts, now: Facts.Facts): string | undefined => {
  if (before.status !== now.status) return `${before.status} → ${now.status}`
  const [from, to] = [before.progress ?? 0, now.progress ?? 0]
  if (from !== to) return `${to > from ? "+" : "−"}${Math.abs(Math.round((to - from) * 10) / 10)} %`
  if ((before.files ?? []).length !== (now.files ?? []).length) return "files kept"
  if (Facts.costOf(before) !== Facts.costOf(now)) return "cost known"
  return undefined
}

const hasLeft = ({ change, isLeaving }: Row, now: number): boolean => isLeaving && now - (change?.at ?? 0) >= farewellMs

const forget = (rows: Map<string, Row>, now: number): void => {
  const ended: Array<string> = []
  for (const [id, row] of rows) {
    if (hasLeft(row, now)) rows.delete(id)
    else if (isOver(row.facts.status)) ended.push(id)
  }
  // The store lists the oldest first, so these are the oldest.
  for (const id of ended.slice(0, Math.max(0, ended.length - mostEnded))) rows.delete(id)
}
