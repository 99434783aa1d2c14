import { assert, describe, it } from "@effect/vitest"
import { PollPolicy, TaskHandle, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { observation } from "./utils/arbitraries.ts"

const request = { provider: "double", family: "double", model: "m", prompt: "a cat" }

const unavailable = VideoTaskError.make({
  provider: "double",
  operation: "observe",
  reason: new VideoTaskError.ProviderUnavailable({ detail: "502" })
})

describe("VideoProvider", () => {
  describe("double", () => {
    it.effect("makes a new remote task for each create, at the time of the clock", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(5_000)
        const provider = VideoProvider.double()
        const first = yield* provider.create(request, { requestHash: "ab12" })
        const second = yield* provider.create(request)
        assert.deepStrictEqual(
          first.handle,
          TaskHandle.TaskHandle.make({
            provider: "double",
            family: "double",
            remoteId: "remote-1",
            baseUrl: "https://double.invalid",
            account: "default",
            createdAt: 5_000,
            requestHash: "ab12"
          })
        )
        assert.strictEqual(second.handle.remoteId, "remote-2")
        assert.isFalse("requestHash" in second.handle)
        assert.deepStrictEqual(first.observation, observation({ status: "SUBMITTED", remoteId: "remote-1" }))
      }))

    it.effect("plays its observations in order for each task, fails where they fail, and repeats the last", () =>
      Effect.gen(function*() {
        const progress = (value: number) => observation({ status: "IN_PROGRESS", progress: value })
        const success = observation({ status: "SUCCESS" })
        const provider = VideoProvider.double({ observations: [progress(10), unavailable, success] })
        const [one, two] = [yield* provider.create(request), yield* provider.create(request)]
        assert.deepStrictEqual(yield* provider.observe(one.handle), progress(10))
        assert.strictEqual(yield* provider.observe(one.handle).pipe(Effect.flip), unavailable)
        assert.deepStrictEqual(yield* provider.observe(one.handle), success)
        assert.deepStrictEqual(yield* provider.observe(one.handle), success)
        assert.deepStrictEqual(yield* provider.observe(two.handle), progress(10))
      }))

    it.effect("says nothing when it has no observations, and IN_PROGRESS when none are given", () =>
      Effect.gen(function*() {
        const mute = VideoProvider.double({ observations: [] })
        const { handle } = yield* mute.create(request)
        assert.deepStrictEqual(yield* mute.observe(handle), observation())
        assert.deepStrictEqual(yield* VideoProvider.double().observe(handle), observation({ status: "IN_PROGRESS" }))
      }))

    it.effect("cannot cancel, has no catalogue, no content and no credentials by default", () =>
      Effect.gen(function*() {
        const provider = VideoProvider.double()
        const { handle } = yield* provider.create(request)
        assert.strictEqual(yield* provider.cancel(handle), "unsupported")
        assert.deepStrictEqual(yield* provider.models, [])
        assert.isUndefined(yield* provider.content(handle))
        assert.deepStrictEqual(provider.credentials(new URL("https://double.invalid/x")), {})
        assert.deepStrictEqual(provider.validate(request), [])
      }))

    it.effect("does what it is told instead", () =>
      Effect.gen(function*() {
        const provider = VideoProvider.double({
          id: "mine",
          account: "second",
          family: { id: "fast", poll: { ...PollPolicy.standard, floorMs: 1 } },
          create: () => Effect.fail(unavailable),
          observe: () => Effect.succeed(observation({ status: "FAILED" })),
          cancel: () => Effect.succeed("confirmed")
        })
        assert.deepStrictEqual([provider.id, provider.account], ["mine", "second"])
        assert.strictEqual(VideoProvider.family(provider, "fast")?.poll.floorMs, 1)
        assert.isUndefined(VideoProvider.family(provider, "double"))
        assert.strictEqual(yield* provider.create(request).pipe(Effect.flip), unavailable)
        const { handle } = yield* VideoProvider.double({ id: "mine" }).create(request)
        assert.deepStrictEqual(yield* provider.observe(handle), observation({ status: "FAILED" }))
        assert.strictEqual(yield* provider.cancel(handle), "confirmed")
      }))
  })
})
