import type { Create, Received, Webhook } from "../Ledger.ts"
import type { Api, Line } from "../Script.ts"
import type { Options } from "../SimulatorOptions.ts"
import type { Callback } from "../SimulatorWebhooks.ts"
import type { Task } from "./task.ts"

/** @internal */
export interface Counts {
  readonly api: Api
  readonly polledAt: Array<number>
  readonly polledBy: Array<string>
  readonly downloadedAt: Array<number>
}

/** @internal A script line and how many requests fitted it so far, by task or in all. */
export interface ActiveLine {
  readonly line: Line
  readonly number: number
  readonly fitted: Map<string, number>
}

/** A signature that was given out. */
interface Link {
  readonly taskId: string
  readonly expiresAt: number
}

/** @internal Everything that changes, in one place. */
export interface State {
  readonly options: Options
  readonly seed: number
  readonly speed: number
  /** Added to the clock, so that a clock at 1970 gives dates that look real. */
  readonly shift: number
  readonly tasks: Map<string, Task>
  readonly links: Map<string, Link>
  readonly lines: Array<ActiveLine>
  readonly creates: Array<Create>
  readonly received: Array<Received>
  readonly webhooks: Array<Webhook>
  /** What nobody has taken yet to be sent. */
  readonly callbacks: Array<Callback>
  readonly counts: Map<string, Counts>
  /** How many tasks, requests, links and lines there were: each numbers the next one. */
  tasksMade: number
  requestsSeen: number
  linksMade: number
  linesAdded: number
  posts: number
}

// 2026-04-20T10:32:29Z, the `created_at` in the sample of CometAPI's create page.
const sampleDate = 1_776_681_149_000
// Clocks before 2001 are not set.
const earliest = 1e12

/** @internal */
export const make = (options: Options, now: number): State => ({
  options,
  seed: options.seed ?? 1,
  speed: options.speed ?? 1,
  shift: (options.epoch ?? (now < earliest ? sampleDate : now)) - now,
  tasks: new Map(),
  links: new Map(),
  lines: [],
  creates: [],
  received: [],
  webhooks: [],
  callbacks: [],
  counts: new Map(),
  tasksMade: 0,
  requestsSeen: 0,
  linksMade: 0,
  linesAdded: 0,
  posts: 0
})

/** @internal */
export const clear = (state: State): void => {
  for (const map of [state.tasks, state.links, state.counts]) map.clear()
  for (const list of [state.lines, state.creates, state.received, state.webhooks, state.callbacks]) list.length = 0
  state.tasksMade =
    state.requestsSeen =
    state.linksMade =
    state.linesAdded =
    state.posts =
      0
}

/** @internal Forgets the tasks that were made first, when there are a tenth more than shall be kept. */
export const forget = (state: State): void => {
  const { keepTasks = Infinity } = state.options
  if (state.tasks.size <= keepTasks * 1.1) return
  const gone = new Set([...state.tasks.keys()].slice(0, state.tasks.size - keepTasks))
  for (const id of gone) {
    state.tasks.delete(id)
    state.counts.delete(id)
    for (const { fitted } of state.lines) fitted.delete(id)
  }
  for (const [signature, { taskId }] of state.links) {
    if (gone.has(taskId)) state.links.delete(signature)
  }
  const kept = state.creates.filter(({ taskId }) => !gone.has(taskId))
  state.creates.splice(0, state.creates.length, ...kept)
}

/** @internal Simulated seconds as ms of the caller's clock. */
export const millis = (state: State, seconds: number): number => seconds * 1000 / state.speed

/** @internal */
export const countsOf = (state: State, taskId: string, api: Api): Counts => {
  let counts = state.counts.get(taskId)
  if (counts === undefined) {
    counts = { api, polledAt: [], polledBy: [], downloadedAt: [] }
    state.counts.set(taskId, counts)
  }
  return counts
}

/** @internal */
export const addLines = (state: State, lines: ReadonlyArray<Line>): void => {
  for (const line of lines) state.lines.push({ line, number: ++state.linesAdded, fitted: new Map() })
}
