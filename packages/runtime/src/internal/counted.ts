/**
 * What a create and its task count for, against a budget.
 */
import type { Outcome } from "@video-tasks/core/Submission"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type { Cost } from "@video-tasks/core/Video"
import type { Count, Countable } from "../CostBudget.ts"

/** @internal */
export const countOf = ({ estimate, outcome, task }: Countable, unit: string): Count => {
  const expected = amountIn(estimate, unit)
  return task === undefined ? ofOutcome(outcome, expected) : ofTask(task, expected, unit)
}

const ofOutcome = (outcome: Outcome | undefined, amount: number | undefined): Count =>
  outcome?._tag === "rejected"
    ? { state: "free", amount: 0 }
    : { state: outcome?._tag === "ambiguous" ? "unknown" : "reserved", amount }

const ofTask = ({ task, value }: Persisted, amount: number | undefined, unit: string): Count => {
  if (!isTerminal(value)) return { state: "reserved", amount }
  const bill = task.cost?.kind === "bill" ? task.cost : undefined
  if (bill !== undefined) return { state: "settled", amount: amountIn(bill, unit) ?? amount, bill }
  if (value === "SUCCESS") return { state: "settled", amount }
  // Nobody says whether it was paid.
  if (value === "CANCELLED" || task.failure?.code === "not_found") return { state: "unknown", amount }
  return { state: "free", amount: 0 }
}

const amountIn = (cost: Cost | undefined, unit: string): number | undefined =>
  cost?.unit.toUpperCase() === unit.toUpperCase() ? cost?.amount : undefined
