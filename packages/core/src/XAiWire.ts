/**
 * Reading xAI's video tasks: `POST /v1/videos/generations` and its relatives, `GET /v1/videos/{request_id}`, at xAI's own API
 * and at CometAPI.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as Json from "./internal/wireJson.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import { Observation } from "./Observation.ts"
import * as Redact from "./Redact.ts"
import * as StatusWord from "./StatusWord.ts"
import { isTerminal } from "./TaskStatus.ts"
import { Cost } from "./Video.ts"
import type { WireProblem } from "./WireProblem.ts"

/** What the vendor itself says about a job; a gateway's row has it inside. */
const own = {
  /** Absent while a job runs where only `request_id` is told, and with some finished ones. */
  status: Field.Word,
  /** Empty on a failure. */
  model: Field.Label,
  /** 0 to 100; `"100%"` in a gateway's row. */
  progress: Field.Percent,
  /** In ticks, of which 10,000,000,000 are a dollar; some answers count tokens instead. */
  usage: Field.object({ cost_in_usd_ticks: Field.Amount, total_tokens: Field.Amount }),
  /** The file, its length in seconds, which may be 6.5, and whether moderation lets it out. */
  video: Field.object({ respect_moderation: Field.Flag })
}

/**
 * A video task as xAI sends it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * These are the fields of xAI's answers (xAI, `GET /v1/videos/{request_id}`, and the schema of its AI SDK package) and of the
 * rows in which CometAPI used to wrap them (CometAPI, `GET /grok/v1/videos/{request_id}`, older page). Where the file and the
 * reason of a failure stand is looked for only in an answer that reports one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  request_id: Field.Text,
  /** The name in a gateway's row. */
  task_id: Field.Text,
  ...own,
  /** The times of a gateway's row, in seconds; 0 means "not yet". xAI tells none. */
  submit_time: Field.Time,
  start_time: Field.Time,
  finish_time: Field.Time,
  /** xAI's own answer inside a gateway's row. */
  data: Field.object(own)
})

/**
 * How many ticks of `usage.cost_in_usd_ticks` are one US dollar (xAI, "Tracking usage").
 *
 * @category constants
 * @since 0.1.0
 */
export const ticksPerUsd = 10_000_000_000

