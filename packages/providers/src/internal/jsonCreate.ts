/**
 * A create as JSON, in the fields that New-API gateways document (`model`, `prompt`, `image`, `size`, `duration`,
 * `metadata`).
 */
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Reason } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { FamilyApi } from "./familyApi.ts"
import type { Checked } from "./imageInput.ts"
import * as RequestBody from "./requestBody.ts"

/** The fields that an option can't replace; `metadata` is merged. */
export const reserved = ["model", "prompt", "image", "images", "size", "duration"]

/** Writes a create to one path. One picture is `image`, several are `images`; a resolution has its place in `metadata`. */
export const writeTo = (path: string): FamilyApi["write"] => (request, images) =>
  Effect.map(write(request, images), (body) => ({ path, body }))

const write = Effect.fnUntraced(function*(
  request: VideoRequest,
  images: ReadonlyArray<Checked>
): Effect.fn.Return<{ readonly json: unknown }, Reason> {
  const links = yield* RequestBody.toLinks(images)
  const [first, ...others] = links
  const { metadata, ...options } = request.options ?? {}
  const extra = request.resolution === undefined ? {} : { resolution: request.resolution }
  return RequestBody.json({
    model: request.model,
    prompt: request.prompt,
    image: others.length === 0 ? first : undefined,
    images: others.length === 0 ? undefined : links,
    size: request.size,
    duration: request.seconds,
    ...options,
    metadata: metadata === undefined || Predicate.isObject(metadata) ? merged(metadata, extra) : metadata
  })
})

const merged = (metadata: object | undefined, extra: Readonly<Record<string, string>>) =>
  metadata === undefined && Object.keys(extra).length === 0 ? undefined : { ...extra, ...metadata }
