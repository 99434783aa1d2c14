/**
 * A table that fits into a terminal: cells are broken between words, and where that is not enough columns are left out.
 */
import * as Style from "./style.ts"

/** A column; `title` is its head. */
export interface Column {
  readonly title: string
  readonly cells: ReadonlyArray<string>
  /** It is left out before those with a smaller number; never, unless this is said. */
  readonly dispensable?: number | undefined
  /** Its cells are never broken. */
  readonly isWhole?: boolean | undefined
}

/** The table, head first, and what was left out of it because there was no room. */
export interface Fitted {
  readonly head: string
  readonly lines: ReadonlyArray<string>
  readonly leftOut: ReadonlyArray<string>
}

/** Lays a table out; empty columns are not shown. Without `room`, in columns of the terminal, it is as wide as it needs. */
export const fitTable = (columns: ReadonlyArray<Column>, room: number | undefined): Fitted => {
  const told = columns.filter(({ cells }) => cells.some((cell) => cell !== ""))
  const shown = room === undefined ? told : withRoom(told, room)
  const widths = shrunk(shown, room ?? Infinity)
  const line = (cells: ReadonlyArray<string>) =>
    cells.map((cell, index) => Style.pad(cell, widths[index] ?? 0)).join(gap).trimEnd()
  const count = Math.max(0, ...shown.map(({ cells }) => cells.length))
  const lines = Array.from({ length: count }, (_, row) => {
    const broken = shown.map(({ cells }, index) => brokenInto(cells[row] ?? "", widths[index] ?? 0))
    const height = Math.max(...broken.map((parts) => parts.length))
    return Array.from({ length: height }, (_, nth) => line(broken.map((parts) => parts[nth] ?? "")))
  })
  return {
    head: line(shown.map(({ title }) => title)),
    lines: lines.flat(),
    leftOut: told.filter((column) => !shown.includes(column)).map(({ title }) => title)
  }
}

// internal

const gap = "  "

/** No column of several words gets narrower. */
const narrowest = 12

const naturalWidth = ({ cells, title }: Column): number => Math.max(...[title, ...cells].map(Style.width))

const leastWidth = (column: Column): number =>
  column.isWhole === true
    ? naturalWidth(column)
    : Math.min(naturalWidth(column), Math.max(narrowest, Style.width(column.title)))

const total = (widths: ReadonlyArray<number>): number =>
  widths.reduce((sum, width) => sum + width, gap.length * Math.max(0, widths.length - 1))

const withRoom = (columns: ReadonlyArray<Column>, room: number): ReadonlyArray<Column> => {
  let shown = columns
  while (total(shown.map(leastWidth)) > room) {
    const [first] = shown.filter(isDispensable).sort((a, b) => b.dispensable - a.dispensable)
    if (first === undefined) break
    shown = shown.filter((column) => column !== first)
  }
  return shown
}

const isDispensable = (column: Column): column is Column & { readonly dispensable: number } =>
  column.dispensable !== undefined

/** Takes from the widest column, as long as it is too much. */
const shrunk = (columns: ReadonlyArray<Column>, room: number): ReadonlyArray<number> => {
  const widths = columns.map(naturalWidth)
  const least = columns.map(leastWidth)
  while (total(widths) > room) {
    const widest = widths.reduce(
      (best, width, index) => width > (least[index] ?? 0) && width > (widths[best] ?? 0) ? index : best,
      -1
    )
    if (widest === -1) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

const brokenInto = (cell: string, columns: number): ReadonlyArray<string> =>
  Style.wrap(cell, columns).map((part) => Style.shorten(part, columns))
