/**
 * What an HTTP status and an error body mean: the one table from an answer that is no success to a reason.
 *
 * The code is looked at before the status, because gateways hide refusals behind any status: a misspelt model is a 503,
 * a bad field a 500, an empty account a 403 or a 429, an unknown task a 400.
 */
import * as ErrorBody from "@video-tasks/core/ErrorBody"
import * as Redact from "@video-tasks/core/Redact"
import type { Operation, Reason } from "@video-tasks/core/VideoTaskError"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type { ApiAnswer } from "./http.ts"
import type { Body } from "./responseBody.ts"

/** What was asked for. */
export interface Question {
  readonly operation: Operation
  readonly model?: string | undefined
  readonly remoteId?: string | undefined
}

/** What an answer says, taken apart. */
interface Said {
  readonly answer: ApiAnswer
  readonly question: Question
  readonly code: string
  readonly words: string
  readonly detail: string
}

/** Reads an answer that is no success. */
export const reasonOf = (answer: ApiAnswer, question: Question): Reason => {
  if (isRedirect(answer.status)) return redirected(answer)
  const said = read(answer, question)
  return byCode(said) ?? byStatus(said)
}

/** Reads the code of a refusal that came with a success status; `undefined` when nobody knows it. */
export const reasonOfCode = (answer: ApiAnswer, question: Question): Reason | undefined =>
  byCode(read(answer, question))

/** Returns `true` for a redirect; a browser shows it as 0. */
export const isRedirect = (status: number): boolean => status === 0 || (status >= 300 && status < 400)

/** An answer that makes no sense, with its beginning. */
export const unexpected = (answer: ApiAnswer, detail: string): Reason => {
  const { body } = answer
  const text = body._tag === "Json"
    ? Redact.excerpt(body.value, excerptBytes)
    : "text" in body
    ? Redact.clip(Redact.text(body.text.slice(0, 4 * excerptBytes)).replace(/\s+/g, " ").trim(), excerptBytes)
    : undefined
  return new VideoTaskError.UnexpectedResponse({
    detail,
    ...(answer.status === 0 ? {} : { status: answer.status }),
    ...(text === undefined || text === "" ? {} : { excerpt: text })
  })
}

const excerptBytes = 300

const redirected = (answer: ApiAnswer): Reason =>
  unexpected(
    { ...answer, body: { _tag: "Discarded" } },
    `a redirect${answer.redirectedTo === undefined ? "" : ` to ${answer.redirectedTo}`}, which is never followed`
  )

const read = (answer: ApiAnswer, question: Question): Said => {
  const { body } = answer
  const error = body._tag === "Json"
    ? ErrorBody.read(body.value)
    : body._tag === "Text"
    ? ErrorBody.read(body.text)
    : {}
  const words = [error.code === error.type ? undefined : error.code, error.message].filter((word) => word !== undefined)
  const said = words.length === 0 ? inWords(body) : [...new Set(words)].join(": ")
  return {
    answer,
    question,
    code: error.code ?? "",
    words: [error.code, error.type, error.message].join(" "),
    detail: `HTTP ${answer.status}${said === "" ? "" : `, ${said}`}`
  }
}

/** What kind of body it is when it says nothing by itself. */
export const inWords = (body: Body): string => {
  switch (body._tag) {
    case "Json":
    case "Text":
    case "Discarded":
      return ""
    case "Markup":
      return "a web page instead of JSON"
    case "Empty":
      return "an empty answer"
    case "Cut":
    case "Unreadable":
      return body.detail
  }
}

// Codes: New-API relay and middleware, CometAPI errors page, OpenAI, Kling service codes, Volcengine Ark.
const quota =
  /^(insufficient_(user_)?(quota|balance|credits?)|pre_consume_token_quota_failed|quota_?exceeded|accountoverdueerror|110[0-2])$/i

/** Runway has no code for an empty account, only a sentence with 400; nor has xAI, whose sentence comes with 403 or 429. */
const isBroke = ({ answer: { status }, words }: Said): boolean =>
  (status === 400 && /\bnot have enough credits\b/i.test(words)) ||
  ((status === 403 || status === 429) && /\bused all available credits\b|\bmonthly spending limit\b/i.test(words))

