import * as answer from "./answer.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as files from "./files.ts"
import * as form from "./form.ts"
import * as gatewayRow from "./gatewayRow.ts"
import * as bodies from "./newapiBodies.ts"
import * as tasks from "./task.ts"

const api = "generic"

/** `metadata` is an object in JSON and a string of JSON in a form. */
const metadata = (fields: form.Form): Readonly<Record<string, unknown>> => {
  const parsed = form.parse("application/json", answer.bytes(form.get(fields, "metadata")))
  return Object.fromEntries([...(parsed ?? [])].map(([name, field]) => [name, field.value]))
}

const sizeOf = (fields: form.Form): string => {
  const [width, height] = [form.get(fields, "width"), form.get(fields, "height")]
  const { aspect_ratio: ratio } = metadata(fields)
  return form.get(fields, "size") || (width !== "" && height !== "" ? `${width}x${height}` : "") ||
    (typeof ratio === "string" ? ratio : "16:9")
}

/**
 * `POST /v1/video/generations` and, under `/newapi`, `POST /v1/videos`: New-API `relay/common/relay_utils.go`
 * (TaskSubmitReq and its checks) and `middleware/distributor.go`.
 *
 * @internal
 */
export const create = (context: Context): answer.Answer => {
  const { now, request, state } = context
  const fields = form.parse(request.headers["content-type"], request.body)
  if (fields === undefined) return dialect.taskError(context, api, 400, "invalid_json", "invalid request body")
  const model = form.get(fields, "model")
  if (model === "") {
    return dialect.error(context, api, 400, "Model name not specified, model name cannot be empty")
  }
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  const prompt = form.get(fields, "prompt")
  if (prompt === "") return dialect.taskError(context, api, 400, "invalid_request", "prompt is required")
  const seconds = Number(form.get(fields, "seconds", "duration") || 5)
  if (!(seconds >= 1 && seconds <= 3600)) {
    return dialect.taskError(context, api, 400, "invalid_seconds", "seconds must be between 1 and 3600")
  }
  if (isBroke(request)) return dialect.quotaExceeded(context, api)
  const seed = Number(form.get(fields, "seed"))
  const task = tasks.add(state, api, {
    model,
    prompt,
    seconds,
    size: sizeOf(fields),
    resolution: form.get(fields, "resolution") || "720p",
    ...(Number.isInteger(seed) && seed !== 0 ? { seed } : {})
  }, now)
  context.created(task)
  // Its price multipliers travel in a header of their own.
  const headers = {
    ...dialect.requestIdHeader(context, api),
    "x-new-api-other-ratios": JSON.stringify({ seconds: task.seconds })
  }
  const { body, status } = bodies.create(context, task)
  return answer.json(status, body, headers)
}

/**
 * `GET /v1/video/generations/{id}`.
 *
 * @internal
 */
export const poll = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.unknownTask(context, api)
  const headers = dialect.requestIdHeader(context, api)
  switch (context.genericBody) {
    case "wrapped":
      return answer.json(200, bodies.wrapped(context, task), headers)
    case "gemini":
      return answer.json(200, bodies.gemini(context, task), headers)
    case "stripped":
      return answer.json(200, bodies.stripped(context, task), headers)
    case "empty-data":
      return answer.json(200, { code: "success", data: null }, headers)
    default:
      return answer.json(200, bodies.flat(context, task), headers)
  }
}

/**
 * `GET /newapi/v1/videos/{id}`: the same row as an OpenAI video.
 *
 * @internal
 */
export const pollVideo = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.unknownTask(context, api)
  const body = context.genericBody === "stripped" ? bodies.stripped(context, task) : bodies.video(context, task)
  return answer.json(200, body, dialect.requestIdHeader(context, api))
}

/**
 * `GET /newapi/v1/videos/{id}/content`: New-API `controller/video_proxy.go`.
 *
 * @internal
 */
export const content = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.contentError(404, "Task not found")
  const seen = tasks.rowView(context.state, task, context.now)
  return seen.phase === "success"
    ? files.serve(context.request, "video/mp4", files.video(task), { "cache-control": "public, max-age=86400" })
    : dialect.contentError(400, `Task is not completed yet, current status: ${gatewayRow.word(seen)}`)
}

/**
 * A path that New-API does not know: a 404 under `/v1`, the web page of the console elsewhere (`router/web-router.go`).
 *
 * @internal
 */
export const unknownRoute = (context: Context): answer.Answer => {
  const path = context.request.path.slice(context.prefix.length)
  return path.startsWith("/v1") || path.startsWith("/api")
    ? answer.json(404, {
      error: {
        message: `Invalid URL (${context.request.method} ${path})`,
        type: "invalid_request_error",
        param: "",
        code: ""
      }
    })
    : answer.html(200, "New API")
}
