import type { Api } from "../Script.ts"
import type { Outcome, SeedTask } from "../SeedTask.ts"
import type { Options } from "../SimulatorOptions.ts"
import * as random from "./random.ts"
import { millis, type State } from "./state.ts"
import * as times from "./times.ts"

/** @internal A task as the simulator knows it; times are epoch ms of the caller. */
export interface Task {
  readonly id: string
  readonly number: number
  readonly api: Api
  readonly model: string
  readonly prompt: string
  readonly seconds: number
  readonly size: string
  readonly resolution: string
  readonly createdAt: number
  readonly visibleAt: number
  readonly jobMillis: number
  readonly outcome: Outcome
  readonly withoutUrl: boolean
  readonly stuck: boolean
  /** When it was cancelled. */
  readonly cancelledAt?: number | undefined
  /** Which of the API's routes made it, where there are several. */
  readonly route?: string | undefined
  /** The client's own name for it. */
  readonly reference?: string | undefined
  /** What the create said and the simulator does not understand, to be said again. */
  readonly said: Readonly<Record<string, unknown>>
  readonly seeded: SeedTask
}

/** @internal What a create adds to the task. */
export type Particulars = Partial<Pick<Task, "id" | "route" | "reference" | "said">>

type Phase = "waiting" | "queued" | "running" | Outcome

/** @internal A task at one moment. */
export interface View {
  readonly phase: Phase
  readonly progress: number
  /** Without the rounding to steps of five. */
  readonly exact: number
  readonly remainingSeconds: number
  readonly finishedAt: number | undefined
  /** When what is seen came about. */
  readonly seenAt: number
  /** Replaces the status word; a fault. */
  readonly word?: string | undefined
  /** Replaces whatever the task says about its link; a fault. */
  readonly withoutUrl?: boolean | undefined
}

// A tenth of a job is spent in the queue.
const queuedShare = 0.1

const directive = (prompt: string, word: string): boolean => prompt.includes(`[${word}]`)

const outcomeOf = (state: State, seeded: SeedTask, prompt: string, key: string): Outcome => {
  if (seeded.outcome !== undefined) return seeded.outcome
  if (directive(prompt, "fail")) return "failed"
  if (directive(prompt, "error")) return "error"
  if (directive(prompt, "expire")) return "expired"
  const { error = 0, failed = 0 } = state.options.outcomes ?? {}
  const chance = random.unit(state.seed, `outcome ${key}`)
  return chance < failed ? "failed" : chance < failed + error ? "error" : "success"
}

const jobSeconds = (state: State, seeded: SeedTask, prompt: string, key: string): number => {
  const asked = /\[job=(\d+(?:\.\d+)?)\]/.exec(prompt)?.[1]
  if (asked !== undefined) return Number(asked)
  const { max, min } = state.options.jobSeconds ?? { min: 60, max: 120 }
  return seeded.jobSeconds ?? min + (max - min) * random.unit(state.seed, `job ${key}`)
}

const newId = (state: State, api: Api, number: number, now: number): string =>
  api === "seeany"
    ? `vid_${times.day(now)}_${String(number).padStart(3, "0")}`
    : `task_${random.text(state.seed, `id ${number}`, 32)}`

/** @internal Makes a task and stores it. */
export const add = (
  state: State,
  api: Api,
  seeded: SeedTask,
  now: number,
  particulars: Particulars = {}
): Task => {
  const number = ++state.tasksMade
  const key = String(number)
  const prompt = seeded.prompt ?? ""
  const visible = directive(prompt, "ghost") ? Infinity : millis(state, state.options.visibleAfterSeconds ?? 0)
  const createdAt = now - millis(state, seeded.elapsedSeconds ?? 0)
  const task: Task = {
    id: seeded.id ?? particulars.id ?? newId(state, api, number, now),
    number,
    api,
    model: seeded.model ?? "doubao-seedance-2-0-fast",
    prompt,
    seconds: seeded.seconds ?? 5,
    size: seeded.size ?? "16:9",
    resolution: seeded.resolution ?? "720p",
    createdAt,
    visibleAt: createdAt + visible,
    jobMillis: millis(state, jobSeconds(state, seeded, prompt, key)),
    outcome: outcomeOf(state, seeded, prompt, key),
    withoutUrl: seeded.withoutUrl ?? (directive(prompt, "no-url") || (state.options.withoutUrl ?? false)),
    stuck: directive(prompt, "stuck"),
    route: particulars.route,
    reference: particulars.reference,
    said: particulars.said ?? {},
    seeded
  }
  state.tasks.set(task.id, task)
  return task
}

