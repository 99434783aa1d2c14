import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { PassThrough, Writable } from "node:stream"
import * as Streams from "../src/internal/streams.ts"
import { emptyFolder } from "./utils/command.ts"

/** A stream whose reader takes one text at a time, when it is told to. */
const slowly = () => {
  const waiting: Array<() => void> = []
  const stream = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      waiting.push(done)
    }
  })
  return { stream, take: () => waiting.shift()?.(), waiting }
}

const failing = (code: string) =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error("no"), { code }))
  })

const over = (stdout: Writable, options: Partial<Streams.Sinks> = {}) =>
  Streams.make({ stdout, stderr: new PassThrough(), isTerminal: false, ...options })

const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("streams", () => {
  it.live("waits for a slow reader, so that no more than one text is kept for it", () =>
    Effect.gen(function*() {
      const { stream, take, waiting } = slowly()
      const { out } = yield* over(stream)
      let made = 0
      const all = Effect.forEach(Array.from({ length: 100 }), () => {
        made++
        return out("x".repeat(1000))
      }, { discard: true })
      const fiber = yield* Effect.forkChild(all)
      for (let n = 1; n <= 100; n++) {
        while (waiting.length === 0) yield* turn
        assert.deepStrictEqual([made, waiting.length, stream.writableLength], [n, 1, 1001])
        take()
      }
      yield* Fiber.join(fiber)
    }).pipe(Effect.scoped))

  for (
    const [code, isTerminal, isUnread] of [
      ["EPIPE", false, true],
      ["ECONNRESET", false, true],
      ["EIO", true, true],
      ["EIO", false, false],
      ["ENOSPC", false, false]
    ] as const
  ) {
    it.live(`says of ${code} on ${isTerminal ? "a terminal" : "a file"} whether ${isUnread ? "nobody reads" : "it failed"}`, () =>
      Effect.gen(function*() {
        const streams = yield* over(failing(code), { isTerminal })
        assert.isUndefined(streams.loss())
        // It waits for the interruption that the loss brings, whichever way it is found.
        yield* Effect.raceFirst(Effect.andThen(streams.out("x"), Effect.die("went on")), streams.lost)
        assert.deepStrictEqual(streams.loss(), { code, isUnread })
        yield* Effect.raceFirst(Effect.andThen(streams.out("y"), Effect.die("went on")), streams.lost)
      }).pipe(Effect.scoped))
  }

  it.live("keeps what can't be interrupted from waiting for what is lost", () =>
    Effect.gen(function*() {
      const streams = yield* over(failing("EPIPE"))
      yield* Effect.uninterruptible(Effect.andThen(streams.out("x"), streams.out("y")))
      assert.deepStrictEqual(streams.loss(), { code: "EPIPE", isUnread: true })
    }).pipe(Effect.scoped))

  it.live("writes nothing more to stderr once that has failed, and goes on", () =>
    Effect.gen(function*() {
      let writes = 0
      const stderr = new Writable({
        write: (_chunk, _encoding, done) => {
          writes++
          done(new Error("EPIPE"))
        }
      })
      const streams = yield* over(new PassThrough(), { stderr })
      streams.err("one")
      yield* turn
      streams.err("two")
      assert.deepStrictEqual([writes, streams.isErrGone(), streams.loss()], [1, true, undefined])
    }).pipe(Effect.scoped))

  it("writes by itself where stdout is a file, and not where it is a pipe", () => {
    const file = path.join(emptyFolder(), "file")
    const fd = fs.openSync(file, "w")
    const write = Streams.wholeInto(fd)
    write?.(Buffer.from("one "))
    write?.(Buffer.from("two"))
    fs.closeSync(fd)
    assert.strictEqual(fs.readFileSync(file, "utf8"), "one two")
    assert.throws(() => write?.(Buffer.from("three")), /EBADF/)
  })
})
