/**
 * Which family of a provider a model belongs to.
 */
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/** The family that was named, or the one that knows the model, or the provider's first. */
export const familyOf = Effect.fnUntraced(function*(
  providerId: string,
  model: string,
  named: string | undefined
): Effect.fn.Return<string, VideoTaskError.VideoTaskError, VideoProviders> {
  const providers = yield* VideoProviders
  const provider = yield* providers.get(providerId, "create")
  const ids = provider.families.map((family) => family.id)
  if (named !== undefined) {
    if (ids.includes(named)) return named
    const violation = new VideoTaskError.Violation({ field: "family", value: named, allowed: ids.join(", ") })
    const reason = new VideoTaskError.InvalidRequest({ violations: [violation] })
    return yield* VideoTaskError.make({ provider: providerId, operation: "create", reason })
  }
  const knowing = provider.families.find((family) => family.models.some((spec) => spec.id === model))
  return knowing?.id ?? ids[0] ?? ""
})
