import { aspectRatio, aspectRatios } from "../Samples.ts"
import * as ark from "./arkBodies.ts"
import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as gatewayRow from "./gatewayRow.ts"
import * as openai from "./openaiBodies.ts"
import * as tasks from "./task.ts"

// New-API `model/task.go` ToVideoStatus: a row that was not looked at yet is `unknown`.
const videoWords = { ...openai.videoWords, waiting: "unknown" }

const geminiWords = {
  waiting: "queued",
  queued: "queued",
  running: "processing",
  success: "succeeded",
  failed: "failed",
  error: "failed",
  cancelled: "failed",
  expired: "failed"
}

const row = (context: Context, task: tasks.Task): tasks.View =>
  context.twist(tasks.rowView(context.state, task, context.now))

/** @internal New-API answers with a video object; its documentation shows the other two. */
export const create = (
  context: Context,
  task: tasks.Task
): { readonly status: number; readonly body: unknown } => {
  const { state } = context
  const seen = context.twist(tasks.view(task, task.createdAt))
  switch (state.options.genericCreate) {
    case "short":
      return { status: 200, body: { task_id: task.id, status: seen.word ?? "queued" } }
    case "created":
      return { status: 201, body: { task_id: task.id, status: seen.word ?? "processing" } }
    default:
      return {
        status: 200,
        body: {
          id: task.id,
          task_id: task.id,
          object: "video",
          model: task.model,
          status: seen.word ?? "queued",
          progress: 0,
          created_at: tasks.stamp(state, task.createdAt),
          ...tasks.extra(state, task)
        }
      }
  }
}

const heights: Readonly<Record<string, number>> = { "480p": 480, "720p": 720, "1080p": 1080 }

/** The picture as it is reported: its short side is the resolution. The sample file is smaller. */
const picture = (task: tasks.Task): { readonly width: number; readonly height: number } => {
  const short = heights[task.resolution] ?? 720
  const { height, width } = aspectRatios[aspectRatio(task.size)]
  const scale = short / Math.min(width, height)
  return {
    width: task.seeded.width ?? Math.round(width * scale),
    height: task.seeded.height ?? Math.round(height * scale)
  }
}

/** @internal The documented body: New-API, "获取视频生成任务状态". It has no progress, and its error code is an integer. */
export const flat = (context: Context, task: tasks.Task): unknown => {
  const { now, request, state } = context
  const seen = context.twist(tasks.view(task, now))
  const head = { task_id: task.id, status: seen.word ?? openai.videoWords[seen.phase] }
  const extra = tasks.extra(state, task)
  const { code, message } = tasks.failure(task)
  if (gatewayRow.hasFailed(seen)) {
    return { ...head, error: { code: typeof code === "number" ? code : 400, message }, ...extra }
  }
  if (seen.phase !== "success") {
    // Not documented here; only on demand.
    const form = state.options.progress
    return { ...head, progress: form === undefined ? undefined : tasks.progress(seen, form), ...extra }
  }
  return {
    ...head,
    url: files.videoUrl(state, request, task, seen, now),
    format: "mp4",
    metadata: {
      duration: task.seconds,
      fps: task.seeded.fps ?? 30,
      ...picture(task),
      seed: task.seeded.seed ?? 20231234 + task.number
    },
    ...extra
  }
}

/** The upstream's own task inside the row: Ark's, `GET /api/v3/contents/generations/tasks/{id}`. */
const upstream = (context: Context, task: tasks.Task, seen: tasks.View, url: string | undefined): unknown => {
  if (seen.phase === "waiting") return null
  return {
    id: `cgt-${task.id.slice(-12)}`,
    model: task.model,
    status: ark.statusWords[seen.phase],
    content: url === undefined ? undefined : { video_url: url },
    error: gatewayRow.hasFailed(seen) ? tasks.failure(task) : undefined,
    created_at: tasks.stamp(context.state, task.createdAt),
    updated_at: tasks.stamp(context.state, seen.seenAt)
  }
}

