/**
 * What a provider says about itself.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Effect from "effect/Effect"
import type { Options } from "../VideoProviderSuite.ts"
import { type Draft, equals, handleOf, holds, on, succeeds } from "./suiteCheck.ts"

export const declarationCases = (options: Options): ReadonlyArray<Draft> => [
  {
    name: "declares families, each id once, with cadences that make sense",
    effect: on(options, { _tag: "hangs" }, (provider) => {
      const ids = provider.families.map(({ id }) => id)
      const sensible = provider.families.every(({ graceMs, poll }) =>
        graceMs >= 0 && poll.minGapMs > 0 && poll.minGapMs <= poll.floorMs && poll.floorMs <= poll.ceilingMs &&
        poll.pollTimeoutMs > 0 && poll.deadlineMs >= poll.ceilingMs
      )
      return holds("families", ids.length > 0 && new Set(ids).size === ids.length && sensible, provider.families)
    })
  },
  {
    name: "says where its API is in the one spelling that handles use, and sends nothing while it is built",
    effect: on(options, { _tag: "hangs" }, (provider, { requests }) =>
      Effect.andThen(
        equals("base URL", TaskHandle.normalizeBaseUrl(provider.baseUrl), provider.baseUrl),
        equals("requests", requests.length, 0)
      ))
  },
  {
    name: "says that it cannot cancel, where it cannot",
    effect: on(options, { _tag: "hangs" }, (provider, { requests }) => {
      const family = provider.families.find(({ canCancel }) => !canCancel)
      if (family === undefined) return Effect.void
      const handle = handleOf(options, provider, family.id)
      return succeeds(provider.cancel(handle)).pipe(
        Effect.flatMap((outcome) => equals("outcome", outcome, "unsupported")),
        Effect.andThen(() => equals("requests", requests.length, 0))
      )
    })
  }
]
