/**
 * What there is to tell of a run of chaos.
 */
import type { Ledger } from "@video-tasks/simulator"
import type * as Customers from "./customers.ts"
import type * as History from "./history.ts"

export interface Plan {
  readonly seed: number
  readonly tasks: number
  /** For how long tasks are submitted and things go wrong. */
  readonly seconds: number
}

/**
 * Something that went wrong: a worker was killed (`kill`) or asleep (`nap`), the way of everybody else to it was silent
 * (`silence`) or reset (`reset`), all connections to the database were cut (`cut`), the database was restarted (`restart`).
 */
export interface Deed {
  readonly what: "kill" | "nap" | "silence" | "reset" | "cut" | "restart"
  readonly who?: string
  /** How many connections it was about. */
  readonly connections?: number
  readonly from: number
  readonly to: number
}

/** A create, as the store has it in the end. */
export interface Submission {
  readonly id: string
  readonly outcome:
    | { readonly _tag: "pending" }
    | { readonly _tag: "created"; readonly handle: { readonly remoteId: string } }
    | { readonly _tag: "rejected"; readonly reason: string }
    | { readonly _tag: "ambiguous"; readonly detail: string }
}

export interface Outcome {
  readonly plan: Plan
  readonly buckets: number
  /** After what time a worker that is not heard of loses what it has, in ms. */
  readonly lockMs: number
  /** How many creates each worker can have in flight. */
  readonly concurrency: number
  /** When it began. */
  readonly began: number
  readonly asked: Customers.Asked
  readonly submissions: ReadonlyArray<Submission>
  readonly tasks: ReadonlyArray<{ readonly id: string; readonly status: string }>
  readonly ledger: Pick<Ledger.Ledger, "posts" | "bills"> & {
    readonly creates: ReadonlyArray<Pick<Ledger.Create, "prompt" | "taskId">>
  }
  readonly polls: History.Found
  /** How often a bucket was taken. */
  readonly takes: number
  /** How often a worker was started. */
  readonly starts: number
  readonly deeds: ReadonlyArray<Deed>
  /** How the workers ended when they were asked to: their codes. */
  readonly left: ReadonlyArray<number | null>
  /** How many rows each table has. */
  readonly rows: Readonly<Record<string, number>>
  readonly seconds: number
}
