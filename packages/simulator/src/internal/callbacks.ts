/** What a task will say to the URL that its create named, and when. */
import type { WebhookFault } from "../SimulatorOptions.ts"
import type { Callback, Delivery } from "../SimulatorWebhooks.ts"
import * as answer from "./answer.ts"
import * as bodies from "./callbackBodies.ts"
import type { Context } from "./context.ts"
import * as random from "./random.ts"
import { millis, type State } from "./state.ts"
import type * as tasks from "./task.ts"

/** A tenth of a job is spent in the queue. */
const queuedShare = 0.1

/** @internal `undefined` when the create named no URL, or the API takes none. */
export const plan = (context: Context, task: tasks.Task): Callback | undefined => {
  const url = task.said["callback_url"]
  if (typeof url !== "string" || !URL.canParse(url) || task.visibleAt === Infinity) return undefined
  const { faults = [], secrets = [] } = context.state.options.webhooks ?? {}
  const ends = task.createdAt + task.jobMillis
  const runs = task.createdAt + task.jobMillis * queuedShare
  const has = (fault: WebhookFault) => faults.includes(fault)
  // Out of order: that it runs is said a second after its end.
  const runsAt = has("out-of-order") ? ends + millis(context.state, 1) : runs
  const moments = [
    ...(has("lost") ? [] : [{ name: "running", at: runsAt, of: runs }]),
    ...(has("lost") || has("lost-end") || task.stuck ? [] : [{ name: "end", at: ends, of: ends }])
  ]
  const deliveries = moments.flatMap(({ at, name, of }) => {
    const one = deliveryOf(context, task, { name, at, of }, secrets)
    return has("duplicate") ? [one, one] : [one]
  })
  return { url, taskId: task.id, faults, signs: bodies.signs(task.api), deliveries }
}

interface Moment {
  readonly name: string
  readonly at: number
  /** The moment that the body is about. */
  readonly of: number
}

const deliveryOf = (context: Context, task: tasks.Task, moment: Moment, secrets: ReadonlyArray<string>): Delivery => {
  const { state } = context
  const id = `msg_${random.text(state.seed, `webhook ${task.number} ${moment.name}`, 27)}`
  return {
    id,
    at: moment.at - state.shift,
    secrets,
    body: () => {
      const now = moment.of
      const current = state.tasks.get(task.id)
      // A record that was deleted says nothing any more.
      const said = current === undefined ? undefined : bodies.of({ ...context, now }, current)
      return said === undefined ? undefined : answer.bytes(JSON.stringify(said))
    },
    told: ({ at, attempt, status }) => note(state, { at: at + state.shift, taskId: task.id, id, attempt, status })
  }
}

const note = (state: State, delivered: State["webhooks"][number]): void => {
  state.webhooks.push(delivered)
}
