import { signal } from "@preact/signals"
import type { Detail } from "../../../src/Contract.ts"
import { money } from "../model/format.ts"
import { act, getDetail } from "./api.ts"
import { say } from "./notice.ts"
import { go, hrefOf, taskId } from "./route.ts"

export type Action = "poll" | "cancel" | "retry"

/** A question that must be answered before something is done. */
export interface Question {
  readonly title: string
  readonly text: string
  readonly yes: string
  readonly isDangerous: boolean
  readonly run: () => void
}

export const question = signal<Question | undefined>(undefined)
/** The action that is under way, as `poll ID`. */
export const busy = signal<string | undefined>(undefined)

const run = async (detail: Detail, action: Action): Promise<void> => {
  const { id } = detail.row
  busy.value = `${action} ${id}`
  const answer = await act(id, action)
  busy.value = undefined
  if (!answer.ok) return say(answer.message, { isBad: true })
  const { id: created, message } = answer.value
  if (created === undefined) return say(message)
  say(message, { href: hrefOf(created) })
  if (taskId.value === id) go(created)
}

const price = ({ bill, estimate }: Detail): string => {
  const last = bill ?? estimate
  return last === undefined ? "What it will cost is not known." : `This one cost ${money(last, bill === undefined)}.`
}

/** Does it, after a question where it costs money or can't be undone. */
export const perform = (detail: Detail, action: Action): void => {
  const can = detail.can[action]
  if (can !== true) return say(can, { isBad: true })
  if (action === "poll") return void run(detail, action)
  question.value = action === "retry"
    ? {
      title: "Create it again, and pay again?",
      text: `The same request is sent to ${detail.row.provider} as a new task. ${price(detail)} ` +
        "The task that is there stays as it is.",
      yes: "Create and pay",
      isDangerous: true,
      run: () => void run(detail, action)
    }
    : {
      title: "Cancel this task?",
      text: `${detail.row.provider} is asked to stop it. What was spent so far may stay spent.`,
      yes: "Cancel the task",
      isDangerous: true,
      run: () => void run(detail, action)
    }
}

/** The same for a row of the list, of which less is known. `again` reads a running task, and creates an ended one anew. */
export const performOn = async (id: string, action: "cancel" | "again"): Promise<void> => {
  const answer = await getDetail(id)
  if (!answer.ok) return say(answer.message, { isBad: true })
  const detail = answer.value
  perform(detail, action === "cancel" ? "cancel" : detail.can.poll === true ? "poll" : "retry")
}
