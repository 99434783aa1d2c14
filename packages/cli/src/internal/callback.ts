/**
 * Callback URLs: refused before anything is asked or sent where the API takes none.
 */
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/** What is wrong with a callback URL for a request; `undefined` when the family takes one, or there is no such family. */
export const violationOf = Effect.fnUntraced(function*(request: VideoRequest, url: URL) {
  const provider = yield* (yield* VideoProviders).get(request.provider, "create")
  const family = VideoProvider.family(provider, request.family)
  if (family === undefined || family.takesCallbackUrl === true) return undefined
  const allowed = `none: ${family.title} takes no callback URL`
  return new VideoTaskError.Violation({ field: "callbackUrl", value: url.origin, allowed })
})

/** Fails with `InvalidRequest` where the family takes no callback URL. */
export const checkCallback = Effect.fnUntraced(function*(request: VideoRequest, url: URL) {
  const violation = yield* violationOf(request, url)
  if (violation === undefined) return
  return yield* VideoTaskError.make({
    provider: request.provider,
    operation: "create",
    reason: new VideoTaskError.InvalidRequest({ violations: [violation] })
  })
})
