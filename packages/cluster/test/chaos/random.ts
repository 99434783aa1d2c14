/** The same numbers from 0 to 1 for the same seed. */
export const numbers = (seed: number) => () => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32
