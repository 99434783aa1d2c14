import { assert, describe, it } from "@effect/vitest"
import { RetryAfter } from "@video-tasks/core"

const now = Date.parse("2026-11-21T00:00:00Z")

const read = (headers: Record<string, string>, body?: unknown) => RetryAfter.read(headers, body, now)

describe("RetryAfter", () => {
  it.each<[string, number | undefined]>([
    ["7", 7_000],
    [" 7 ", 7_000],
    ["0.5", 500],
    ["1.0004", 1_001],
    ["120", 120_000],
    ["Sat, 21 Nov 2026 00:00:30 GMT", 30_000],
    ["Saturday, 21-Nov-26 00:00:30 GMT", 30_000],
    ["Sat Nov 21 00:00:30 2026 GMT", 30_000],
    // over already
    ["0", undefined],
    ["Fri, 20 Nov 2026 23:59:59 GMT", undefined],
    // nonsense
    ["", undefined],
    ["-5", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["1e3", undefined],
    ["soon", undefined],
    ["0x10", undefined],
    ["7 seconds", undefined],
    ["June", undefined],
    ["Sat, 99 Zzz 2026 00:00:30 GMT", undefined],
    // more than an hour is asked again after an hour
    ["86400", RetryAfter.maxMs],
    ["99999999999999999999", RetryAfter.maxMs],
    ["Sun, 21 Nov 2027 00:00:30 GMT", RetryAfter.maxMs]
  ])("reads Retry-After: %j as %j ms", (value, expected) => {
    assert.strictEqual(read({ "retry-after": value }), expected)
  })

  it.each<[Record<string, string>, unknown, number | undefined]>([
    [{ "retry-after-ms": "250" }, undefined, 250],
    [{ "retry-after-ms": "250", "retry-after": "7" }, undefined, 250],
    [{ "retry-after-ms": "nonsense", "retry-after": "7" }, undefined, 7_000],
    [{ "retry-after-ms": "-1" }, undefined, undefined],
    [{ "retry-after": "nonsense" }, { retry_after: 3 }, 3_000],
    [{ "retry-after": "7" }, { retry_after: 3 }, 7_000],
    [{}, { retry_after: 3 }, 3_000],
    [{}, { retry_after: "3" }, 3_000],
    [{}, { retry_after: 0.25 }, 250],
    [{}, { error: { message: "slow down", retry_after: 4 } }, 4_000],
    [{}, { error: { retry_after_ms: 450 } }, 450],
    [{}, { retry_after: -3 }, undefined],
    [{}, { retry_after: Number.NaN }, undefined],
    [{}, { retry_after: Number.POSITIVE_INFINITY }, RetryAfter.maxMs],
    [{}, { retry_after: null }, undefined],
    [{}, { retry_after: {} }, undefined],
    [{}, { error: "slow down" }, undefined],
    [{}, "slow down", undefined],
    [{}, null, undefined],
    [{}, undefined, undefined]
  ])("reads headers %j with body %j as %j ms", (headers, body, expected) => {
    assert.strictEqual(read(headers, body), expected)
  })
})
