/**
 * One read of one task: ask the provider, let the machine decide, store what changed.
 */
import { Observation } from "@video-tasks/core/Observation"
import type * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as Redact from "@video-tasks/core/Redact"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import { Video } from "@video-tasks/core/Video"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { StoredTask, TaskStoreError, VersionConflict } from "../TaskStore.ts"
import type { Durations } from "./durations.ts"
import type { Entry, Lane, Read } from "./entry.ts"
import { fromStore, retryStore } from "./errors.ts"
import * as Journal from "./journal.ts"

/** @internal */
export interface ReadOptions {
  readonly journal: Journal.Journal
  readonly durations: Durations
  readonly onUnrecognised: (lane: Lane, word: string, handle: TaskHandle) => Effect.Effect<void>
  readonly onIgnored: (lane: Lane) => void
}

/** @internal */
export const make = (options: ReadOptions) => (entry: Entry, answered: () => void): Effect.Effect<Read> =>
  load(options, entry).pipe(
    Effect.flatMap((stored) =>
      "_tag" in stored ? Effect.succeed(stored) : readStored(options, entry, stored, { answered })
    ),
    Effect.catch((error) => Effect.succeed(unstored(entry, error)))
  )

/**
 * The task as it is stored, or what the read leads to without asking anybody.
 *
 * @internal
 */
export const load = (options: ReadOptions, entry: Entry): Effect.Effect<StoredTask | Read> =>
  Effect.gen(function*() {
    const { book, store } = options.journal
    const stored = yield* retryStore(store.load(entry.id))
    if (stored === undefined) return notOurs(entry, "is not in the store")
    book?.stepped(stored.snapshot)
    const isOurs = yield* mayRead(options, entry, stored)
    // A process that slept for long may find that others have taken over what nobody here waits for.
    if (!isOurs && entry.waiters === undefined) return notOurs(entry, "is followed elsewhere")
    // Somebody else has seen the end or goes on with it, or a wait has joined in the meantime.
    const hasEnded = isTerminal(stored.snapshot.value)
    if (!hasEnded && isOurs) return stored
    return { ...outcome({ ...stored, verdict: "changed", hasMoved: hasEnded }, {}), isElsewhere: !isOurs }
  }).pipe(
    Effect.catch((error) => Effect.succeed(unstored(entry, error)))
  )

/** Whether a task is for this process to read: it is, as soon as somebody waits for it who does not yield. */
const mayRead = Effect.fnUntraced(function*(
  { journal: { claims } }: ReadOptions,
  { id, waiters }: Entry,
  stored: StoredTask
): Effect.fn.Return<boolean> {
  if (waiters !== undefined && [...waiters].some((waiter) => waiter.yields !== true)) return true
  const isElsewhere = claims.isElsewhere(stored, yield* Clock.currentTimeMillis)
  if (waiters === undefined || isTerminal(stored.snapshot.value)) return !isElsewhere
  if (stored.claim?.owner === claims.owner) return true
  claims.lost(id)
  if (isElsewhere) return false
  // Several may wait for the same claim to lapse, and one of them gets it.
  yield* claims.take(id)
  return claims.holds(id)
})

/** @internal */
export const readStored = Effect.fnUntraced(function*(
  options: ReadOptions,
  entry: Entry,
  stored: StoredTask,
  { answered }: { readonly answered: () => void }
): Effect.fn.Return<Read, TaskStoreError | VersionConflict> {
  const answer = yield* Effect.result(ask(entry.lane, stored.snapshot.task.handle))
  answered()
  return yield* judge(options, entry, stored, answer)
})

/**
 * What an answer about a task leads to: the machine decides, and what changed is stored.
 *
 * @internal
 */
export const judge = Effect.fnUntraced(function*(
  options: ReadOptions,
  entry: Entry,
  stored: StoredTask,
  answer: Result.Result<Observation, VideoTaskError.VideoTaskError>
): Effect.fn.Return<Read, TaskStoreError | VersionConflict> {
  const { lane } = entry
  const { handle } = stored.snapshot.task
  const at = yield* Clock.currentTimeMillis
  if (Result.isFailure(answer)) {
    const error = answer.failure
    yield* Effect.annotateLogs(Effect.logDebug("a read failed", error.reason._tag, Redact.text(error.message)), {
      handle: format(handle)
    })
    if (error.reason._tag !== "TaskNotFound") return failed(error, verdictOf(error))
    if (isYoung(lane, handle, at) || !isConfirmed(entry, handle)) return failed(error, "again")
    const message = `${error.reason.detail ?? "the provider does not know the task"}; ${past(stored)}`
    return outcome(yield* Journal.step(options.journal, stored, { type: "task.lost", at, message }), {})
  }
  const observation = answer.success
  if (observation.unrecognised !== undefined) yield* options.onUnrecognised(lane, observation.unrecognised, handle)
  const stepped = yield* Journal.step(options.journal, stored, { type: "task.observed", at, observation })
  if (stepped.verdict === "ignored") options.onIgnored(lane)
  if (stepped.snapshot.value === "SUCCESS") recordDuration(options, entry, stepped.snapshot, at)
  return outcome(stepped, observation)
})

