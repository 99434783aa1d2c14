/**
 * Colours and columns of terminal text.
 */
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import * as CliOutput from "effect/cli/CliOutput"

/** Ways to mark a text; all of them return it unchanged where colours are off. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const plain = (text: string): string => text

const sgr = (open: number, close: number) => (text: string): string => `\u001B[${open}m${text}\u001B[${close}m`

/** No colours. */
export const none: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }

/** ANSI colours. */
export const ansi: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39)
}

/** The columns that a text takes on a terminal. */
export const width = CliOutput.displayWidth

/** Fills a text with spaces up to a width. */
export const pad = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)))

/** Fills a text with spaces on its left up to a width. */
export const padStart = (text: string, columns: number): string => " ".repeat(Math.max(0, columns - width(text))) + text

/** Shortens a text in its middle, so that both ends stay readable. */
export const shorten = (text: string, columns: number): string => {
  if (text.length <= columns) return text
  const left = Math.ceil((columns - 1) / 2)
  return `${text.slice(0, left)}…${text.slice(text.length - (columns - 1 - left))}`
}

/** Breaks a text into lines between words. */
export const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    const next = line === "" ? word : `${line} ${word}`
    if (line !== "" && width(next) > columns) {
      lines.push(line)
      line = word
    } else line = next
  }
  return [...lines, line]
}

/** Columns of a table, aligned; numbers stand on the right when `right` says so. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlyArray<number> = []
): ReadonlyArray<string> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell))
    })
  }
  return rows.map((row) =>
    row.map((cell, column) =>
      right.includes(column) ? padStart(cell, widths[column] ?? 0) : pad(cell, widths[column] ?? 0)
    )
      .join("  ").trimEnd()
  )
}

/** The colour of a state. */
export const status = (style: Style, word: TaskStatus, text: string = word): string => {
  switch (word) {
    case "SUBMITTED":
      return style.dim(text)
    case "IN_PROGRESS":
      return style.cyan(text)
    case "SUCCESS":
      return style.green(text)
    case "FAILED":
    case "ERROR":
      return style.red(text)
    case "CANCELLED":
    case "EXPIRED":
      return style.yellow(text)
  }
}

/** Takes out what would command a terminal: a text of somebody else must not move the cursor or change a title. */
export const harmless = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]+/g, " ")
