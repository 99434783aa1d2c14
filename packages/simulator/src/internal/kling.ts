import * as answer from "./answer.ts"
import type { Context, Handler } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as json from "./json.ts"
import * as bodies from "./klingBodies.ts"
import * as creates from "./klingCreate.ts"
import * as klingWords from "./klingWords.ts"
import * as matching from "./match.ts"
import * as random from "./random.ts"
import type { State } from "./state.ts"
import * as tasks from "./task.ts"

const api = "kling"

/**
 * Kling, `/v1/videos/text2video` and `/v1/videos/image2video`: create, list, and query by the id of the task or by the
 * client's own. CometAPI has the same routes behind the same prefix, and documents no list.
 *
 * @internal
 */
export const match: matching.Matcher = (method, parts) => {
  const [version, noun, action, id, ...rest] = parts
  if (version !== "v1" || noun !== "videos" || rest.length > 0) return undefined
  if (action !== "text2video" && action !== "image2video") return undefined
  if (id === undefined) {
    if (method === "POST") return matching.create(api, known((context) => create(context, action)))
    return method === "GET" ? matching.list(api, known((context) => list(context, action))) : undefined
  }
  return method === "GET"
    ? matching.poll(api, id, (context, taskId) => known(() => poll(context, action, taskId))(context))
    : undefined
}

/** A JWT is looked into; any other bearer was looked at already. */
const known = (handle: Handler): Handler => (context) => klingWords.refuseToken(context) ?? handle(context)

/** 19 digits, which no double can hold: the last one is odd, where doubles of that size are multiples of 256. */
const newId = (state: State): string => {
  const key = `kling ${state.tasksMade + 1}`
  return `20${random.digits(state.seed, key, 16)}${random.text(state.seed, `${key} last`, 1, "13579")}`
}

const isAt = (task: tasks.Task, action: creates.Action): boolean => task.route === undefined || task.route === action

const invalid = (context: Context, message: string): answer.Answer => klingWords.refuse(context, 400, 1201, message)

const create = (context: Context, action: creates.Action): answer.Answer => {
  const { now, request, state } = context
  const body = json.parse(request.body)
  if (body === undefined) return klingWords.refuse(context, 400, 1200, "Invalid request parameters")
  const model = creates.modelOf(body)
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  if (klingWords.isBroke(context)) return dialect.quotaExceeded(context, api)
  const problem = creates.problem(body, action)
  if (problem !== undefined) return invalid(context, problem)
  const { reference, said, seeded } = creates.order(body)
  // It is "unique per user": what the API says to a second one is not documented.
  const isTaken = reference !== undefined &&
    [...state.tasks.values()].some((task) => task.api === api && task.reference === reference)
  if (isTaken) return invalid(context, `external_task_id '${reference}' already exists`)
  const task = tasks.add(state, api, seeded, now, { id: newId(state), route: action, reference, said })
  context.created(task)
  return answer.json(200, bodies.created(context, task))
}

const poll = (context: Context, action: creates.Action, id: string): answer.Answer => {
  const { now, state } = context
  const task = tasks.find(state, api, id, now) ?? tasks.all(state, api, now).find(({ reference }) => reference === id)
  return task === undefined || !isAt(task, action)
    ? dialect.unknownTask(context, api)
    : answer.json(200, bodies.queried(context, task))
}

/** `pageNum` from 1 to 1000, `pageSize` from 1 to 500. That the newest come first is not documented. */
const list = (context: Context, action: creates.Action): answer.Answer => {
  const query = new URLSearchParams(context.request.query)
  const page = Number(query.get("pageNum") ?? 1)
  const size = Number(query.get("pageSize") ?? 30)
  if (!(Number.isInteger(page) && page >= 1 && page <= 1000)) return invalid(context, "pageNum value is invalid")
  if (!(Number.isInteger(size) && size >= 1 && size <= 500)) return invalid(context, "pageSize value is invalid")
  const all = tasks.all(context.state, api, context.now).filter((task) => isAt(task, action))
  return answer.json(200, bodies.listed(context, all.slice((page - 1) * size, page * size)))
}
