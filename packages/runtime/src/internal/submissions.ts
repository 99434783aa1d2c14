/**
 * Creates that a process left behind without an outcome: judged, looked up, and settled by hand.
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { Submission } from "@video-tasks/core/Submission"
import { format, TaskHandle } from "@video-tasks/core/TaskHandle"
import { is as isTaskId, type TaskId } from "@video-tasks/core/TaskId"
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Standing from "../Standing.ts"
import type { TaskStore, TaskStoreError, VersionConflict } from "../TaskStore.ts"
import { runIn } from "./account.ts"
import { seenThrough } from "./bounded.ts"
import { fromStore, retryStore } from "./errors.ts"
import { isOlder } from "./findCreated.ts"
import * as Journal from "./journal.ts"
import type { Refs } from "./refs.ts"

/** How long an API is asked for the task of a create, in ms: they forget tasks after 30 days, or sooner. */
const soughtForMs = 30 * 86_400_000

/** How many are looked up at once; the account's budget rules all the same. */
const concurrency = 8

/** @internal */
export interface Submissions {
  readonly refs: Refs
}

/** @internal */
export const all = (
  store: TaskStore["Service"],
  filter: Parameters<TaskStore["Service"]["submissions"]>[0]
): Stream.Stream<Submission, TaskStoreError> =>
  Stream.paginate<string | undefined, Submission, TaskStoreError>(
    undefined,
    (cursor) =>
      Effect.map(
        retryStore(cursor === undefined ? store.submissions(filter) : store.submissions(filter, cursor)),
        (page) => [page.items, Option.fromUndefinedOr(page.cursor)] as const
      )
  )

/**
 * A create whose sender is gone is ambiguous: it may have been sent.
 *
 * @internal
 */
export const judgeAbandoned = Effect.fnUntraced(function*(
  { refs: { journal } }: Submissions
): Effect.fn.Return<void, TaskStoreError> {
  const pending = yield* Stream.runCollect(all(journal.store, { outcome: "pending" }))
  const leases = new Map<string, number | undefined>()
  for (const submission of pending) {
    const { owner } = submission
    if (owner !== undefined && !leases.has(owner)) leases.set(owner, yield* retryStore(journal.store.leaseOf(owner)))
    yield* judge(journal, submission, owner === undefined ? undefined : leases.get(owner))
  }
})

/** Settles a create that is pending although nobody sends it. */
const judge = Effect.fnUntraced(function*(
  journal: Journal.Journal,
  submission: Submission,
  leaseUntil: number | undefined
): Effect.fn.Return<void, TaskStoreError> {
  const { id, outcome, owner } = submission
  if (outcome._tag !== "pending" || journal.claims.isSending(id)) return
  const now = yield* Clock.currentTimeMillis
  // What this process no longer sends is over, even if its outcome could not be written.
  const isOurs = owner === journal.claims.owner
  if (Standing.of(submission, isOurs ? undefined : leaseUntil, now) === "sending") return
  yield* Journal.settle(journal, id, {
    _tag: "ambiguous",
    detail: "the process that sent the create ended before its answer was recorded"
  })
})

/**
 * Looks one create up whose answer was lost, if nobody sends it any more; returns it as it is afterwards. Nothing is sent
 * again, and nothing else is looked at.
 *
 * @internal
 */
export const lookUpById = Effect.fnUntraced(function*(
  parts: Submissions,
  id: TaskId
): Effect.fn.Return<Submission, VideoTaskError.VideoTaskError> {
  const { journal } = parts.refs
  const before = yield* stored(journal.store.submission(id))
  if (before === undefined) return yield* noSubmission(id)
  if (before.outcome._tag === "pending") {
    const { owner } = before
    yield* stored(judge(journal, before, owner === undefined ? undefined : yield* stored(journal.store.leaseOf(owner))))
  }
  const open = (yield* stored(journal.store.submission(id))) ?? before
  // What this process sends is looked for where it is sent.
  if (open.outcome._tag !== "ambiguous" || journal.claims.isSending(id)) return open
  const found = yield* lookUpOne(parts, open)
  return found === undefined ? open : (yield* stored(journal.store.submission(id))) ?? open
})

/**
 * Looks up what is ambiguous where the API can; returns the tasks that were found, and what stays ambiguous. Nothing is
 * sent again.
 *
 * @internal
 */
