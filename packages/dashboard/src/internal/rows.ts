/**
 * Lines of the list, from what the store and the observer say: compact, and without secrets.
 */
import type { Submission } from "@video-tasks/core/Submission"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import * as TaskStatus from "@video-tasks/core/TaskStatus"
import type { Cost } from "@video-tasks/core/Video"
import type { Standing } from "@video-tasks/runtime/Standing"
import type { ObservedPoll } from "@video-tasks/runtime/TaskObserver"
import type { Amount, Row, State } from "../Contract.ts"
import * as Words from "./words.ts"

/** How much of a prompt the list shows, in characters. */
const maxPrompt = 200

/** The line of a task; what only this process knows comes from the line before. */
export const ofSnapshot = (
  { task, value }: Persisted,
  last: { readonly text: string; readonly at: number },
  before: Row | undefined
): Row => {
  const { completedAt, cost, createdAt, handle, id, model, progress, updatedAt } = task
  const isOver = TaskStatus.isTerminal(value)
  return {
    id,
    remoteId: handle.remoteId,
    provider: handle.provider,
    family: handle.family,
    model,
    prompt: before?.prompt,
    state: value,
    isRetrying: false,
    followed: isOver ? "nobody" : before?.followed ?? "nobody",
    progress: value === "SUCCESS" ? 100 : progress,
    createdAt,
    updatedAt,
    completedAt: isOver ? completedAt ?? updatedAt : undefined,
    nextPollAt: isOver ? undefined : before?.nextPollAt,
    polls: before?.polls,
    failures: isOver || before?.failures === undefined ? undefined : 0,
    cost: amountOf(cost),
    isEstimate: cost === undefined ? undefined : cost.kind === "estimate",
    last: last.text,
    lastAt: last.at
  }
}

/** The line of a create that has made no task; `undefined` when there is none to show. */
export const ofSubmission = (submission: Submission, standing: Standing): Row | undefined => {
  const { estimate, family, id, model, outcome, provider, startedAt } = submission
  if (standing === "settled") return undefined
  return {
    id,
    provider,
    family,
    model,
    prompt: promptOf(submission),
    state: standing === "sending" ? "submitting" : "ambiguous",
    isRetrying: false,
    followed: "nobody",
    createdAt: startedAt,
    updatedAt: startedAt,
    cost: amountOf(estimate),
    isEstimate: estimate === undefined ? undefined : true,
    last: standing === "sending"
      ? "the create is under way"
      : outcome._tag === "ambiguous"
      ? Words.line(`nobody knows whether it made a task: ${outcome.detail}`)
      : "no answer is recorded: the process ended before it came",
    lastAt: startedAt
  }
}

/** The same line after a read. */
export const afterPoll = (before: Row, poll: ObservedPoll): Row => {
  const isFailure = poll.outcome === "failed"
  const isOver = isEnded(before.state)
  return {
    ...before,
    isRetrying: isFailure && !isOver && poll.nextPollAt !== undefined,
    followed: isOver ? "nobody" : poll.nextPollAt === undefined ? before.followed : "here",
    nextPollAt: isOver ? undefined : poll.nextPollAt,
    polls: poll.poll,
    failures: poll.failuresInARow,
    ...(isFailure ? { last: Words.ofPoll(poll), lastAt: poll.at } : {})
  }
}

/** The beginning of the prompt. */
export const promptOf = ({ request }: Submission): string | undefined => {
  if (request === undefined) return undefined
  const text = request.prompt.replaceAll(/\s+/g, " ").trim()
  return text.length <= maxPrompt ? text : `${text.slice(0, maxPrompt - 1)}…`
}

/** Whether nothing more happens. */
export const isEnded = (state: State): boolean =>
  state !== "submitting" && state !== "ambiguous" && TaskStatus.isTerminal(state)

/** An amount without what kind it is. */
export const amountOf = (cost: Cost | undefined): Amount | undefined => cost && { amount: cost.amount, unit: cost.unit }