// xAI's codes are those of gRPC, the same for a bad field and for a bad key: its sentences decide.
const isWrongKey = ({ answer, words }: Said): boolean =>
  answer.status === 400 && /\bincorrect api key provided\b/i.test(words)

const isNoModel = ({ answer, question, words }: Said): boolean =>
  question.operation === "create" && answer.status === 404 && /\bmodel \S+ does not exist\b/i.test(words)

const key = /^(invalid_api_key|authentication_error|unauthorized|100[0-4]|1103|1304)$/i

const rate = /^(rate_?limit\w*|too_many_requests|130[23])$/i

const model = /^(model_not_found|modelnotopen|invalidendpoint(ormodel)?\.\w+)$/i

// Kling's "resource does not exist", a bad parameter or a refused prompt, and a fault of the server.
const [absent, parameter, fault] = [/^1203$/, /^(120[01]|130[01])$/, /^500[0-2]$/]

const content = /content[ _]?(policy|filter|moderation)|moderation|sensitive|safety|nsfw|prohibited/i

const byCode = (said: Said): Reason | undefined => {
  const { answer, code, detail, question } = said
  const isPoll = question.operation !== "create"
  const body = answer.body._tag === "Json"
    ? answer.body.value
    : answer.body._tag === "Text"
    ? answer.body.text
    : undefined
  if (question.remoteId !== undefined && ErrorBody.isTaskNotExist(body)) return notFound(said, question.remoteId)
  if (quota.test(code) || isBroke(said)) return new VideoTaskError.QuotaExceeded({ detail })
  if (key.test(code) || isWrongKey(said)) return new VideoTaskError.Unauthorized({ detail })
  if (rate.test(code)) return limited(said)
  // A server fault never ends the reading of a task that exists.
  if (isPoll && answer.status >= 500) return undefined
  if (model.test(code) || isNoModel(said)) return modelUnavailable(said)
  if (answer.status < 400 && fault.test(code)) return unavailable(said)
  if (absent.test(code)) {
    if (!isPoll) return modelUnavailable(said)
    if (question.remoteId !== undefined) return notFound(said, question.remoteId)
  }
  if (!isPoll && parameter.test(code)) return invalid(said)
  if (code === "invalid_request" && answer.status >= 500) return invalid(said)
  return undefined
}

const byStatus = (said: Said): Reason => {
  const { answer, detail, question } = said
  const { body, status } = answer
  if (status >= 500 || status === 408 || status === 425) return unavailable(said)
  switch (status) {
    case 401:
      return new VideoTaskError.Unauthorized({ detail })
    case 402:
      return new VideoTaskError.QuotaExceeded({ detail })
    case 403:
      return forbidden(said)
    case 413:
      return new VideoTaskError.PayloadTooLarge({ detail })
    case 429:
      return limited(said)
  }
  if (body._tag === "Markup" || status < 400) return unexpected(answer, detail)
  if (status === 404 && question.remoteId !== undefined) return notFound(said, question.remoteId)
  return invalid(said)
}

// Only the API speaks JSON: anything else that says 403 is a firewall on the way.
const forbidden = (said: Said): Reason => {
  if (said.answer.body._tag !== "Json") return unavailable(said)
  return content.test(said.words) ? invalid(said) : new VideoTaskError.Unauthorized({ detail: said.detail })
}

const notFound = (said: Said, remoteId: string): Reason =>
  new VideoTaskError.TaskNotFound({ remoteId, detail: said.detail })

const modelUnavailable = (said: Said): Reason =>
  new VideoTaskError.ModelUnavailable({ model: said.question.model ?? "(unknown)", detail: said.detail })

const invalid = (said: Said): Reason =>
  new VideoTaskError.InvalidRequest({
    violations: [],
    detail: said.detail,
    ...(said.code === "" ? {} : { code: said.code })
  })

const limited = ({ answer, detail }: Said): Reason =>
  new VideoTaskError.RateLimited({
    detail,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs })
  })

const unavailable = ({ answer, detail }: Said): Reason =>
  new VideoTaskError.ProviderUnavailable({
    detail,
    status: answer.status,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs })
  })
