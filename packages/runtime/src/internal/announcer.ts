import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { noop, type ObservedStep, TaskObserver } from "../TaskObserver.ts"
import * as Telemetry from "../Telemetry.ts"
import { redactStep } from "./redactStep.ts"

/** How many steps wait for a slow observer before new ones are dropped. */
const capacity = 4096

/** How long the last steps may take when everything ends, in ms. */
const farewellMs = 1000

/**
 * Hands steps to the observer, in order, from a fiber of its own: an observer that fails, breaks or is slow harms nobody.
 *
 * @internal
 */
export const make: Effect.Effect<(step: ObservedStep) => void, never, Scope.Scope> = Effect.gen(function*() {
  const observer = yield* TaskObserver
  if (observer === noop) return () => undefined
  const context = yield* Effect.context()
  const queue = yield* Queue.dropping<ObservedStep, Cause.Done>(capacity)
  const deliver = Effect.flatMap(Queue.take(queue), (step) =>
    Effect.suspend(() => observer.step(step)).pipe(
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
  return (step: ObservedStep) => {
    if (!Queue.offerUnsafe(queue, redactStep(step))) Telemetry.droppedSteps.updateUnsafe(1, context)
  }
})
