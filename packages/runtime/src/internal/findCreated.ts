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

/** How long all of that may take, in ms: an account can be asked to wait, and an answer can hang. */
const patienceMs = 60_000

/**
 * What came of it: a task, or words on what was done in vain.
 *
 * @internal
 */
export type Found = { readonly created: Created } | { readonly detail: string }

/**
 * Looks for the task of a create whose answer was lost, as long as `isWanted`.
 *
 * @internal
 */
export const findCreated = (order: Order, isWanted: (now: number) => boolean): Effect.Effect<Found> => {
  const tried: Tried = { looks: 0, failure: undefined }
  return looked(order, isWanted, tried).pipe(
    Effect.timeoutOption(patienceMs),
    Effect.map((found) => Option.getOrUndefined(found)),
    Effect.map((created) => created === undefined ? { detail: inVain(tried) } : { created }),
    Effect.withSpan("VideoTasks.findCreated", {
      attributes: { "video_task.id": order.id, "video_task.provider": order.lane.provider.id }
    })
  )
}

/** What has been done so far. */
interface Tried {
  /** The looks that were answered. */
  looks: number
  failure: VideoTaskError.VideoTaskError | undefined
}

const looked = Effect.fnUntraced(function*(
  order: Order,
  isWanted: (now: number) => boolean,
  tried: Tried
): Effect.fn.Return<Created | undefined> {
  for (const pauseMs of pausesMs) {
    if (!isWanted((yield* Clock.currentTimeMillis) + pauseMs)) return undefined
    yield* Effect.sleep(pauseMs)
    const answer = yield* Effect.result(runIn(order.lane.account, look(order, isWanted)))
    if (Result.isFailure(answer)) {
      tried.failure = answer.failure
      continue
    }
    if (answer.success === "unwanted") return undefined
    if (answer.success !== undefined) return answer.success
    tried.looks++
  }
  return undefined
})

/** Asked when its turn has come: the submit may have been left while it stood in line. */
const look = Effect.fnUntraced(function*(
  { id, lane, request, requestHash }: Order,
  isWanted: (now: number) => boolean
): Effect.fn.Return<Created | "unwanted" | undefined, VideoTaskError.VideoTaskError> {
  if (!isWanted(yield* Clock.currentTimeMillis)) return "unwanted"
  const { policy: { pollTimeoutMs }, provider } = lane
  return yield* Effect.suspend(() => provider.findCreated(request, { requestHash, reference: id })).pipe(
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

const inVain = ({ failure, looks }: Tried): string => {
  if (looks > 0) return `it was looked up by its reference ${looks === 1 ? "once" : `${looks} times`} and not found`
  if (failure === undefined) return "there was no time to look it up by its reference"
  return `it could not be looked up by its reference: ${Redact.clip(Redact.text(failure.message), 200)}`
}
