import * as answer from "./answer.ts"
import * as bodies from "./arkBodies.ts"
import * as creates from "./arkCreate.ts"
import * as arkWords from "./arkWords.ts"
import { type Context, isBroke } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as json from "./json.ts"
import * as matching from "./match.ts"
import * as random from "./random.ts"
import { millis, type State } from "./state.ts"
import * as tasks from "./task.ts"
import * as times from "./times.ts"

const api = "ark"

/**
 * Volcengine Ark and BytePlus ModelArk, `/api/v3/contents/generations/tasks`; behind CometAPI, whose pages know the create
 * and the query only, `/v3/contents/generations/tasks`.
 *
 * @internal
 */
export const match: matching.Matcher = (method, parts) => {
  const isVendor = parts[0] === "api"
  const [version, contents, generations, noun, id, ...rest] = isVendor ? parts.slice(1) : parts
  const path = [version, contents, generations, noun].join("/")
  if (path !== "v3/contents/generations/tasks" || rest.length > 0) return undefined
  if (id === undefined) {
    if (method === "POST") return matching.create(api, create)
    return isVendor && method === "GET" ? matching.list(api, list) : undefined
  }
  if (method === "GET") return matching.poll(api, id, poll)
  return isVendor && method === "DELETE" ? matching.cancel(api, id, remove) : undefined
}

const complain = (context: Context, { missing, param }: creates.Complaint): answer.Answer =>
  missing
    ? arkWords.refuse(
      context,
      400,
      "MissingParameter",
      `The request failed because it is missing \`${param}\` parameter.`,
      param
    )
    : arkWords.refuse(
      context,
      400,
      "InvalidParameter",
      `The parameter \`${param}\` specified in the request is not valid.`,
      param
    )

const newId = (state: State, now: number): string => {
  const number = state.tasksMade + 1
  return `cgt-${times.compact(now)}-${
    random.text(state.seed, `ark ${number}`, 5, "abcdefghijklmnopqrstuvwxyz0123456789")
  }`
}

/** A task that takes longer than `execution_expires_after` says is ended as `expired`, one that is stuck too. */
const withExpiry = (state: State, task: tasks.Task, after: unknown): void => {
  if (typeof after !== "number") return
  const limit = millis(state, after)
  if (!task.stuck && task.jobMillis <= limit) return
  state.tasks.set(task.id, { ...task, outcome: "expired", stuck: false, jobMillis: limit })
}

const create = (context: Context): answer.Answer => {
  const { now, request, state } = context
  const body = json.parse(request.body)
  if (body === undefined) return complain(context, { param: "body", missing: false })
  const { model } = body
  if (typeof model !== "string" || model === "") return complain(context, { param: "model", missing: true })
  if (model.startsWith("no-such-model")) return dialect.modelNotFound(context, api, model)
  if (isBroke(request)) return dialect.quotaExceeded(context, api)
  const complaint = creates.complaint(body, model)
  if (complaint !== undefined) return complain(context, complaint)
  const { said, seeded } = creates.order(body, model)
  const task = tasks.add(state, api, seeded, now, { id: newId(state, now), said })
  withExpiry(state, task, said["execution_expires_after"])
  context.created(task)
  return answer.json(200, { id: task.id })
}

const hour = 3600

/** Records are kept for 7 days, those of cancelled tasks for 24 hours. */
const isKept = ({ now, state }: Context, task: tasks.Task): boolean =>
  now < task.createdAt + millis(state, 7 * 24 * hour) &&
  (task.cancelledAt === undefined || now < task.cancelledAt + millis(state, 24 * hour))

const find = (context: Context, id: string): tasks.Task | undefined => {
  const task = tasks.find(context.state, api, id, context.now)
  return task !== undefined && isKept(context, task) ? task : undefined
}

const poll = (context: Context, id: string): answer.Answer => {
  const task = find(context, id)
  return task === undefined ? dialect.unknownTask(context, api) : answer.json(200, bodies.task(context, task))
}

/** `GET …/tasks`: pages and filters as BytePlus ModelArk, "List video generation tasks"; a filter for ids is repeated. */
const list = (context: Context): answer.Answer => {
  const query = new URLSearchParams(context.request.query)
  const page = Number(query.get("page_num") ?? 1)
  const size = Number(query.get("page_size") ?? 10)
  for (const [param, value] of [["page_num", page], ["page_size", size]] as const) {
    if (!Number.isInteger(value) || value < 1 || value > 500) return complain(context, { param, missing: false })
  }
  const ids = query.getAll("filter.task_ids")
  const [status, model, tier] = ["status", "model", "service_tier"].map((name) => query.get(`filter.${name}`))
  const found = tasks.all(context.state, api, context.now).filter((task) =>
    isKept(context, task) &&
    (ids.length === 0 || ids.includes(task.id)) &&
    (status === null || bodies.word(tasks.view(task, context.now)) === status) &&
    (model === null || task.model === model) &&
    (tier === null || (task.said["service_tier"] ?? "default") === tier)
  )
  const items = found.slice((page - 1) * size, page * size).map((task) => bodies.task(context, task))
  return answer.json(200, { total: found.length, items })
}

/**
 * `DELETE …/tasks/{id}` cancels what is queued and deletes the record of what has ended; a running task and a cancelled one
 * are left alone (BytePlus ModelArk, "Cancel or delete a video generation task"). The code for a running one is what its
 * users report; that for a cancelled one is made up after it.
 */
const remove = (context: Context, id: string): answer.Answer => {
  const { now, state } = context
  const task = find(context, id)
  if (task === undefined) return dialect.unknownTask(context, api)
  const { phase } = tasks.view(task, now)
  switch (phase) {
    case "running":
      return arkWords.refuse(
        context,
        409,
        "InvalidAction.RunningTaskDeletion",
        `Cannot delete task \`${id}\` because it is currently running.`
      )
    case "cancelled":
      return arkWords.refuse(
        context,
        409,
        "InvalidAction.CancelledTaskDeletion",
        `Cannot delete task \`${id}\` because it is cancelled.`
      )
    case "waiting":
    case "queued":
      tasks.cancel(state, task, now)
      return answer.json(200, {})
    default:
      state.tasks.delete(id)
      return answer.json(200, {})
  }
}
