import * as Samples from "../Samples.ts"
import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as form from "./form.ts"
import * as bodies from "./openaiBodies.ts"
import { invalidValue, type Place, refuse, requestId } from "./openaiWords.ts"
import * as random from "./random.ts"
import * as tasks from "./task.ts"

/** @internal */
export const isSora = (model: string): boolean => model.startsWith("sora-")

const lengths = ["4", "8", "12"]

/** The reference's sizes, and those that `sora-2-pro` got later. */
const sizes = ["720x1280", "1280x720", "1024x1792", "1792x1024"]
const proSizes = [...sizes, "1080x1920", "1920x1080"]

const missing = (context: Context, place: Place, param: string): answer.Answer =>
  refuse(context, place, 400, {
    message: `Missing required parameter: '${param}'.`,
    param,
    code: "missing_required_parameter"
  })

const refusal = (context: Context, place: Place, model: string, fields: form.Form): answer.Answer | undefined => {
  if (!isSora(model)) return invalidValue(context, place, "model", model, ["sora-2", "sora-2-pro"])
  if (form.get(fields, "prompt") === "") return missing(context, place, "prompt")
  const seconds = form.get(fields, "seconds")
  if (seconds !== "" && !lengths.includes(seconds)) return invalidValue(context, place, "seconds", seconds, lengths)
  const size = form.get(fields, "size")
  const allowed = model.startsWith("sora-2-pro") ? proSizes : sizes
  return size === "" || allowed.includes(size) ? undefined : invalidValue(context, place, "size", size, allowed)
}

const add = (
  context: Context,
  place: Place,
  video: { readonly model: string; readonly prompt: string; readonly seconds: number; readonly size: string },
  said: tasks.Task["said"] = {}
): answer.Answer => {
  const { now, state } = context
  const id = `video_${random.hex(state.seed, `video ${state.tasksMade + 1}`, 48)}`
  const task = tasks.add(state, place, video, now, { id, said })
  context.created(task)
  const body = place === "openai" ? bodies.video(context, task, task.createdAt) : bodies.receipt(context, task)
  return answer.json(200, body, requestId(context, place))
}

/**
 * `POST /v1/videos`, multipart or JSON.
 *
 * @internal
 */
export const create = (context: Context, place: Place, model: string, fields: form.Form): answer.Answer =>
  refusal(context, place, model, fields) ?? add(context, place, {
    model,
    prompt: form.get(fields, "prompt"),
    seconds: Number(form.get(fields, "seconds") || 4),
    size: form.get(fields, "size") || bodies.defaultSize[place]
  })

/**
 * `POST /v1/videos/{id}/remix`: the same model, length and size with another prompt.
 *
 * @internal
 */
export const remix = (context: Context, place: Place, source: tasks.Task): answer.Answer => {
  const { request } = context
  const fields = form.parse(request.headers["content-type"], request.body)
  const prompt = fields === undefined ? "" : form.get(fields, "prompt")
  if (prompt === "") return missing(context, place, "prompt")
  if (tasks.view(source, context.now).phase !== "success") return notReady(context, place)
  const { model = "sora-2", seconds = 4, size = bodies.defaultSize[place] } = source.seeded
  return add(context, place, { model, prompt, seconds, size }, { remixed_from_video_id: source.id })
}

/** @internal */
export const body = (context: Context, task: tasks.Task): unknown => bodies.video(context, task, context.now)

/**
 * `GET /v1/videos/{id}`.
 *
 * @internal
 */
export const poll = (context: Context, place: Place, task: tasks.Task): answer.Answer =>
  answer.json(200, body(context, task), requestId(context, place))

/** CometAPI's Sora page: a JSON `invalid_request_error` in the place of the file. */
const notReady = (context: Context, place: Place): answer.Answer =>
  refuse(context, place, 400, { message: "Video is not ready yet, use GET /v1/videos/{video_id} to check status." })

/**
 * `GET /v1/videos/{id}/content`: the MP4, or with `variant` a WebP. What a lapsed file gets is not documented.
 *
 * @internal
 */
export const content = (context: Context, place: Place, task: tasks.Task): answer.Answer => {
  const seen = tasks.view(task, context.now)
  if (seen.phase !== "success") return notReady(context, place)
  if (context.now >= (bodies.expiresAt(context, seen) ?? Infinity)) {
    return refuse(context, place, 404, { message: "The video has expired." })
  }
  const variant = new URLSearchParams(context.request.query).get("variant") ?? "video"
  switch (variant) {
    case "video":
      return files.serve(context.request, "video/mp4", files.video(task))
    case "thumbnail":
    case "spritesheet":
      return files.serve(context.request, "image/webp", Samples.webp(variant))
    default:
      return invalidValue(context, place, "variant", variant, ["video", "thumbnail", "spritesheet"])
  }
}

/**
 * `DELETE /v1/videos/{id}`: "a completed or failed video and its stored assets" (openai-node, `resources/videos.ts`).
 *
 * @internal
 */
export const remove = (context: Context, place: Place, task: tasks.Task): answer.Answer => {
  const { now, state } = context
  if (tasks.view(task, now).finishedAt === undefined) {
    return refuse(context, place, 400, { message: "Only a completed or failed video can be deleted." })
  }
  state.tasks.delete(task.id)
  return answer.json(
    200,
    { id: task.id, object: "video.deleted", deleted: true },
    requestId(context, place)
  )
}
