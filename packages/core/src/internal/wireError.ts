/**
 * Where the many error shapes keep their reason. Shared by error bodies and by tasks that failed.
 */
import * as Json from "./wireJson.ts"

/** What a body says about an error, before it is shown to anybody. @internal */
export interface Complaint {
  readonly code?: string
  readonly providerCode?: string | number | null
  readonly message?: string
  readonly type?: string
  readonly requestId?: string
}

/** Whether a wrapper's code says yes: `0`, `200`, `"success"` and relatives. @internal */
export const isSuccessCode = (code: unknown): boolean =>
  code === 0 || code === 200 || (typeof code === "string" && /^\s*(?:0|200|ok|succe(?:ss|ed|eded))\s*$/i.test(code))

/** Whether a wrapper's code says no. An empty code says nothing. @internal */
export const isRefusalCode = (code: unknown): boolean => Json.word(code) !== undefined && !isSuccessCode(code)

/** Whether the `error` of a body says anything: a sentence, or an object with a message, code or type. @internal */
export const isError = (error: unknown): boolean =>
  Json.isObject(error)
    ? [error["message"], error["code"], error["type"]].some((part) => Json.word(part) !== undefined && part !== 0)
    : Json.text(error) !== undefined

/** The error of a body of an HTTP error, or of a 2xx that says no. @internal */
export const ofBody = (body: unknown): Complaint => {
  const object = Json.isObject(body) ? body : {}
  const data = Json.isObject(object["data"]) ? object["data"] : {}
  const inner = sayings(data)
  const outer = sayings(object)
  return complaint(object, data, [
    outer.errorMessage,
    outer.error,
    inner.errorMessage,
    inner.error,
    isSuccessCode(object["code"]) ? undefined : (outer.message ?? outer.msg),
    inner.failReason,
    outer.failReason,
    isPraise(inner.taskStatusMsg) ? undefined : inner.taskStatusMsg,
    isPraise(outer.taskStatusMsg) ? undefined : outer.taskStatusMsg,
    outer.failure,
    inner.failure
  ])
}

/** The reason of a task that failed, from the task itself, then from what is nested in it. @internal */
export const ofTask = (layers: ReadonlyArray<Json.JsonObject>): Complaint => {
  const found = layers.map((layer) => {
    const said = sayings(layer)
    return complaint(layer, {}, [
      said.errorMessage,
      said.error,
      said.failReason,
      Json.text(layer["error_message"]),
      isPraise(said.message) ? undefined : said.message,
      isPraise(said.msg) ? undefined : said.msg,
      said.metadataError,
      isPraise(said.taskStatusMsg) ? undefined : said.taskStatusMsg,
      said.failure,
      said.sentenceForUrl
    ])
  })
  const best = found.find(({ message }) => message !== undefined)
  const coded = found.find(({ code }) => code !== undefined)
  return { ...coded, ...best }
}

const sayings = (layer: Json.JsonObject) => {
  const error = Json.isObject(layer["error"]) ? layer["error"] : {}
  const metadata = Json.isObject(layer["metadata"]) ? layer["metadata"] : {}
  const metadataError = Json.isObject(metadata["error"]) ? metadata["error"]["message"] : metadata["error"]
  return {
    errorMessage: Json.text(error["message"]),
    error: Json.text(layer["error"]),
    message: Json.text(layer["message"]),
    msg: Json.text(layer["msg"]),
    failReason: sentence(layer["fail_reason"]),
    taskStatusMsg: Json.text(layer["task_status_msg"]),
    failure: Json.text(layer["failure"]),
    metadataError: Json.text(metadataError),
    sentenceForUrl: sentence(metadata["url"]) ?? sentence(layer["result_url"]) ?? sentence(layer["url"])
  }
}

/** A text that is no link: New-API writes reasons where links belong, and links where reasons belong. */
const sentence = (value: unknown): string | undefined =>
  Json.httpUrl(value) === undefined ? Json.text(value) : undefined

