/**
 * The jobs that the measurements of the cadence play: the same in every run and every language.
 */

/** A linear congruential generator of numbers in [0, 1). */
export const lcg = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Log-normal, median 90 s, σ 0.5, from 20 s to 600 s; in ms. */
export const jobsOf = (count: number): ReadonlyArray<number> => {
  const next = lcg(12_345)
  return Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(Math.max(next(), 1e-12)))
    const normal = radius * Math.cos(2 * Math.PI * next())
    return 1000 * Math.min(600, Math.max(20, 90 * Math.exp(0.5 * normal)))
  })
}

/** Progress with noise, in steps of 5; nothing without `noise`. */
export const progressAt = (share: number, noise: number | undefined, random: () => number) => {
  if (noise === undefined) return {}
  const noisy = 100 * share * (1 + noise * (2 * random() - 1))
  return { progress: Math.min(95, Math.max(0, Math.round(noisy / 5) * 5)) }
}
