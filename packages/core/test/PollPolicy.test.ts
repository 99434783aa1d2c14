import { assert, describe, it } from "@effect/vitest"
import { PollPolicy } from "@video-tasks/core"
import { Duration, Schema } from "effect"

const policy = PollPolicy.standard

/** The gap without jitter. */
const gap = (
  history: PollPolicy.History,
  now: number,
  options: Partial<PollPolicy.NextOptions> = {},
  by: PollPolicy.PollPolicy = policy
): number => Duration.toMillis(PollPolicy.next(by, history, now, { random: 0.5, medianRestMs: 60_000, ...options }))

/** A history of good reads, each `[at, reading]`. */
const reads = (
  list: ReadonlyArray<readonly [number, PollPolicy.Reading]>,
  by: PollPolicy.PollPolicy = policy
): PollPolicy.History =>
  list.reduce((history, [at, reading]) => PollPolicy.observed(by, history, reading, at), PollPolicy.start(0))

const between = (minimum: number, maximum: number) => Schema.Finite.check(Schema.isBetween({ minimum, maximum }))

const step = Schema.Tuple([
  between(-5000, 100_000),
  Schema.NullOr(Schema.Struct({
    progress: Schema.optionalKey(between(0, 100)),
    estimatedRemainingMs: Schema.optionalKey(between(-1e9, 1e12))
  }))
])