const isPraise = (message: string | undefined): boolean => message !== undefined && isSuccessCode(message)

const complaint = (
  body: Json.JsonObject,
  data: Json.JsonObject,
  messages: ReadonlyArray<string | undefined>
): Complaint => {
  const message = withIssues(messages.find((one) => one !== undefined), body["issues"])
  const said = { ...coded(body, data), ...requestIdOf(body, data, message) }
  if (message === undefined) return said
  const nested = Json.embedded(message)
  if (!Json.isObject(nested) || !("error" in nested)) return { ...said, message }
  // New-API passes the upstream's whole answer on as text (`fail_to_fetch_task`).
  const inner = ofEmbedded(nested)
  return { ...said, message, ...inner }
}

/** Runway says which field is wrong in a list beside the reason: `issues[{ message, path }]`. */
const withIssues = (message: string | undefined, issues: unknown): string | undefined => {
  if (message === undefined || !Array.isArray(issues)) return message
  const said = issues.filter(Json.isObject).flatMap((issue) => {
    const about = Json.text(issue["message"])
    if (about === undefined) return []
    const path = Array.isArray(issue["path"]) ? issue["path"].flatMap((part) => Json.word(part) ?? []).join(".") : ""
    return [path === "" ? about : `${path}: ${about}`]
  })
  return said.length === 0 ? message : `${message} (${said.join("; ")})`
}

const ofEmbedded = (body: Json.JsonObject): Complaint => {
  const { error, errorMessage } = sayings(body)
  const message = withIssues(errorMessage ?? error, body["issues"])
  return {
    ...coded(body, {}),
    ...(message === undefined ? {} : { message }),
    ...requestIdOf(body, {}, message)
  }
}

const coded = (body: Json.JsonObject, data: Json.JsonObject): Complaint => {
  const error = Json.isObject(body["error"]) ? body["error"] : {}
  const dataError = Json.isObject(data["error"]) ? data["error"] : {}
  const metadata = Json.isObject(body["metadata"]) ? body["metadata"] : {}
  const metadataError = Json.isObject(metadata["error"]) ? metadata["error"] : {}
  const places = [
    error["code"],
    body["code"],
    dataError["code"],
    metadataError["code"],
    body["failureCode"],
    data["failureCode"]
  ]
  const told = places.find(isRefusalCode)
  // A flat error has a `param` or a `code` beside its `type`; the type of anything else is no type of error.
  const flat = "param" in body || "code" in body ? body["type"] : undefined
  const type = Json.label(error["type"]) ?? Json.label(dataError["type"]) ?? Json.label(flat)
  const code = Json.label(Json.word(told)) ?? type
  const asItCame = [told, error["code"], dataError["code"], unsaid(body["code"]), unsaid(body["failureCode"])].find(
    isProviderCode
  )
  return {
    ...(code === undefined ? {} : { code }),
    ...(asItCame === undefined ? {} : { providerCode: shown(asItCame) }),
    ...(type === undefined ? {} : { type })
  }
}

const unsaid = (code: unknown): "" | null | undefined => code === null || code === "" ? code : undefined

const shown = (code: string | number | null): string | number | null =>
  typeof code === "string" ? Json.shown(code, maxCode) : code

const maxCode = 200

const isProviderCode = (code: unknown): code is string | number | null =>
  code === null || typeof code === "string" || (typeof code === "number" && Number.isFinite(code))

const requestIdSuffix = /request[ _-]?id:\s*([\w.-]+)/i

const requestIdOf = (body: Json.JsonObject, data: Json.JsonObject, message: string | undefined) => {
  const field = body["request_id"] ?? body["requestId"] ?? data["request_id"]
  const requestId = Json.label(requestIdSuffix.exec(message ?? "")?.[1] ?? Json.word(field))
  return requestId === undefined ? {} : { requestId }
}
