import { assert, describe, it } from "@effect/vitest"
import { DurationHistogram } from "@video-tasks/runtime"

const isNear = (actual: number, expected: number, tolerance: number) =>
  assert.isTrue(Math.abs(actual / expected - 1) < tolerance, `${actual} is not near ${expected}`)

describe("DurationHistogram", () => {
  it("begins with the median that it is seeded with", () => {
    for (const median of [5000, 90_000, 600_000]) {
      isNear(DurationHistogram.medianRestMs(DurationHistogram.seeded(median), 0), median, 0.05)
    }
  })

  it("knows that a job that has lasted long lasts longer", () => {
    const seeded = DurationHistogram.seeded(90_000)
    // Of the jobs of a log-normal distribution (σ 0.5) that have lasted 90 s, half end within 36 s more.
    isNear(90_000 + DurationHistogram.medianRestMs(seeded, 90_000), 90_000 * Math.exp(0.5 * 0.6745), 0.05)
    isNear(180_000 + DurationHistogram.medianRestMs(seeded, 180_000), 180_000 * 1.21, 0.07)
  })

  it("is never negative and always finite", () => {
    const seeded = DurationHistogram.seeded(90_000)
    for (const elapsed of [-1, 0, 1, 999, 1000, 1500, 90_000, 1e6, 1e8, 1e12]) {
      const rest = DurationHistogram.medianRestMs(seeded, elapsed)
      assert.isTrue(Number.isFinite(rest) && rest >= 0, `${elapsed}: ${rest}`)
    }
  })

  it("learns from what jobs really take, and forgets slowly", () => {
    let histogram = DurationHistogram.seeded(90_000)
    for (let job = 0; job < 100; job++) histogram = DurationHistogram.record(histogram, 20_000)
    isNear(DurationHistogram.medianRestMs(histogram, 0), 20_000, 0.2)
    for (let job = 0; job < 300; job++) histogram = DurationHistogram.record(histogram, 200_000)
    isNear(DurationHistogram.medianRestMs(histogram, 0), 200_000, 0.2)
  })

  it("takes durations of any length", () => {
    for (const duration of [0, 1, 500, 1e12]) {
      const { weights } = DurationHistogram.record(DurationHistogram.seeded(90_000), duration)
      isNear(weights.reduce((sum, weight) => sum + weight, 0), 8 * 0.99 + 1, 0.001)
    }
  })
})
