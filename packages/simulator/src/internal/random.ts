// Every decision has a key of its own ("job 3", "line 2 poll 7") instead of a place in one sequence: so it does not
// depend on the order in which concurrent requests arrive, which a shared generator would.

const hash = (key: string): number => {
  let h = 1779033703 ^ key.length
  for (let i = 0; i < key.length; i++) {
    h = Math.imul(h ^ key.charCodeAt(i), 3432918353)
    h = (h << 13) | (h >>> 19)
  }
  return h >>> 0
}

/** mulberry32 */
const generator = (seed: number): () => number => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/** @internal From 0 up to 1. */
export const unit = (seed: number, key: string): number => generator(hash(`${seed} ${key}`))()

/** @internal */
export const text = (seed: number, key: string, length: number, alphabet = letters): string => {
  const next = generator(hash(`${seed} ${key}`))
  return Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join("")
}

/** @internal */
export const hex = (seed: number, key: string, length: number): string => text(seed, key, length, "0123456789abcdef")

/** @internal A UUID of version 4. */
export const uuid = (seed: number, key: string): string => {
  const all = hex(seed, key, 32)
  return [all.slice(0, 8), all.slice(8, 12), `4${all.slice(13, 16)}`, `8${all.slice(17, 20)}`, all.slice(20)].join("-")
}

/** @internal */
export const digits = (seed: number, key: string, length: number): string => text(seed, key, length, "0123456789")