describe("PollPolicy", () => {
  describe("next", () => {
    it("aims at 0.6 of what jobs of this age still take when nothing else is known", () => {
      assert.strictEqual(gap(PollPolicy.start(0), 0, { medianRestMs: 40_000 }), 24_000)
    })

    it("aims at 0.6 of what the provider says", () => {
      const history = reads([[20_000, { estimatedRemainingMs: 30_000, progress: 10 }]])
      assert.strictEqual(gap(history, 20_000), 18_000)
    })

    it("aims at 0.6 of what the progress says", () => {
      const history = reads([[20_000, { progress: 20 }], [40_000, { progress: 60 }]])
      // The line through the readings: 40 % in 20 s at the end, 30 % at the beginning.
      const rest = PollPolicy.restMs(policy, history, 40_000, 60_000)
      assert.isTrue(rest > 29_000 && rest < 33_000, String(rest))
      assert.strictEqual(gap(history, 40_000), Math.round(0.6 * rest))
    })

    it("begins the line where the progress was last 0", () => {
      const history = reads([[50_000, { progress: 0 }], [60_000, { progress: 50 }]])
      assert.strictEqual(PollPolicy.restMs(policy, history, 60_000, 500_000), 10_000)
    })

    it("ignores progress that the server reports as a matter of form", () => {
      const formal = { ...policy, meaninglessProgress: [10, 20, 30, 50] }
      const history = reads([[20_000, { progress: 50 }]], formal)
      assert.strictEqual(gap(history, 20_000, { medianRestMs: 40_000 }, formal), 12_000)
    })

    it("ignores progress that three reads have not moved", () => {
      const stuck = reads([10, 30, 50, 70].map((at) => [at * 1000, { progress: 95 }] as const))
      assert.strictEqual(gap(stuck, 70_000, { medianRestMs: 40_000 }), 12_000)
    })

    it("never exceeds the ceiling while all goes well", () => {
      assert.strictEqual(gap(PollPolicy.start(0), 0, { medianRestMs: 1e9 }), policy.ceilingMs)
    })

    it("falls to the shortest gap near the end when earlier gaps have saved enough", () => {
      const history = reads([[30_000, { estimatedRemainingMs: 1000 }]])
      assert.strictEqual(gap(history, 30_000), 2100)
    })

    it("keeps the floor on average", () => {
      let history = PollPolicy.start(0)
      let now = 0
      for (let read = 1; read <= 100; read++) {
        now += gap(history, now, { random: 0 })
        history = PollPolicy.observed(policy, history, { estimatedRemainingMs: 0 }, now)
        assert.isAtLeast(now / read, policy.floorMs * 0.89)
      }
    })

    it("keeps the floor on average for requests, of which a read with others takes a part", () => {
      let history = PollPolicy.start(0)
      let now = 0
      for (let read = 1; read <= 100; read++) {
        now += gap(history, now, { random: 0 })
        history = PollPolicy.observed(policy, history, { estimatedRemainingMs: 0 }, now, 0.5)
        assert.isAtLeast(now / (read / 2), policy.floorMs * 0.78)
      }
      assert.isAtMost(now / 100, policy.floorMs * 0.6)
    })

    it("does not let a long pause be spent on many short gaps", () => {
      let history = reads([[3_600_000, { estimatedRemainingMs: 0 }]])
      let now = 3_600_000
      for (let read = 0; read < 20; read++) {
        now += gap(history, now)
        history = PollPolicy.observed(policy, history, { estimatedRemainingMs: 0 }, now)
      }
      assert.isAtLeast(now - 3_600_000, 130_000)
    })

    it("doubles from the floor to 60 s after failures, whatever the ceiling", () => {
      let history = PollPolicy.start(0)
      const gaps: Array<number> = []
      for (let failures = 0; failures < 5; failures++) {
        history = PollPolicy.failed(history)
        gaps.push(gap(history, 1000))
      }
      assert.deepStrictEqual(gaps, [10_000, 20_000, 40_000, 60_000, 60_000])
    })

    it("begins at half a second after a failure when the floor is lower", () => {
      const eager = PollPolicy.override(policy, { floorMs: 100 })
      assert.strictEqual(gap(PollPolicy.failed(PollPolicy.start(0)), 0, {}, eager), 500)
    })

    it("forgets failures after a good read", () => {
      const failed = PollPolicy.failed(PollPolicy.failed(PollPolicy.start(0)))
      const history = PollPolicy.observed(policy, failed, {}, 40_000)
      assert.strictEqual(gap(history, 40_000, { medianRestMs: 40_000 }), 12_000)
    })

    it("reads a job older than a day once in five minutes, failed or not", () => {
      const day = PollPolicy.giveUpAfterMs
      assert.strictEqual(gap(reads([[1000, { progress: 99 }]]), day), 300_000)
      assert.strictEqual(gap(PollPolicy.failed(PollPolicy.start(0)), day + 1), 300_000)
    })

    it("always has jitter", () => {
      const history = PollPolicy.start(0)
      for (const state of [history, PollPolicy.failed(history), reads([[30_000, { estimatedRemainingMs: 0 }]])]) {
        assert.notStrictEqual(gap(state, 30_000, { random: 0.9 }), gap(state, 30_000, { random: 0.1 }))
      }
    })

    it.prop(
      "is a finite gap between the shortest and the longest, whatever was read",
      [Schema.Array(step), between(0, 0.999), between(0, 1e12)],
      ([steps, random, medianRestMs]) => {
        let history = PollPolicy.start(0)
        let now = 0
        for (const [later, reading] of steps) {
          now += later
          history = reading === null
            ? PollPolicy.failed(history)
            : PollPolicy.observed(policy, history, reading, now)
          const found = gap(history, now, { random, medianRestMs })
          assert.isTrue(found >= policy.minGapMs && found <= 330_000, String(found))
        }
      }
    )
  })

  describe("override", () => {
    it("beats the provider's floor and ceiling", () => {
      const { ceilingMs, floorMs, minGapMs } = PollPolicy.override(policy, { floorMs: 250, ceilingMs: 500 })
      assert.deepStrictEqual([floorMs, ceilingMs, minGapMs], [250, 500, 250])
    })

    it("raises the ceiling to an explicit floor, and lowers the floor to an explicit ceiling", () => {
      assert.strictEqual(PollPolicy.override(policy, { floorMs: 90_000 }).ceilingMs, 90_000)
      const low = PollPolicy.override(policy, { ceilingMs: 1000 })
      assert.deepStrictEqual([low.floorMs, low.minGapMs], [1000, 1000])
    })

    it("makes an explicit floor a hard one", () => {
      const slow = PollPolicy.override(policy, { floorMs: 30_000 })
      const history = reads([[120_000, { estimatedRemainingMs: 0 }]], slow)
      assert.isAtLeast(gap(history, 120_000, { random: 0 }, slow), 30_000)
    })

    it("changes nothing when nothing is asked for", () => {
      assert.deepStrictEqual(PollPolicy.override(policy, {}), policy)
    })
  })
})
