/**
 * Settling by hand what no machine knows: the creates whose answer was lost.
 */
import type { Submission } from "@video-tasks/core/Submission"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { Resolution } from "../VideoTasks.ts"
import { fromStore } from "./errors.ts"
import * as Journal from "./journal.ts"
import { adopt, judgeAbandoned, noSubmission, refused, stored, type Submissions } from "./submissions.ts"

/**
 * Settles an ambiguous create as somebody says who has looked.
 *
 * @internal
 */
export const resolve = Effect.fnUntraced(function*(
  parts: Submissions,
  id: TaskId,
  resolution: Resolution
): Effect.fn.Return<Submission, VideoTaskError.VideoTaskError> {
  const { journal, providers } = parts.refs
  yield* stored(judgeAbandoned(parts))
  const submission = yield* stored(journal.store.submission(id))
  if (submission === undefined) return yield* noSubmission(id)
  const { account, baseUrl, family, outcome, provider: providerId, requestHash, startedAt } = submission
  if (outcome._tag !== "ambiguous") {
    return yield* refused(providerId, "submission", `${id}, which is ${outcome._tag}`, "one that is ambiguous")
  }
  if (resolution === "discard") {
    yield* stored(Journal.settle(journal, id, { _tag: "rejected", reason: discarded }))
  } else {
    const remoteId = resolution.remoteId.trim()
    if (remoteId === "" || remoteId.length > 512) {
      return yield* refused(providerId, "remoteId", `${remoteId.length} characters`, "1 to 512 characters")
    }
    const provider = yield* providers.get(providerId, "attach")
    const route = resolution.route ?? submission.route
    const handle = new TaskHandle({
      provider: providerId,
      family,
      remoteId,
      baseUrl: baseUrl ?? provider.baseUrl,
      account,
      createdAt: startedAt,
      requestHash,
      ...(route === undefined ? {} : { route })
    })
    yield* providers.forHandle(handle, "attach")
    yield* Effect.mapError(adopt(parts, submission, handle, undefined), (error) => fromStore(error, providerId, handle))
  }
  return (yield* stored(journal.store.submission(id))) ?? submission
})

/** What a submission says that somebody found to have made nothing. */
const discarded = "discarded"
