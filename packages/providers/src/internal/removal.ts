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

export const cancel = (api: Api, observe: VideoProvider["observe"]): VideoProvider["cancel"] =>
  Effect.fn(`${api.name}.cancel`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    const family = familyOf(api, handle.family)
    if (family.cancel === undefined) return "unsupported"
    const { status } = yield* observe(handle)
    if (status === undefined || !family.cancel.from.includes(status)) return "failed"
    const answer = yield* erase(api, family, handle, family.cancel.path, "cancel")
    if (isSuccess(answer.status)) return "confirmed"
    const reason = Classify.reasonOf(answer, { operation: "cancel", remoteId: handle.remoteId })
    // The API says that it can't be cancelled any more.
    if (reason._tag === "InvalidRequest") return "failed"
    return yield* failure(api, "cancel")(reason, { handle, requestId: Http.requestIdOf(answer) })
  })

export const remove = (api: Api, observe: VideoProvider["observe"]): VideoProvider["remove"] =>
  Effect.fn(`${api.name}.remove`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    const family = familyOf(api, handle.family)
    if (family.remove === undefined) {
      return yield* unsupported(api, "remove", `${api.name} documents no way to delete a task.`)
    }
    const seen = yield* observe(handle)
    if (!hasEnded(seen)) return yield* failure(api, "remove")(notEnded(seen), { handle })
    const answer = yield* erase(api, family, handle, family.remove, "remove")
    if (isSuccess(answer.status)) return
    const reason = Classify.reasonOf(answer, { operation: "remove", remoteId: handle.remoteId })
    return yield* failure(api, "remove")(reason, { handle, requestId: Http.requestIdOf(answer) })
  })

const hasEnded = ({ status }: Observation): boolean => status !== undefined && isTerminal(status)

const notEnded = ({ status }: Observation): VideoTaskError.Reason =>
  new VideoTaskError.InvalidRequest({
    violations: [
      new VideoTaskError.Violation({ field: "status", value: status ?? "unknown", allowed: "a task that has ended" })
    ]
  })

const erase = (
  api: Api,
  family: FamilyApi,
  handle: TaskHandle,
  path: string,
  operation: VideoTaskError.Operation
): Effect.Effect<Http.ApiAnswer, VideoTaskError.VideoTaskError> =>
  Effect.map(
    ask(api, handle, { method: "DELETE", path, headers: family.headers }, failure(api, operation)),
    ({ answer }) => answer
  )
