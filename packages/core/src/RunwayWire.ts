/**
 * Reading Runway's tasks: `POST /v1/image_to_video` and `GET /v1/tasks/{id}`, at the vendor's own API and behind CometAPI.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as Json from "./internal/wireJson.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import type { Observation } from "./Observation.ts"
import * as StatusWord from "./StatusWord.ts"
import { isTerminal } from "./TaskStatus.ts"
import { Cost } from "./Video.ts"
import type { WireProblem } from "./WireProblem.ts"

const cost = Field.object({ credits: Field.Amount })

/**
 * A task as Runway sends it, and the row that CometAPI used to put round it. Every field may be missing; one of the wrong
 * type is read as missing.
 *
 * **Details**
 *
 * Native (Runway, `GET /v1/tasks/{id}`; CometAPI since May 2026): `id`, `status`, `createdAt`, `progress` from 0 to 1,
 * `output`, `failure`, `failureCode`, `cost`. The row (CometAPI before that; `{ code, message, data }` is taken off):
 * `task_id`, a status of New-API, `progress` as `"45%"`, `fail_reason`, times in Unix seconds, and in `data` the native
 * task. The old callback is flat, and all its values are strings.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  id: Field.Text,
  task_id: Field.Text,
  /** `PENDING`, `THROTTLED`, `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`; in a row the words of New-API. */
  status: Field.Word,
  task_status: Field.Word,
  state: Field.Word,
  model: Field.Label,
  /** 0 to 1 in a native task, `"45%"` or 0 to 100 in a row. */
  progress: Field.Any,
  /** ISO 8601, with `Z` or an offset. */
  createdAt: Field.Time,
  /** Unix seconds; 0 stands for "not yet". */
  submit_time: Field.Time,
  start_time: Field.Time,
  finish_time: Field.Time,
  /** Unix seconds of the old callback, in a string. */
  create_time: Field.Time,
  /** Signed links that live 24 to 48 hours; every read gives fresh ones. */
  output: Field.Any,
  video_url: Field.Any,
  /** What a task that has ended was charged. */
  cost,
  /** The native task in a row. */
  data: Field.object({ createdAt: Field.Time, progress: Field.Any, cost })
})

/**
 * Returns whether a `failureCode` says that a new attempt may work, `undefined` when it is not known to say anything.
 *
 * **Details**
 *
 * By Runway's page on task failures, partly as clients quote it: what the moderation refuses (`SAFETY.*`,
 * `INPUT_PREPROCESSING.SAFETY.*`) and `ASSET.INVALID` are not to be tried again. `INTERNAL`, `INTERNAL.*`,
 * `INPUT_PREPROCESSING.INTERNAL`, `THIRD_PARTY.UNAVAILABLE` and a code that is null may work after a delay, though
 * `INTERNAL.BAD_OUTPUT.*` better with other words or another picture. `THIRD_PARTY.INPUT_VALIDATION` is not on that page
 * and is read by its name.
 *
 * **Example** (What may be tried again)
 *
 * ```ts import.meta.vitest
 * import { RunwayWire } from "@video-tasks/core"
 *
 * RunwayWire.isRetryable("THIRD_PARTY.UNAVAILABLE") // => true
 * RunwayWire.isRetryable("SAFETY.INPUT.TEXT") // => false
 * RunwayWire.isRetryable("SOMETHING.NEW") // => undefined
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const isRetryable = (failureCode: string | number | null | undefined): boolean | undefined => {
  if (failureCode === null) return true
  const code = String(failureCode ?? "").trim()
  if (final.test(code)) return false
  return passing.test(code) ? true : undefined
}

/**
 * Reads the answer to a create or to a query as what it says, native or wrapped as `{ code, message, data }`.
 *
 * **Details**
 *
 * The answer to a create is an id and nothing else that says more: the task is pending. What `progress` means is decided by
 * the form, never by its size: a number of a native task is a share of 1, one of a row is a percentage, and so is any text
 * with a percent sign. `cost.credits` is the bill of a task that has ended, in `credits`.
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` when it says that there is no such task. Never throws.
 *
 * **Example** (A poll)
 *
 * ```ts import.meta.vitest
 * import { RunwayWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = RunwayWire.toObservation({ id: "17f20503", status: "RUNNING", progress: 0.45 })
 * Result.getOrThrow(read).progress // => 45
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation: (body: unknown) => Result.Result<Observation, WireProblem> = WireObservation.reader({
  task: Task,
  ids: ["id", "task_id"],
  vocabulary: StatusWord.vocabulary(),
  parts: (task, { isWrapped }) => ({
    word: task.status ?? task.task_status ?? task.state ?? (isReceipt(task) ? "PENDING" : undefined),
    progress: (isWrapped ? Json.percent(task.progress) : shareOf(task.progress)) ?? shareOf(task.data?.progress),
    model: task.model,
    createdAt: task.createdAt ?? task.submit_time ?? task.create_time ?? task.data?.createdAt,
    startedAt: task.start_time,
    completedAt: task.finish_time,
    cost: (status) => status !== undefined && isTerminal(status) ? billOf(task.cost ?? task.data?.cost) : undefined
  }),
  isRetryable
})

// internal

const final = /^SAFETY(?:\.|$)|\.SAFETY(?:\.|$)|^ASSET\.INVALID$|(?:^|\.)INPUT_VALIDATION$/i

const passing = /^INTERNAL(?:\.|$)|\.INTERNAL$|^THIRD_PARTY\.UNAVAILABLE$/i

/** Whether it is no more than an id. */
const isReceipt = ({ data, output, progress, video_url }: typeof Task.Type): boolean =>
  (data ?? output ?? progress ?? video_url ?? null) === null

/** 0 to 100 from a share of 1, without the dust of the multiplication. */
const shareOf = (progress: unknown): number | undefined => {
  if (typeof progress === "string" && progress.includes("%")) return Json.percent(progress)
  const share = Json.number(progress)
  return share === undefined ? undefined : Json.percent(Math.round(share * 1e4) / 100)
}

const billOf = (charged: typeof Task.Type.cost): Cost | undefined =>
  charged?.credits === undefined ? undefined : new Cost({ amount: charged.credits, unit: "credits", kind: "bill" })
