/**
 * A heap of what is due, and one fiber that sleeps until then.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { type Due, DueHeap } from "./dueHeap.ts"

/** The longest time that timers of all platforms can count. */
const longestSleepMs = 2 ** 31 - 1

/**
 * Hands over each item when its time has come.
 *
 * @internal
 */
export class DueLoop<A extends Due> {
  readonly heap = new DueHeap<A>()
  readonly #latch = Latch.makeUnsafe()
  readonly #clock: Clock.Clock
  readonly #isDue: (item: A) => void
  #sleepsUntil = -Infinity
  #lastNow = -Infinity

  constructor(clock: Clock.Clock, isDue: (item: A) => void) {
    this.#clock = clock
    this.#isDue = isDue
  }

  /** When the clock of the machine is set back, what is due stays as far away as it was. */
  readonly now = (): number => {
    const now = this.#clock.currentTimeMillisUnsafe()
    if (now < this.#lastNow) {
      this.heap.shift(now - this.#lastNow)
      this.#sleepsUntil += now - this.#lastNow
    }
    this.#lastNow = now
    return now
  }

  schedule(item: A, dueAt: number): void {
    this.heap.schedule(item, dueAt)
    if (dueAt < this.#sleepsUntil) this.#latch.openUnsafe()
  }

  /** A fault of our own in one item must not stop the others. */
  get run(): Effect.Effect<never> {
    return Effect.forever(
      Effect.catchDefect(
        this.#spin,
        (defect) => Effect.logError("the scheduler of video tasks broke and goes on", defect)
      )
    )
  }

  readonly #spin: Effect.Effect<never> = Effect.gen({ self: this }, function*() {
    for (;;) {
      this.#latch.closeUnsafe()
      const now = this.now()
      const item = this.heap.peek()
      const wait = item === undefined ? Infinity : item.dueAt - now
      if (item !== undefined && wait <= 0) {
        this.heap.remove(item)
        this.#isDue(item)
      } else {
        this.#sleepsUntil = item?.dueAt ?? Infinity
        yield* wait === Infinity
          ? this.#latch.await
          : Effect.raceFirst(this.#latch.await, Effect.sleep(Math.min(Math.ceil(wait), longestSleepMs)))
        this.#sleepsUntil = -Infinity
      }
    }
  })
}
