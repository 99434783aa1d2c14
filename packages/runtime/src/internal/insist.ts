/**
 * Writing what must not be lost: a task that is paid for is worth minutes, and is not forgotten after that.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { TaskStoreError, VersionConflict } from "../TaskStore.ts"
import { forAMoment } from "./bounded.ts"

type StoreFailure = TaskStoreError | VersionConflict

/** After 250 ms, 500 ms, … and at most every 5 s, for 5 minutes. */
const patiently = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.upTo({ duration: "5 minutes" })
)

/** When nobody waits for it any more, for as long as everything lives. */
const later = Schedule.spaced("30 seconds")

/** Whoever has something else to tell does not wait for the store to come back. */
const once = Schedule.recurs(0)

/**
 * Writes, and tries again for minutes while the store says that it may succeed later. After that it fails, and goes on in
 * the scope. When the scope closes it is tried once more, for a moment. The write must be harmless when it is repeated.
 *
 * @internal
 */
export const insist = <A, E extends StoreFailure>(
  write: Effect.Effect<A, E>,
  scope: Scope.Scope,
  patience: Schedule.Schedule<unknown> = patiently
): Effect.Effect<A, E> => {
  const attempt = detached(write)
  const again = (schedule: Schedule.Schedule<unknown>) =>
    Effect.interruptible(Effect.retry(attempt, { schedule, while: isRetryable })).pipe(
      Effect.onInterrupt(() => farewell(write))
    )
  return Effect.tapError(
    again(patience),
    (error) => isRetryable(error) ? Effect.forkIn(again(later), scope) : Effect.void
  )
}

/**
 * Writes, and goes on in the scope as soon as the store says that it may succeed later.
 *
 * @internal
 */
export const offer = <A, E extends StoreFailure>(write: Effect.Effect<A, E>, scope: Scope.Scope): Effect.Effect<A, E> =>
  insist(write, scope, once)

/**
 * Writes when everything ends, and waits for that for a moment.
 *
 * @internal
 */
export const farewell = <A, E>(write: Effect.Effect<A, E>): Effect.Effect<Option.Option<A>, E> =>
  forAMoment(detached(write))

/** When everything ends, an attempt that is out goes on while the last one is made: only the wait for it is interrupted. */
const detached = <A, E>(write: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDetach(write, { startImmediately: true }), Fiber.join)

const isRetryable = (error: StoreFailure): boolean => error._tag === "TaskStoreError" && error.retryable
