import * as answer from "./answer.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as form from "./form.ts"
import { cancel, content, create, decode, list, type Match, type Matcher, poll } from "./match.ts"
import * as words from "./openaiWords.ts"
import * as sora from "./sora.ts"
import * as tasks from "./task.ts"

const api = "openai"

/** OpenAI, `POST /v1/videos`: the model may be left out. */
const createVideo = (context: Context): answer.Answer => {
  const { request } = context
  const fields = form.parse(request.headers["content-type"], request.body)
  if (fields === undefined) return dialect.error(context, api, 400, "We could not parse the body of your request.")
  const model = form.get(fields, "model") || "sora-2"
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  return isBroke(request) ? dialect.quotaExceeded(context, api) : sora.create(context, api, model, fields)
}

const defaultLimit = 20
const maxLimit = 100

/** OpenAI, `GET /v1/videos`: `after`, `limit` from 1 to 100, and `order`, newest first. */
const listVideos = (context: Context): answer.Answer => {
  const query = new URLSearchParams(context.request.query)
  const order = query.get("order") ?? "desc"
  if (order !== "asc" && order !== "desc") return words.invalidValue(context, api, "order", order, ["asc", "desc"])
  const limit = Number(query.get("limit") ?? defaultLimit)
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return words.refuse(context, api, 400, {
      message: `Invalid 'limit': expected an integer from 1 to ${maxLimit}.`,
      param: "limit",
      code: "invalid_value"
    })
  }
  const newest = tasks.all(context.state, api, context.now)
  const all = order === "desc" ? newest : newest.toReversed()
  const after = query.get("after")
  const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
  if (after !== null && start === 0) return dialect.unknownTask(context, api)
  const page = all.slice(start, start + limit)
  return answer.json(200, {
    object: "list",
    data: page.map((task) => sora.body(context, task)),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: start + limit < all.length
  }, words.requestId(context, api))
}

type Use = (context: Context, api: "openai", task: tasks.Task) => answer.Answer

const on = (use: Use) => (context: Context, id: string): answer.Answer => {
  const task = tasks.find(context.state, api, id, context.now)
  return task === undefined ? dialect.unknownTask(context, api) : use(context, api, task)
}

const ofVideo = (method: string, id: string, tail: string | undefined): Match | undefined => {
  switch (`${method} ${tail ?? ""}`) {
    case "GET ":
      return poll(api, id, on(sora.poll))
    case "DELETE ":
      return cancel(api, id, on(sora.remove))
    case "GET content":
      return content(api, id, on(sora.content))
    case "POST remix":
      return create(api, (context) => on(sora.remix)(context, decode(id)))
    default:
      return undefined
  }
}

/**
 * OpenAI's videos (Sora): `/v1/videos`, `/v1/videos/{id}`, `…/content` and `…/remix`.
 *
 * @internal
 */
export const match: Matcher = (method, parts) => {
  const [version, noun, id, tail, ...rest] = parts
  if (version !== "v1" || noun !== "videos" || rest.length > 0) return undefined
  if (id !== undefined) return ofVideo(method, id, tail)
  if (method === "POST") return create(api, createVideo)
  return method === "GET" ? list(api, listVideos) : undefined
}
