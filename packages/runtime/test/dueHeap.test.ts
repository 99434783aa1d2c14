import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type Due, DueHeap } from "../src/internal/dueHeap.ts"

const item = (): Due => ({ dueAt: 0, index: -1 })

const small = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** One of twenty items is scheduled, or removed. */
const changes = Schema.Array(Schema.Tuple([small(19), Schema.NullOr(small(50))]))

describe("DueHeap", () => {
  it.prop("always gives what is due first, through any mixture of changes", [changes], ([changes]) => {
    const items = Array.from({ length: 20 }, item)
    const heap = new DueHeap<Due>()
    const model = new Map<Due, number>()
    for (const [n, dueAt] of changes) {
      const one = items[n]!
      if (dueAt === null) {
        heap.remove(one)
        model.delete(one)
      } else {
        heap.schedule(one, dueAt)
        model.set(one, dueAt)
      }
      assert.strictEqual(heap.size, model.size)
      assert.strictEqual(heap.peek()?.dueAt, model.size === 0 ? undefined : Math.min(...model.values()))
      assert.isTrue(items.every((one) => (one.index >= 0) === model.has(one)))
    }
    assert.deepStrictEqual([...heap.inOrder()].map((one) => one.dueAt), [...model.values()].sort((a, b) => a - b))
    assert.strictEqual(new Set(heap.inOrder()).size, model.size)
    assert.deepStrictEqual(drain(heap), [...model.values()].sort((a, b) => a - b))
  })

  it("sorts a thousand items, whatever their order", () => {
    const heap = new DueHeap<Due>()
    const times = Array.from({ length: 1000 }, (_, n) => (n * 7919) % 1009)
    for (const dueAt of times) heap.schedule(item(), dueAt)
    assert.deepStrictEqual(drain(heap), [...times].sort((a, b) => a - b))
  })
})

const drain = (heap: DueHeap<Due>): ReadonlyArray<number> => {
  const drained: Array<number> = []
  for (let next = heap.peek(); next !== undefined; next = heap.peek()) {
    drained.push(next.dueAt)
    heap.remove(next)
  }
  return drained
}
