/**
 * A submit from wherever: its create is sent at most once, whatever happens to the runner that it was given to.
 */
import { Submission } from "@video-tasks/core/Submission"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as RequestHash from "@video-tasks/runtime/RequestHash"
import { bucketOf } from "@video-tasks/runtime/SqlBuckets"
import type { SubmitOptions } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { judged, notTaken } from "./judged.ts"
import { look, lookMs, rescued, type Submits } from "./rescue.ts"
import * as Router from "./router.ts"
import { isOfStore, storeError } from "./storeError.ts"
import * as Wire from "./wire.ts"

/** How long a create whose answer seems to be lost is looked at again, in ms. */
const handOverMs = 1000

/** How long the runner may take to say what it thinks of a submit that was interrupted, in ms. */
const judgeMs = 2000

interface Order {
  readonly id: TaskId
  readonly request: VideoRequest
  readonly options: SubmitOptions
}

interface Attempt extends Order {
  /** The same each time that it is sent. */
  readonly attempt: string
}

interface Sent extends Attempt {
  /** As its runner has it; of long pictures it is dear, and seldom asked for. */
  readonly requestHash: Effect.Effect<string>
}

/** @internal */
export const submit = Effect.fnUntraced(function*(
  parts: Submits,
  attempted: Attempt
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  const { attempt, id, options, request } = attempted
  const bucket = bucketOf(id, parts.router.count)
  if (Wire.isTooLong(request)) return yield* tooLong(request)
  if (options.id !== undefined && (yield* look(parts, id)) !== undefined) return yield* refused(id)
  const wired = yield* Wire.toWire(request)
  const order = { ...attempted, requestHash: Effect.suspend(() => RequestHash.of(Wire.fromWire(wired))) }
  const payload = { id, attempt, request: wired, options: toWire(order) }
  const once = Router.askOnce(parts.router, bucket, (door) => door.submit(payload))
  return yield* Effect.onInterrupt(settled(parts, order, once), () => abandoned(parts, order))
})

/**
 * Asks until it is known what became of it. A failure of the store says nothing, not even the first one: a call whose runner
 * dies is sent to the next one by itself, which may not be able to look what the first one has begun.
 */
const settled = Effect.fnUntraced(function*(
  parts: Submits,
  order: Sent,
  once: Effect.Effect<Router.Asked<TaskHandle, VideoTaskError.VideoTaskError | Wire.Begun>>
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  const { id } = order
  const since = yield* Clock.currentTimeMillis
  let [isStuck, wasAmbiguous] = [false, false]
  for (;;) {
    const asked = yield* once
    const answer = asked._tag === "answered" ? yield* Effect.result(asked.answer) : undefined
    if (answer?._tag === "Success") return answer.success
    const failure = answer?.failure._tag === "VideoTaskError" ? answer.failure : undefined
    if (failure !== undefined && !isOfStore(failure)) return yield* rescued(parts, id, failure)
    const seen = yield* Effect.result(look(parts, id))
    if (seen._tag === "Success" && seen.success !== undefined) {
      const { outcome, requestHash } = seen.success
      if (order.options.id !== undefined && requestHash !== (yield* order.requestHash)) return yield* refused(id)
      // A runner that has lost the bucket may be handing its answer over.
      if (outcome._tag === "ambiguous" && !wasAmbiguous) yield* Effect.sleep(handOverMs)
      else if (outcome._tag !== "pending") return yield* judged(seen.success)
      wasAmbiguous = outcome._tag === "ambiguous"
    } else {
      const isLate = (yield* Clock.currentTimeMillis) - since > parts.router.patienceMs
      const isFinal = failure !== undefined && !failure.retryable
      if (isLate && seen._tag === "Failure") return yield* unknown(order, seen.failure.message)
      if (isLate && isStuck) return yield* unknown(order, "it takes no submission")
      if (isLate || isFinal) {
        if (yield* burnt(parts, order)) return yield* isFinal ? Effect.fail(failure) : unsent(order)
        // Somebody has begun it just now, or the store does not take it.
        isStuck = true
      }
    }
    yield* Effect.sleep(lookMs)
  }
})

