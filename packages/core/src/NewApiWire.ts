/**
 * Reading the video tasks of New-API gateways and their relatives: `/v1/video/generations` and `/v1/videos`.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import type { Observation } from "./Observation.ts"
import * as StatusWord from "./StatusWord.ts"
import type { TaskStatus } from "./TaskStatus.ts"
import { Cost } from "./Video.ts"
import type { WireProblem } from "./WireProblem.ts"

/**
 * A video task as New-API gateways send it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * The documentation (New-API, `GET /v1/video/generations/{task_id}`) knows a flat form: `task_id`, `status`, `url`,
 * `format`, `metadata` and `error`. The servers send the row of the task inside `{ code, message, data }`
 * (`dto/task.go`), OpenAI's video object (`dto/openai_video.go`), the flat form inside a wrapper (Gemini and Vertex), or
 * a shortened row. The fields here are those of all forms; where else a file or a reason may stand is looked for only in an
 * answer that reports one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  /** The task in OpenAI's video object, the number of the row in a row. */
  id: Field.Word,
  task_id: Field.Text,
  /** Lower case in the flat form, upper case in rows; `FAILURE` there. */
  status: Field.Word,
  task_status: Field.Word,
  state: Field.Word,
  model: Field.Label,
  /** The names under which the model was asked for and passed on. */
  properties: Field.object({ origin_model_name: Field.Label, upstream_model_name: Field.Label }),
  /** 0 to 100, or `"45%"` in rows. A failed row says `"100%"`. */
  progress: Field.Percent,
  /** What the job takes from the account's quota, in the gateway's own unit. A failed job gives it back. */
  quota: Field.Amount,
  /** Unix seconds; milliseconds from Kling. */
  created_at: Field.Time,
  submit_time: Field.Time,
  /** 0 means "not yet". */
  start_time: Field.Time,
  /** Unix seconds. The Doubao adaptor fills it in while the task runs: it proves nothing. */
  completed_at: Field.Time,
  /** 0 means "not yet". */
  finish_time: Field.Time,
  finished_at: Field.Time,
  /** The finished file: in the flat form, in rows. Video objects have it in `metadata`. */
  url: Field.Link,
  result_url: Field.Link,
  /** For example `mp4`. */
  format: Field.Text,
  /** Seconds, frames per second, pixels. */
  metadata: Field.object({
    url: Field.Link,
    duration: Field.Amount,
    fps: Field.Amount,
    width: Field.Amount,
    height: Field.Amount,
    seed: Field.Number
  }),
  /** Why it failed; in rows it is `fail_reason`. The code is an integer in the flat form, text in video objects. */
  error: Field.object({ code: Field.Word, message: Field.Text }),
  fail_reason: Field.Text
})

/**
 * Reads the answer to a create or to a query as what it says, in any of the forms that gateways send.
 *
 * **Details**
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` for `{ code: "success", data: null }` and for `task_not_exist`. Never throws.
 *
 * The word `unknown`, which a gateway says of a row that it has not looked at yet, gives an observation without a
 * status: the task keeps the state that it has.
 *
 * **Example** (A row)
 *
 * ```ts import.meta.vitest
 * import { NewApiWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = NewApiWire.toObservation({
 *   code: "success",
 *   message: "",
 *   data: { id: 123, task_id: "task_9f", status: "FAILURE", fail_reason: "prompt was refused", progress: "100%" }
 * })
 * Result.getOrThrow(read).failure?.message // => "prompt was refused"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation: (body: unknown) => Result.Result<Observation, WireProblem> = WireObservation.reader({
  task: Task,
  ids: ["id", "task_id"],
  vocabulary: StatusWord.vocabulary(),
  isUrlProof: true,
  parts: (task) => ({
    word: task.status ?? task.task_status ?? task.state,
    progress: task.progress,
    model: task.model ?? task.properties?.origin_model_name ?? task.properties?.upstream_model_name,
    createdAt: task.submit_time ?? task.created_at,
    startedAt: task.start_time,
    completedAt: task.completed_at ?? task.finish_time ?? task.finished_at,
    cost: (status) => costOf(task.quota, status)
  })
})

// internal

/** The quota is taken when the job is accepted, settled when it succeeds, and given back when it fails. */
const costOf = (quota: number | undefined, status: TaskStatus | undefined): Cost | undefined => {
  if (quota === undefined) return undefined
  switch (status) {
    case "SUCCESS":
      return new Cost({ amount: quota, unit: "quota", kind: "bill" })
    case "FAILED":
    case "ERROR":
    case "CANCELLED":
    case "EXPIRED":
      return undefined
    default:
      return new Cost({ amount: quota, unit: "quota", kind: "estimate" })
  }
}
