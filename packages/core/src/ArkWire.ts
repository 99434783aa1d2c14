/**
 * Reading the video tasks of ByteDance's Ark (Volcengine Ark, BytePlus ModelArk): `/contents/generations/tasks`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Field from "./internal/wireFields.ts"
import * as Json from "./internal/wireJson.ts"
import * as WireObservation from "./internal/wireObservation.ts"
import { Observation } from "./Observation.ts"
import * as StatusWord from "./StatusWord.ts"
import * as TaskStatus from "./TaskStatus.ts"
import { Cost, Video } from "./Video.ts"
import { WireProblem } from "./WireProblem.ts"

const usage = Field.object({ total_tokens: Field.Amount, completion_tokens: Field.Amount })

/**
 * A task as Ark sends it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * These are the fields of the page (BytePlus ModelArk, "Retrieve a video generation task") that have a place of their own.
 * The file is `content.video_url`, its last frame `content.last_frame_url`, what is no video `content.file_url`; some
 * relatives of the API send `content` as a list. There is no progress.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  id: Field.Text,
  task_id: Field.Text,
  /** The name of the model with its version. */
  model: Field.Label,
  /** `queued`, `running`, `succeeded`, `failed`, `cancelled` or `expired`. */
  status: Field.Word,
  content: Field.Any,
  /** What was consumed: numbers, or numbers in strings. */
  usage,
  /** Why it failed; null on a success. */
  error: Field.Any,
  /** Unix seconds. */
  created_at: Field.Time,
  /** Unix seconds: when the task got the state that it has. */
  updated_at: Field.Time,
  /** The picture's frames a second, the length in seconds as a number or a string, the seed. */
  framespersecond: Field.Amount,
  duration: Field.Amount,
  seed: Field.Number,
  /** For example `720p` and `16:9`. */
  resolution: Field.Label,
  ratio: Field.Label,
  /** The task itself, where a gateway has put a row of its own round it. */
  data: Field.object({ usage })
})

/**
 * How long the links of a task work after it has ended, in ms: 24 hours (BytePlus ModelArk, "Retrieve a video generation
 * task").
 *
 * @category constants
 * @since 0.1.0
 */
export const linkMs = 86_400_000

/**
 * Reads the answer to a create or to a query as what it says.
 *
 * **Details**
 *
 * The answer to a create is an id and nothing else: the task is queued. A failed task is a 200 whose `status` is `failed`.
 * The tokens of `usage` are the bill of a task that has ended. A link expires 24 hours after the end unless the body says
 * otherwise.
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` when it says that there is no such task. Never throws.
 *
 * **Example** (A finished task)
 *
 * ```ts import.meta.vitest
 * import { ArkWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = Result.getOrThrow(ArkWire.toObservation({
 *   id: "cgt-2026",
 *   status: "succeeded",
 *   content: { video_url: "https://tos.example.com/v.mp4" },
 *   usage: { total_tokens: "108900" },
 *   updated_at: 1743414673
 * }))
 * read.cost?.amount // => 108900
 * read.videos[0]?.expiresAt // => 1743501073000
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation = (body: unknown): Result.Result<Observation, WireProblem> =>
  Result.map(read(body), withExpiry)

/**
 * Reads the answer to a list as the tasks that it holds, each to be read with {@link toObservation}, and how many there are
 * in all (BytePlus ModelArk, "List video generation tasks": `{ total, items }`).
 *
 * **Details**
 *
 * Fails with `WireProblem` of the kind `notATask` when there is no list. Never throws.
 *
 * @category converting
 * @since 0.1.0
 */
export const toPage = (
  body: unknown
): Result.Result<{ readonly items: ReadonlyArray<unknown>; readonly total?: number | undefined }, WireProblem> => {
  const outer = Json.isObject(body) ? body : {}
  const page = Array.isArray(outer["items"]) || !Json.isObject(outer["data"]) ? outer : outer["data"]
  const { items } = page
  // An account without tasks may have a null where others have a list.
  if (!Array.isArray(items) && !("total" in page && (items === null || items === undefined))) {
    return Result.fail(new WireProblem({ kind: "notATask", detail: "the answer has no list of tasks" }))
  }
  return Result.succeed({ items: Array.isArray(items) ? items : [], total: Json.amount(page["total"]) })
}

// internal

const vocabulary = StatusWord.vocabulary()

const read = WireObservation.reader({
  task: Task,
  ids: ["id", "task_id"],
  vocabulary,
  parts: (task) => {
    const word = task.status ?? (isReceipt(task) ? "queued" : undefined)
    const { status } = StatusWord.read(word, vocabulary)
    return {
      word,
      model: task.model,
      createdAt: task.created_at,
      completedAt: status !== undefined && TaskStatus.isTerminal(status) ? task.updated_at : undefined,
      cost: (status) => status !== undefined && TaskStatus.isTerminal(status) ? billOf(task) : undefined
    }
  }
})

/** Whether it is no more than an id. */
const isReceipt = ({ content, data, error }: typeof Task.Type): boolean => (content ?? data ?? error ?? null) === null

const billOf = ({ data, usage }: typeof Task.Type): Cost | undefined => {
  const spent = usage ?? data?.usage
  const tokens = spent?.total_tokens ?? spent?.completion_tokens
  return tokens === undefined ? undefined : new Cost({ amount: tokens, unit: "tokens", kind: "bill" })
}

const withExpiry = (observation: Observation): Observation => {
  const { completedAt, videos } = observation
  if (completedAt === undefined || videos.every(({ expiresAt }) => expiresAt !== undefined)) return observation
  const expiring = videos.map((video) => new Video(Object.assign({ expiresAt: completedAt + linkMs }, video)))
  return new Observation(Object.assign({}, observation, { videos: expiring }))
}
