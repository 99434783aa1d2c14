import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Latch } from "effect"
import { TestClock } from "effect/testing"
import * as Portions from "../src/internal/portions.ts"

/** Doubles numbers in portions, each of which waits for the latch. */
const world = () => {
  const latch = Latch.makeUnsafe()
  const portions: Array<ReadonlyArray<number>> = []
  const ask = Portions.make<number, number, string>({
    keyOf: (item) => String(item % 10),
    run: (items) => {
      portions.push(items)
      return Effect.as(latch.await, items.map((item) => item < 0 ? Exit.fail("negative") : Exit.succeed(2 * item)))
    }
  })
  return { ask, latch, portions }
}

describe("portions", () => {
  it.effect("does together what is asked for while the last portion is done, and answers each", () =>
    Effect.gen(function*() {
      const { ask, latch, portions } = world()
      const first = yield* Effect.forkChild(ask(1), { startImmediately: true })
      yield* Effect.yieldNow
      const rest = yield* Effect.forEach(
        [2, -3, 4],
        (item) => Effect.forkChild(Effect.exit(ask(item)), { startImmediately: true })
      )
      yield* latch.open
      assert.strictEqual(yield* Fiber.join(first), 2)
      assert.deepStrictEqual(yield* Effect.forEach(rest, Fiber.join), [
        Exit.succeed(4),
        Exit.fail("negative"),
        Exit.succeed(8)
      ])
      assert.deepStrictEqual(portions, [[1], [2, -3, 4]])
    }))

  it.effect("keeps two items of one key apart, in their order", () =>
    Effect.gen(function*() {
      const { ask, latch, portions } = world()
      yield* latch.open
      const answers = yield* Effect.forEach([1, 11, 2, 21], ask, { concurrency: "unbounded" })
      assert.deepStrictEqual(answers, [2, 22, 4, 42])
      assert.deepStrictEqual(portions, [[1, 2], [11], [21]])
    }))

  it.effect("does at most 256 at once", () =>
    Effect.gen(function*() {
      const sizes: Array<number> = []
      const ask = Portions.make<number, number, never>({
        keyOf: String,
        run: (items) =>
          Effect.sync(() => {
            sizes.push(items.length)
            return items.map((item) => Exit.succeed(item))
          })
      })
      yield* Effect.forEach(Array.from({ length: 600 }, (_, n) => n), ask, { concurrency: "unbounded", discard: true })
      assert.deepStrictEqual(sizes, [256, 256, 88])
    }))

  it.effect("takes back what was not begun when its caller is interrupted, and finishes what was", () =>
    Effect.gen(function*() {
      const { ask, latch, portions } = world()
      const begun = yield* Effect.forkChild(ask(1), { startImmediately: true })
      yield* Effect.yieldNow
      const waiting = yield* Effect.forkChild(ask(2), { startImmediately: true })
      yield* Fiber.interrupt(waiting)
      const left = yield* Deferred.make<void>()
      const leaving = yield* Effect.forkChild(
        Effect.andThen(Fiber.interrupt(begun), Deferred.succeed(left, undefined)),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      assert.isFalse(yield* Deferred.isDone(left))
      yield* latch.open
      yield* Fiber.join(leaving)
      assert.deepStrictEqual(portions, [[1]])
      assert.strictEqual(yield* ask(3), 6)
    }))

  it.effect("calls off what nobody waits for any more, and goes on", () =>
    Effect.gen(function*() {
      const { ask, latch, portions } = world()
      const first = yield* Effect.forkChild(ask(1), { startImmediately: true })
      yield* Effect.yieldNow
      const both = yield* Effect.forEach([2, 3], (item) => Effect.forkChild(ask(item), { startImmediately: true }))
      yield* Effect.forkChild(Fiber.interrupt(first))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(first)))
      const [second, third] = both
      if (second === undefined || third === undefined) return assert.fail("there are two")
      yield* Effect.forkChild(Fiber.interrupt(second))
      yield* TestClock.adjust("1 minute")
      // Somebody waits for the other one.
      assert.isUndefined(third.pollUnsafe())
      yield* latch.open
      assert.strictEqual(yield* Fiber.join(third), 6)
      assert.deepStrictEqual(portions, [[1], [2, 3]])
    }))

  it.effect("tells everybody of a portion that broke, and goes on", () =>
    Effect.gen(function*() {
      let isBroken = true
      const ask = Portions.make<number, number, never>({
        keyOf: String,
        run: (items) => isBroken ? Effect.die("broken") : Effect.succeed(items.map((item) => Exit.succeed(item)))
      })
      const exits = yield* Effect.forEach([1, 2], (item) => Effect.exit(ask(item)), { concurrency: 2 })
      assert.deepStrictEqual(exits, [Exit.die("broken"), Exit.die("broken")])
      isBroken = false
      assert.strictEqual(yield* ask(3), 3)
    }))
})
