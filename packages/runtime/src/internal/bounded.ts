/**
 * Waiting for a store that may never answer: nobody waits for ever, whatever it does.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { TaskStoreError } from "../TaskStore.ts"

/**
 * How long anybody waits for what a store is asked for, in ms: longer than a store needs that finds out by itself, within
 * 10 s, that its database has fallen silent, and asks once more on another connection.
 */
const boundMs = 15_000

/** How long anybody waits for what is called off, and for what is written when everything ends, in ms. */
const momentMs = 2000

/** When a step is called off that nobody waits for any more, in ms. */
const hopelessMs = 300_000

/**
 * Waits for a moment: for so many ms.
 *
 * @internal
 */
export const forAMoment = <A, E>(
  wait: Effect.Effect<A, E>,
  ms: number = momentMs
): Effect.Effect<Option.Option<A>, E> => Effect.timeoutOption(Effect.interruptible(wait), ms)

/**
 * What becomes of a call when it is not waited for any more.
 *
 * @internal
 */
export interface Unheard<in A, in E> {
  /** The store has not answered in time. */
  readonly overdue: (fiber: Fiber.Fiber<A, E>) => Effect.Effect<unknown>
  /** Who waited is interrupted; that is waited for, for a moment. */
  readonly left: (fiber: Fiber.Fiber<A, E>) => Effect.Effect<unknown>
}

/**
 * Does something in a fiber of its own: also where it can't be interrupted, who waits for it leaves in time.
 *
 * @internal
 */
export const waitedFor = <A, E>(
  call: Effect.Effect<A, E>,
  { left, overdue }: Unheard<A, E>
): Effect.Effect<A, E | TaskStoreError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(call, { startImmediately: true }), (fiber) => {
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      return restore(Effect.timeoutOption(Fiber.join(fiber), boundMs)).pipe(
        Effect.onInterrupt(() => forAMoment(left(fiber))),
        Effect.flatMap((answer) =>
          Option.isSome(answer)
            ? Effect.succeed(answer.value)
            : Effect.andThen(overdue(fiber), Effect.fail(silent()))
        )
      )
    })
  )

const silent = () =>
  new TaskStoreError({ detail: `the store has not answered within ${boundMs / 1000} s`, retryable: true })

/**
 * Asks a store: what is not answered in time is called off, and may succeed later.
 *
 * @internal
 */
export const bounded = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | TaskStoreError> =>
  waitedFor(call, { overdue: (fiber) => Effect.sync(() => fiber.interruptUnsafe()), left: Fiber.interrupt })

/**
 * Writes and then tells of it: what the store takes late is told of as well, though nobody waits for it any more. The end
 * of the scope calls it off.
 *
 * @internal
 */
export const seenThrough = <A, E>(
  write: Effect.Effect<A, E>,
  scope: Scope.Scope
): Effect.Effect<A, E | TaskStoreError> => {
  const unheard = (fiber: Fiber.Fiber<A, E>) =>
    Effect.map(
      Effect.forkIn(Effect.timeoutOption(Fiber.await(fiber), hopelessMs), scope),
      (watch) => watch.addObserver(() => fiber.interruptUnsafe())
    )
  return waitedFor(write, {
    overdue: unheard,
    left: (fiber) => Effect.onInterrupt(Fiber.await(fiber), () => unheard(fiber))
  })
}
