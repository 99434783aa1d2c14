/**
 * What is wrong with a request, all of it at once, before anything is sent.
 */
import * as ModelSpec from "@video-tasks/core/ModelSpec"
import type { Family } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as ImageInput from "./imageInput.ts"

/** What a provider knows of its requests. */
export interface Rules {
  /** What is found first counts where nobody names a family. */
  readonly families: ReadonlyArray<Family>
  readonly images: ImageInput.Accepts
  /** Fields that an option can't replace. */
  readonly reserved: ReadonlyArray<string>
}

/** Finds what can be found without reading a file. */
export const violations = (request: VideoRequest, rules: Rules): ReadonlyArray<VideoTaskError.Violation> => {
  const family = rules.families.find(({ id }) => id === request.family)
  return [
    ...(family === undefined ? [unknownFamily(request, rules)] : []),
    ...ModelSpec.violations(request, family?.models.find(({ id }) => id === request.model)),
    ...ImageInput.violations(request.images ?? [], rules.images),
    ...Object.keys(request.options ?? {}).filter((key) => rules.reserved.includes(key)).map(collision)
  ]
}

/** Looks into the pictures too. Fails with `InvalidRequest` that holds everything, else with `PayloadTooLarge`. */
export const check = Effect.fnUntraced(function*(
  request: VideoRequest,
  rules: Rules,
  maxImageBytes: number
): Effect.fn.Return<ReadonlyArray<ImageInput.Checked>, VideoTaskError.Reason> {
  const findings = yield* ImageInput.look(request.images ?? [], maxImageBytes)
  const found = [...violations(request, rules), ...findings.violations]
  if (found.length > 0) return yield* new VideoTaskError.InvalidRequest({ violations: found })
  if (findings.tooLarge !== undefined) return yield* new VideoTaskError.PayloadTooLarge({ detail: findings.tooLarge })
  return findings.images
})

const unknownFamily = (request: VideoRequest, rules: Rules) =>
  new VideoTaskError.Violation({
    field: "family",
    value: request.family,
    allowed: rules.families.map(({ id }) => id).join(", ")
  })

const collision = (key: string) =>
  new VideoTaskError.Violation({
    field: `options.${key}`,
    value: "an extra field of that name",
    allowed: "only fields that the request has no place for"
  })
