/**
 * A list that is watched as lines that fit into a terminal.
 */
import * as Duration from "./duration.ts"
import * as Facts from "./facts.ts"
import * as Style from "./style.ts"
import { isOver, type Row } from "./watchBoard.ts"

/** What to fit into. */
export interface Room {
  readonly columns: number
  readonly rows: number
}

/** What else there is to show. */
export interface Around {
  /** In ms since the epoch. */
  readonly now: number
  /** What people should know, such as that the store cannot be read for the moment. */
  readonly note?: string | undefined
  /** How to end it; absent in the last picture. */
  readonly hint?: string | undefined
}

/** The picture: counts, the table, how many rows have no room, and how to end it. */
export const picture = (
  style: Style.Style,
  rows: ReadonlyArray<Row>,
  room: Room,
  { hint, note, now }: Around
): ReadonlyArray<string> => {
  const fit = (line: string) => cut(line, room.columns)
  const above = [counts(style, rows)]
  const below = [
    ...(note === undefined ? [] : [style.yellow(fit(Style.harmless(note)))]),
    ...(hint === undefined ? [] : [style.dim(fit(hint))])
  ]
  if (rows.length === 0) return [...above, ...below].slice(0, room.rows).map(fit)
  const space = room.rows - above.length - below.length - 1
  const shown = rows.length <= space ? rows : chosen(rows, Math.max(0, space - 1))
  const more = rows.length === shown.length
    ? []
    : [style.dim(fit(`… ${rows.length - shown.length} more`))]
  const lines = [...above, ...(shown.length === 0 ? [] : table(style, shown, now, room.columns)), ...more, ...below]
  return lines.slice(0, Math.max(1, room.rows)).map(fit)
}

/** The table, head first, no wider than so many columns. */
export const table = (
  style: Style.Style,
  rows: ReadonlyArray<Row>,
  now: number,
  columns: number | undefined
): ReadonlyArray<string> => {
  for (const names of layouts) {
    const [head = "", ...lines] = Style.table([
      names.map((name) => name === "…ID" ? "ID" : name),
      ...rows.map((row) => names.map((name) => cells[name](style, row, now)))
    ], names.flatMap((name, index) => right.has(name) ? [index] : []))
    const widest = Math.max(...[head, ...lines].map(Style.width))
    if (columns === undefined || widest <= columns || names === narrowest) return [style.bold(head), ...lines]
  }
  return []
}

// internal

type Name = "ID" | "STATUS" | "PROGRESS" | "PROVIDER" | "MODEL" | "AGE" | "TOOK" | "COST" | "CHANGED" | "…ID"

const narrowest: ReadonlyArray<Name> = ["…ID", "STATUS"]

/** From the widest to the narrowest; the first that fits is taken. */
const layouts: ReadonlyArray<ReadonlyArray<Name>> = [
  ["ID", "STATUS", "PROGRESS", "PROVIDER", "MODEL", "AGE", "TOOK", "COST", "CHANGED"],
  ["…ID", "STATUS", "PROGRESS", "PROVIDER", "MODEL", "AGE", "TOOK", "COST", "CHANGED"],
  ["…ID", "STATUS", "PROGRESS", "PROVIDER", "MODEL", "AGE", "TOOK", "CHANGED"],
  ["…ID", "STATUS", "PROGRESS", "PROVIDER", "AGE", "TOOK", "CHANGED"],
  ["…ID", "STATUS", "PROGRESS", "AGE", "CHANGED"],
  ["…ID", "STATUS", "PROGRESS", "AGE"],
  ["…ID", "STATUS", "PROGRESS"],
  narrowest
]

const right: ReadonlySet<Name> = new Set(["AGE", "TOOK"])

/** The beginning of an id that other commands understand: it names a moment to the millisecond, and some chance. */
const shortId = 18

/** For how long a change is something new, in ms. */
const freshMs = 5000

const cells: { readonly [N in Name]: (style: Style.Style, row: Row, now: number) => string } = {
  ID: (_, { facts }) => facts.id,
  "…ID": (_, { facts }) => facts.id.slice(0, shortId),
  STATUS: (style, { facts }) => Facts.painted(style, facts.status),
  PROGRESS: (style, { facts }) => bar(style, facts),
  PROVIDER: (_, { facts }) => Style.shorten(Style.harmless(facts.provider), 12),
  MODEL: (_, { facts }) => Style.shorten(Style.harmless(facts.model ?? "—"), 28),
  AGE: (_, { facts }, now) => Duration.format(now - facts.createdAt),
  TOOK: (_, { facts }) => facts.completedAt === undefined ? "—" : Duration.format(facts.completedAt - facts.createdAt),
  COST: (_, { facts }) => Facts.costOf(facts),
  CHANGED: (style, { change }, now) => {
    if (change === undefined) return ""
    const ago = now - change.at
    return ago < freshMs
      ? style.bold(change.words)
      : style.dim(`${change.words}, ${Duration.format(ago)} ago`)
  }
}

const barWidth = 10

const bar = (style: Style.Style, { progress, status }: Facts.Facts): string => {
  if (progress === undefined || (isOver(status) && status !== "SUCCESS")) return ""
  const full = Math.max(0, Math.min(barWidth, Math.round((progress / 100) * barWidth)))
  const drawn = `${style.cyan("━".repeat(full))}${style.dim("─".repeat(barWidth - full))}`
  return `${drawn} ${String(Math.round(progress)).padStart(3)} %`
}

const counts = (style: Style.Style, rows: ReadonlyArray<Row>): string => {
  const found = new Map<Facts.Facts["status"], number>()
  for (const { facts } of rows) found.set(facts.status, (found.get(facts.status) ?? 0) + 1)
  const said = [...found].map(([status, count]) => `${count} ${Facts.painted(style, status)}`)
  return said.length === 0 ? "No task in the store matches." : said.join(" · ")
}

/** What has no room: first those that ended longest ago, then the oldest; the order stays. */
const chosen = (rows: ReadonlyArray<Row>, space: number): ReadonlyArray<Row> => {
  const urgent = [...rows].sort((a, b) => rank(b) - rank(a) || b.facts.updatedAt - a.facts.updatedAt).slice(0, space)
  const kept = new Set(urgent)
  return rows.filter((row) => kept.has(row))
}

const rank = ({ facts }: Row): number => isOver(facts.status) ? 0 : 1

/** Cuts a line off at the edge of the terminal; colours end there. */
const cut = (line: string, columns: number): string => {
  if (Style.width(line) <= columns) return line
  let [text, room] = ["", columns - 1]
  // oxlint-disable-next-line no-control-regex
  for (const part of line.split(/(\u001B\[\d+m)/)) {
    if (part.startsWith("\u001B[")) {
      text += part
      continue
    }
    for (const letter of part) {
      const width = Style.width(letter)
      if (width > room) room = 0
      if (room === 0) break
      text += letter
      room -= width
    }
  }
  return `${text}…`
}
