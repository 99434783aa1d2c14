/**
 * Opening an answer: which part of the body is the task, or why none is.
 */
import * as Result from "effect/Result"
import * as ErrorBody from "../ErrorBody.ts"
import * as StatusWord from "../StatusWord.ts"
import { WireProblem } from "../WireProblem.ts"
import * as WireError from "./wireError.ts"
import * as Json from "./wireJson.ts"
import * as WireVideos from "./wireVideos.ts"

/** @internal */
export interface Envelope {
  /** The object that is the task. */
  readonly task: Json.JsonObject
  /** The task, and what is nested in it under `data`: the vendor's own answer, at most two levels deep. */
  readonly layers: ReadonlyArray<Json.JsonObject>
  readonly remoteId: string | undefined
  /** The object round the task, when there is one. */
  readonly wrapper: Json.JsonObject | undefined
}

/** What to know of an API to open its answers. @internal */
export interface Form {
  /** Where the id of a task may stand, best first. */
  readonly ids: ReadonlyArray<string>
  /** Whether the API's page has every field optional and a task's own `url` only in a success, so that it proves one. */
  readonly isUrlProof?: boolean | undefined
}

/** Opens an answer, bare or wrapped as `{ code, message, data }`. @internal */
export const open = (body: unknown, form: Form): Result.Result<Envelope, WireProblem> => {
  if (!Json.isObject(body)) return Result.fail(notATask(`the answer is ${kindOf(body)}, not an object`))
  const says = verdict(body)
  const id = textIdOf(body, form.ids) ?? numberIdOf(body, form.ids)
  const inner = body["data"]
  if (Json.isObject(inner)) {
    const wrapped = openWrapped(body, says, id, inner, form)
    if (wrapped !== undefined) return wrapped
  }
  if (id === undefined) {
    if (says === "no" || isComplaint(body)) return Result.fail(problem(body))
    // Also `{ status: "success", data: null }`: that word is the wrapper's.
    if (inner === null && (says === "yes" || WireError.isSuccessCode(body["status"]))) {
      return Result.fail(missing("the answer holds no task"))
    }
    if (!hasWord(body) && !hasLink(body, form)) {
      return Result.fail(notATask("the answer has no id, no status and no link"))
    }
  }
  return Result.succeed({ task: body, layers: layersOf(body), remoteId: id, wrapper: undefined })
}

/** Gives nothing when `data` is not the task but something that a bare task carries. */
const openWrapped = (
  body: Json.JsonObject,
  says: Verdict,
  outerId: string | undefined,
  task: Json.JsonObject,
  form: Form
): Result.Result<Envelope, WireProblem> | undefined => {
  // In a wrapped row `id` is the number of the row, and another field names the task.
  const names = form.ids.filter((key) => key !== "id")
  const id = textIdOf(task, [...names, "id"]) ?? numberIdOf(task, names)
  const isTask = id !== undefined || hasWord(task)
  const isBare = outerId !== undefined && (says !== "yes" || hasWord(body))
  if (isTask ? isBare : outerId !== undefined || hasWord(body)) return undefined
  const remoteId = id ?? outerId
  if (remoteId === undefined) {
    if (says === "no" || isComplaint(body) || isComplaint(task)) return Result.fail(problem(body))
    if (!isTask && !hasLink(task, form)) return Result.fail(notATask("the data has no id, no status and no link"))
  }
  return Result.succeed({ task, layers: layersOf(task), remoteId, wrapper: body })
}

type Verdict = "yes" | "no" | "silent"

const verdict = (body: Json.JsonObject): Verdict =>
  WireError.isRefusalCode(body["code"]) || Json.flag(body["success"]) === false
    ? "no"
    : WireError.isSuccessCode(body["code"]) || Json.flag(body["success"]) === true
    ? "yes"
    : "silent"

/**
 * Whether a body without an id only complains. With an id it is a task whatever else it says: a create that was accepted
 * must never look refused. `{ status: "error" | "fail", message }` is how many gateways spell an error.
 */
const isComplaint = (body: Json.JsonObject): boolean =>
  hasWord(body)
    ? /^\s*(?:error|fail)\s*$/i.test(Json.word(body["status"]) ?? "") &&
      Json.text(body["message"] ?? body["msg"]) !== undefined
    : WireError.isError(body["error"])

const problem = (body: Json.JsonObject): WireProblem => {
  const { code, message = "the provider said no and gave no reason" } = ErrorBody.read(body)
  return ErrorBody.isTaskNotExist(body)
    ? missing(message, code)
    : new WireProblem({ kind: "refused", detail: message, ...(code === undefined ? {} : { code }) })
}

const missing = (detail: string, code?: string): WireProblem =>
  new WireProblem({ kind: "missing", detail, ...(code === undefined ? {} : { code }) })

const notATask = (detail: string): WireProblem => new WireProblem({ kind: "notATask", detail })

const kindOf = (body: unknown): string =>
  Array.isArray(body) ? "an array" : body === null || body === undefined ? String(body) : `a ${typeof body}`

/** Whether there is a word for the state. A bare number is one only when it is known: it may be an HTTP status. */
const hasWord = (task: Json.JsonObject): boolean =>
  isWord(task["status"]) || isWord(task["task_status"]) || isWord(task["state"])

const isWord = (word: unknown): boolean =>
  typeof word === "number" ? StatusWord.read(word).status !== undefined : Json.text(word) !== undefined

/** Only of a body without a word. Places where a request's own links stand are left out, and so are lists of tasks. */
const hasLink = (task: Json.JsonObject, { isUrlProof }: Form): boolean =>
  WireVideos.findUnsaid([task], isUrlProof).videos.length > 0

const textIdOf = (task: Json.JsonObject, keys: ReadonlyArray<string>): string | undefined => {
  for (const key of keys) {
    const id = Json.text(task[key])
    if (id !== undefined) return id
  }
  return undefined
}

/** A number that JSON has rounded would name another task, so that it names none. */
const numberIdOf = (task: Json.JsonObject, keys: ReadonlyArray<string>): string | undefined => {
  for (const key of keys) {
    const id = task[key]
    if (typeof id === "number" && Number.isSafeInteger(id) && id > 0) return String(id)
  }
  return undefined
}

const maxLayers = 3

const layersOf = (task: Json.JsonObject): ReadonlyArray<Json.JsonObject> => {
  const layers = [task]
  let inner = task["data"]
  while (Json.isObject(inner) && layers.length < maxLayers) {
    layers.push(inner)
    inner = inner["data"]
  }
  return layers
}
