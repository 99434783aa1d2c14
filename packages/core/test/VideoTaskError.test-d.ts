import type { VideoTaskError } from "@video-tasks/core"
import { Effect } from "effect"
import { expectTypeOf, it } from "vitest"

declare const failing: Effect.Effect<string, VideoTaskError.VideoTaskError>

it("hands over the caught reason, and no other", () => {
  const caught = Effect.catchReason(failing, "VideoTaskError", "WaitTimedOut", (reason) => {
    expectTypeOf(reason).toEqualTypeOf<VideoTaskError.WaitTimedOut>()
    // @ts-expect-error TaskFailed is another reason
    void reason.failure
    return Effect.succeed(reason.waitedMs)
  })
  expectTypeOf(caught).toExtend<Effect.Effect<string | number, VideoTaskError.VideoTaskError>>()
})

it("knows every reason by its name", () => {
  // @ts-expect-error no such reason
  void Effect.catchReason(failing, "VideoTaskError", "Sleepy", () => Effect.succeed(""))
  const caught = Effect.catchReasons(failing, "VideoTaskError", {
    TaskFailed: (reason) => Effect.succeed(reason.failure.message),
    TaskNotFound: (reason) => Effect.succeed(reason.remoteId)
  })
  expectTypeOf(caught).toExtend<Effect.Effect<string, VideoTaskError.VideoTaskError>>()
})

it("says of every reason whether it may be tried again", () => {
  expectTypeOf<VideoTaskError.Reason["retryable"]>().toEqualTypeOf<boolean>()
  expectTypeOf<VideoTaskError.VideoTaskError["reason"]>().toEqualTypeOf<VideoTaskError.Reason>()
})
