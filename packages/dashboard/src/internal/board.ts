/**
 * All lines of the page, and which of them changed since when: one ring of changed ids for all viewers, of whom each is
 * but a number in it. A viewer that is slow, or away, costs nothing.
 */
import type { LeftOut, Row } from "../Contract.ts"
import { ProviderLines } from "./providerLines.ts"
import { isEnded } from "./rows.ts"

/** How many changes a viewer may be behind before it is given all lines anew. */
const ringSize = 32_768

/** What changed. */
export interface News {
  /** Where the viewer stands from now on. */
  readonly seq: number
  readonly rows: ReadonlyArray<Row>
  readonly removed: ReadonlyArray<string>
}

/** The lines. */
export class Board {
  readonly maxTasks: number
  readonly providers = new ProviderLines()
  /** What is left out for want of room; `undefined` when everything has room. */
  leftOut: LeftOut | undefined = undefined
  /** What is wrong with the store, in words. */
  problem: string | undefined = undefined
  /** When that happened last which happened to the ended lines that were left out, in ms since the epoch. */
  evictedUpTo = -Infinity
  /** How many changes there have been. */
  seq = 0
  /** How many steps of tasks were seen. */
  steps = 0
  #remarks = 0
  readonly #rows = new Map<string, Row>()
  readonly #ring: Array<string | undefined> = Array.from({ length: ringSize })
  readonly #listeners = new Set<() => void>()
  readonly #gone: (id: string) => void

  constructor(options: {
    readonly maxTasks: number
    /** Hears of lines that go. */
    readonly gone: (id: string) => void
  }) {
    this.maxTasks = Math.max(1, options.maxTasks)
    this.#gone = options.gone
  }

  get size(): number {
    return this.#rows.size
  }

  get isFull(): boolean {
    return this.#rows.size >= this.maxTasks
  }

  /** Whether there is room for some that were left out: more than one making of room gives. */
  get hasRoom(): boolean {
    return this.#rows.size < 0.95 * this.maxTasks
  }

  /** All lines, as they are now. */
  get rows(): ReadonlyArray<Row> {
    return [...this.#rows.values()]
  }

  /** Grows with each change of what is said of all lines. */
  get version(): number {
    return this.providers.version + this.#remarks
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id)
  }

  /** A line that is new, or has changed. */
  put(row: Row): void {
    const before = this.#rows.get(row.id)
    this.#rows.set(row.id, row)
    this.providers.replace(before, row)
    this.#changed(row.id)
    if (this.#rows.size > this.maxTasks) this.#evict()
  }

  remove(id: string): void {
    const before = this.#rows.get(id)
    if (before === undefined) return
    this.#rows.delete(id)
    this.providers.replace(before, undefined)
    this.#gone(id)
    this.#changed(id)
  }

  /** What changed since; `undefined` when that is too long ago, or not of this board. */
  since(seq: number): News | undefined {
    if (seq > this.seq || this.seq - seq > ringSize) return undefined
    const rows = new Map<string, Row>()
    const removed = new Set<string>()
    for (let at = seq; at < this.seq; at++) {
      const id = this.#ring[at % ringSize]
      const row = id === undefined ? undefined : this.#rows.get(id)
      if (row !== undefined) rows.set(row.id, row)
      else if (id !== undefined) removed.add(id)
    }
    return { seq: this.seq, rows: [...rows.values()], removed: [...removed] }
  }

  /** Hears of the next change, whatever it is. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Says what is wrong with the store, or that nothing is. */
  remark(problem: string | undefined): void {
    if (problem === this.problem) return
    this.problem = problem
    this.#remarked()
  }

  /** Says how many tasks there are that have no line. */
  leave({ ended, running }: LeftOut): void {
    if (ended === (this.leftOut?.ended ?? 0) && running === (this.leftOut?.running ?? 0)) return
    this.leftOut = ended + running === 0 ? undefined : { running, ended }
    if (this.leftOut === undefined) this.evictedUpTo = -Infinity
    this.#remarked()
  }

  /** What the last read said of the key of a provider. */
  keyRejected(provider: string, isKeyRejected: boolean): void {
    const before = this.providers.version
    this.providers.keyRejected(provider, isKeyRejected)
    if (this.providers.version !== before) this.#notify()
  }

  #remarked(): void {
    this.#remarks++
    this.#notify()
  }

  #notify(): void {
    if (this.#listeners.size === 0) return
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }

  #changed(id: string): void {
    this.#ring[this.seq % ringSize] = id
    this.seq++
    this.#notify()
  }

  /** A hundredth at a time, so that the order is looked for rarely: those that ended longest ago, else the stalest. */
  #evict(): void {
    const count = Math.max(this.#rows.size - this.maxTasks, Math.floor(this.maxTasks / 100))
    const order = [...this.#rows.values()].sort((a, b) =>
      Number(isEnded(b.state)) - Number(isEnded(a.state)) || a.lastAt - b.lastAt
    )
    let { ended, running } = this.leftOut ?? { running: 0, ended: 0 }
    for (const { id, lastAt, state } of order.slice(0, count)) {
      if (isEnded(state)) {
        this.evictedUpTo = Math.max(this.evictedUpTo, lastAt)
        ended++
      } else running++
      this.remove(id)
    }
    this.leave({ running, ended })
  }
}
