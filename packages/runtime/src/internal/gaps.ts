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
    const { family, policy } = entry.lane
    const [now, random] = [this.#now(), this.#random.nextDoubleUnsafe()]
    const gapMs = Duration.toMillis(PollPolicy.next(policy, entry.history, now, { random, medianRestMs }))
    // Who can be read with others in one request looks for company by itself.
    return (family.batchSize ?? 1) > 1 ? gapMs : together(now, gapMs)
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

// internal

/** How far apart the times are at which reads are due, in ms. */
const mostGrainMs = 64

/** A short gap grows by a 16th of itself at most. */
const grainsInGap = 16

/**
 * Makes reads due at times that others, also of other engines in this process, have in common: what is due together is
 * loaded, sent and written together, and wakes the process once.
 */
const together = (now: number, gapMs: number): number => {
  const grain = Math.min(mostGrainMs, 2 ** Math.floor(Math.log2(gapMs / grainsInGap)))
  return grain > 1 ? Math.ceil((now + gapMs) / grain) * grain - now : gapMs
}
