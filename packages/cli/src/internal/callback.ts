/**
 * Callback URLs: refused before anything is asked or sent where the API takes none.
 */
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/** Reads a callback URL; what comes after its path may be what makes it hard to guess. */
export const parse = (text: string): URL | undefined => {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined
}

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