export const lookUp = Effect.fnUntraced(function*(
  parts: Submissions,
  { lookUp, since }: { readonly lookUp: boolean; readonly since: number }
): Effect.fn.Return<
  { readonly found: ReadonlyArray<TaskHandle>; readonly ambiguous: ReadonlyArray<Submission> },
  TaskStoreError
> {
  const { store } = parts.refs.journal
  const open = yield* Stream.runCollect(all(store, { outcome: "ambiguous" }))
  const now = yield* Clock.currentTimeMillis
  const oldest = Math.max(since, now - soughtForMs)
  const found: Array<TaskHandle> = []
  const ambiguous: Array<Submission> = []
  yield* Effect.forEach(open, (submission) =>
    // What this process sends is looked for where it is sent.
    Effect.map(
      lookUp && submission.startedAt >= oldest && !parts.refs.journal.claims.isSending(submission.id)
        ? lookUpOne(parts, submission)
        : Effect.undefined,
      (handle) => {
        if (handle === undefined) ambiguous.push(submission)
        else found.push(handle)
      }
    ), { concurrency, discard: true })
  return { found, ambiguous: ambiguous.toSorted((a, b) => a.startedAt - b.startedAt) }
})

const lookUpOne = Effect.fnUntraced(
  function*({ refs }: Submissions, submission: Submission) {
    const { baseUrl, family: familyId, provider: providerId, reference, requestHash, route } = submission
    const provider = refs.providers.all.find((one) => one.id === providerId)
    const family = provider && VideoProvider.family(provider, familyId)
    if (provider?.findByTrace === undefined || family?.canFindCreated !== true || reference === undefined) {
      return undefined
    }
    if (baseUrl !== provider.baseUrl || submission.account !== provider.account) return undefined
    const lane = refs.lanes.of(provider, family)
    const trace = { reference, ...(route === undefined ? {} : { route }) }
    const created = yield* Effect.timeoutOption(
      runIn(lane.account, provider.findByTrace(family.id, trace, { requestHash })),
      lane.policy.pollTimeoutMs
    )
    const answer = Option.getOrUndefined(created)
    if (answer === undefined) return undefined
    if (isOlder(answer.observation.createdAt, submission.startedAt)) return undefined
    const { ...place } = answer.handle
    const handle = new TaskHandle({ createdAt: submission.startedAt, ...place })
    yield* adopt({ refs }, submission, handle, answer.observation)
    yield* Effect.logWarning("the answer to a create was lost and its task is found", format(handle))
    return handle
  },
  (effect, _, { family, id, provider }) =>
    effect.pipe(
      Effect.withSpan("VideoTasks.findByTrace", {
        attributes: { "video_task.id": id, "video_task.provider": provider, "video_task.family": family }
      }),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logWarning("a create could not be looked up", id, cause), undefined)
      )
    )
)

/**
 * Makes the task of a submission, with what is known of it.
 *
 * @internal
 */
export const adopt = Effect.fnUntraced(function*(
  { refs: { journal } }: Submissions,
  { estimate, id, model, startedAt }: Submission,
  handle: TaskHandle,
  observation: Observation | undefined
) {
  const now = yield* Clock.currentTimeMillis
  const event = {
    type: "task.created" as const,
    at: Math.min(startedAt, now),
    id,
    handle,
    model,
    ...(estimate === undefined ? {} : { estimate })
  }
  const write = Journal.create(journal, event, observation).pipe(
    Effect.catchTag("VersionConflict", (conflict) => mayBeOurs(journal, id, conflict)),
    Effect.andThen(Journal.settle(journal, id, { _tag: "created", handle }))
  )
  yield* seenThrough(write, journal.scope)
})

/** Its task may be there already: found by another process, or attached by hand. That of another create is not its own. */
const mayBeOurs = Effect.fnUntraced(function*(
  { store }: Journal.Journal,
  id: TaskId,
  conflict: VersionConflict
): Effect.fn.Return<void, TaskStoreError | VersionConflict> {
  if (conflict.id === id || !isTaskId(conflict.id)) return
  const other = yield* retryStore(store.submission(conflict.id))
  if (other !== undefined) return yield* Effect.fail(conflict)
})

/** @internal */
export const stored = <A>(effect: Effect.Effect<A, TaskStoreError>): Effect.Effect<A, VideoTaskError.VideoTaskError> =>
  Effect.mapError(retryStore(effect), (error) => fromStore(error, "store"))

/** @internal */
export const noSubmission = (id: TaskId): Effect.Effect<never, VideoTaskError.VideoTaskError> =>
  refused("store", "submission", id, "a submission of this store")

/** @internal */
export const refused = (
  provider: string,
  field: string,
  value: string,
  allowed: string
): Effect.Effect<never, VideoTaskError.VideoTaskError> =>
  Effect.fail(VideoTaskError.make({
    provider,
    operation: "attach",
    reason: new VideoTaskError.InvalidRequest({
      violations: [new VideoTaskError.Violation({ field, value, allowed })]
    })
  }))
