/**
 * The lines of a batch: one JSON object each, one request each.
 */
import * as Redact from "@video-tasks/core/Redact"
import { identity } from "effect/Function"
import type { Json } from "effect/Schema"
import * as Callback from "./callback.ts"

/** A line of a batch. */
export interface BatchLine {
  /** Its number in the file, from 1. */
  readonly line: number
  readonly provider: string
  readonly model: string
  readonly prompt: string
  readonly family?: string | undefined
  readonly seconds?: number | undefined
  readonly size?: string | undefined
  readonly resolution?: string | undefined
  /** Files or URLs. */
  readonly images: ReadonlyArray<string>
  readonly options?: Readonly<Record<string, Json>> | undefined
  /** Where the provider tells of changes of its task. */
  readonly callbackUrl?: string | undefined
  /** Where its video goes. */
  readonly output?: string | undefined
  /** What makes it this line, instead of its request. */
  readonly key?: string | undefined
}

/** What is wrong with a line. */
export interface Fault {
  readonly line: number
  /** Absent when the line as a whole is meant. */
  readonly field?: string | undefined
  readonly message: string
}

/** A fault as one line of text. */
export const inWords = ({ field, line, message }: Fault): string =>
  `line ${line}: ${field === undefined ? "" : `${field} `}${message}`

/** Reads a file; empty lines and lines that begin with `#` are left out. Either all lines, or everything that is wrong. */
export const parse = (
  text: string
): { readonly lines: ReadonlyArray<BatchLine>; readonly faults: ReadonlyArray<Fault> } => {
  const lines: Array<BatchLine> = []
  const faults: Array<Fault> = []
  text.replace(/^\uFEFF/, "").split(/\r?\n/).forEach((content, index) => {
    if (content.trim() === "" || content.trimStart().startsWith("#")) return
    const line = index + 1
    const value = jsonOf(content)
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      faults.push({ line, message: value === undefined ? "is not JSON" : "is no JSON object" })
      return
    }
    const found = faultsOf(line, value as Readonly<Record<string, unknown>>)
    faults.push(...found)
    if (found.length === 0) lines.push({ prompt: "", images: [], ...value, line } as unknown as BatchLine)
  })
  return { lines, faults: [...faults, ...repeated(lines)] }
}

// internal

interface Rule {
  readonly is: (value: unknown) => boolean
  readonly allowed: string
  readonly required?: true
  /** The value as far as it may be shown. */
  readonly shown?: (value: unknown) => unknown
}

const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== ""

const text: Rule = { is: isText, allowed: "a text that is not empty" }

const rules: Readonly<Record<string, Rule>> = {
  provider: { ...text, required: true },
  model: { ...text, required: true },
  prompt: { is: (value) => typeof value === "string", allowed: "a text" },
  family: text,
  seconds: { is: (value) => typeof value === "number" && value > 0, allowed: "a number above 0" },
  size: text,
  resolution: text,
  images: { is: (value) => Array.isArray(value) && value.every(isText), allowed: "a list of files or URLs" },
  options: {
    is: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    allowed: "an object"
  },
  callbackUrl: {
    is: (value) => typeof value === "string" && Callback.parse(value) !== undefined,
    allowed: "an http(s) URL",
    shown: (value) => typeof value === "string" ? Redact.url(value) : value
  },
  output: text,
  key: text
}

const jsonOf = (content: string): unknown => {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

const faultsOf = (line: number, value: Readonly<Record<string, unknown>>): ReadonlyArray<Fault> => [
  ...Object.keys(value).filter((field) => !Object.hasOwn(rules, field)).map((field) => ({
    line,
    field,
    message: `is no field of a line; allowed: ${Object.keys(rules).join(", ")}`
  })),
  ...Object.entries(rules).flatMap(([field, { allowed, is, required, shown = identity }]) => {
    const given = value[field]
    if (given === undefined) return required === true ? [{ line, field, message: `is missing; it is ${allowed}` }] : []
    return is(given) ? [] : [{ line, field, message: `is ${shortened(shown(given))}; allowed: ${allowed}` }]
  })
]

const shortened = (value: unknown): string => {
  const written = JSON.stringify(value) ?? "nothing"
  return written.length <= 60 ? written : `${written.slice(0, 60)}…`
}

/** Two lines can't have the same key. */
const repeated = (lines: ReadonlyArray<BatchLine>): ReadonlyArray<Fault> => {
  const first = new Map<string, number>()
  return lines.flatMap(({ key, line }): ReadonlyArray<Fault> => {
    if (key === undefined) return []
    const before = first.get(key)
    if (before !== undefined) return [{ line, field: "key", message: `is the same as in line ${before}` }]
    first.set(key, line)
    return []
  })
}
