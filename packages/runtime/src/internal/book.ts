import { rounded } from "@video-tasks/core/Price"
import type { Outcome } from "@video-tasks/core/Submission"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type { Cost } from "@video-tasks/core/Video"
import type { Count, Ledger, LedgerEntry } from "../CostBudget.ts"
import { countOf } from "./counted.ts"

/** How many settled entries are kept; their sum is exact all the same. */
const maxSettled = 1000

/**
 * Something that money is wanted for.
 *
 * @internal
 */
export interface Demand {
  readonly id: TaskId
  readonly provider: string
  readonly model: string
  readonly estimate: Cost
}

interface Row extends LedgerEntry {
  /** Its submission is in the store: from then on only an outcome frees the money. */
  readonly isBegun: boolean
}

/**
 * The ledger of a budget. Nothing here waits: a check and its reservation are one step.
 *
 * @internal
 */
export class Book {
  readonly max: number
  readonly unit: string
  readonly #rows = new Map<TaskId, Row>()
  readonly #sums = { reserved: 0, settled: 0, unknown: 0 }
  #settledRows = 0

  constructor(max: number, unit: string) {
    this.max = max
    this.unit = unit
  }

  get left(): number {
    const { reserved, settled, unknown } = this.#sums
    return rounded(this.max - reserved - settled - unknown)
  }

  /** Keeps money for a submit, or says why there is none. */
  reserve({ estimate, id, model, provider }: Demand): string | undefined {
    const { amount, unit } = estimate
    if (unit.toUpperCase() !== this.unit) {
      return `its price is in ${unit} and the budget in ${this.unit}; nothing is converted: state the budget in ${unit}`
    }
    if (amount > this.left) {
      return `it would cost ${amount} ${unit}, and of ${this.max} ${unit} there are ${this.left} left`
    }
    this.#put({ id, provider, model, estimate, amount, state: "reserved", isBegun: false })
    return undefined
  }

  /** The submission is in the store. */
  begun(id: TaskId): void {
    const row = this.#rows.get(id)
    if (row !== undefined) this.#rows.set(id, { ...row, isBegun: true })
  }

  /** The submit is over: when nothing was ever recorded of it, nothing was sent. */
  closed(id: TaskId): void {
    if (this.#rows.get(id)?.isBegun === false) this.#take(id)
  }

  /** What became of a create; the last word counts. */
  submitted(id: TaskId, outcome: Outcome): void {
    const row = this.#rows.get(id)
    if (row === undefined || row.state === "settled" || outcome._tag === "pending") return
    this.#count(row, countOf({ outcome, estimate: row.estimate }, this.unit))
  }

  /** There is a task, and it could not be stored: nobody will say what becomes of it. */
  lost(id: TaskId): void {
    const row = this.#rows.get(id)
    if (row?.state === "reserved") this.#put({ ...row, state: "unknown" })
  }

  /** The task of a submit is one that we have under another id: what becomes of that one counts. */
  linked(id: TaskId, task: TaskId): void {
    const row = this.#rows.get(id)
    if (row === undefined || row.state === "settled") return
    // That task has money of its own: whether it was paid for twice, nobody says.
    if (this.#rows.has(task)) return this.#put({ ...row, state: "unknown" })
    this.#take(id)
    this.#put({ ...row, id: task })
  }

  /** What became of a task. */
  stepped(task: Persisted): void {
    const row = this.#rows.get(task.task.id)
    if (row === undefined || row.state === "settled" || !isTerminal(task.value)) return
    this.#count(row, countOf({ task, estimate: row.estimate }, this.unit))
  }

  ledger(): Ledger {
    const { max, unit } = this
    const entries = [...this.#rows.values()].map(({ isBegun: _, ...entry }): LedgerEntry => entry)
    return { max, unit, ...this.#sums, left: this.left, entries }
  }

  #count(row: Row, { amount = row.amount, state, ...facts }: Count): void {
    if (state === "free") this.#take(row.id)
    else this.#put({ ...row, ...facts, state, amount })
  }

  #put(row: Row): void {
    this.#take(row.id)
    this.#rows.set(row.id, row)
    this.#sums[row.state] = rounded(this.#sums[row.state] + row.amount)
    if (row.state === "settled" && ++this.#settledRows > maxSettled) this.#forgetOldest()
  }

  #take(id: TaskId): void {
    const row = this.#rows.get(id)
    if (row === undefined) return
    this.#rows.delete(id)
    this.#sums[row.state] = rounded(this.#sums[row.state] - row.amount)
    if (row.state === "settled") this.#settledRows--
  }

  #forgetOldest(): void {
    for (const [id, row] of this.#rows) {
      if (row.state !== "settled") continue
      this.#rows.delete(id)
      this.#settledRows--
      return
    }
  }
}
