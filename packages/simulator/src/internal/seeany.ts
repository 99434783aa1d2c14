import * as answer from "./answer.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as files from "./files.ts"
import * as form from "./form.ts"
import * as tasks from "./task.ts"

const api = "seeany"

/**
 * The three samples of `GET /v1/tasks/{task_id}`. There is no queued state: the first thing to be seen is
 * `processing`.
 */
const body = (context: Context, task: tasks.Task): unknown => {
  const { now, request, state } = context
  const seen = context.twist(tasks.view(task, now))
  const head = { id: task.id, object: "video_generation" }
  const extra = tasks.extra(state, task)
  switch (seen.phase) {
    case "success":
      return {
        ...head,
        status: seen.word ?? "completed",
        completed_at: tasks.stamp(state, seen.finishedAt ?? now),
        video_url: files.videoUrl(state, request, task, seen, now),
        thumbnail_url: files.thumbnailUrl(state, request, task, now),
        duration: task.seconds,
        resolution: task.resolution,
        usage: { cost: task.seeded.cost ?? Math.round(task.seconds * 14) / 100, cost_unit: "CNY" },
        ...extra
      }
    case "failed":
    case "error":
      return { ...head, status: seen.word ?? "failed", error: tasks.failure(task), ...extra }
    default:
      return {
        ...head,
        status: seen.word ?? "processing",
        progress: tasks.progress(seen, state.options.progress),
        estimated_remaining: seen.remainingSeconds,
        ...extra
      }
  }
}

/**
 * `GET /v1/tasks/{task_id}`.
 *
 * @internal
 */
export const poll = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  return task === undefined ? dialect.unknownTask(context, api) : answer.json(200, body(context, task))
}

/**
 * `POST /v1/tasks`: no page of SeeAny describes a create, so this one is made up after its task.
 *
 * @internal
 */
export const create = (context: Context): answer.Answer => {
  const { now, request, state } = context
  const fields = form.parse(request.headers["content-type"], request.body)
  if (fields === undefined) return dialect.error(context, api, 400, "the body is not JSON", "invalid_json")
  const model = form.get(fields, "model")
  if (model.startsWith("no-such-model")) return dialect.error(context, api, 400, "unknown model", "model_not_found")
  if (isBroke(request)) return dialect.quotaExceeded(context, api)
  const prompt = form.get(fields, "prompt")
  if (prompt === "") return dialect.error(context, api, 400, "prompt is required", "invalid_request")
  const task = tasks.add(state, api, {
    model: model || "seeany-video",
    prompt,
    seconds: Number(form.get(fields, "duration", "seconds") || 5) || 5,
    size: form.get(fields, "size", "aspect_ratio") || "16:9",
    resolution: form.get(fields, "resolution") || "720p"
  }, now)
  context.created(task)
  return answer.json(200, body(context, task))
}
