/** What a row of New-API says in all its places, whichever vendor's task is in it (New-API `model/task.go`). */
import type * as tasks from "./task.ts"

const words = {
  waiting: "NOT_START",
  queued: "QUEUED",
  running: "IN_PROGRESS",
  success: "SUCCESS",
  failed: "FAILURE",
  error: "FAILURE",
  cancelled: "FAILURE",
  expired: "FAILURE"
}

/** @internal The status of a row. */
export const word = ({ phase, word }: tasks.View): string => word ?? words[phase]

/** @internal */
export const hasFailed = ({ phase }: tasks.View): boolean => words[phase] === "FAILURE"

/** @internal A time in seconds; 0 is a time not set. */
export const seconds = (at: number | undefined): number => at === undefined ? 0 : Math.floor(at / 1000)
