/**
 * How long until the next read of a task: the policy's rule, fed with what is known of it and of its like.
 */
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type * as Random from "effect/Random"
import type { Durations } from "./durations.ts"
import type { Entry } from "./entry.ts"

/** @internal */
export class Gaps {
  readonly #durations: Durations
  readonly #clock: Clock.Clock
  readonly #random: Random.Random

  constructor(durations: Durations, clock: Clock.Clock, random: Random.Random) {
    this.#durations = durations
    this.#clock = clock
    this.#random = random
  }

  /** In ms; `medianRestMs` 0 says that it is almost done. */
  next(entry: Entry, medianRestMs: number): number {
    const random = this.#random.nextDoubleUnsafe()
    return Duration.toMillis(PollPolicy.next(entry.lane.policy, entry.history, this.#now(), { random, medianRestMs }))
  }

  /** In ms, when somebody says that there is news. */
  hinted(entry: Entry): number {
    return PollPolicy.hintedGapMs(entry.lane.policy, entry.history, this.#now())
  }

  /** How long half of its like still took, in ms. */
  medianRestMs(entry: Entry, model: string | undefined): number {
    return this.#durations.medianRestMs(entry.lane, model, this.#now() - entry.startedAt)
  }

  /** When the task is expected to end, in ms since the epoch. */
  expectedEndAt(entry: Entry, model: string | undefined): number {
    const now = this.#now()
    const medianRestMs = this.medianRestMs(entry, model)
    return now + Math.round(PollPolicy.restMs(entry.lane.policy, entry.history, now, medianRestMs))
  }

  #now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }
}
