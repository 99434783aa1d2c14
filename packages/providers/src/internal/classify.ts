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

/**
 * What a vendor says no with: a code of its own, or a sentence where its codes say nothing. They hold for its API only: the
 * same number means something else, or nothing, elsewhere.
 */
export interface Refusal {
  readonly means: keyof typeof meanings
  /** The whole code matches. */
  readonly code?: RegExp | undefined
  /** The words, which are code, type and message, match. */
  readonly words?: RegExp | undefined
  /** The HTTP statuses that it comes with; any, unless they are given. */
  readonly statuses?: ReadonlyArray<number> | undefined
}

/** What was asked for. */
export interface Question {
  readonly operation: Operation
  readonly model?: string | undefined
  readonly remoteId?: string | undefined
  /** The vendor's own. */
  readonly refusals?: ReadonlyArray<Refusal> | undefined
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

// Codes in words: New-API relay and middleware, CometAPI errors page, OpenAI, Volcengine Ark, which gateways pass on.
const common: ReadonlyArray<Refusal> = [
  {
    means: "quota",
    code:
      /^(insufficient_(user_)?(quota|balance|credits?)|pre_consume_token_quota_failed|quota_?exceeded|accountoverdueerror)$/i
  },
  { means: "key", code: /^(invalid_api_key|authentication_error|unauthorized)$/i },
  { means: "rate", code: /^(rate_?limit\w*|too_many_requests)$/i },
  { means: "model", code: /^(model_not_found|modelnotopen|invalidendpoint(ormodel)?\.\w+)$/i }
]

/** What a refusal means to the question; `undefined` where it says nothing about it. */
const meanings = {
  /** The account is empty. */
  quota: ({ detail }: Said): Reason | undefined => new VideoTaskError.QuotaExceeded({ detail }),
  /** The key, or where it is used. */
  key: ({ detail }: Said): Reason | undefined => new VideoTaskError.Unauthorized({ detail }),
  rate: (said: Said): Reason | undefined => limited(said),
  model: (said: Said): Reason | undefined => modelUnavailable(said),
  /** What was asked about: the task, or the model of a create. */
  absent: (said: Said): Reason | undefined => {
    const { operation, remoteId } = said.question
    if (operation === "create") return modelUnavailable(said)
    return remoteId === undefined ? undefined : notFound(said, remoteId)
  },
  /** A field of a create, or its prompt. */
  parameter: (said: Said): Reason | undefined => said.question.operation === "create" ? invalid(said) : undefined,
  /** The server failed, whatever its status says. */
  fault: (said: Said): Reason | undefined => said.answer.status < 400 ? unavailable(said) : undefined
}

const says = ({ answer, code, words }: Said) => (refusal: Refusal): boolean =>
  (refusal.code === undefined || refusal.code.test(code)) &&
  (refusal.words === undefined || refusal.words.test(words)) &&
  (refusal.statuses === undefined || refusal.statuses.includes(answer.status))

const content = /content[ _]?(policy|filter|moderation)|moderation|sensitive|safety|nsfw|prohibited/i

const byCode = (said: Said): Reason | undefined => {
  const { answer, code, question: { operation, refusals = [], remoteId } } = said
  const body = answer.body._tag === "Json"
    ? answer.body.value
    : answer.body._tag === "Text"
    ? answer.body.text
    : undefined
  if (remoteId !== undefined && ErrorBody.isTaskNotExist(body)) return notFound(said, remoteId)
  // A server fault says nothing about the account, and never ends the reading of a task that exists.
  if (operation !== "create" && answer.status >= 500) return undefined
  const known = [...refusals, ...common].find(says(said))
  if (known !== undefined) return meanings[known.means](said)
  return code === "invalid_request" && answer.status >= 500 ? invalid(said) : undefined
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
