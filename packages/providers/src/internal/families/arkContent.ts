/**
 * Writing a create of Ark: the text, the pictures with their roles and further parts are one list, `content`.
 */
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Reason } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { FamilyApi } from "../familyApi.ts"
import type { Checked } from "../imageInput.ts"
import * as Options from "../options.ts"
import * as RequestBody from "../requestBody.ts"

/** What a picture is for. The kind of the task follows from the roles. */
export const roles = ["first_frame", "last_frame", "reference_image"] as const

/**
 * The roles of the pictures, in their order: a list, or words with commas between them. Without them a lone picture is the
 * first frame; what several are for has to be said. `undefined` when it is neither.
 */
export const rolesOf = ({ images = [], options = {} }: VideoRequest): ReadonlyArray<string> | undefined => {
  const { image_roles: said } = options
  if (said === undefined || said === null) return images.length === 1 ? ["first_frame"] : []
  const words: unknown = typeof said === "string" ? said.split(",").map((word) => word.trim()) : said
  return isTexts(words) ? words : undefined
}

const isTexts = (words: unknown): words is ReadonlyArray<string> =>
  Array.isArray(words) && words.every((word) => typeof word === "string")

/** Writes a create to one path. */
export const writeTo = (path: string): FamilyApi["write"] => (request, images) =>
  Effect.map(write(request, images), (body) => ({ path, body }))

const write = Effect.fnUntraced(function*(
  request: VideoRequest,
  images: ReadonlyArray<Checked>
): Effect.fn.Return<{ readonly json: unknown }, Reason> {
  const links = yield* RequestBody.toLinks(images)
  const roles = rolesOf(request) ?? []
  const { content, image_roles: _, ...options } = request.options ?? {}
  const text = request.prompt.trim() === "" ? [] : [{ type: "text", text: request.prompt }]
  const pictures = links.map((url, index): Schema.Json => ({
    type: "image_url",
    image_url: { url },
    ...Options.present({ role: roles[index] })
  }))
  return RequestBody.json({
    model: request.model,
    content: [...text, ...pictures, ...(Array.isArray(content) ? content : [])],
    ratio: request.size,
    resolution: request.resolution,
    duration: request.seconds,
    ...options
  })
})
