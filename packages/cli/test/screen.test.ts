import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { recorded } from "./utils/screen.ts"

describe("screen", () => {
  it.effect("keeps results and remarks apart", () =>
    Effect.gen(function*() {
      const { screen, written } = recorded()
      yield* screen.out("result")
      yield* screen.err("remark")
      assert.deepStrictEqual(written.out, ["result"])
      assert.deepStrictEqual(written.err, ["remark"])
    }))

  it.effect("takes the live lines away while something else is written", () =>
    Effect.gen(function*() {
      const { screen, written } = recorded({ animated: true })
      yield* screen.live(["one", "two"])
      yield* screen.out("result")
      yield* screen.live([])
      yield* screen.err("remark")
      assert.deepStrictEqual(written.all, [
        "live: one\ntwo",
        "live: ",
        "out: result",
        "live: one\ntwo",
        "live: ",
        "err: remark"
      ])
    }))

  it.effect("does not draw the same picture twice", () =>
    Effect.gen(function*() {
      const { screen, written } = recorded({ animated: true })
      yield* screen.live(["one"])
      yield* screen.live(["one"])
      assert.deepStrictEqual(written.all, ["live: one"])
    }))

  it.effect("draws nothing where there is no terminal", () =>
    Effect.gen(function*() {
      const { screen, written } = recorded()
      yield* screen.live(["one"])
      assert.deepStrictEqual(written.all, [])
    }))

  it.effect("blots out what it was told to hide, wherever it stands", () =>
    Effect.gen(function*() {
      const { screen, written } = recorded({ animated: true })
      yield* screen.hide(Redacted.make("sk-live-123"))
      yield* screen.out("{\"message\":\"bad key sk-live-123\"}")
      yield* screen.err("Bearer sk-live-123, sk-live-123")
      yield* screen.live(["sk-live-123"])
      assert.deepStrictEqual(written.all, [
        "out: {\"message\":\"bad key <redacted>\"}",
        "err: Bearer <redacted>, <redacted>",
        "live: <redacted>"
      ])
    }))
})
