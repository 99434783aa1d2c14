import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Ending from "../src/internal/ending.ts"

/** Whether something is over after so many ms. */
const isOverAfter = (fiber: Fiber.Fiber<unknown>, ms: number) =>
  Effect.map(TestClock.adjust(ms), () => fiber.pollUnsafe() !== undefined)

describe("a request to another member", () => {
  it.effect("is left after half a second by who is interrupted, although it is never called off", () =>
    Effect.gen(function*() {
      const request = Effect.onInterrupt(Effect.never, () => Effect.never)
      const asking = yield* Effect.forkChild(Ending.leaving(request), { startImmediately: true })
      const leaving = yield* Effect.forkChild(Fiber.interrupt(asking), { startImmediately: true })
      assert.deepStrictEqual([yield* isOverAfter(leaving, 499), yield* isOverAfter(leaving, 1)], [false, true])
    }))

  it.effect("is called off first where that is done at once, and answers as it would", () =>
    Effect.gen(function*() {
      let isOff = false
      const request = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          isOff = true
        }))
      const asking = yield* Effect.forkChild(Ending.leaving(request), { startImmediately: true })
      yield* Fiber.interrupt(asking)
      assert.isTrue(isOff)
      assert.strictEqual(yield* Ending.leaving(Effect.succeed(1)), 1)
      assert.strictEqual(yield* Effect.flip(Ending.leaving(Effect.fail("no"))), "no")
    }))
})

describe("a member that ends", () => {
  const ending = Effect.fnUntraced(function*(end: Effect.Effect<void>) {
    const scope = yield* Scope.make()
    const layer = Layer.effectDiscard(Effect.addFinalizer(() => end))
    yield* Layer.buildWithScope(Ending.within(layer, 10_000), scope)
    return yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
  })

  it.effect("is waited for so long and no longer", () =>
    Effect.gen(function*() {
      const closing = yield* ending(Effect.never)
      assert.deepStrictEqual([yield* isOverAfter(closing, 9999), yield* isOverAfter(closing, 1)], [false, true])
    }))

  it.effect("is waited for until it has ended", () =>
    Effect.gen(function*() {
      let hasEnded = false
      const end = Effect.sync(() => {
        hasEnded = true
      })
      const closing = yield* ending(Effect.delay(end, 5000))
      assert.deepStrictEqual([yield* isOverAfter(closing, 4999), hasEnded], [false, false])
      assert.deepStrictEqual([yield* isOverAfter(closing, 1), hasEnded], [true, true])
    }))
})
