/**
 * Those who submit tasks and wait for them, whatever happens to the workers: what they ask for, and what they are told.
 */
import { TaskId, type VideoTaskError } from "@video-tasks/core"
import { CometApi } from "@video-tasks/providers"
import type { VideoTasks } from "@video-tasks/runtime"
import { Effect, Schedule } from "effect"
import { now } from "./clock.ts"

/** How a task can be asked to end, and what that is called. */
const ends = [
  { directive: "", status: "SUCCESS" },
  { directive: " [fail]", status: "FAILED" },
  { directive: " [error]", status: "ERROR" }
] as const

export interface Asked {
  /** How the task of each submission was asked to end. */
  readonly ends: Map<TaskId.TaskId, string>
  /** What whoever waited for it was told. */
  readonly told: Map<TaskId.TaskId, string>
  /** The tasks that nobody waits for. */
  readonly unwatched: Set<TaskId.TaskId>
  /** The submissions that were said to be ambiguous. */
  readonly ambiguous: Set<TaskId.TaskId>
  /** What else was said, and how often. */
  readonly errors: Map<string, number>
}

export interface Options {
  readonly tasks: VideoTasks.VideoTasks["Service"]
  /** What the database says of a submission. */
  readonly outcomeOf: (id: TaskId.TaskId) => Effect.Effect<string | undefined, unknown>
  readonly random: () => number
  readonly count: number
  readonly seconds: number
}

interface Order {
  /** When it is submitted, in ms from the beginning. */
  readonly at: number
  /** How long it takes, in seconds. */
  readonly job: number
  readonly end: typeof ends[number]
  readonly isWatched: boolean
}

/** A new id, as the customers of a cluster may make them. */
export const newId = () =>
  TaskId.TaskId.make(
    `${Math.floor(now()).toString(16).padStart(12, "0").replace(/^(.{8})/, "$1-")}-7${crypto.randomUUID().slice(15)}`
  )

export const request = (prompt: string) => CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt, seconds: 5 })

/** Submits all tasks, one after the other within the time, and waits for the end of half of them. */
export const serve = Effect.fnUntraced(function*({ count, outcomeOf, random, seconds, tasks }: Options) {
  const asked: Asked = {
    ends: new Map(),
    told: new Map(),
    unwatched: new Set(),
    ambiguous: new Set(),
    errors: new Map()
  }
  const note = (where: string) => (error: VideoTaskError.VideoTaskError) =>
    Effect.sync(() => {
      const key = `${where}: ${error.reason._tag}`
      asked.errors.set(key, (asked.errors.get(key) ?? 0) + 1)
    })
  const orders = Array.from({ length: count }, (_, n): Order => ({
    at: 1000 * seconds * n / count,
    job: Math.round(4 + 12 * random()),
    isWatched: random() < 0.5,
    end: ends[random() < 0.8 ? 0 : random() < 0.5 ? 1 : 2]
  }))
  const submitted = Effect.fnUntraced(function*({ end, job }: Order) {
    for (;;) {
      const id = newId()
      asked.ends.set(id, end.status)
      const result = yield* Effect.result(tasks.submit(request(`${id} [job=${job}]${end.directive}`), { id }))
      if (result._tag === "Success") return id
      yield* note("submit")(result.failure)
      const outcome = result.failure.reason._tag === "SubmissionAmbiguous" ? "ambiguous" : yield* known(outcomeOf, id)
      if (outcome === "created") return id
      if (outcome === "ambiguous") {
        asked.ambiguous.add(id)
        return undefined
      }
    }
  })
  const waited = (id: TaskId.TaskId) =>
    tasks.awaitEnd(id, { deadline: "20 minutes" }).pipe(
      Effect.tapError(note("await")),
      Effect.retry({ schedule: Schedule.spaced(500) }),
      Effect.tap(({ status }) => Effect.sync(() => asked.told.set(id, status)))
    )
  yield* Effect.forEach(orders, (order) =>
    Effect.gen(function*() {
      yield* Effect.sleep(order.at)
      const id = yield* submitted(order)
      if (id === undefined) return
      if (order.isWatched) yield* waited(id)
      else asked.unwatched.add(id)
    }), { concurrency: "unbounded", discard: true })
  return asked
})

/** What became of a submit that failed otherwise, once it is known: a submission that there is not was never begun. */
const known = (outcomeOf: Options["outcomeOf"], id: TaskId.TaskId) =>
  outcomeOf(id).pipe(
    Effect.repeat({ until: (outcome) => outcome !== "pending", schedule: Schedule.spaced(1000) }),
    Effect.retry({ schedule: Schedule.spaced(1000) })
  )
