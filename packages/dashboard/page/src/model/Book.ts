import type { Amount, Changes, Reset, Row } from "../../../src/Contract.ts"
import { type Group, groupOf, groups } from "./look.ts"

/** Which rows are shown. */
export interface Filter {
  readonly group: Group | "all"
  readonly provider: string | undefined
  /** Words that must all occur in id, model, prompt or provider. */
  readonly text: string
}

/** A row, and the text that a search looks into. */
interface Entry {
  row: Row
  haystack: string | undefined
}

/** What the rows cost in one unit. */
export interface Total extends Amount {
  readonly isEstimate: boolean
}

/** The provider's id in a pasted handle, since rows come without their handles. */
const remoteIdOf = (handle: string): string => {
  try {
    const bytes = Uint8Array.from(
      atob(handle.slice(4).replaceAll("-", "+").replaceAll("_", "/")),
      (letter) => letter.charCodeAt(0)
    )
    const parts = JSON.parse(new TextDecoder().decode(bytes.subarray(0, -4))) as ReadonlyArray<unknown>
    return String(parts[2]).toLowerCase()
  } catch {
    return handle.toLowerCase()
  }
}

/** How many rows there are of each group. */
export type Counts = Readonly<Record<Group | "all", number>>

/** Shows everything. */
export const everything: Filter = { group: "all", provider: undefined, text: "" }

/** Whether a filter lets everything through. */
export const isEverything = ({ group, provider, text }: Filter): boolean =>
  group === "all" && provider === undefined && text.trim() === ""

const newestFirst = (a: Entry, b: Entry): number =>
  b.row.createdAt - a.row.createdAt || (a.row.id < b.row.id ? 1 : a.row.id > b.row.id ? -1 : 0)

const haystackOf = (entry: Entry): string => {
  const { id, model, prompt, provider, remoteId } = entry.row
  return entry.haystack ??= [id, remoteId, provider, model, prompt].join("\n").toLowerCase()
}

/**
 * All rows, newest first, and those of them that a filter lets through.
 *
 * Plain arrays: ten thousand rows that change a thousand times a second are no matter for a reactive graph.
 */
export class Book {
  readonly #entries = new Map<string, Entry>()
  #all: Array<Entry> = []
  #shown: Array<Entry> = []
  #filter: Filter = everything

  get filter(): Filter {
    return this.#filter
  }

  get size(): number {
    return this.#shown.length
  }

  at(index: number): Row | undefined {
    return this.#shown[index]?.row
  }

  get(id: string): Row | undefined {
    return this.#entries.get(id)?.row
  }

  indexOf(id: string): number {
    return this.#shown.findIndex((entry) => entry.row.id === id)
  }

  reset({ rows }: Reset): void {
    this.#entries.clear()
    for (const row of rows) this.#entries.set(row.id, { row, haystack: undefined })
    this.#sort()
  }

  change({ removed, rows }: Pick<Changes, "removed" | "rows">): void {
    const before = this.#entries.size
    let isUnsorted = false
    for (const row of rows) {
      const entry = this.#entries.get(row.id)
      if (entry === undefined) this.#entries.set(row.id, { row, haystack: undefined })
      else {
        isUnsorted ||= entry.row.createdAt !== row.createdAt
        entry.row = row
        entry.haystack = undefined
      }
    }
    const isLonger = this.#entries.size !== before
    let isShorter = false
    for (const id of removed) isShorter = this.#entries.delete(id) || isShorter
    if (isUnsorted || isLonger || isShorter) this.#sort()
    else if (this.#filter !== everything) this.#select()
  }

  show(filter: Filter): void {
    this.#filter = isEverything(filter) ? everything : filter
    this.#select()
  }

  counts(): Counts {
    const counts: Record<Group | "all", number> = { all: this.#all.length, ...zeros }
    for (const { row } of this.#all) counts[groupOf(row)]++
    return counts
  }

  totals(): ReadonlyArray<Total> {
    const units = new Map<string, Total>()
    for (const { row: { cost, isEstimate } } of this.#all) {
      if (cost === undefined) continue
      const sum = units.get(cost.unit)
      units.set(cost.unit, {
        unit: cost.unit,
        amount: (sum?.amount ?? 0) + cost.amount,
        isEstimate: (sum?.isEstimate ?? false) || isEstimate === true
      })
    }
    return [...units.values()].sort((a, b) => b.amount - a.amount)
  }

  #sort(): void {
    this.#all = [...this.#entries.values()].sort(newestFirst)
    this.#select()
  }

  #select(): void {
    const { group, provider, text } = this.#filter
    const words = text.split(/\s+/).filter((word) => word !== "")
      .map((word) => word.startsWith("vt1_") ? remoteIdOf(word) : word.toLowerCase())
    this.#shown = this.#filter === everything ?
      this.#all :
      this.#all.filter((entry) =>
        (group === "all" || groupOf(entry.row) === group) &&
        (provider === undefined || entry.row.provider === provider) &&
        words.every((word) => haystackOf(entry).includes(word))
      )
  }
}

const zeros: Record<Group, number> = Object.fromEntries(groups.map((group) => [group, 0])) as Record<Group, number>
