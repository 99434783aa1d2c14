/**
 * A create whose answer was lost may have made a task: where the API keeps our reference, it is looked up before anybody
 * gives up, and before anything is sent again.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { Created } from "@video-tasks/core/VideoProvider"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { runIn } from "./account.ts"
import type { Order } from "./submit.ts"

/** It is looked up 1, 3, 8 and 20 s after the answer was lost. */
const pausesMs = [1000, 2000, 5000, 12_000]

/** How long all of that may take, in ms, besides what the account is asked to wait: an answer can hang. */
const patienceMs = 60_000

/** How long the account may be asked to wait in the meantime, in ms. */
const maxPausedMs = 600_000

/** How far the provider's clock may be from ours, in ms. */
const maxSkewMs = 300_000

/**
 * Whether a task that was found was made before its create was sent: it is another one under the same name.
 *
 * @internal
 */
export const isOlder = (madeAt: number | undefined, startedAt: number): boolean =>
  madeAt !== undefined && madeAt < startedAt - maxSkewMs

/**
 * What came of it: a task, or words on what was done in vain, and whether any look was answered.
 *
 * @internal
 */
export type Found = { readonly created: Created } | { readonly detail: string; readonly isAnswered: boolean }

/**
 * The create whose task is looked for.
 *
 * @internal
 */
export interface Lost {
  readonly order: Order
  /** When the submit began, in ms since the epoch: what is older is another task under the same name. */
  readonly startedAt: number
  /** Whether anybody still wants to know at that time. */
  readonly isWanted: (now: number) => boolean
}

/**
 * Looks for the task of a create whose answer was lost.
 *
 * @internal
 */
export const findCreated = (lost: Lost): Effect.Effect<Found> => {
  const tried: Tried = { looks: 0, isOlder: false, failure: undefined, pausedMs: 0 }
  const { id, lane } = lost.order
  return looked(lost, tried).pipe(
    Effect.map((created) =>
      created === undefined ? { detail: inVain(tried), isAnswered: tried.looks > 0 } : { created }
    ),
    Effect.withSpan("VideoTasks.findCreated", {
      attributes: {
        "video_task.id": id,
        "video_task.provider": lane.provider.id,
        "video_task.family": lane.family.id
      }
    })
  )
}

/** What has been done so far. */
interface Tried {
  /** The looks that were answered. */
  looks: number
  /** There was a task of the same name, and it is an older one. */
  isOlder: boolean
  failure: VideoTaskError.VideoTaskError | undefined
  /** How long the account was asked to wait. */
  pausedMs: number
}

const looked = Effect.fnUntraced(function*(lost: Lost, tried: Tried): Effect.fn.Return<Created | undefined> {
  const { isWanted, order: { lane: { account } }, startedAt } = lost
  const began = yield* Clock.currentTimeMillis
  for (const pauseMs of pausesMs) {
    const now = yield* Clock.currentTimeMillis
    if (!isWanted(now + pauseMs)) return undefined
    tried.pausedMs += Math.max(0, account.pausedUntil - now)
    if (tried.pausedMs > maxPausedMs) return undefined
    const leftMs = began + tried.pausedMs + patienceMs - now
    const turn = Effect.delay(Effect.result(runIn(account, look(lost))), pauseMs)
    const answer = Option.getOrUndefined(yield* Effect.timeoutOption(turn, leftMs))
    if (answer === undefined) return undefined
    if (Result.isFailure(answer)) {
      tried.failure = answer.failure
      continue
    }
    const found = answer.success
    if (found === "unwanted") return undefined
    const isOther = isOlder(found?.handle.createdAt, startedAt)
    if (found !== undefined && !isOther) return found
    tried.isOlder ||= isOther
    tried.looks++
  }
  return undefined
})

/** Asked when its turn has come: the submit may have been left while it stood in line. */
const look = Effect.fnUntraced(function*(
  { isWanted, order: { lane, reference, request, requestHash } }: Lost
): Effect.fn.Return<Created | "unwanted" | undefined, VideoTaskError.VideoTaskError> {
  if (!isWanted(yield* Clock.currentTimeMillis)) return "unwanted"
  const { policy: { pollTimeoutMs }, provider } = lane
  return yield* Effect.suspend(() => provider.findCreated(request, { requestHash, reference })).pipe(
    Effect.timeoutOrElse({
      duration: pollTimeoutMs,
      orElse: () => unavailable(provider.id, `no complete answer within ${pollTimeoutMs / 1000} s`)
    }),
    Effect.catchDefect((defect) =>
      unavailable(provider.id, `the provider module broke: ${Redact.clip(Redact.text(String(defect)), 200)}`)
    )
  )
})

const unavailable = (provider: string, detail: string) =>
  Effect.fail(VideoTaskError.make({
    provider,
    operation: "observe",
    reason: new VideoTaskError.ProviderUnavailable({ detail })
  }))

const inVain = ({ failure, isOlder, looks, pausedMs }: Tried): string => {
  const times = looks === 1 ? "once" : `${looks} times`
  if (isOlder) return `it was looked up by its reference ${times}, and only an older task has the same one`
  if (looks > 0) return `it was looked up by its reference ${times} and not found`
  if (failure === undefined) {
    return pausedMs > maxPausedMs
      ? "it was not looked up by its reference, since the provider asks this account to wait for too long"
      : "there was no time to look it up by its reference"
  }
  return `it could not be looked up by its reference: ${Redact.clip(Redact.text(failure.message), 200)}`
}
