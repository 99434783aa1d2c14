/**
 * Those who submit tasks and wait for them, whatever happens to the workers: what they ask for, and what they are told. All
 * that they go by is what the library promises: the handle, and the errors.
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

/** A submit, under an id of its own. */
export interface Attempt {
  readonly id: string
  readonly from: number
  readonly to: number
  /** `made`: with a handle; `again`: nothing was sent, and it may be repeated; the others are final. */
  readonly answer: "made" | "again" | "ambiguous" | "refused"
  /** What was said when it failed. */
  readonly said?: string
}

/** What a customer wants: one video. */
export interface Wish {
  /** How its task was asked to end. */
  readonly end: string
  readonly isWatched: boolean
  readonly attempts: ReadonlyArray<Attempt>
  /** What whoever waited for it was told. */
  readonly told?: string
}

export interface Asked {
  readonly wishes: ReadonlyArray<Wish>
  /** The errors that there were, and how often. */
  readonly errors: ReadonlyMap<string, number>
}

export interface Options {
  readonly tasks: VideoTasks.VideoTasks["Service"]
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

/** How long a customer waits before asking again, in ms. */
const againMs = 500

/** Submits all tasks, one after the other within the time, and waits for the end of half of them. */
export const serve = Effect.fnUntraced(function*({ count, random, seconds, tasks }: Options) {
  const errors = new Map<string, number>()
  const note = (where: string) => (error: VideoTaskError.VideoTaskError) =>
    Effect.sync(() => {
      const key = `${where}: ${error.reason._tag}${error.retryable ? "" : ", final"}`
      errors.set(key, (errors.get(key) ?? 0) + 1)
    })
  const orders = Array.from({ length: count }, (_, n): Order => ({
    at: 1000 * seconds * n / count,
    job: Math.round(3 + Math.min(12, seconds / 3) * random()),
    isWatched: random() < 0.5,
    end: ends[random() < 0.8 ? 0 : random() < 0.5 ? 1 : 2]
  }))
  const submitted = Effect.fnUntraced(function*({ end, job }: Order) {
    const attempts: Array<Attempt> = []
    for (;;) {
      const [id, from] = [newId(), now()]
      const result = yield* Effect.result(tasks.submit(request(`${id} [job=${job}]${end.directive}`), { id }))
      if (result._tag === "Success") {
        attempts.push({ id, from, to: now(), answer: "made" })
        return { attempts, handle: result.success }
      }
      const { failure } = result
      yield* note("submit")(failure)
      const answer = answerOf(failure)
      attempts.push({ id, from, to: now(), answer, said: failure.message })
      if (answer !== "again") return { attempts, handle: failure.handle }
      yield* Effect.sleep(againMs)
    }
  })
  const wishes = yield* Effect.forEach(orders, (order) =>
    Effect.gen(function*() {
      yield* Effect.sleep(order.at)
      const { attempts, handle } = yield* submitted(order)
      const wish: Wish = { end: order.end.status, isWatched: order.isWatched, attempts }
      if (handle === undefined || !order.isWatched) return wish
      const told = yield* tasks.awaitEnd(handle, { deadline: "20 minutes" }).pipe(
        Effect.tapError(note("await")),
        Effect.retry({ schedule: Schedule.spaced(againMs), while: ({ retryable }) => retryable }),
        Effect.match({ onFailure: ({ message }) => message, onSuccess: ({ status }) => status })
      )
      return { ...wish, told }
    }), { concurrency: "unbounded" })
  const asked: Asked = { wishes, errors }
  return asked
})

const answerOf = ({ handle, reason, retryable }: VideoTaskError.VideoTaskError): Attempt["answer"] => {
  if (handle !== undefined) return "made"
  if (reason._tag === "SubmissionAmbiguous") return "ambiguous"
  return retryable ? "again" : "refused"
}
