/**
 * How the cases of the suite of `VideoTasks` say what they see.
 */
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import { Mismatch } from "../TaskStoreSuite.ts"

/** @internal */
export const expect = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, Mismatch> => {
  const [got, wanted] = [write(actual), write(expected)]
  return got === wanted ? Effect.void : Effect.fail(new Mismatch({ what, actual: got, expected: wanted }))
}

const write = (value: unknown): string => JSON.stringify(value) ?? "undefined"

/**
 * What a call fails with.
 *
 * @internal
 */
export const errorOf = <A>(
  effect: Effect.Effect<A, VideoTaskError.VideoTaskError>
): Effect.Effect<VideoTaskError.VideoTaskError, Mismatch> =>
  Effect.matchEffect(effect, {
    onFailure: (error) => Effect.succeed(error),
    onSuccess: () => Effect.fail(new Mismatch({ what: "the outcome", actual: "a success", expected: "a failure" }))
  })

/**
 * The reason of a failure, and the task that it is about.
 *
 * @internal
 */
export const reasonOf = <A>(
  effect: Effect.Effect<A, VideoTaskError.VideoTaskError>
): Effect.Effect<readonly [reason: string, remoteId: string | undefined], Mismatch> =>
  Effect.map(errorOf(effect), ({ handle, reason }) => [reason._tag, handle?.remoteId] as const)

/**
 * Waits until it is so, for at most 20 s: members of a cluster take their time.
 *
 * @internal
 */
export const until = <E>(what: string, isSo: Effect.Effect<boolean, E>): Effect.Effect<void, Mismatch | E> =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 1000; tries++) {
      if (yield* isSo) return
      yield* Effect.sleep(20)
    }
    return yield* Effect.fail(new Mismatch({ what, actual: "never", expected: "at last" }))
  })
