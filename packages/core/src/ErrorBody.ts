/**
 * Reading the error bodies of every API: where the reason, the code and the request id are, whatever the shape.
 *
 * @since 0.1.0
 */
import * as Wire from "./internal/wireError.ts"
import * as Json from "./internal/wireJson.ts"
import * as Redact from "./Redact.ts"

/**
 * What an error body says. Nothing in it holds a secret.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorBody {
  /** The provider's code as text, for example `model_not_found` or `1303`; its error type when there is no code. */
  readonly code?: string
  /** The provider's code exactly as it came: a string, a number or null. */
  readonly providerCode?: string | number | null
  /** The reason in words, at most 500 characters. */
  readonly message?: string
  /** The provider's type of error, for example `new_api_error`. */
  readonly type?: string
  /** The provider's id of the request, for its support. */
  readonly requestId?: string
}

/**
 * Reads the body of an HTTP error, or of a 2xx that says no. It takes anything: parsed JSON, or text that is not JSON.
 *
 * **Details**
 *
 * The reason is the first of `error.message`, `error` as a sentence, `data.error.message`, `message` (unless `code` says
 * success), `msg`, `fail_reason` (unless it is a link), `task_status_msg`, `failure`; else the text of the body. The code
 * is the first of `error.code`, `code`, `failureCode`, `error.type` that says something. A message that is itself JSON
 * with an `error` is read once more (New-API wraps the upstream's answer as text). The request id is the end of the
 * message (`(request id: …)`) or a field of that name.
 *
 * **Example** (A refusal of New-API)
 *
 * ```ts import.meta.vitest
 * import { ErrorBody } from "@video-tasks/core"
 *
 * ErrorBody.read({ code: "invalid_request", message: "prompt is required", data: null })
 * // => { code: "invalid_request", providerCode: "invalid_request", message: "prompt is required" }
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const read = (body: unknown): ErrorBody => {
  const { message = textOf(body), ...said } = Wire.ofBody(
    Json.unfolded(typeof body === "string" ? Json.embedded(body) : body)
  )
  return message === undefined ? said : { ...said, message: Json.shown(message, maxMessage) }
}

/**
 * Returns `true` when a body says that the task does not exist, whatever the HTTP status: by its code or in its message.
 *
 * **Details**
 *
 * CometAPI and New-API answer 400 with `task_not_exist` in `code`, or in the message only.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isTaskNotExist = (body: unknown): boolean => {
  const { code, message } = read(body)
  return notExist.test(code ?? "") || notExist.test(message ?? "")
}

// internal

const maxMessage = 500

const notExist = /task[\s_-]*(?:does[\s_-]*)?not[\s_-]*exist/i

const textOf = (body: unknown): string | undefined => {
  if (typeof body === "string") return Json.text(body)
  if (typeof body !== "object" || body === null || Object.keys(body).length === 0) return undefined
  return Redact.excerpt(body, maxMessage)
}
