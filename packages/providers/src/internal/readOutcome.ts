/**
 * What became of reading a task once. Nothing here ends a task: it says what was seen, and the runtime decides.
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { Reason } from "@video-tasks/core/VideoTaskError"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type { WireProblem } from "@video-tasks/core/WireProblem"
import * as Result from "effect/Result"
import * as Classify from "./classify.ts"
import { isSuccess } from "./createOutcome.ts"
import type { FamilyApi } from "./familyApi.ts"
import type { ApiAnswer, TransportProblem } from "./http.ts"

/** Reads the JSON of a success; every other answer is a reason. */
export const json = (answer: ApiAnswer, question: Classify.Question): Result.Result<unknown, Reason> => {
  if (!isSuccess(answer.status)) return Result.fail(Classify.reasonOf(answer, question))
  switch (answer.body._tag) {
    case "Json":
      return Result.succeed(answer.body.value)
    case "Cut":
      return Result.fail(new VideoTaskError.ProviderUnavailable({ status: answer.status, detail: answer.body.detail }))
    default:
      return Result.fail(
        Classify.unexpected(answer, `HTTP ${answer.status}, ${Classify.inWords(answer.body) || "not JSON"}`)
      )
  }
}

/** Reads the answer to a query. */
export const observation = (
  answer: ApiAnswer,
  remoteId: string,
  { exception, refusals, toObservation }: Pick<FamilyApi, "exception" | "refusals" | "toObservation">
): Result.Result<Observation, Reason> => {
  const question: Classify.Question = { operation: "observe", remoteId, refusals }
  const excepted = exception?.(answer, question)
  if (excepted !== undefined) return Result.succeed(excepted)
  const body = json(answer, question)
  if (Result.isFailure(body)) return Result.fail(body.failure)
  const read = toObservation(body.success)
  return Result.isSuccess(read) ? Result.succeed(read.success) : Result.fail(misread(answer, read.failure, question))
}

/**
 * What an answer of the content route means that is no file: `undefined` when there is none (yet), a reason when nobody
 * can tell.
 */
export const noContent = (
  answer: ApiAnswer,
  remoteId: string,
  refusals?: ReadonlyArray<Classify.Refusal>
): Reason | undefined => {
  if (isSuccess(answer.status) || Classify.isRedirect(answer.status)) return undefined
  const reason = Classify.reasonOf(answer, { operation: "content", remoteId, refusals })
  return settled.has(reason._tag) ? undefined : reason
}

// "not completed yet", "no such task", "no such route": the route was asked, and has no file.
const settled: ReadonlySet<Reason["_tag"]> = new Set(["InvalidRequest", "TaskNotFound", "UnexpectedResponse"])

/** There was no answer. */
export const unanswered = ({ detail }: TransportProblem): Reason => new VideoTaskError.ProviderUnavailable({ detail })

/** Reads a 2xx whose body was not what was asked for. */
export const misread = (answer: ApiAnswer, problem: WireProblem, question: Classify.Question): Reason => {
  switch (problem.kind) {
    case "missing":
      return new VideoTaskError.TaskNotFound({ remoteId: question.remoteId ?? "", detail: problem.detail })
    case "refused":
      return Classify.reasonOfCode(answer, question) ?? Classify.unexpected(answer, `a refusal, ${problem.detail}`)
    case "notATask":
      return Classify.unexpected(answer, problem.detail)
  }
}
