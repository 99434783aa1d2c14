import * as answer from "./answer.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as json from "./json.ts"
import { create, type Matcher, poll } from "./match.ts"
import * as random from "./random.ts"
import type { State } from "./state.ts"
import * as tasks from "./task.ts"
import * as bodies from "./xaiBodies.ts"
import * as checks from "./xaiChecks.ts"
import * as words from "./xaiWords.ts"

const api = "xai"

const newId = (state: State): string => random.uuid(state.seed, `xai ${state.tasksMade + 1}`)

/** In the words of the gateway, where there is one: it looks into the body before the vendor does. */
const refuse = (context: Context, message: string): answer.Answer =>
  context.gateway === undefined
    ? words.refuse(context, 400, message)
    : dialect.taskError(context, context.gateway, 400, "invalid_request", message)

/** The model of a create that names none (CometAPI, `POST /grok/v1/videos/generations`). */
const defaultModel = "grok-imagine-video"

const createVideo = (action: checks.Action) => (context: Context): answer.Answer => {
  const { gateway, now, request, state } = context
  const body = json.parse(request.body)
  if (body === undefined) return refuse(context, "Failed to parse the request body as JSON.")
  const model = typeof body["model"] === "string" && body["model"] !== "" ? body["model"] : defaultModel
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  if (isBroke(request)) return dialect.quotaExceeded(context, api)
  const place = { action, isGateway: gateway !== undefined }
  const problem = checks.complaint(body, model, place)
  if (problem !== undefined) return refuse(context, problem)
  const task = tasks.add(state, api, checks.order(body, model, place), now, {
    id: newId(state),
    route: action,
    said: body
  })
  context.created(task)
  return answer.json(200, { request_id: task.id })
}

/** What xAI's users met: the query of a job that its moderation stopped is refused, and says what the job has cost. */
const isRefused = ({ now, state }: Context, task: tasks.Task): boolean =>
  state.options.xaiModeration === "refused" && bodies.isModerated(task) && tasks.view(task, now).phase === "success"

const query = (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  if (task === undefined) return dialect.unknownTask(context, api)
  if (isRefused(context, task)) {
    return words.refuse(context, 400, "Generated video rejected by content moderation.", { usage: bodies.usage(task) })
  }
  const { body, status } = bodies.queried(context, task)
  return body === undefined ? answer.empty(status) : answer.json(status, body)
}

/** CometAPI documents the generations only; on any other path it answers as its page on errors says. */
const createFrom = (action: checks.Action) => (context: Context): answer.Answer =>
  context.gateway === undefined ? createVideo(action)(context) : {
    ...answer.html(301, "301 Moved Permanently"),
    headers: { "content-type": "text/html", location: "/" }
  }

/**
 * xAI, `/v1/videos/generations`, `/v1/videos/edits`, `/v1/videos/extensions` and `/v1/videos/{request_id}`.
 *
 * @internal
 */
export const match: Matcher = (method, parts) => {
  const [version, noun, id, ...rest] = parts
  if (version !== "v1" || noun !== "videos" || id === undefined || rest.length > 0) return undefined
  if (method === "GET") return poll(api, id, query)
  if (method !== "POST") return undefined
  if (id === "generations") return create(api, createVideo(id))
  return id === "edits" || id === "extensions" ? create(api, createFrom(id)) : undefined
}
