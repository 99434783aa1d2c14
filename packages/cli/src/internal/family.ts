/**
 * Which family of a provider a model belongs to.
 */
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as Effect from "effect/Effect"

/** The providers whose family is decided by the model. */
const byModel: Readonly<Record<string, (model: string) => string>> = { cometapi: CometApi.familyOf }

/** The family of a provider that a model belongs to; `undefined` where nobody says. */
export const ofModel = ({ families, id }: VideoProvider, model: string): string | undefined => {
  const [only, ...others] = families
  const known = families.find(({ models }) => models.some((spec) => spec.id === model))
  const chosen = known?.id ?? (Object.hasOwn(byModel, id) ? byModel[id]?.(model) : undefined)
  return others.length === 0 ? only?.id : families.find((family) => family.id === chosen)?.id
}

/** The family that was named, or the one that the model belongs to, or the provider's first. */
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
  const chosen = Object.hasOwn(byModel, providerId) ? byModel[providerId]?.(model) : undefined
  return chosen !== undefined && ids.includes(chosen) ? chosen : ids[0] ?? ""
})
