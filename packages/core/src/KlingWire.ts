/**
 * Reading Kling's video tasks: `/v1/videos/text2video` and `/v1/videos/image2video`, at Kling's own API and at CometAPI.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as Json from "./internal/wireJson.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import type { Observation } from "./Observation.ts"
import * as StatusWord from "./StatusWord.ts"
import { isTerminal, type TaskStatus } from "./TaskStatus.ts"
import { Cost } from "./Video.ts"
import { WireProblem } from "./WireProblem.ts"

/** What was charged, in one of the two ways in which an account pays. */
const charge = {
  /** What the job took from a package of units, as a decimal in a string. */
  final_unit_deduction: Field.Amount,
  /** What it took from the balance: the price after and before discounts, in the account's currency, which is not told. */
  final_balance_deduction: Field.object({ quota: Field.Amount, list_price: Field.Amount }),
  /** The new API's list of charges. */
  billing: Field.listOf({ charge_type: Field.Label, amount: Field.Amount, currency: Field.Label })
}

/**
 * A video task as Kling sends it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * These are the fields of the routes that name the model in the body (Kling, `GET /v1/videos/text2video/{id}`; CometAPI,
 * `GET /kling/v1/{action}/{action2}/{task_id}`), of their callbacks, of the newer routes (`GET /tasks?task_ids=`), and of
 * the rows in which gateways wrap such a task. There is no progress in Kling's own answers.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  /** 18 or 19 digits, which exceed what a number can hold. */
  task_id: Field.Text,
  /** The same in the new API. */
  id: Field.Text,
  /** `submitted`, `processing`, `succeed` or `failed`. */
  task_status: Field.Word,
  /** The same in the new API, where a success is `succeeded`. */
  status: Field.Word,
  /** Why it failed; on a success it may say "success". */
  task_status_msg: Field.Text,
  /** Our own name for the task. */
  task_info: Field.object({ external_task_id: Field.Text }),
  /** Milliseconds, also below. */
  created_at: Field.Time,
  /** When the task changed last: its end, once it has ended. */
  updated_at: Field.Time,
  create_time: Field.Time,
  update_time: Field.Time,
  /** The times of a gateway's row, in seconds; 0 means "not yet". */
  submit_time: Field.Time,
  start_time: Field.Time,
  finish_time: Field.Time,
  /** Only in a gateway's row. */
  progress: Field.Percent,
  ...charge,
  /** Kling's own answer inside a gateway's row. */
  data: Field.object({ ...charge, data: Field.object(charge) })
})

/**
 * Reads the answer to a create or to a query, a callback, or one item of a list, as what it says.
 *
 * **Details**
 *
 * Bare, wrapped as `{ code, message, request_id, data }`, or that once more inside a gateway's row. The wrapper's `code` is
 * 0 on success, a number or a string, and may be missing; its `message` means nothing. An id that came as a number too
 * large for one is no id: JSON has rounded it already.
 *
 * The bill is in `units`, or, where no units were taken, in `balance`: Kling does not tell the currency.
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` when it says that there is no such task. Never throws.
 *
 * **Example** (A poll)
 *
 * ```ts import.meta.vitest
 * import { KlingWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = KlingWire.toObservation({
 *   code: 0,
 *   message: "SUCCEED",
 *   data: { task_id: "2032273942220931072", task_status: "processing", created_at: 1773366840306 }
 * })
 * Result.getOrThrow(read).remoteId // => "2032273942220931072"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation = (body: unknown): Result.Result<Observation, WireProblem> => read(unlisted(body))

/**
 * Takes the tasks out of the answer to a list (`GET /v1/videos/text2video?pageNum=&pageSize=`, `GET /tasks?task_ids=`); each
 * is one that `toObservation` reads.
 *
 * **Details**
 *
 * Fails with `WireProblem`: `refused` when the answer says no, `notATask` when it holds no list.
 *
 * @category converting
 * @since 0.1.0
 */
export const toItems = (body: unknown): Result.Result<ReadonlyArray<unknown>, WireProblem> => {
  const list = listOf(body)
  if (list !== undefined) return Result.succeed(list)
  const problem = Result.getFailure(read(body))
  return Result.fail(
    problem._tag === "Some" && problem.value.kind === "refused"
      ? problem.value
      : new WireProblem({ kind: "notATask", detail: "the answer holds no list of tasks" })
  )
}

// internal

const vocabulary = StatusWord.vocabulary()

const read = WireObservation.reader({
  task: Task,
  ids: ["task_id", "id"],
  vocabulary,
  parts: (task) => {
    const word = task.task_status ?? task.status
    const { status } = StatusWord.read(word, vocabulary)
    return {
      word,
      progress: task.progress,
      createdAt: task.submit_time ?? task.created_at ?? task.create_time,
      startedAt: task.start_time,
      completedAt: task.finish_time ?? (hasEnded(status) ? task.updated_at ?? task.update_time : undefined),
      cost: (status) => hasEnded(status) ? billOf(task) : undefined
    }
  }
})

/** The new API answers a query about one task with a list of one. */
const unlisted = (body: unknown): unknown => {
  const list = listOf(body)
  if (list === undefined || !Json.isObject(body)) return body
  const [only = null, ...others] = list
  return others.length === 0 ? { ...body, data: only } : body
}

const listOf = (body: unknown): ReadonlyArray<unknown> | undefined => {
  const { data } = Json.isObject(body) ? body : {}
  const list = typeof data === "string" ? Json.embedded(data) : data
  return Array.isArray(list) ? list : undefined
}

const hasEnded = (status: TaskStatus | undefined): boolean => status !== undefined && isTerminal(status)

const billOf = (task: typeof Task.Type): Cost | undefined => {
  const bills = [task, task.data, task.data?.data].flatMap((part) => part === undefined ? [] : bill(part))
  return bills.find(({ amount }) => amount > 0) ?? bills[0]
}

type Charge = Pick<typeof Task.Type, keyof typeof charge>

const bill = ({ billing = [], final_balance_deduction: balance, final_unit_deduction: units }: Charge) => [
  ...(units === undefined ? [] : [billed(units, "units")]),
  ...(balance?.quota === undefined ? [] : [billed(balance.quota, "balance")]),
  ...billing.flatMap(({ amount, charge_type: type, currency }) =>
    amount === undefined ? [] : [billed(amount, type === "unit" ? "units" : currency ?? "balance")]
  )
]

const billed = (amount: number, unit: string): Cost => new Cost({ amount, unit, kind: "bill" })
