import { assert, describe, it } from "@effect/vitest"
import { PollPolicy, TaskId } from "@video-tasks/core"
import type { Entry } from "../src/internal/entry.ts"
import { Recent } from "../src/internal/recent.ts"
import * as Harness from "./support/harness.ts"

const idOf = (n: number) => TaskId.TaskId.make(`0198a3f0-0000-7000-8000-${n.toString().padStart(12, "0")}`)

/** As much of an entry as is remembered. */
const entryOf = (n: number, polls = 1, lastFailure?: Entry["lastFailure"]) =>
  ({ id: idOf(n), polls, history: PollPolicy.start(0), lastFailure }) as Entry

describe("Recent", () => {
  it("remembers 1,024 tasks, and forgets the one that was followed longest ago", () => {
    const recent = new Recent()
    for (let n = 0; n < 1024; n++) recent.add(entryOf(n))
    assert.deepStrictEqual(recent.get(idOf(0)), { polls: 1, failures: 0 })
    // The first one is followed once more: the second is the oldest now.
    recent.add(entryOf(0, 2))
    recent.add(entryOf(1024))
    assert.deepStrictEqual([0, 1, 2, 1024].map((n) => recent.get(idOf(n))?.polls), [3, undefined, 1, 1])
    const kept = Array.from({ length: 1025 }, (_, n) => recent.get(idOf(n))).filter((info) => info !== undefined)
    assert.strictEqual(kept.length, 1024)
  })

  it("does not remember a task that was never read", () => {
    const recent = new Recent()
    recent.add(entryOf(1, 0))
    assert.isUndefined(recent.get(idOf(1)))
  })

  it("remembers in words what a read failed with", () => {
    const recent = new Recent()
    const failure = Harness.unavailable(503)
    recent.add(entryOf(1, 1, failure))
    assert.deepStrictEqual(recent.get(idOf(1)), { polls: 1, failures: 0, lastFailure: failure.message })
  })
})
