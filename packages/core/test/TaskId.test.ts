import { assert, describe, it } from "@effect/vitest"
import { TaskId } from "@video-tasks/core"
import { Effect, Result, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"

/** The first 48 bits of a UUIDv7 are its time, in ms. */
const timeOf = (id: TaskId.TaskId): number => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)

describe("TaskId", () => {
  it.effect("is a UUIDv7 of the time at which it was made", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_123)
      const id = yield* TaskId.make
      assert.isTrue(TaskId.is(id))
      assert.strictEqual(timeOf(id), 1_700_000_000_123)
    }).pipe(Effect.provide(SecureRandom.layerWebCrypto)))

  it.effect("sorts by the time at which it was made, and by order within one millisecond", () =>
    Effect.gen(function*() {
      const made: Array<TaskId.TaskId> = []
      for (const wait of [0, 0, 1, 9, 90, 900, 90_000, 0, 90_000_000, 0]) {
        yield* TestClock.adjust(wait)
        made.push(yield* TaskId.make)
      }
      assert.deepStrictEqual([...made].sort(), made)
      assert.strictEqual(new Set(made).size, made.length)
    }).pipe(Effect.provide(SecureRandom.layerWebCrypto)))

  it.each([
    "",
    "0198a3f0-0000-4000-8000-000000000001",
    "0198A3F0-0000-7000-8000-000000000001",
    "0198a3f0-0000-7000-c000-000000000001",
    "0198a3f0000070008000000000000001",
    "0198a3f0-0000-7000-8000-000000000001\n",
    "vt1_abc"
  ])("is not %j", (text) => {
    assert.isFalse(TaskId.is(text))
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(TaskId.TaskId)(text)))
  })
})
