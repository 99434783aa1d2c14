/**
 * Writing what must not be lost: a task that is paid for is worth minutes, and is not forgotten after that.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
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

/**
 * Writes, and tries again for minutes while the store says that it may succeed later. After that it fails, and goes on in
 * the scope. When the scope closes it is tried once more, for a moment. The write must be harmless when it is repeated.
 *
 * @internal
 */
export const insist = <A, E extends StoreFailure>(
  write: Effect.Effect<A, E>,
  scope: Scope.Scope
): Effect.Effect<A, E> => {
  const again = (schedule: Schedule.Schedule<unknown>) =>
    atLast(write, (attempt) => Effect.retry(attempt, { schedule, while: isRetryable }))
  return Effect.tapError(
    again(patiently),
    (error) => isRetryable(error) ? Effect.forkIn(again(later), scope) : Effect.void
  )
}

/**
 * Writes once, and insists in the scope: nobody waits for that.
 *
 * @internal
 */
export const offer = <A, E extends StoreFailure>(write: Effect.Effect<A, E>, scope: Scope.Scope): Effect.Effect<A, E> =>
  Effect.tapError(
    atLast(write, identity),
    (error) => isRetryable(error) ? Effect.forkIn(Effect.ignore(insist(write, scope)), scope) : Effect.void
  )

/** Who is interrupted tries it once more; an attempt that is out goes on meanwhile, and is not waited for. */
const atLast = <A, E>(
  write: Effect.Effect<A, E>,
  attempts: (attempt: Effect.Effect<A, E>) => Effect.Effect<A, E>
): Effect.Effect<A, E> => Effect.onInterrupt(Effect.interruptible(attempts(detached(write))), () => farewell(write))

/**
 * Writes when everything ends, and waits for that for a moment.
 *
 * @internal
 */
export const farewell = <A, E>(write: Effect.Effect<A, E>): Effect.Effect<Option.Option<A>, E> =>
  forAMoment(detached(write))

const detached = <A, E>(write: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDetach(write, { startImmediately: true }), Fiber.join)

const isRetryable = (error: StoreFailure): boolean => error._tag === "TaskStoreError" && error.retryable
