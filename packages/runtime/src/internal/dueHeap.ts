/**
 * Something that is due at a time and knows its place in the heap.
 *
 * @internal
 */
export interface Due {
  /** In ms since the epoch. */
  dueAt: number
  /** The place in the heap, or -1 when it is not in it. */
  index: number
}

/**
 * A binary heap of what is due next: one for everything that the scheduler waits for.
 *
 * @internal
 */
export class DueHeap<A extends Due> {
  readonly #items: Array<A> = []

  get size(): number {
    return this.#items.length
  }

  peek(): A | undefined {
    return this.#items[0]
  }

  /** Adds an item, or moves it to its new time. */
  schedule(item: A, dueAt: number): void {
    item.dueAt = dueAt
    if (item.index < 0) {
      item.index = this.#items.length
      this.#items.push(item)
    }
    this.#down(item, this.#up(item, item.index))
  }

  remove(item: A): void {
    const hole = item.index
    if (hole < 0) return
    item.index = -1
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#down(last, this.#up(last, hole))
  }

  /** Moves all items in time. */
  shift(byMs: number): void {
    for (const item of this.#items) item.dueAt += byMs
  }

  /** The items as they are due; the heap must not change meanwhile. */
  *inOrder(): Generator<A, void> {
    const next = new DueHeap<Place<A>>()
    const add = (at: number): void => {
      const item = this.#items[at]
      if (item !== undefined) next.schedule({ dueAt: 0, index: -1, item }, item.dueAt)
    }
    add(0)
    for (let place = next.peek(); place !== undefined; place = next.peek()) {
      next.remove(place)
      add(2 * place.item.index + 1)
      add(2 * place.item.index + 2)
      yield place.item
    }
  }

  #up(item: A, from: number): number {
    const items = this.#items
    let at = from
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = items[parentAt]
      if (parent === undefined || parent.dueAt <= item.dueAt) break
      items[at] = parent
      parent.index = at
      at = parentAt
    }
    items[at] = item
    item.index = at
    return at
  }

  #down(item: A, from: number): void {
    const items = this.#items
    let at = from
    for (;;) {
      const left = items[2 * at + 1]
      const right = items[2 * at + 2]
      if (left === undefined) break
      const child = right !== undefined && right.dueAt < left.dueAt ? right : left
      if (child.dueAt >= item.dueAt) break
      const childAt = child.index
      items[at] = child
      child.index = at
      at = childAt
    }
    items[at] = item
    item.index = at
  }
}

interface Place<A> extends Due {
  readonly item: A
}
