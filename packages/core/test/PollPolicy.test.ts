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
  Schema.NullOr(Schema.Union([
    Schema.Literal("called"),
    Schema.Struct({
      progress: Schema.optionalKey(between(0, 100)),
      estimatedRemainingMs: Schema.optionalKey(between(-1e9, 1e12)),
      isNews: Schema.optionalKey(Schema.Boolean)
    })
  ]))
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
            : reading === "called"
            ? PollPolicy.called(policy, history, {}, now)
            : PollPolicy.observed(policy, history, reading, now)
          const found = gap(history, now, { random, medianRestMs })
          assert.isTrue(found >= policy.minGapMs && found <= 330_000, String(found))
        }
      }
    )
  })

  describe("callbacks", () => {
    const called = (history: PollPolicy.History, at: number, reading: PollPolicy.Reading = {}) =>
      PollPolicy.called(policy, history, reading, at)

    /** Four ceilings. */
    const reconcile = 120_000

    it("make reads rare: four ceilings after the last one, at most five minutes, never less than a ceiling", () => {
      assert.strictEqual(gap(called(reads([[20_000, {}]]), 20_000), 20_000), reconcile)
      assert.deepStrictEqual(
        [{}, { reconcileFactor: 2 }, { ceilingMs: 200_000 }, { ceilingMs: 400_000 }, { reconcileFactor: 0 }].map((
          own
        ) => PollPolicy.reconcileGapMs({ ...policy, ...own })),
        [reconcile, 60_000, 300_000, 400_000, 30_000]
      )
    })

    it("never put a read off: it is counted from the last one", () => {
      let history = reads([[20_000, {}]])
      for (let now = 30_000; now < 140_000; now += 10_000) {
        history = called(history, now)
        assert.strictEqual(gap(history, now), Math.max(policy.minGapMs, 20_000 + reconcile - now))
      }
    })

    it("make nobody wait longer when the clock was set back", () => {
      const history = called(reads([[20_000, {}]]), 20_000)
      assert.strictEqual(gap(history, -3_600_000), reconcile)
      assert.strictEqual(PollPolicy.hintedGapMs(policy, reads([[20_000, {}]]), -3_600_000), 10_000)
    })

    it("are relied on for three such gaps", () => {
      const history = called(reads([[20_000, {}]]), 20_000)
      const read = (at: number) => PollPolicy.observed(policy, history, {}, at)
      assert.strictEqual(gap(read(379_000), 379_000), reconcile)
      assert.isAtMost(gap(read(380_000), 380_000), policy.ceilingMs)
      assert.strictEqual(gap(called(read(380_000), 390_000), 390_000), 110_000)
    })

    it("are not relied on from a read on that has seen what none had told, until the next one", () => {
      const history = called(reads([[20_000, {}]]), 20_000)
      const healed = PollPolicy.observed(policy, history, { isNews: true }, 140_000)
      assert.isAtMost(gap(healed, 140_000), policy.ceilingMs)
      assert.strictEqual(gap(called(healed, 140_000), 140_000), reconcile)
    })

    it("leave the back-off after failures and the cadence of old jobs alone", () => {
      const failing = called(PollPolicy.failed(PollPolicy.start(0)), 1000)
      assert.strictEqual(gap(failing, 1000), 10_000)
      const day = PollPolicy.giveUpAfterMs
      assert.strictEqual(gap(called(PollPolicy.start(0), day), day), 300_000)
    })

    it("say how far the job is, and forget nothing when they are silent", () => {
      const history = reads([[20_000, { estimatedRemainingMs: 50_000 }]])
      assert.strictEqual(PollPolicy.restMs(policy, called(history, 30_000), 30_000, 0), 40_000)
      const told = called(history, 30_000, { estimatedRemainingMs: 5000 })
      assert.strictEqual(PollPolicy.restMs(policy, told, 30_000, 0), 5000)
      assert.strictEqual(told.readAt, 20_000)
    })

    it("that nobody can vouch for wait a floor after the last read, and never get round the back-off", () => {
      const history = reads([[20_000, {}]])
      assert.deepStrictEqual(
        [20_000, 25_000, 30_000, 90_000].map((now) => PollPolicy.hintedGapMs(policy, history, now)),
        [10_000, 5000, 0, 0]
      )
      assert.strictEqual(PollPolicy.hintedGapMs(policy, PollPolicy.start(0), 4000), 6000)
      assert.strictEqual(PollPolicy.hintedGapMs(policy, PollPolicy.failed(history), 90_000), Infinity)
    })
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