/**
 * Returns whether the code of a failure says that a new attempt may work, `undefined` when it is not known to say anything.
 *
 * **Details**
 *
 * xAI's page shows `internal_error` only; its other codes are read by their names. A fault of the service
 * (`internal_error`, `service_unavailable`, `timeout`) may pass. What is said of the content or of the input
 * (`content_policy_violation`, `moderated`, `invalid_argument`) does not.
 *
 * **Example** (What may be tried again)
 *
 * ```ts import.meta.vitest
 * import { XAiWire } from "@video-tasks/core"
 *
 * XAiWire.isRetryable("internal_error") // => true
 * XAiWire.isRetryable("content_policy_violation") // => false
 * XAiWire.isRetryable("something_new") // => undefined
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const isRetryable = (code: string | number | null | undefined): boolean | undefined => {
  const said = String(code ?? "").trim()
  if (final.test(said)) return false
  return passing.test(said) ? true : undefined
}

/**
 * Reads the answer to a create or to a query as what it says.
 *
 * **Details**
 *
 * Bare, or wrapped by CometAPI as `{ code, message, data }`, where the link of a success is in `fail_reason`. `pending` is
 * a job that runs, and so is an answer that holds only a `request_id`. A link without a word is a success. A job that is
 * `done` and whose video moderation withholds (`respect_moderation: false`) has failed, and is billed.
 *
 * The bill of a task that has ended is in USD, or in `tokens` where only those are told.
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` when it says that there is no such task. Never throws.
 *
 * **Example** (A finished job)
 *
 * ```ts import.meta.vitest
 * import { XAiWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = Result.getOrThrow(XAiWire.toObservation({
 *   status: "done",
 *   video: { url: "https://vidgen.x.ai/v.mp4", duration: 5, respect_moderation: true },
 *   usage: { cost_in_usd_ticks: 500000000 }
 * }))
 * read.status // => "SUCCESS"
 * read.cost?.amount // => 0.05
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation: (body: unknown) => Result.Result<Observation, WireProblem> = WireObservation.reader({
  task: Task,
  ids: ["request_id", "task_id", "id"],
  vocabulary: StatusWord.vocabulary({ pending: "IN_PROGRESS" }),
  parts: (task) => ({
    word: task.status ?? task.data?.status ?? (isWithheld(task) ? "done" : undefined),
    progress: task.progress ?? task.data?.progress,
    model: task.model ?? task.data?.model,
    createdAt: task.submit_time,
    startedAt: task.start_time,
    completedAt: task.finish_time,
    cost: (status) =>
      status !== undefined && isTerminal(status) ? billOf(task.usage) ?? billOf(task.data?.usage) : undefined
  }),
  isRetryable
})

/**
 * Reads the body of a refused query as the failure of a job that was charged, or as `undefined` where it is none.
 *
 * **Details**
 *
 * xAI tells of a job that moderation stopped with a 4xx `{ code, error, usage }`: the query was right, and the job has
 * failed and costs money. A bill is what sets it apart from an error about the query: an amount above zero in
 * `usage.cost_in_usd_ticks` or `usage.total_tokens`. An empty `usage`, one of zeros and one that counts something else are
 * no bill, and the task may go on.
 *
 * **Example** (A moderated job)
 *
 * ```ts import.meta.vitest
 * import { XAiWire } from "@video-tasks/core"
 *
 * const usage = { cost_in_usd_ticks: 500000000 }
 * XAiWire.toChargedFailure({ code: "moderated", error: "The video was blocked", usage })?.status // => "FAILED"
 * XAiWire.toChargedFailure({ code: "not-found", error: "no such request" }) // => undefined
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toChargedFailure = (body: unknown): Observation | undefined => {
  if (!Json.isObject(body)) return undefined
  const { code, error, ...rest } = body
  const usage = Json.isObject(rest["usage"]) ? rest["usage"] : Json.embedded(rest["usage"])
  if (!isBill(usage)) return undefined
  // As a job that failed would say it in a 200, so that one reader finds the reason of both.
  const failed = {
    ...rest,
    status: "failed",
    error: Json.isObject(error) ? { code, ...error } : { code, message: error }
  }
  return Result.getOrUndefined(Result.map(toObservation(failed), (observation) => withRaw(observation, body)))
}

// internal

const final = /content|moderat|safety|policy|invalid[ _-]?argument/i

const passing = /^(?:internal(?:[ _-](?:server[ _-])?error)?|service[ _-]unavailable|unavailable|timeout|overloaded)$/i

const isBill = (usage: unknown): boolean =>
  Json.isObject(usage) &&
  [usage["cost_in_usd_ticks"], usage["total_tokens"]].some((spent) => (Json.amount(spent) ?? 0) > 0)

const withRaw = (observation: Observation, body: object): Observation =>
  new Observation(Object.assign({}, observation, { raw: Redact.excerpt(body) }))

/** Both are exact, so that the division gives the nearest number to the true amount: 0.05, not 0.05000000000000001. */
const billOf = (usage: typeof Task.Type.usage): Cost | undefined => {
  const { cost_in_usd_ticks: ticks, total_tokens: tokens } = usage ?? {}
  if (ticks !== undefined) return new Cost({ amount: ticks / ticksPerUsd, unit: "USD", kind: "bill" })
  return tokens === undefined ? undefined : new Cost({ amount: tokens, unit: "tokens", kind: "bill" })
}

const isWithheld = ({ data, video }: typeof Task.Type): boolean =>
  video?.respect_moderation === false || data?.video?.respect_moderation === false
