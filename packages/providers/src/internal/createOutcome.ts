/**
 * What became of a create: it is sent once, and only here is it decided whether that may be repeated.
 *
 * | outcome               | what makes it so                                                                                    |
 * | --------------------- | --------------------------------------------------------------------------------------------------- |
 * | accepted              | a 2xx with the id of a task                                                                         |
 * | `NotSent`             | the transport says that no byte of the request was started                                          |
 * | refused, typed        | 3xx but 303, for its base URL; 4xx but 408, 425, 429; 503 `model_not_found`; 500 `invalid_request`; |
 * |                       | a 2xx that says no and has no id                                                                    |
 * | `RateLimited`         | 429 about rate: nothing was made, it may be sent again after the wait                               |
 * | `SubmissionAmbiguous` | all else: 303, 408, 425, other 5xx, no answer, no answer in time, an answer that can't be read      |
 * |                       | or has no id                                                                                        |
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { Reason } from "@video-tasks/core/VideoTaskError"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type { WireProblem } from "@video-tasks/core/WireProblem"
import * as Result from "effect/Result"
import * as Classify from "./classify.ts"
import type { ApiAnswer, TransportProblem } from "./http.ts"

/** How long the answer to a create may take, in ms. */
export const timeoutMs = 180_000

/** What happened to the request. */
export type Sent =
  | { readonly _tag: "Answered"; readonly answer: ApiAnswer }
  | { readonly _tag: "Unanswered"; readonly problem: TransportProblem }
  | { readonly _tag: "TimedOut" }

/** A create that made a task. */
export interface Accepted {
  readonly remoteId: string
  readonly observation: Observation
}

/** The circumstances of a create. */
export interface Create {
  readonly model: string
  /** In ms since the epoch. */
  readonly sentAt: number
  readonly toObservation: (body: unknown) => Result.Result<Observation, WireProblem>
  readonly refusals?: ReadonlyArray<Classify.Refusal> | undefined
}

const questionOf = ({ model, refusals }: Create): Classify.Question => ({ operation: "create", model, refusals })

/** Decides. */
export const judge = (sent: Sent, create: Create): Result.Result<Accepted, Reason> => {
  switch (sent._tag) {
    case "TimedOut":
      return ambiguous(create, `no answer within ${timeoutMs / 1000} s`)
    case "Unanswered":
      return sent.problem.requestStarted === "no"
        ? Result.fail(new VideoTaskError.NotSent({ detail: sent.problem.detail }))
        : ambiguous(create, sent.problem.detail)
    case "Answered":
      return isSuccess(sent.answer.status) ? success(sent.answer, create) : noSuccess(sent.answer, create)
  }
}

/** Returns `true` for a status of success. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300

const noSuccess = (answer: ApiAnswer, create: Create): Result.Result<Accepted, Reason> => {
  const reason = Classify.reasonOf(answer, questionOf(create))
  const detail = "detail" in reason && reason.detail !== undefined ? reason.detail : "no answer"
  if (Classify.isRedirect(answer.status) && answer.status !== seeOther) {
    // The next create would be led astray as well.
    return Result.fail(
      new VideoTaskError.InvalidRequest({ violations: [], detail: `the base URL answers with ${detail}` })
    )
  }
  return isFinal(answer.status, reason) ? Result.fail(reason) : ambiguous(create, detail, answer)
}

/** The one redirect that may say that a POST was carried out, and where to see what it made (RFC 9110, 15.4.4). */
const seeOther = 303

// A 4xx is the API's own no, except where a proxy says it about a request that may have gone on.
const isFinal = (status: number, reason: Reason): boolean => {
  if (status === 408 || status === 425) return false
  if (status >= 400 && status < 500) return true
  return (status === 503 && reason._tag === "ModelUnavailable") || (status === 500 && reason._tag === "InvalidRequest")
}

const success = (answer: ApiAnswer, create: Create): Result.Result<Accepted, Reason> => {
  if (answer.body._tag !== "Json") {
    return ambiguous(create, `HTTP ${answer.status}, ${Classify.inWords(answer.body) || "not JSON"}`, answer)
  }
  const read = create.toObservation(answer.body.value)
  if (Result.isFailure(read)) {
    return read.failure.kind === "refused"
      ? refusal(answer, create, read.failure.detail)
      : ambiguous(create, `HTTP ${answer.status}, ${read.failure.detail}`, answer)
  }
  const observation = read.success
  const { failure, remoteId } = observation
  if (remoteId !== undefined && remoteId.length <= maxIdLength) return Result.succeed({ remoteId, observation })
  return failure === undefined || remoteId !== undefined
    ? ambiguous(create, `HTTP ${answer.status}, the answer has no id of a task`, answer)
    : refusal(answer, create, failure.message)
}

/** The longest id that a handle holds. */
const maxIdLength = 512

const refusal = (answer: ApiAnswer, create: Create, detail: string): Result.Result<never, Reason> => {
  const reason = Classify.reasonOfCode(answer, questionOf(create))
  // A fault of the server is no refusal, also when its code came with a good status.
  if (reason?._tag === "ProviderUnavailable") return ambiguous(create, reason.detail, answer)
  return Result.fail(reason ?? new VideoTaskError.InvalidRequest({ violations: [], detail }))
}

const ambiguous = (create: Create, detail: string, answer?: ApiAnswer): Result.Result<never, Reason> =>
  Result.fail(
    new VideoTaskError.SubmissionAmbiguous({
      sentAt: create.sentAt,
      detail,
      ...(answer === undefined ? {} : { status: answer.status }),
      ...(answer?.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs })
    })
  )
