/**
 * Cancelling a task that runs, and removing one that has ended. Where one route does both, the state decides: a task
 * that has ended is never deleted by a cancel.
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import { annotate, type Api, ask, failure, familyOf, unsupported } from "./api.ts"
import * as Classify from "./classify.ts"
import { isSuccess } from "./createOutcome.ts"
import type { FamilyApi } from "./familyApi.ts"
import * as Http from "./http.ts"

/** The `DELETE`s of one provider whose end is not known. */
interface Erasures {
  /** Sends one. What a refusal says is settled; no answer, or a fault of the server, leaves it open. */
  readonly send: (
    family: FamilyApi,
    handle: TaskHandle,
    path: string,
    operation: VideoTaskError.Operation
  ) => Effect.Effect<Http.ApiAnswer, VideoTaskError.VideoTaskError>
  /** Whether one of ours may have done it before: then a task that is gone is what was wanted. */
  readonly mayHave: (handle: TaskHandle) => boolean
}

/** How many are remembered: each was lost on its way, and is soon tried again. */
const maxOpen = 1000

const erasures = (api: Api): Erasures => {
  const open = new Set<string>()
  return {
    mayHave: (handle) => open.has(keyOf(handle)),
    send: Effect.fnUntraced(function*(family, handle, path, operation) {
      const [oldest] = open
      if (open.size >= maxOpen && oldest !== undefined) open.delete(oldest)
      open.add(keyOf(handle))
      const request = { method: "DELETE", path, headers: family.headers } as const
      const { answer } = yield* ask(api, handle, request, failure(api, operation))
      if (!mayBeDone(answer.status)) open.delete(keyOf(handle))
      return answer
    })
  }
}

const keyOf = ({ family, remoteId, route = "" }: TaskHandle): string => `${family}/${route}/${remoteId}`

const mayBeDone = (status: number): boolean => status >= 500 || status === 408

/** Reads a task before it is erased; `undefined` when it is gone and we may have done it. */
const before = (
  observe: VideoProvider["observe"],
  { mayHave }: Erasures,
  handle: TaskHandle
): Effect.Effect<Observation | undefined, VideoTaskError.VideoTaskError> =>
  Effect.catchIf(
    observe(handle),
    ({ reason }) => reason._tag === "TaskNotFound" && mayHave(handle),
    () => Effect.undefined
  )

export const cancel = (api: Api, observe: VideoProvider["observe"]): VideoProvider["cancel"] => {
  const sent = erasures(api)
  return Effect.fn(`${api.name}.cancel`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    const family = familyOf(api, handle.family)
    if (family.cancel === undefined) return "unsupported"
    const seen = yield* before(observe, sent, handle)
    if (seen === undefined || (seen.status === "CANCELLED" && sent.mayHave(handle))) return "confirmed"
    if (seen.status === undefined || !family.cancel.from.includes(seen.status)) return "failed"
    const isAgain = sent.mayHave(handle)
    const answer = yield* sent.send(family, handle, family.cancel.path, "cancel")
    if (isSuccess(answer.status)) return "confirmed"
    const { remoteId } = handle
    const reason = Classify.reasonOf(answer, { operation: "cancel", remoteId, refusals: family.refusals })
    if (reason._tag === "TaskNotFound" && isAgain) return "confirmed"
    const said = reason._tag === "InvalidRequest" ? notCancelled(api, reason) : reason
    return yield* failure(api, "cancel")(said, { handle, requestId: Http.requestIdOf(answer) })
  })
}

/** The API says that the task can't be cancelled (any more). */
const notCancelled = ({ configuration: { id } }: Api, { detail }: VideoTaskError.InvalidRequest) =>
  new VideoTaskError.Unsupported({
    detail: `${id} did not cancel the task, which goes on${detail === undefined ? "" : ` (${detail})`}.`
  })

export const remove = (api: Api, observe: VideoProvider["observe"]): VideoProvider["remove"] => {
  const sent = erasures(api)
  return Effect.fn(`${api.name}.remove`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    const family = familyOf(api, handle.family)
    if (family.remove === undefined) {
      return yield* unsupported(api, "remove", `${api.configuration.id} documents no way to delete a task.`)
    }
    const seen = yield* before(observe, sent, handle)
    if (seen === undefined) return
    if (!hasEnded(seen)) return yield* failure(api, "remove")(notEnded(seen), { handle })
    const isAgain = sent.mayHave(handle)
    const answer = yield* sent.send(family, handle, family.remove, "remove")
    if (isSuccess(answer.status)) return
    const { remoteId } = handle
    const reason = Classify.reasonOf(answer, { operation: "remove", remoteId, refusals: family.refusals })
    if (reason._tag === "TaskNotFound" && isAgain) return
    return yield* failure(api, "remove")(reason, { handle, requestId: Http.requestIdOf(answer) })
  })
}

const hasEnded = ({ status }: Observation): boolean => status !== undefined && isTerminal(status)

const notEnded = ({ status }: Observation): VideoTaskError.Reason =>
  new VideoTaskError.InvalidRequest({
    violations: [
      new VideoTaskError.Violation({ field: "status", value: status ?? "unknown", allowed: "a task that has ended" })
    ]
  })
