import * as answer from "./answer.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as json from "./json.ts"
import * as matching from "./match.ts"
import * as random from "./random.ts"
import * as bodies from "./runwayBodies.ts"
import * as checks from "./runwayChecks.ts"
import * as runwayWords from "./runwayWords.ts"
import type { State } from "./state.ts"
import * as tasks from "./task.ts"

const api = "runway"

/**
 * Runway, `/v1/image_to_video` and `/v1/tasks/{id}`; behind CometAPI the same without `DELETE`.
 *
 * @internal
 */
export const match: matching.Matcher = (method, parts) => {
  const [version, noun, id, ...rest] = parts
  if (version !== "v1" || rest.length > 0) return undefined
  if (noun === "image_to_video" && id === undefined) {
    return method === "POST" ? matching.create(api, create) : wrongMethod
  }
  if (noun !== "tasks" || id === undefined) return undefined
  if (method === "GET") return matching.poll(api, id, poll)
  return method === "DELETE" ? matching.cancel(api, id, remove) : wrongMethod
}

/** What CometAPI answers on a wrong path or verb, by its page on errors. */
const moved = (): answer.Answer => ({
  ...answer.html(301, "301 Moved Permanently"),
  headers: { "content-type": "text/html", location: "/" }
})

/** Runway, "HTTP Errors": a method that a route does not have. */
const wrongMethod = matching.other(
  api,
  matching.authorized(
    api,
    (context) => context.gateway === undefined ? dialect.error(context, api, 405, "Method not allowed") : moved()
  )
)

/** Required at the vendor's; CometAPI's pages require it of a create only. */
const versionProblem = (context: Context, isCreate: boolean): answer.Answer | undefined => {
  if (context.gateway !== undefined && !isCreate) return undefined
  const version = context.request.headers["x-runway-version"]
  if (version === "2024-11-06") return undefined
  const problem = version === undefined ? "The X-Runway-Version header is required." : "Unsupported API version."
  return refuse(context, { error: `${problem} Use 2024-11-06.` })
}

/** The gateway passes the vendor's refusal on as text, as New-API does (`service/error.go`); that it does is inferred. */
const refuse = (context: Context, body: unknown): answer.Answer =>
  context.gateway === undefined
    ? answer.json(400, body)
    : dialect.taskError(context, context.gateway, 400, "fail_to_fetch_task", JSON.stringify(body))

const newId = (state: State): string => random.uuid(state.seed, `runway ${state.tasksMade + 1}`)

const create = (context: Context): answer.Answer => {
  const { gateway, now, request, state } = context
  const body = json.parse(request.body)
  if (body === undefined) return dialect.error(context, gateway ?? api, 400, "Failed to parse the request body.")
  const version = versionProblem(context, true)
  if (version !== undefined) return version
  const { duration, model, promptText, ratio } = body
  if (typeof model !== "string" || model === "") {
    return gateway === undefined
      ? dialect.modelNotFound(context, api, "")
      : dialect.error(context, gateway, 400, "model name is required")
  }
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  const found = checks.issues(body, model, gateway !== undefined)
  if (found.length > 0) return refuse(context, runwayWords.invalid(found))
  if (isBroke(request)) return dialect.quotaExceeded(context, api)
  const task = tasks.add(
    state,
    api,
    {
      model,
      prompt: typeof promptText === "string" ? promptText : "",
      seconds: typeof duration === "number" ? duration : 5,
      size: typeof ratio === "string" ? ratio : "1280:720"
    },
    now,
    { id: newId(state), said: body }
  )
  context.created(task)
  return answer.json(200, bodies.created(context, task))
}

/** A task that was cancelled can't be read any more (Runway, `DELETE /v1/tasks/{id}`), though the types have a word for it. */
const find = ({ now, state }: Context, id: string): tasks.Task | undefined => {
  const task = tasks.find(state, api, id, now)
  const isGone = task?.cancelledAt !== undefined && state.options.runwayCancelled === undefined
  return isGone ? undefined : task
}

const poll = (context: Context, id: string): answer.Answer => {
  const version = versionProblem(context, false)
  if (version !== undefined) return version
  const task = find(context, id)
  return task === undefined ? dialect.unknownTask(context, api) : answer.json(200, bodies.task(context, task))
}

/** `DELETE /v1/tasks/{id}` cancels what has not ended, and deletes what has, file and all. */
const remove = (context: Context, id: string): answer.Answer => {
  const { gateway, now, state } = context
  if (gateway !== undefined) return moved()
  const version = versionProblem(context, false)
  if (version !== undefined) return version
  const task = find(context, id)
  if (task === undefined) return dialect.unknownTask(context, api)
  const { phase } = tasks.view(task, now)
  if (phase === "waiting" || phase === "queued" || phase === "running") tasks.cancel(state, task, now)
  else state.tasks.delete(id)
  return answer.empty(204)
}
