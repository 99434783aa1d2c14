/**
 * Asks the door of a bucket, wherever it is, and again when it has moved.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import { bucketOf } from "@video-tasks/runtime/SqlBuckets"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type { Sharding } from "effect/cluster/Sharding"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { storeError } from "./storeError.ts"
import { Begun, Door, nameOf } from "./wire.ts"

/** How long is waited before a door that was not there is tried again, in ms. */
const againMs = 200

/** How often a door that does not answer is looked at at most, and how long a look may take, in ms. */
const longestLookMs = 5000

type Doors = Effect.Success<typeof Door.client>

/** @internal */
export type OpenDoor = ReturnType<Doors>

/**
 * What asking a door led to: an answer of its engine, or none.
 *
 * @internal
 */
export type Asked<A, E> =
  | { readonly _tag: "answered"; readonly answer: Exit.Exit<A, E> }
  | { readonly _tag: "away"; readonly detail: string }

/** @internal */
export interface Router {
  readonly doors: Doors
  readonly count: number
  /** How long a bucket that nobody serves is waited for, in ms. */
  readonly patienceMs: number
}

/** @internal */
export const make = (count: number, patienceMs: number): Effect.Effect<Router, never, Sharding> =>
  Effect.map(Door.client, (doors) => ({ doors, count, patienceMs }))

/**
 * Asks once. What fails otherwise than the engine does is no answer: the door may have gone away before, while or after the
 * engine did what it was asked for.
 *
 * @internal
 */
export const askOnce = <A, E>(
  router: Router,
  bucket: number,
  ask: (door: OpenDoor) => Effect.Effect<A, E>
): Effect.Effect<Asked<A, Extract<E, VideoTaskError.VideoTaskError | Begun>>> =>
  Effect.uninterruptibleMask((restore) => {
    const door = router.doors(nameOf(bucket))
    return Effect.flatMap(
      Effect.forkChild(restore(Effect.raceFirst(ask(door), unanswered(router, door)))),
      (fiber) => Effect.map(Effect.onInterrupt(restore(Fiber.await(fiber)), () => Fiber.interrupt(fiber)), asked)
    )
  })

const asked = <A, E>(exit: Exit.Exit<A, E>): Asked<A, Extract<E, VideoTaskError.VideoTaskError | Begun>> => {
  if (Exit.isSuccess(exit)) return { _tag: "answered", answer: Exit.succeed(exit.value) }
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return error instanceof VideoTaskError.VideoTaskError || error instanceof Begun
    ? { _tag: "answered", answer: Exit.fail(error as Extract<E, VideoTaskError.VideoTaskError | Begun>) }
    : { _tag: "away", detail: detailOf(exit.cause) }
}

const detailOf = (cause: Cause.Cause<unknown>): string => {
  if (Cause.hasInterruptsOnly(cause)) return "its runner has gone"
  const error = Cause.squash(cause)
  return error instanceof Error ? Redact.clip(Redact.text(`${error.name} ${error.message}`), 200) : "its runner broke"
}

/** Ends when a door that is asked something long has not been heard of for longer than the patience. */
const unanswered = ({ patienceMs }: Router, door: OpenDoor): Effect.Effect<never, Unanswered> => {
  const lookMs = Math.min(patienceMs, longestLookMs)
  const look = (silentMs: number): Effect.Effect<never, Unanswered> =>
    Effect.flatMap(Effect.timeoutOption(Effect.exit(door.ping()), lookMs), (heard) => {
      const isThere = Option.isSome(heard) && Exit.isSuccess(heard.value)
      const nowMs = isThere ? 0 : silentMs + lookMs
      if (nowMs >= patienceMs) return Effect.fail(new Unanswered())
      return Effect.andThen(Effect.sleep(Option.isSome(heard) ? lookMs : 0), look(nowMs))
    })
  return Effect.andThen(Effect.sleep(lookMs), look(0))
}

class Unanswered extends Data.TaggedError("Unanswered") {}

/**
 * Asks until there is an answer, for what may be done twice.
 *
 * @internal
 */
export const ask = Effect.fnUntraced(function*<A, E>(
  router: Router,
  id: TaskId,
  question: (door: OpenDoor) => Effect.Effect<A, E>
): Effect.fn.Return<A, VideoTaskError.VideoTaskError> {
  return yield* askBucket(router, bucketOf(id, router.count), question)
})

/** @internal */
export const askBucket = Effect.fnUntraced(function*<A, E>(
  router: Router,
  bucket: number,
  question: (door: OpenDoor) => Effect.Effect<A, E>
): Effect.fn.Return<A, VideoTaskError.VideoTaskError> {
  const since = yield* Clock.currentTimeMillis
  for (;;) {
    const asked = yield* askOnce(router, bucket, question)
    if (asked._tag === "answered") return yield* asked.answer as Exit.Exit<A, VideoTaskError.VideoTaskError>
    if ((yield* Clock.currentTimeMillis) - since > router.patienceMs) {
      return yield* Effect.fail(unserved(bucket, asked.detail))
    }
    yield* Effect.sleep(againMs)
  }
})

const unserved = (bucket: number, detail: string): VideoTaskError.VideoTaskError =>
  storeError(`no runner answers for bucket ${bucket}: ${detail}`, true)
