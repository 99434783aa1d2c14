import * as answer from "./answer.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as files from "./files.ts"
import * as form from "./form.ts"
import * as random from "./random.ts"
import * as sora from "./sora.ts"
import * as tasks from "./task.ts"

const api = "cometapi"

/** The ranges of the create page: `POST /v1/videos` (Seedance). Other models are taken as they come. */
const models: Readonly<
  Record<string, {
    readonly seconds: readonly [number, number]
    readonly resolutions: ReadonlyArray<string>
    readonly image: boolean
  }>
> = {
  "doubao-seedance-2-0": { seconds: [4, 15], resolutions: ["480p", "720p"], image: true },
  "doubao-seedance-2-0-fast": { seconds: [4, 15], resolutions: ["480p", "720p"], image: true },
  "doubao-seedance-1-5-pro": { seconds: [4, 12], resolutions: ["480p", "720p", "1080p"], image: false },
  "doubao-seedance-1-0-pro": { seconds: [2, 10], resolutions: ["480p", "720p", "1080p"], image: false }
}

const sizes = ["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]

/**
 * A value that the model does not take. The create page gives the code and the topic; the sentence is Ark's, which
 * CometAPI passes on, and so is the nested shape.
 */
const invalidParameter = (context: Context, parameter: string, problem: string): answer.Answer => {
  const message = `The parameter \`${parameter}\` specified in the request is not valid: ${problem} Request id: 0217${
    random.digits(context.state.seed, context.requestId, 17)
  }`
  return context.state.options.refusal === "nested"
    ? answer.json(
      400,
      { error: { code: "InvalidParameter", message, param: parameter, type: "BadRequest" } },
      dialect.requestIdHeader(context, api)
    )
    : dialect.taskError(context, api, 400, "InvalidParameter", message)
}

const refusal = (context: Context, model: string, fields: form.Form): answer.Answer | undefined => {
  const spec = models[model]
  if (spec === undefined) return undefined
  const seconds = form.get(fields, "seconds")
  const [min, max] = spec.seconds
  if (seconds !== "" && !(/^\d+$/.test(seconds) && Number(seconds) >= min && Number(seconds) <= max)) {
    return invalidParameter(context, "duration", `duration must be between ${min} and ${max} for ${model}.`)
  }
  const size = form.get(fields, "size")
  if (size !== "" && !sizes.includes(size)) {
    return invalidParameter(context, "ratio", `ratio must be one of ${sizes.join(", ")}.`)
  }
  const resolution = form.get(fields, "resolution")
  if (resolution !== "" && !spec.resolutions.includes(resolution)) {
    return invalidParameter(context, "resolution", `resolution ${resolution} is not supported by model ${model}.`)
  }
  return fields.has("input_reference") && !spec.image
    ? invalidParameter(
      context,
      "task_type",
      `the specified task_type r2v does not support model ${model.replace("doubao-", "")}.`
    )
    : undefined
}

const isLower = (context: Context, task: tasks.Task): boolean => {
  const vocabulary = context.state.options.vocabulary ?? "upper"
  return vocabulary === "mixed"
    ? (task.number + (context.state.counts.get(task.id)?.polledAt.length ?? 0)) % 2 === 0
    : vocabulary === "lower"
}

const upper = {
  waiting: "SUBMITTED",
  queued: "SUBMITTED",
  running: "IN_PROGRESS",
  success: "SUCCESS",
  failed: "FAILED",
  error: "ERROR",
  cancelled: "FAILED",
  expired: "FAILED"
}

const lower = {
  waiting: "queued",
  queued: "queued",
  running: "in_progress",
  success: "completed",
  failed: "failed",
  error: "error",
  cancelled: "failed",
  expired: "failed"
}

/**
 * `POST /v1/videos`. The order of the checks is that of a one-api gateway: body, model, account, values.
 *
 * @internal
 */
export const create = (context: Context): answer.Answer => {
  const { now, request, state } = context
  const fields = form.parse(request.headers["content-type"], request.body)
  if (fields === undefined) return dialect.error(context, api, 400, "failed to parse the request body")
  const model = form.get(fields, "model")
  if (model === "") return dialect.error(context, api, 400, "model name is required")
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  if (isBroke(request)) return dialect.quotaExceeded(context, api)
  const prompt = form.get(fields, "prompt")
  if (prompt === "") return dialect.taskError(context, api, 400, "invalid_request", "prompt is required")
  if (sora.isSora(model)) return sora.create(context, api, model, fields)
  const refused = refusal(context, model, fields)
  if (refused !== undefined) return refused
  const task = tasks.add(
    state,
    api,
    {
      model,
      prompt,
      seconds: Number(form.get(fields, "seconds") || 5) || 5,
      size: form.get(fields, "size") || "16:9",
      resolution: form.get(fields, "resolution") || "720p"
    },
    now,
    { said: { callback_url: form.get(fields, "callback_url") } }
  )
  context.created(task)
  return answer.json(200, createBody(context, task), dialect.requestIdHeader(context, api))
}

/** The sample of the create page, and with the lower-case words that of the overview page. */
const createBody = (context: Context, task: tasks.Task): unknown => {
  const seen = context.twist(tasks.view(task, task.createdAt))
  return {
    id: task.id,
    task_id: task.id,
    object: "video",
    model: task.model,
    status: seen.word ?? (isLower(context, task) ? lower : upper)[seen.phase],
    progress: tasks.progress(seen, context.state.options.progress),
    created_at: tasks.stamp(context.state, task.createdAt),
    ...tasks.extra(context.state, task)
  }
}

/**
 * `GET /v1/videos/{id}`.
 *
 * @internal
 */
export const poll = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.unknownTask(context, api)
  if (sora.isSora(task.model)) return sora.poll(context, api, task)
  return answer.json(200, pollBody(context, task), dialect.requestIdHeader(context, api))
}