/** Asks for the task, and for its file where a success comes without a link and the API serves the file itself. */
const ask = (lane: Lane, handle: TaskHandle): Effect.Effect<Observation, VideoTaskError.VideoTaskError> =>
  lane.provider.observe(handle).pipe(
    Effect.flatMap((observation) => {
      const isBare = observation.status === "SUCCESS" && observation.videos.length === 0
      if (!isBare || !lane.family.hasContentRoute) return Effect.succeed(observation)
      return lane.provider.content(handle).pipe(
        Effect.orElseSucceed(() => undefined),
        Effect.map((video) => {
          const { videos: _, ...rest } = observation
          if (video === undefined) return observation
          const { ...fields } = video
          const expiresAt = fields.expiresAt ?? rest.expiresAt
          const dated = expiresAt === undefined ? video : new Video({ ...fields, expiresAt })
          return new Observation({ ...rest, videos: [dated] })
        })
      )
    }),
    Effect.catchDefect((defect) => fault(lane, defect))
  )

/**
 * A fault in the module of a provider is a failed read.
 *
 * @internal
 */
export const fault = (lane: Lane, defect: unknown): Effect.Effect<never, VideoTaskError.VideoTaskError> =>
  Effect.andThen(
    Effect.logError("a provider broke while it was read", Redact.text(String(defect))),
    Effect.fail(VideoTaskError.make({
      provider: lane.provider.id,
      operation: "observe",
      reason: new VideoTaskError.UnexpectedResponse({
        detail: `the provider module broke: ${Redact.clip(Redact.text(String(defect)), 200)}`
      })
    }))
  )

/** Only what the cadence needs leaves here: an observation can hold what nobody may see. */
const outcome = (
  { hasMoved, snapshot, verdict, version }: Journal.Stepped,
  { estimatedRemainingMs, progress }: PollPolicy.Reading
): Read & { readonly _tag: "Observed" } => ({
  _tag: "Observed",
  snapshot,
  version,
  isChanged: verdict === "changed",
  hasMoved,
  reading: { progress, estimatedRemainingMs },
  model: snapshot.task.model,
  isAlmostDone: snapshot.task.missingVideo !== undefined
})

/** @internal */
export const failed = (error: VideoTaskError.VideoTaskError, verdict: "again" | "stop" | "account"): Read => ({
  _tag: "Failed",
  error,
  verdict
})

/** @internal */
export const unstored = (entry: Entry, error: TaskStoreError | VersionConflict): Read => {
  // A store that is locked or away for a while ends no wait.
  const isOver = error._tag === "TaskStoreError" && !error.retryable
  return failed(fromStore(error, entry.lane.provider.id), isOver ? "stop" : "again")
}

/** @internal */
export const verdictOf = (error: VideoTaskError.VideoTaskError): "again" | "stop" | "account" =>
  error.reason._tag === "Unauthorized" || error.reason._tag === "QuotaExceeded"
    ? "account"
    : error.retryable
    ? "again"
    : "stop"

/** Right after our own create, some servers do not know the task yet. Only our own handles have a request hash. */
const isYoung = (lane: Lane, { createdAt, requestHash }: TaskHandle, at: number): boolean =>
  requestHash !== undefined && createdAt !== undefined && createdAt <= at && at < createdAt + lane.family.graceMs

/**
 * A task that was seen here is only lost when two reads in a row say so. One that we have just created, when three do: the
 * first read may well come after the grace, and a gateway that does not know its own task yet must not cost a paid video.
 */
const isConfirmed = (entry: Entry, handle: TaskHandle): boolean => {
  const needed = entry.history.readAt !== 0 ? 2 : isYoung(entry.lane, handle, entry.joinedAt) ? 3 : 1
  return entry.notFoundInARow + 1 >= needed
}

/** A task that the provider has forgotten is another matter than one that nobody ever saw. */
const past = ({ snapshot: { task }, version }: StoredTask): string =>
  version > 1
    ? "it knew it before and has forgotten it"
    : task.handle.requestHash !== undefined
    ? "it made it and has never shown it"
    : "it was never seen there: it may never have existed"

/**
 * Jobs that were seen running here tell how long jobs take.
 *
 * @internal
 */
export const recordDuration = (options: ReadOptions, entry: Entry, { task }: Persisted, at: number): void => {
  const { calledAt, readAt } = entry.history
  if ((readAt === 0 && calledAt === undefined) || task.handle.createdAt === undefined) return
  options.durations.record(entry.lane, task.model, at - task.handle.createdAt)
}

/** What of a task in the store ends the waits for it here. */
const notOurs = (entry: Entry, words: string): Read =>
  failed(
    VideoTaskError.make({
      provider: entry.lane.provider.id,
      operation: "store",
      reason: new VideoTaskError.StoreError({ detail: `task ${entry.id} ${words}`, retryable: false })
    }),
    "stop"
  )
