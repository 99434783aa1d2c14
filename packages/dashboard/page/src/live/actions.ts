import { signal } from "@preact/signals"
import type { Detail, Row } from "../../../src/Contract.ts"
import { money } from "../model/format.ts"
import { newId } from "../model/newId.ts"
import { act, getDetail } from "./api.ts"
import { serverNow } from "./clock.ts"
import { say } from "./notice.ts"
import { go, hrefOf, taskId } from "./route.ts"

export type Action = "poll" | "cancel" | "retry"

/** A question that must be answered before something is done. */
export interface Question {
  readonly title: string
  /** The task that it is about: who is asked sees which one. */
  readonly row: Row
  readonly text: string
  readonly yes: string
  readonly isDangerous: boolean
  readonly run: () => void
}

export const question = signal<Question | undefined>(undefined)
/** The action that is under way, as `poll ID`. */
export const busy = signal<string | undefined>(undefined)

/** The new tasks that were asked for and of which no answer came, by the task that they repeat. */
const asked = new Map<string, string>()

const run = async ({ row: { id } }: Detail, action: Action, newTask?: string): Promise<void> => {
  if (newTask !== undefined) asked.set(id, newTask)
  busy.value = `${action} ${id}`
  const answer = await act(id, action, newTask)
  busy.value = undefined
  // Without a clear answer it may be there, or under way: who presses again means the same one.
  const isOpen = !answer.ok && (answer.status === 0 || answer.status > 499 || answer.reason === "NotNow")
  if (!isOpen) asked.delete(id)
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
  const { row } = detail
  const newTask = asked.get(row.id) ?? newId(serverNow())
  question.value = action === "retry"
    ? {
      title: "Create it again, and pay again?",
      row,
      text: `The same request is sent to ${row.provider} as a new task. ${price(detail)} ` +
        "The task that is there stays as it is.",
      yes: "Create and pay",
      isDangerous: true,
      run: () => void run(detail, action, newTask)
    }
    : {
      title: "Cancel this task?",
      row,
      text: `${row.provider} is asked to stop it. What was spent so far may stay spent.`,
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
