/**
 * Settling by hand what no machine knows: the creates whose answer was lost.
 */
import type { Submission } from "@video-tasks/core/Submission"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Resolution } from "../VideoTasks.ts"
import { fromStore } from "./errors.ts"
import { isOlder } from "./findCreated.ts"
import * as Journal from "./journal.ts"
import { request } from "./requests.ts"
import { adopt, all, judgeAbandoned, noSubmission, refused, stored, type Submissions } from "./submissions.ts"

/**
 * Settles an ambiguous create as somebody says who has looked; one that was settled by a mistake is settled anew.
 *
 * @internal
 */
export const resolve = Effect.fnUntraced(function*(
  parts: Submissions,
  id: TaskId,
  resolution: Resolution
): Effect.fn.Return<Submission, VideoTaskError.VideoTaskError> {
  const { journal } = parts.refs
  yield* stored(judgeAbandoned(parts))
  const submission = yield* stored(journal.store.submission(id))
  if (submission === undefined) return yield* noSubmission(id)
  const { outcome, provider } = submission
  const wasMistaken = yield* isMistaken(parts, id)
  if (outcome._tag !== "ambiguous" && !wasMistaken) {
    return yield* refused(provider, "submission", `${id}, which is ${outcome._tag}`, "one that is ambiguous")
  }
  if (resolution === "discard") {
    const rejected = { _tag: "rejected", reason: discarded } as const
    yield* wasMistaken ? stored(journal.store.takeBack(id, rejected)) : stored(Journal.settle(journal, id, rejected))
  } else {
    const handle = yield* handleOf(parts, submission, resolution)
    yield* ofNoOther(parts, id, handle)
    if (resolution.check === true) yield* isKnown(parts, submission, handle)
    if (wasMistaken) yield* stored(journal.store.takeBack(id, { _tag: "ambiguous", detail: mistaken }))
    yield* Effect.mapError(adopt(parts, submission, handle, undefined), (error) => fromStore(error, provider, handle))
  }
  return (yield* stored(journal.store.submission(id))) ?? submission
})

/** What a submission says that somebody found to have made nothing. */
const discarded = "discarded"

const mistaken = "the task that it was said to have made is not known to the API"

/** Whether a create has a task that the API has never known: somebody named another id than its own. */
const isMistaken = Effect.fnUntraced(function*({ refs: { journal: { store } } }: Submissions, id: TaskId) {
  const task = (yield* stored(store.load(id)))?.snapshot.task
  if (task?.failure?.code !== "not_found") return false
  return (yield* stored(store.events(id))).every(({ type }) => type !== "task.observed")
})

const handleOf = Effect.fnUntraced(function*(
  { refs: { providers } }: Submissions,
  { account, baseUrl, family, provider: providerId, requestHash, route: sentTo, startedAt }: Submission,
  resolution: Exclude<Resolution, "discard">
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  const remoteId = resolution.remoteId.trim()
  if (remoteId === "" || remoteId.length > 512) {
    return yield* refused(providerId, "remoteId", `${remoteId.length} characters`, "1 to 512 characters")
  }
  const provider = yield* providers.get(providerId, "attach")
  const route = resolution.route ?? sentTo
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
  return handle
})

/** One task is what one create has made. One that was attached by hand may be this one's. */
const ofNoOther = Effect.fnUntraced(function*(
  { refs: { journal: { store } } }: Submissions,
  id: TaskId,
  handle: TaskHandle
): Effect.fn.Return<void, VideoTaskError.VideoTaskError> {
  const task = (yield* stored(store.find(handle)))?.snapshot.task
  if (task === undefined || task.id === id) return
  const own = yield* stored(store.submission(task.id))
  const adopted = all(store, { outcome: "created" }).pipe(
    Stream.filter(({ id: other, outcome }) =>
      other !== id && outcome._tag === "created" && isSamePlace(outcome.handle, handle)
    ),
    Stream.runHead
  )
  const other = own ?? Option.getOrUndefined(yield* stored(adopted))
  if (other === undefined) return
  return yield* refused(
    handle.provider,
    "remoteId",
    `${handle.remoteId}, which is the task of the create ${other.id}`,
    "the task of no other create"
  )
})

const isSamePlace = (one: TaskHandle, other: TaskHandle): boolean =>
  one.provider === other.provider && one.account === other.account && one.baseUrl === other.baseUrl &&
  one.remoteId === other.remoteId

/** Asks the API for the task, once. What it says is left to the reads of whoever follows it. */
const isKnown = Effect.fnUntraced(function*(
  { refs: { lanes } }: Submissions,
  { startedAt }: Submission,
  handle: TaskHandle
): Effect.fn.Return<void, VideoTaskError.VideoTaskError> {
  const lane = yield* lanes.find(handle, "attach")
  const { provider, remoteId } = handle
  const { createdAt } = yield* request(lane, handle, "observe", lane.provider.observe(handle)).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "TaskNotFound",
      () => refused(provider, "remoteId", `${remoteId}, which the API does not know`, "the id of a task that it knows")
    ),
    // It is not known to be a task of ours.
    Effect.mapError(({ operation, reason, requestId }) =>
      VideoTaskError.make({ provider, operation, reason, requestId })
    )
  )
  if (!isOlder(createdAt, startedAt)) return
  return yield* refused(
    provider,
    "remoteId",
    `${remoteId}, which was made before the create was sent`,
    "a task that is not older"
  )
})
