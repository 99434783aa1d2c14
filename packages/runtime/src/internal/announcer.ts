import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { noop, type ObservedPoll, type ObservedStep, TaskObserver } from "../TaskObserver.ts"
import * as Telemetry from "../Telemetry.ts"
import { redactStep } from "./redactStep.ts"

/**
 * Tells the observer.
 *
 * @internal
 */
export interface Announcer {
  readonly step: (step: ObservedStep) => void
  /** Absent when nobody wants to hear of reads. */
  readonly poll: ((poll: ObservedPoll) => void) | undefined
}

/** How many steps and reads wait for a slow observer before new ones are dropped. */
const capacity = 4096

/** How long the last steps may take when everything ends, in ms. */
const farewellMs = 1000

/**
 * Hands steps and reads to the observer, in order, from a fiber of its own: an observer that fails, breaks or is slow harms nobody.
 *
 * @internal
 */
export const make: Effect.Effect<Announcer, never, Scope.Scope> = Effect.gen(function*() {
  const observer = yield* TaskObserver
  if (observer === noop) return { step: () => undefined, poll: undefined }
  const context = yield* Effect.context()
  const queue = yield* Queue.dropping<() => Effect.Effect<void>, Cause.Done>(capacity)
  const deliver = Effect.flatMap(Queue.take(queue), (news) =>
    Effect.suspend(news).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.logDebug("a task observer failed", cause)
      )
    ))
  const fiber = yield* Effect.forkDetach(Effect.ignore(Effect.forever(deliver)))
  yield* Effect.addFinalizer(() =>
    Queue.end(queue).pipe(
      Effect.andThen(Fiber.await(fiber)),
      Effect.timeoutOption(farewellMs),
      Effect.andThen(Fiber.interrupt(fiber))
    )
  )
  const tell = (news: () => Effect.Effect<void>): void => {
    if (!Queue.offerUnsafe(queue, news)) Telemetry.droppedSteps.updateUnsafe(1, context)
  }
  return {
    step: (step) => {
      const redacted = redactStep(step)
      tell(() => observer.step(redacted))
    },
    poll: observer.poll === undefined ? undefined : (poll) => tell(() => observer.poll?.(poll) ?? Effect.void)
  }
})
