/**
 * A create is sent at most once, and its handle is in the store before anybody sees it.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { RequestRecord } from "@video-tasks/core/RequestRecord"
import type { Outcome } from "@video-tasks/core/Submission"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Cost } from "@video-tasks/core/Video"
import type { Created, Trace } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { TaskStoreError } from "../TaskStore.ts"
import type { SubmitOptions } from "../VideoTasks.ts"
import { runIn } from "./account.ts"
import { forAMoment } from "./bounded.ts"
import type { Lane } from "./entry.ts"
import { findCreated } from "./findCreated.ts"
import { offer } from "./insist.ts"
import { intend } from "./intent.ts"
import * as Journal from "./journal.ts"
import { keep } from "./keep.ts"
import { ambiguous, complete, overslept, tooLong, unsent } from "./submitErrors.ts"

/** How long an answer to a create may take. */
const createTimeoutMs = 180_000

/** How often, and how long in all, a create waits because the API asks for it. */
const maxWaits = 3
const maxWaitMs = 120_000

/** A create of which no byte was sent is tried again after 0.5, 1, 2 and 4 s. */
const notSentRetries = Schedule.exponential(500).pipe(Schedule.jittered, Schedule.upTo({ times: 4 }))

/** Whoever asks for it has creates repeated after a 5xx: after 1, 2 and 4 s. */
const serverErrorRetries = Schedule.exponential(1000).pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

/** @internal */
export interface Order {
  readonly id: TaskId
  readonly request: VideoRequest
  readonly requestHash: string
  /** The name that its task has at the provider, where that keeps one: random, so that no other create has it. */
  readonly reference: TaskId
  readonly lane: Lane
  /** By what its task can be found when the answer is lost. */
  readonly trace?: Trace | undefined
  readonly callbackUrl: URL | undefined
  /** What is kept of the request, where it may be kept. */
  readonly record?: RequestRecord | undefined
  /** What it is expected to cost, where that is known. */
  readonly estimate?: Cost | undefined
  readonly resubmit: NonNullable<SubmitOptions["resubmit"]>
  readonly interrupted: SubmitOptions["interrupted"]
}

/** Where a create is: only in `sent` can a task come of it that we do not know yet. */
interface Progress {
  phase: "waiting" | "sent" | "answered"
  /** Nothing more is sent. */
  isAbandoned: boolean
  /** Until when whoever abandoned it still wants to know, in ms since the epoch. */
  wantedUntil: number
  startedAt: number
  /** Since when the lease holds that was written with the intent, in ms since the epoch. */
  heldSince: number
  /** The intent is in the store. */
  isBegun: boolean
  /** What the answer made, before it is stored. */
  handle: TaskHandle | undefined
  /** Opens when that is known. */
  readonly answered: Latch.Latch
  /** The first answer that left it open whether a task exists: no later answer takes that back. */
  ambiguous: VideoTaskError.VideoTaskError | undefined
  /** What looking for its task has led to, in words. */
  sought: string | undefined
  /** Nobody knows whether the task exists, although the API could tell: no look was answered since the last create. */
  isInTheDark: boolean
}

/**
 * Sends a create and records what became of it. When the caller goes away while the answer is out, the request goes on
 * by itself and its handle is recorded if it still arrives.
 *
 * @internal
 */
export const submit = (
  journal: Journal.Journal,
  order: Order,
  scope: Scope.Scope
): Effect.Effect<TaskHandle, VideoTaskError.VideoTaskError> =>
  Effect.uninterruptibleMask((restore) => {
    const progress: Progress = {
      phase: "waiting",
      isAbandoned: false,
      wantedUntil: 0,
      startedAt: 0,
      heldSince: 0,
      isBegun: false,
      handle: undefined,
      answered: Latch.makeUnsafe(),
      ambiguous: undefined,
      sought: undefined,
      isInTheDark: false
    }
    return Effect.forkIn(whole(journal, order, progress), scope).pipe(
      Effect.flatMap((fiber) =>
        restore(Fiber.join(fiber)).pipe(Effect.onInterrupt(() => abandon(journal, order, progress, fiber)))
      )
    )
  })