const toWire = ({ id, options, request: { family, provider } }: Order): Wire.SubmitOptions => {
  const { callbackUrl, force, interrupted, maxCost, resubmit } = options
  const url = typeof callbackUrl === "function" ? callbackUrl({ id, provider, family }) : callbackUrl
  return {
    ...(resubmit === undefined ? {} : { resubmit }),
    ...(force === undefined ? {} : { force }),
    ...(maxCost === undefined
      ? {}
      : { maxCost: { amount: maxCost.amount, ...(maxCost.unit === undefined ? {} : { unit: maxCost.unit }) } }),
    ...(url === undefined ? {} : { callbackUrl: url.href }),
    ...(interrupted?.patience === undefined ? {} : { patienceMs: Duration.toMillis(interrupted.patience) })
  }
}

const tooLong = ({ provider }: VideoRequest) =>
  Effect.fail(VideoTaskError.make({
    provider,
    operation: "create",
    reason: new VideoTaskError.PayloadTooLarge({
      detail: `the pictures are longer than the ${Wire.maxFrameSize / 1024 ** 2 - 1} MiB that a cluster takes together`
    })
  }))

const refused = (id: TaskId) => Effect.fail(storeError(`submission ${id} exists already`, false))

/** Takes care that nobody begins it any more, however late: an id is taken once. Says whether nobody had. */
const burnt = Effect.fnUntraced(function*(
  parts: Submits,
  { id, request, requestHash }: Sent
): Effect.fn.Return<boolean> {
  const submission = new Submission({
    id,
    provider: request.provider,
    family: request.family,
    model: request.model,
    account: "unknown",
    requestHash: yield* requestHash,
    startedAt: yield* Clock.currentTimeMillis,
    outcome: { _tag: "rejected", reason: notTaken }
  })
  return (yield* Effect.result(parts.store.begin(submission)))._tag === "Success"
})

const unsent = ({ request: { provider } }: Order) =>
  Effect.fail(VideoTaskError.make({
    provider,
    operation: "create",
    reason: new VideoTaskError.NotSent({ detail: notTaken })
  }))

const unknown = ({ id, request: { provider } }: Order, detail: string) =>
  Effect.fail(VideoTaskError.make({
    provider,
    operation: "create",
    reason: new VideoTaskError.SubmissionAmbiguous({
      detail: `no runner answered for it, and nor did the store: ${detail}`,
      submissionId: id
    })
  }))

/** Nothing more is sent from here on; what is known of a create that is out is told, and in the end that nothing is. */
const abandoned = Effect.fnUntraced(
  function*(parts: Submits, order: Sent) {
    const { patience = 0, tell = () => Effect.void } = order.options.interrupted ?? {}
    const patienceMs = Duration.toMillis(patience)
    const until = (yield* Clock.currentTimeMillis) + patienceMs
    yield* told(parts, order)
    let hasTold = patienceMs === 0
    for (;;) {
      const seen = yield* Effect.result(look(parts, order.id))
      const outcome = seen._tag === "Success" ? seen.success?.outcome : undefined
      const isUnknown = seen._tag === "Success" && outcome === undefined
      if (isUnknown && (yield* burnt(parts, order))) return yield* tell({ _tag: "rejected", reason: notTaken })
      const lateMs = (yield* Clock.currentTimeMillis) - until
      const isKnown = outcome?._tag === "created" || outcome?._tag === "rejected"
      if (outcome !== undefined && (isKnown || (outcome._tag === "ambiguous" && lateMs >= 0))) {
        return yield* tell(outcome)
      }
      if (lateMs > judgeMs) {
        return yield* tell({
          _tag: "ambiguous",
          detail: "the submit was interrupted and nobody says what became of it"
        })
      }
      if (!hasTold) yield* tell({ _tag: "pending" })
      hasTold = true
      yield* Effect.sleep(lookMs)
    }
  }
)

/** Tells the runner, where it can be reached: without that it sends what stands in line there. */
const told = ({ router }: Submits, { attempt, id }: Attempt) =>
  Effect.timeoutOption(
    Router.askOnce(router, bucketOf(id, router.count), (door) => door.abandon({ id, attempt })),
    judgeMs
  )
