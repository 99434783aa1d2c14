import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeInChromium, launch, visit } from "./utils/chromium.ts"

describeInChromium("chromium", () => {
  it.live("records errors of the console, exceptions, and what leaves the machine", () =>
    Effect.gen(function*() {
      const { errors, outside, page } = yield* visit(yield* launch, { origins: ["http://127.0.0.1:1"] })
      yield* Effect.promise(() => page.setContent(`<script>console.error("said"); throw new Error("thrown")</script>`))
      yield* Effect.promise(() => page.evaluate(`fetch("https://outside.example/").catch(() => 0)`))
      assert.deepStrictEqual(outside, ["https://outside.example/"])
      assert.isTrue(["said", "thrown"].every((text) => errors.some((error) => error.includes(text))), errors.join("\n"))
    }).pipe(Effect.scoped), 30_000)
})
