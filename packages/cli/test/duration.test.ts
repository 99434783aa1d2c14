import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import * as Durations from "../src/internal/duration.ts"

const millis = (text: string) =>
  Option.getOrUndefined(Option.map(Option.fromUndefinedOr(Durations.parse(text)), Duration.toMillis))

describe("duration", () => {
  it.each([
    ["250ms", 250],
    ["10s", 10_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1.5s", 1_500],
    ["0s", 0],
    ["10 seconds", 10_000],
    ["1 second", 1_000],
    ["90 millis", 90],
    ["5 Minutes", 300_000],
    [" 3s ", 3_000],
    ["1d", 86_400_000]
  ])("reads %s as %d ms", (text, expected) => {
    assert.strictEqual(millis(text), expected)
  })

  it.each(["", "10", "s", "-5s", "ten seconds", "10 parsecs", "1e3s", "10s 5s", "Infinity", "1,5s"])(
    "does not read %j",
    (text) => {
      assert.isUndefined(Durations.parse(text))
    }
  )

  it.each([
    [-5, "0s"],
    [0, "0.0s"],
    [420, "0.4s"],
    [999, "1s"],
    [45_300, "45s"],
    [65_000, "1m 05s"],
    [3_600_000, "1h 00m"],
    [86_400_000, "24h 00m"]
  ])("writes %d ms as %s", (ms, expected) => {
    assert.strictEqual(Durations.format(ms), expected)
  })
})