/** @internal Finds a task of an API that polls can already see. */
export const find = (state: State, api: Api, id: string, now: number): Task | undefined => {
  const task = state.tasks.get(id)
  return task !== undefined && task.api === api && now >= task.visibleAt ? task : undefined
}

/** @internal Ends a task here and now. */
export const cancel = (state: State, task: Task, now: number): void => {
  state.tasks.set(task.id, { ...task, outcome: "cancelled", cancelledAt: now })
}

/** @internal All tasks of an API that can be seen, newest first. */
export const all = (state: State, api: Api, now: number): ReadonlyArray<Task> =>
  [...state.tasks.values()].filter((task) => task.api === api && now >= task.visibleAt).toReversed()

/** @internal */
export const view = (task: Task, at: number): View => {
  if (task.cancelledAt !== undefined && at >= task.cancelledAt) {
    const seen = view({ ...task, cancelledAt: undefined, outcome: "success" }, task.cancelledAt)
    return { ...seen, phase: "cancelled", remainingSeconds: 0, finishedAt: task.cancelledAt, seenAt: at }
  }
  const elapsed = at - task.createdAt
  const share = Math.min(task.stuck ? 0.3 : 1, task.jobMillis === 0 ? 1 : elapsed / task.jobMillis)
  const done = share >= 1
  return {
    phase: done ? task.outcome : share < queuedShare ? "queued" : "running",
    progress: Math.floor(share * 20 + 1e-9) * 5,
    exact: share * 100,
    remainingSeconds: done ? 0 : Math.ceil((task.jobMillis - elapsed) / 1000 - 1e-9),
    finishedAt: done ? task.createdAt + task.jobMillis : undefined,
    seenAt: at
  }
}

/**
 * A task as a row of New-API shows it: as its upstream stood at the latest look, of which there is one in 15 s
 * (`service/task_polling.go`). Before the first look the row is `NOT_START`, and progress is a constant of the state.
 *
 * @internal
 */
export const rowView = (state: State, task: Task, now: number): View => {
  const tick = Math.max(1, millis(state, state.options.tickSeconds ?? 15))
  const looks = Math.floor((now - task.createdAt) / tick)
  const seenAt = task.createdAt + looks * tick
  if (looks < 1) return { ...view(task, task.createdAt), phase: "waiting", progress: 0, exact: 0 }
  const seen = view(task, seenAt)
  const progress = seen.phase === "queued" ? 20 : seen.phase === "running" ? 30 : 100
  const finishedAt = seen.finishedAt === undefined
    ? undefined
    : task.createdAt + Math.max(1, Math.ceil(task.jobMillis / tick)) * tick
  return { ...seen, progress, exact: progress, finishedAt }
}

/** @internal The progress as it is written, `undefined` where it is left out. */
export const progress = (seen: View, form: Options["progress"]): number | string | undefined => {
  switch (form) {
    case "percent":
      return `${seen.progress}%`
    case "float":
      return Math.round(seen.exact * 100) / 100
    case "fraction":
      return seen.progress / 100
    case "absent":
      return undefined
    case "stuck":
      return seen.phase === "running" ? 30 : seen.progress
    default:
      return seen.progress
  }
}

/** @internal A time as it is written. */
export const stamp = (state: State, at: number): number | string => {
  switch (state.options.timestamps) {
    case "milliseconds":
      return Math.floor(at)
    case "iso":
      return times.iso(at)
    default:
      return Math.floor(at / 1000)
  }
}

/** @internal Fields that a task of New-API or of a relative of it has and that no documentation names. */
export const extra = (state: State, task: Task): Readonly<Record<string, unknown>> =>
  state.options.extraFields === true
    ? {
      platform: "54",
      user_id: 1,
      group: "default",
      quota: 2500,
      x_internal: { shard: task.number % 7, tags: ["a", null, 1.5], nested: [{ deep: true }] },
      result: null
    }
    : {}

/** @internal */
export const failure = (task: Task): { readonly code: string | number | null; readonly message: string } => ({
  code: task.seeded.failureCode === undefined
    ? task.outcome === "error" ? "internal_error" : "content_policy_violation"
    : task.seeded.failureCode,
  message: task.seeded.failureMessage ??
    (task.outcome === "error" ? "The job was stopped by an internal error" : "生成内容违反内容安全策略")
})