/** @internal The row that the server sends: New-API `relay/relay_task.go` and `dto/task.go`. 0 is a time not set. */
export const wrapped = (context: Context, task: tasks.Task): unknown => {
  const { now, request, state } = context
  const seen = row(context, task)
  const url = files.videoUrl(state, request, task, seen, now)
  const isOldLink = state.options.urlInFailReason === true
  const started = seen.phase === "waiting" || seen.phase === "queued" ? 0 : tasks.stamp(state, task.createdAt)
  return {
    code: "success",
    message: "",
    data: {
      id: 120 + task.number,
      created_at: tasks.stamp(state, task.createdAt),
      updated_at: tasks.stamp(state, seen.seenAt),
      task_id: task.id,
      platform: "54",
      user_id: 1,
      group: "default",
      channel_id: 7,
      quota: 2500,
      action: "generate",
      status: gatewayRow.word(seen),
      fail_reason: gatewayRow.hasFailed(seen) ? tasks.failure(task).message : isOldLink ? url ?? "" : "",
      result_url: isOldLink ? undefined : url,
      submit_time: tasks.stamp(state, task.createdAt),
      start_time: started,
      finish_time: seen.finishedAt === undefined ? 0 : tasks.stamp(state, seen.finishedAt),
      progress: tasks.progress(seen, state.options.progress ?? "percent"),
      properties: { input: task.prompt, upstream_model_name: task.model, origin_model_name: task.model },
      data: upstream(context, task, seen, isOldLink ? undefined : url),
      ...tasks.extra(state, task)
    }
  }
}

/** @internal What a Gemini or Vertex channel answers: New-API `relay/channel/task/gemini`. */
export const gemini = (context: Context, task: tasks.Task): unknown => {
  const { now, request, state } = context
  const seen = row(context, task)
  return {
    code: "success",
    message: "",
    data: {
      error: gatewayRow.hasFailed(seen) ? { code: 400, message: tasks.failure(task).message } : null,
      format: "mp4",
      metadata: null,
      status: seen.word ?? geminiWords[seen.phase],
      task_id: task.id,
      url: files.videoUrl(state, request, task, seen, now) ?? "",
      ...tasks.extra(state, task)
    }
  }
}

/** @internal A row without any link, as a user of 1.0.0-rc.30 reports it (QuantumNous/new-api#7194). */
export const stripped = (context: Context, task: tasks.Task): unknown => {
  const { state } = context
  const seen = row(context, task)
  return {
    created_at: tasks.stamp(state, task.createdAt),
    fail_reason: gatewayRow.hasFailed(seen) ? tasks.failure(task).message : "",
    finished_at: seen.finishedAt === undefined ? 0 : tasks.stamp(state, seen.finishedAt),
    platform: "54",
    progress: tasks.progress(seen, state.options.progress ?? "percent"),
    status: gatewayRow.word(seen),
    task_id: task.id
  }
}

/**
 * The row as an OpenAI video, through the adaptor for Ark (New-API `relay/channel/task/doubao`): the link is at
 * `metadata.url`, which is empty until then. Other adaptors put the reason of a failure there.
 *
 * @internal
 */
export const video = (context: Context, task: tasks.Task): unknown => {
  const { now, request, state } = context
  const seen = row(context, task)
  const failed = gatewayRow.hasFailed(seen)
  const { code, message } = tasks.failure(task)
  const url = files.videoUrl(state, request, task, seen, now) ?? ""
  const isUpdate = state.options.completedAtWhileRunning === true
  const completed = seen.finishedAt ?? (isUpdate ? seen.seenAt : undefined)
  return {
    id: task.id,
    task_id: task.id,
    object: "video",
    model: task.model,
    status: seen.word ?? videoWords[seen.phase],
    progress: tasks.progress(seen, state.options.progress),
    created_at: tasks.stamp(state, task.createdAt),
    completed_at: completed === undefined ? undefined : tasks.stamp(state, completed),
    error: failed ? { message, code: String(code ?? "") } : undefined,
    metadata: { url: failed && state.options.urlInFailReason === true ? message : url },
    ...tasks.extra(state, task)
  }
}