/** Nothing more is sent from here on; an answer that is still out is recorded if it comes. */
const abandon = Effect.fnUntraced(function*(
  journal: Journal.Journal,
  order: Order,
  progress: Progress,
  fiber: Fiber.Fiber<TaskHandle, VideoTaskError.VideoTaskError>
) {
  const { patience = 0, tell = () => Effect.void } = order.interrupted ?? {}
  progress.isAbandoned = true
  progress.wantedUntil = (yield* Clock.currentTimeMillis) + Duration.toMillis(patience)
  if (progress.phase === "waiting") yield* Fiber.interrupt(fiber)
  const settling = progress.phase === "sent"
    ? yield* Effect.forkIn(logged(order, Journal.leaveOpen(journal, order.id, lost)), journal.scope, {
      startImmediately: true
    })
    : undefined
  if (fiber.pollUnsafe() === undefined && Duration.toMillis(patience) > 0) yield* tell({ _tag: "pending" })
  const stored = Fiber.await(fiber)
  // A store that has not taken a handle after a moment does not keep it from anybody.
  const known = Effect.andThen(progress.answered.await, forAMoment(stored))
  yield* Effect.timeoutOption(Effect.raceFirst(stored, known), patience)
  yield* tell(knownOf(fiber, progress))
  yield* Effect.timeoutOption(stored, progress.wantedUntil - (yield* Clock.currentTimeMillis))
  if (settling === undefined) return
  // What the answer says counts, once it is there.
  const isOpen = progress.phase === "sent" && fiber.pollUnsafe() === undefined
  if (isOpen) yield* forAMoment(Fiber.await(settling))
  else settling.interruptUnsafe()
})

/** An answer that has come is known, also while the store does not take it. */
const knownOf = (fiber: Fiber.Fiber<TaskHandle, VideoTaskError.VideoTaskError>, progress: Progress): Outcome => {
  const { handle } = progress
  if (handle !== undefined) return { _tag: "created", handle }
  const exit = fiber.pollUnsafe()
  return exit?._tag === "Failure" ? outcomeOf(exit.cause, progress) : lost
}

const lost: Outcome = {
  _tag: "ambiguous",
  detail: "the submit was interrupted after its create was sent"
}

const whole = (
  journal: Journal.Journal,
  order: Order,
  progress: Progress
): Effect.Effect<TaskHandle, VideoTaskError.VideoTaskError> =>
  Effect.uninterruptibleMask((restore) =>
    restore(patiently(journal, order, progress)).pipe(
      Effect.mapError((error) => complete(progress.ambiguous ?? error, order, progress)),
      Effect.onExit((exit) =>
        Exit.isSuccess(exit) || !progress.isBegun
          ? Effect.void
          : settle(journal, order, outcomeOf(exit.cause, progress))
      ),
      Effect.tap(({ handle }) =>
        Effect.sync(() => {
          progress.phase = "answered"
          progress.handle = handle
          progress.answered.openUnsafe()
        })
      ),
      Effect.flatMap((created) => keep(journal, order, created)),
      Effect.tap((handle) =>
        progress.isAbandoned
          ? Effect.logWarning("a task was created after its submit was interrupted", format(handle))
          : Effect.void
      ),
      Effect.ensuring(Effect.sync(() => journal.claims.sending(order.id, false)))
    )
  )

/** Waits where the API asks for it: at most three times and two minutes. */
const patiently = Effect.fnUntraced(function*(
  journal: Journal.Journal,
  order: Order,
  progress: Progress
): Effect.fn.Return<Created, VideoTaskError.VideoTaskError> {
  const { account } = order.lane
  let waited = 0
  for (let waits = 0;; waits++) {
    const pausedMs = account.pausedUntil - (yield* Clock.currentTimeMillis)
    if (waited + pausedMs > maxWaitMs) return yield* tooLong(order, pausedMs)
    waited += Math.max(0, pausedMs)
    const answer = yield* Effect.result(sent(journal, order, progress))
    if (answer._tag === "Success") return answer.success
    const error = answer.failure
    if (error.reason._tag !== "RateLimited" || waits === maxWaits || progress.isAbandoned) {
      return yield* Effect.fail(error)
    }
    const backOffMs = 1000 * 2 ** waits
    const askedMs = error.reason.retryAfterMs
    if (waited + (askedMs ?? backOffMs) > maxWaitMs) return yield* Effect.fail(error)
    // What the API asked for is the account's pause, which the next turn of this loop counts.
    if (askedMs === undefined) {
      waited += backOffMs
      yield* Effect.sleep(backOffMs)
    }
  }
})

/**
 * Sends under the account's budget, again only where no byte was sent or the caller asked for it. Where the task can be
 * looked up, nothing is sent again before a look has said that there is none.
 */
const sent = (
  journal: Journal.Journal,
  order: Order,
  progress: Progress
): Effect.Effect<Created, VideoTaskError.VideoTaskError> =>
  runIn(order.lane.account, inTurn(journal, order, progress)).pipe(
    Effect.retry({
      schedule: notSentRetries,
      while: (error) => error.reason._tag === "NotSent" && !progress.isAbandoned
    }),
    Effect.catch((error) => sought(order, progress, error)),
    Effect.retry({
      schedule: serverErrorRetries,
      while: (error) =>
        order.resubmit === "server-error" && isServerError(error) && !progress.isAbandoned && !progress.isInTheDark
    })
  )

