/**
 * The messages that were heard last, and how often: a bounded memory.
 *
 * @internal
 */
export class Seen {
  readonly #times = new Map<string, number>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = Math.max(1, Math.floor(capacity))
  }

  has(id: string): boolean {
    return this.#times.has(id)
  }

  /** Notes a message; how often that was done. */
  add(id: string): number {
    const times = (this.#times.get(id) ?? 0) + 1
    this.#times.set(id, times)
    if (this.#times.size <= this.#capacity) return times
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest)
      break
    }
    return times
  }
}
