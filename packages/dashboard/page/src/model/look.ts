import type { Row, State } from "../../../src/Contract.ts"

/** What a row is counted under: its state, or that its reads fail at present. */
export type Group =
  | "submitting"
  | "submitted"
  | "progress"
  | "retrying"
  | "succeeded"
  | "failed"
  | "error"
  | "cancelled"
  | "expired"
  | "ambiguous"

/** All groups in the order in which the page shows them. */
export const groups: ReadonlyArray<Group> = [
  "submitting",
  "submitted",
  "progress",
  "retrying",
  "succeeded",
  "failed",
  "error",
  "cancelled",
  "expired",
  "ambiguous"
]

const byState: Record<State, Group> = {
  submitting: "submitting",
  SUBMITTED: "submitted",
  IN_PROGRESS: "progress",
  SUCCESS: "succeeded",
  FAILED: "failed",
  ERROR: "error",
  CANCELLED: "cancelled",
  EXPIRED: "expired",
  ambiguous: "ambiguous"
}

/** The group of a state by itself. */
export const ofState = (state: State): Group => byState[state]

/** The state in words. */
export const word = (group: Group): string => group === "progress" ? "in progress" : group

/** Whether nothing moves any more. */
export const isOver = (state: State): boolean =>
  state !== "submitting" && state !== "SUBMITTED" && state !== "IN_PROGRESS"

/** The group that a row is counted under. Reads of what is over do not matter. */
export const groupOf = (row: Row): Group => row.isRetrying && !isOver(row.state) ? "retrying" : byState[row.state]