/**
 * The samples of the query page (upper case) and of its newer copy and the overview page (lower case): the latter's
 * finished task has no `created_at`. A failed task carries no reason; only the content route hints at one.
 */
const pollBody = (context: Context, task: tasks.Task): unknown => {
  const { now, request, state } = context
  const seen = context.twist(tasks.view(task, now))
  const isLow = isLower(context, task)
  const url = files.videoUrl(state, request, task, seen, now)
  const running = state.options.completedAtWhileRunning === true ? tasks.stamp(state, now) : null
  const completed = seen.finishedAt === undefined ? running : tasks.stamp(state, seen.finishedAt)
  const status = seen.word ?? (isLow ? lower : upper)[seen.phase]
  const progress = tasks.progress(seen, state.options.progress)
  const createdAt = tasks.stamp(state, task.createdAt)
  const extra = tasks.extra(state, task)
  const form = state.options.cometClone ?? "none"
  if (form !== "none") return cloneBody(context, task, seen, form)
  if (!isLow) {
    return {
      id: task.id,
      model: task.model,
      object: "video",
      status,
      progress,
      created_at: createdAt,
      video_url: url,
      completed_at: completed,
      ...extra
    }
  }
  return {
    id: task.id,
    object: "video",
    model: task.model,
    status,
    progress,
    created_at: seen.phase === "success" ? undefined : createdAt,
    completed_at: completed,
    video_url: url,
    ...extra
  }
}

/** The forms that clients of such gateways have in their fixtures. */
const cloneBody = (context: Context, task: tasks.Task, seen: tasks.View, form: "output" | "data"): unknown => {
  const { now, request, state } = context
  const url = files.videoUrl(state, request, task, seen, now)
  const word = seen.phase === "success" && form === "output" ? "succeeded" : lower[seen.phase]
  const link = url === undefined ? {} : form === "output" ? { output: [url] } : { data: [{ url }] }
  return {
    id: task.id,
    object: "video",
    model: task.model,
    status: seen.word ?? word,
    progress: tasks.progress(seen, state.options.progress ?? "percent"),
    created_at: tasks.stamp(state, task.createdAt),
    error: seen.phase === "failed" || seen.phase === "error" ? tasks.failure(task).message : undefined,
    ...link,
    ...tasks.extra(state, task)
  }
}

/**
 * `GET /v1/videos/{id}/content`: the file of a finished task. What it says of an unfinished one is New-API's
 * (`controller/video_proxy.go`); the word for a failed one is what users of CometAPI read there.
 *
 * @internal
 */
export const content = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.contentError(404, "Task not found")
  if (sora.isSora(task.model)) return sora.content(context, api, task)
  const { phase } = tasks.view(task, context.now)
  if (phase !== "success") {
    const word = phase === "failed" ? "VIOLATION" : upper[phase]
    return dialect.contentError(400, `Task is not completed yet, current status: ${word}`)
  }
  return files.serve(context.request, "video/mp4", files.video(task), { "cache-control": "public, max-age=86400" })
}

/**
 * A wrong path or verb: a redirect to the console instead of JSON (CometAPI's page on errors).
 *
 * @internal
 */
export const movedAway = (): answer.Answer => {
  const page = answer.html(301, "301 Moved Permanently")
  return { ...page, headers: { "content-type": "text/html", location: "/" } }
}

/** What only the Sora pages have; for the tasks of other models it is a wrong verb. */
const onSora = (use: (context: Context, place: typeof api, task: tasks.Task) => answer.Answer) =>
(
  context: Context,
  id: string
): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.unknownTask(context, api)
  return sora.isSora(task.model) ? use(context, api, task) : movedAway()
}

/**
 * `DELETE /v1/videos/{id}`.
 *
 * @internal
 */
export const remove = onSora(sora.remove)

/**
 * `POST /v1/videos/{id}/remix`.
 *
 * @internal
 */
export const remix = onSora(sora.remix)
