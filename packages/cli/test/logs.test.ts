import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer } from "effect"
import * as Logs from "../src/internal/logs.ts"
import { recorded } from "./utils/screen.ts"

describe("logs", () => {
  it.effect("say what a warning is about, in a line of its own without the cause", () =>
    Effect.gen(function*() {
      const { layer, written } = recorded()
      yield* Effect.provide(
        Effect.gen(function*() {
          yield* Effect.logWarning("a task was created after its submit was interrupted", "vt1_abc")
          yield* Effect.logWarning(
            "a create could not be looked up",
            "01a\n1f",
            Cause.fail(new Error("read ECONNRESET"))
          )
          yield* Effect.logInfo("nobody asked for this")
        }),
        Layer.provide(Logs.layer, layer)
      )
      assert.deepStrictEqual(written.all, [
        "err: warning: a task was created after its submit was interrupted: vt1_abc",
        "err: warning: a create could not be looked up: 01a 1f"
      ])
    }))
})
