/**
 * Asking to be told of changes of a task.
 */
import type { CreateOptions } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { InvalidRequest, Violation } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { FamilyApi } from "./familyApi.ts"

/** The request with the URL in the field that the API has for it. */
export const added = (
  request: VideoRequest,
  { callbackField: field, family }: FamilyApi,
  { callbackUrl: url }: CreateOptions
): Effect.Effect<VideoRequest, InvalidRequest> => {
  if (url === undefined) return Effect.succeed(request)
  const { options = {} } = request
  if (field === undefined) return refused(`none: ${family.title} takes no callback URL`, url)
  return options[field] === undefined
    ? Effect.succeed({ ...request, options: { ...options, [field]: url.href } })
    : refused(`one URL: the request has a ${field} of its own`, url)
}

/** The rest of the URL may be what makes it hard to guess. */
const refused = (allowed: string, { origin }: URL) =>
  Effect.fail(new InvalidRequest({ violations: [new Violation({ field: "callbackUrl", value: origin, allowed })] }))
