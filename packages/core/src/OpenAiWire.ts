/**
 * Reading the video jobs of OpenAI (Sora) and of the APIs that speak like it: `/v1/videos`.
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
import { WireProblem } from "./WireProblem.ts"

/**
 * A video job as OpenAI sends it. Every field may be missing; one of the wrong type is read as missing.
 *
 * **Details**
 *
 * These are the fields of the `Video` object (OpenAI, `GET /v1/videos/{video_id}`). It holds no link: the file is served
 * by the content route. Relatives of the API do send one, in the places where CometAPI's models have it, and are read too.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct({
  id: Field.Text,
  /** An alias that gateways add to the answer to a create. */
  task_id: Field.Text,
  /** Always `video`. */
  object: Field.Label,
  /** `queued`, `in_progress`, `completed` or `failed`. */
  status: Field.Word,
  model: Field.Label,
  /** 0 to 100, also of a failed job. */
  progress: Field.Percent,
  /** Unix seconds. */
  created_at: Field.Time,
  /** Unix seconds or null. */
  completed_at: Field.Time,
  /** Unix seconds or null: until when the file can be fetched. */
  expires_at: Field.Time,
  /** The prompt, or null. */
  prompt: Field.Text,
  /** `"4"`, `"8"` or `"12"`. */
  seconds: Field.Amount,
  /** For example `720x1280`. */
  size: Field.Label,
  /** The video that this one is a remix of, or null. */
  remixed_from_video_id: Field.Text,
  /** `{ code, message }` of a failed job, else null; a sentence from some relatives. */
  error: Field.Any,
  /** Not of OpenAI: a link, as its relatives have it. */
  video_url: Field.Link
})

/**
 * Reads the answer to a create, a remix or a query as what it says, bare or wrapped as `{ code, message, data }`.
 *
 * **Details**
 *
 * A finished job is a success without videos: its file is asked for at the content route. A failed one has progress 100.
 * `expires_at` says when the content route stops serving the file; relatives that send a link mean the link.
 *
 * Fails with `WireProblem`: `notATask` when there is neither an id nor a status nor a link, `refused` when a 2xx says no
 * and has no id, `missing` when it says that there is no such task. Never throws.
 *
 * **Example** (A failed job)
 *
 * ```ts import.meta.vitest
 * import { OpenAiWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = Result.getOrThrow(OpenAiWire.toObservation({
 *   id: "video_123",
 *   object: "video",
 *   status: "failed",
 *   progress: 100,
 *   error: { code: "moderation_blocked", message: "the prompt was refused" }
 * }))
 * read.status // => "FAILED"
 * read.failure?.message // => "the prompt was refused"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservation: (body: unknown) => Result.Result<Observation, WireProblem> = WireObservation.reader({
  task: Task,
  ids: ["id", "task_id"],
  vocabulary: StatusWord.vocabulary(),
  parts: (task) => ({
    word: task.status,
    progress: task.progress,
    model: task.model,
    createdAt: task.created_at,
    completedAt: task.completed_at,
    expiresAt: task.expires_at
  })
})

/**
 * Reads the answer to a list as the jobs that it holds, each to be read with {@link toObservation}, and where the next page
 * begins (OpenAI, `GET /v1/videos`: `{ object: "list", data, first_id, last_id, has_more }`).
 *
 * **Details**
 *
 * `after` is absent on the last page. Where `last_id` is missing the id of the last job stands for it. Fails with
 * `WireProblem`: `refused` when a 2xx says no, else `notATask` when there is no list. Never throws.
 *
 * **Example** (A page that is not the last)
 *
 * ```ts import.meta.vitest
 * import { OpenAiWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const page = { object: "list", data: [{ id: "video_1" }], first_id: "video_1", last_id: "video_1", has_more: true }
 * Result.getOrThrow(OpenAiWire.toPage(page)).after // => "video_1"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toPage = (
  body: unknown
): Result.Result<{ readonly items: ReadonlyArray<unknown>; readonly after?: string | undefined }, WireProblem> => {
  const page = Json.isObject(body) ? body : {}
  const { data } = page
  if (!Array.isArray(data)) {
    const read = toObservation(body)
    return Result.fail(
      Result.isFailure(read) && read.failure.kind === "refused"
        ? read.failure
        : new WireProblem({ kind: "notATask", detail: "the answer has no list of jobs" })
    )
  }
  const last: unknown = data.at(-1)
  const after = Json.text(page["last_id"]) ?? (Json.isObject(last) ? Json.text(last["id"]) : undefined)
  return Result.succeed({ items: data, after: page["has_more"] === true ? after : undefined })
}
