/**
 * Doing together what is asked for at the same time: while one portion is being done, the next one comes together. Nobody
 * waits for a portion to fill.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** @internal */
export interface Portions<in out Item, in out A, in out E> {
  /** Two items of one key are never in one portion. */
  readonly keyOf: (item: Item) => string
  /** Does a portion, and says of each item what became of it. It comes to an end: the next one waits for that. */
  readonly run: (items: ReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>>
}

interface Call<in out Item, in out A, in out E> {
  readonly item: Item
  readonly done: Deferred.Deferred<A, E>
  /** Whose end nobody waits for, of all of a portion, is called off. */
  isWanted: boolean
}

/** How many a portion holds at most. */
const largest = 256

/** How long a portion is gone on with that nobody waits for, in ms. */
const unwantedMs = 1000

/**
 * Makes what does an item together with others. Who is interrupted takes the item back; what is being done by then, is done,
 * and waited for.
 *
 * @internal
 */
export const make = <Item, A, E>({ keyOf, run }: Portions<Item, A, E>): (item: Item) => Effect.Effect<A, E> => {
  let waiting: Array<Call<Item, A, E>> = []
  let isRunning = false
  /** What is being done. */
  let running: { readonly portion: ReadonlyArray<Call<Item, A, E>>; readonly fiber: Fiber.Fiber<unknown> } | undefined

  const next = (): ReadonlyArray<Call<Item, A, E>> => {
    const portion = new Map<string, Call<Item, A, E>>()
    const rest: Array<Call<Item, A, E>> = []
    for (const call of waiting) {
      const key = keyOf(call.item)
      if (portion.size < largest && !portion.has(key)) portion.set(key, call)
      else rest.push(call)
    }
    waiting = rest
    return [...portion.values()]
  }

  const drain = Effect.gen(function*() {
    while (waiting.length > 0) {
      const portion = next()
      const fiber = yield* Effect.forkChild(run(portion.map(({ item }) => item)), { startImmediately: true })
      running = { portion, fiber }
      const results = yield* Fiber.await(fiber)
      running = undefined
      for (const [index, { done }] of portion.entries()) {
        const exit = Exit.isSuccess(results) ? results.value[index] : Exit.failCause(results.cause)
        Deferred.doneUnsafe(done, exit ?? Exit.die(new Error("a portion forgot an item")))
      }
    }
    isRunning = false
  })

  const takeBack = (call: Call<Item, A, E>): Effect.Effect<unknown> =>
    Effect.suspend((): Effect.Effect<unknown> => {
      const at = waiting.indexOf(call)
      if (at >= 0) return Effect.sync(() => waiting.splice(at, 1))
      call.isWanted = false
      const left = running
      const end = Effect.exit(Deferred.await(call.done))
      if (left === undefined || left.portion.some(({ isWanted }) => isWanted)) return end
      const callOff = Effect.andThen(Effect.sleep(unwantedMs), Fiber.interrupt(left.fiber))
      return Effect.andThen(Effect.forkDetach(callOff), end)
    })

  return (item) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const call: Call<Item, A, E> = { item, done: Deferred.makeUnsafe(), isWanted: true }
        waiting.push(call)
        const start = isRunning ? Effect.void : Effect.forkDetach(drain)
        isRunning = true
        return Effect.andThen(
          start,
          Effect.onInterrupt(restore(Deferred.await(call.done)), () => takeBack(call))
        )
      })
    )
}
