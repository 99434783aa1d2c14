/**
 * Ending what waits for another member. Effect's RPC calls a request off by a message, and waits with it for a connection: where
 * the other one is gone for good, for ever.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"

/** How long whoever leaves waits for its request to be called off, in ms. */
const leaveMs = 500

/**
 * Asks another member: who is interrupted leaves, whether the other one hears of it or not.
 *
 * @internal
 */
export const leaving = <A, E, R>(request: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.forkDetach(restore(request), { startImmediately: true }),
      (fiber) => Effect.onInterrupt(restore(Fiber.join(fiber)), () => endOf(Fiber.interrupt(fiber), leaveMs))
    )
  )

/**
 * Builds a layer whose end is waited for so long and no longer, in ms: whatever it still holds then, the others take over.
 *
 * @internal
 */
export const within = <A, E, R>(layer: Layer.Layer<A, E, R>, ms: number): Layer.Layer<A, E, R> =>
  Layer.effectContext(Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) =>
      Effect.flatMap(
        Effect.forkDetach(Scope.close(scope, exit), { startImmediately: true }),
        (closing) => endOf(Fiber.await(closing), ms)
      )
    )
    return yield* Layer.buildWithScope(layer, scope)
  }))

// internal

const endOf = (end: Effect.Effect<unknown>, ms: number): Effect.Effect<unknown> =>
  Effect.timeoutOption(Effect.interruptible(end), ms)