/** The intent is written when it is the create's turn: what ends while it stands in line was not sent, and leaves nothing. */
const inTurn = (
  journal: Journal.Journal,
  order: Order,
  progress: Progress
): Effect.Effect<Created, VideoTaskError.VideoTaskError> =>
  Effect.suspend(() =>
    progress.isBegun
      ? once(journal, order, progress)
      : Effect.andThen(begun(journal, order, progress), once(journal, order, progress))
  )

const begun = Effect.fnUntraced(function*(
  journal: Journal.Journal,
  order: Order,
  progress: Progress
): Effect.fn.Return<void, VideoTaskError.VideoTaskError> {
  journal.claims.sending(order.id, true)
  progress.startedAt = yield* Clock.currentTimeMillis
  progress.heldSince = yield* intend(journal, order, progress.startedAt)
  progress.isBegun = true
})

const neverSent: Outcome = { _tag: "rejected", reason: "interrupted before it was sent" }

/** No answer takes back that a task may exist, so it is looked for, before it could be paid for again. */
const sought = Effect.fnUntraced(function*(
  order: Order,
  progress: Progress,
  error: VideoTaskError.VideoTaskError
): Effect.fn.Return<Created, VideoTaskError.VideoTaskError> {
  const canExist = progress.ambiguous !== undefined && error.reason._tag !== "RateLimited"
  if (!canExist || order.lane.family.canFindCreated !== true) return yield* Effect.fail(error)
  const found = yield* findCreated({
    order,
    startedAt: progress.startedAt,
    isWanted: (now) => !progress.isAbandoned || now < progress.wantedUntil
  })
  if ("created" in found) {
    yield* Effect.logWarning("the answer to a create was lost and its task is found", format(found.created.handle))
    return found.created
  }
  progress.sought = found.detail
  progress.isInTheDark = !found.isAnswered
  return yield* Effect.fail(error)
})

const isServerError = ({ reason }: VideoTaskError.VideoTaskError): boolean =>
  reason._tag === "SubmissionAmbiguous" && reason.status !== undefined && reason.status >= 500

const once = (
  { claims }: Journal.Journal,
  order: Order,
  progress: Progress
): Effect.Effect<Created, VideoTaskError.VideoTaskError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const { provider } = order.lane
    if (progress.isAbandoned) return Effect.fail(progress.ambiguous ?? unsent(order, "the submit was interrupted"))
    if (!claims.hasHeldSince(progress.heldSince, now)) {
      // Somebody may have judged it, and people may have paid for another one since.
      progress.isAbandoned = true
      return Effect.fail(progress.ambiguous ?? unsent(order, overslept))
    }
    progress.phase = "sent"
    const { callbackUrl, reference, request, requestHash } = order
    return provider.create(request, { requestHash, reference, callbackUrl }).pipe(
      Effect.timeoutOrElse({
        duration: createTimeoutMs,
        orElse: () => Effect.fail(ambiguous(order, `no answer within ${createTimeoutMs / 1000} s`))
      }),
      Effect.catchDefect((defect) =>
        Effect.fail(ambiguous(order, `the provider module broke: ${Redact.clip(Redact.text(String(defect)), 200)}`))
      ),
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (error.reason._tag === "SubmissionAmbiguous") progress.ambiguous ??= error
          else if (progress.ambiguous === undefined) progress.phase = "waiting"
        })
      ),
      Effect.withSpan("VideoTasks.create", {
        attributes: {
          "video_task.id": order.id,
          "video_task.provider": provider.id,
          "video_task.family": order.lane.family.id
        }
      })
    )
  })

const outcomeOf = (cause: Cause.Cause<VideoTaskError.VideoTaskError>, progress: Progress): Outcome => {
  const reason = Cause.findErrorOption(cause).pipe(Option.getOrUndefined)?.reason
  if (reason?._tag === "SubmissionAmbiguous") return { _tag: "ambiguous", detail: reason.detail }
  if (reason !== undefined) return { _tag: "rejected", reason: reason._tag }
  return progress.phase === "waiting" ? neverSent : lost
}

/** Whoever waits for the create hears what became of it, whether the store takes it now or later. */
const settle = (journal: Journal.Journal, order: Order, outcome: Outcome): Effect.Effect<void> => {
  const write = outcome._tag === "ambiguous" ? Journal.leaveOpen : Journal.settle
  return logged(order, offer(write(journal, order.id, outcome), journal.scope))
}

const logged = ({ id }: Order, write: Effect.Effect<void, TaskStoreError>): Effect.Effect<void> =>
  Effect.catchCause(write, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.void
      : Effect.logWarning("the outcome of a create could not be stored", id, cause))
