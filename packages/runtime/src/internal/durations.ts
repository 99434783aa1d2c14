import * as DurationHistogram from "../DurationHistogram.ts"
import type { Lane } from "./entry.ts"

/** More models than any program uses: the names come from answers. */
const maxModels = 1000

/**
 * How long jobs take, by provider, family and model.
 *
 * @internal
 */
export class Durations {
  readonly #histograms = new Map<string, DurationHistogram.DurationHistogram>()

  record(lane: Lane, model: string | undefined, durationMs: number): void {
    const key = keyOf(lane, model)
    const histogram = this.#histograms.get(key)
    if (histogram === undefined && this.#histograms.size >= maxModels) return
    this.#histograms.set(
      key,
      DurationHistogram.record(histogram ?? DurationHistogram.seeded(lane.policy.typicalMs), durationMs)
    )
  }

  medianRestMs(lane: Lane, model: string | undefined, elapsedMs: number): number {
    return DurationHistogram.medianRestMs(this.#histograms.get(keyOf(lane, model)) ?? seed(lane), elapsedMs)
  }
}

const keyOf = (lane: Lane, model: string | undefined): string => `${lane.provider.id}/${lane.family.id}/${model ?? ""}`

const seeds = new WeakMap<Lane, DurationHistogram.DurationHistogram>()

const seed = (lane: Lane): DurationHistogram.DurationHistogram => {
  const known = seeds.get(lane)
  if (known !== undefined) return known
  const made = DurationHistogram.seeded(lane.policy.typicalMs)
  seeds.set(lane, made)
  return made
}
