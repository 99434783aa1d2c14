/**
 * What is wrong with a request, all of it at once, before anything is sent.
 */
import * as ModelSpec from "@video-tasks/core/ModelSpec"
import { malformed, type VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { FamilyApi } from "./familyApi.ts"
import * as ImageInput from "./imageInput.ts"

/** Finds what can be found without reading a file. */
export const violations = (
  request: VideoRequest,
  families: ReadonlyArray<FamilyApi>
): ReadonlyArray<VideoTaskError.Violation> => {
  const odd = malformed(request)
  if (odd.length > 0) return odd
  const known = families.find(({ family }) => family.id === request.family)
  const rules = known ?? families[0]
  return [
    ...(known === undefined ? [unknownFamily(request, families)] : foreignModel(request, known, families)),
    ...ModelSpec.violations(request, known?.family.models.find(({ id }) => id === request.model)),
    ...(rules === undefined ? [] : ImageInput.violations(request.images ?? [], rules.images)),
    ...Object.keys(request.options ?? {}).filter((key) => rules?.reserved.includes(key)).map(collision),
    ...(known?.violations?.(request) ?? [])
  ]
}

/** Looks into the pictures too. Fails with `InvalidRequest` that holds everything, else with `PayloadTooLarge`. */
export const check = Effect.fnUntraced(function*(
  request: VideoRequest,
  families: ReadonlyArray<FamilyApi>,
  maxImageBytes: number
): Effect.fn.Return<ReadonlyArray<ImageInput.Checked>, VideoTaskError.Reason> {
  const findings = yield* ImageInput.look(request.images ?? [], maxImageBytes)
  const found = [...violations(request, families), ...findings.violations]
  if (found.length > 0) return yield* new VideoTaskError.InvalidRequest({ violations: found })
  if (findings.tooLarge !== undefined) return yield* new VideoTaskError.PayloadTooLarge({ detail: findings.tooLarge })
  return findings.images
})

/** A model that another family of the API is known to make. The first family is the general one, and takes any. */
const foreignModel = (
  { model }: VideoRequest,
  asked: FamilyApi,
  [general, ...special]: ReadonlyArray<FamilyApi>
): ReadonlyArray<VideoTaskError.Violation> => {
  const has = ({ family }: FamilyApi) => family.models.some(({ id }) => id === model)
  const owner = asked === general || has(asked) ? undefined : special.find(has)
  return owner === undefined ? [] : [
    new VideoTaskError.Violation({
      field: "model",
      value: model,
      allowed: `a model of the family ${asked.family.id}; this one belongs to the family ${owner.family.id}`
    })
  ]
}

const unknownFamily = (request: VideoRequest, families: ReadonlyArray<FamilyApi>) =>
  new VideoTaskError.Violation({
    field: "family",
    value: request.family,
    allowed: families.map(({ family }) => family.id).join(", ")
  })

const collision = (key: string) =>
  new VideoTaskError.Violation({
    field: `options.${key}`,
    value: "an extra field of that name",
    allowed: Object.hasOwn(places, key)
      ? `${places[key]} of the request itself (for the command: \`--${places[key]}\`)`
      : "only fields that the request has no place for"
  })

/** Where a request says what the APIs call so. */
const places: Readonly<Record<string, string>> = {
  model: "model",
  prompt: "prompt",
  promptText: "prompt",
  seconds: "seconds",
  duration: "seconds",
  size: "size",
  ratio: "size",
  aspect_ratio: "size",
  resolution: "resolution"
}
