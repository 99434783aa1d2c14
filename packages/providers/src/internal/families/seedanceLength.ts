/**
 * The length of a video by Seedance, which is said in one of several places: a field, a number of frames, or the prompt.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import * as Price from "@video-tasks/core/Price"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as Predicate from "effect/Predicate"

/**
 * What a request pays for, in seconds. A prompt can say it too (`--duration 12`, CometAPI, `POST
 * /volc/v3/contents/generations/tasks`): which one holds where both do is not documented, and how many frames a second has
 * depends on the model. A full video of a draft is as long as the draft.
 */
export const billedSeconds = (models: ReadonlyArray<ModelSpec>) => (request: VideoRequest): number | undefined => {
  const { options = {}, seconds } = request
  const parts = Array.isArray(options["content"]) ? options["content"].filter(Predicate.isObject) : []
  if (options["frames"] !== undefined || parts.some((part) => "draft_task" in part)) return undefined
  const texts = [request.prompt, ...parts.map((part) => Reflect.get(part, "text"))]
  const said = texts.flatMap((text) => typeof text === "string" ? [...text.matchAll(command)] : [])
  const [first, ...others] = said
  if (first === undefined) return Price.secondsOf(request, models.find(({ id }) => id === request.model))
  const [, name = "", length] = first
  const isAlone = others.length === 0 &&
    [seconds, options["seconds"], options["duration"]].every((one) => one === undefined)
  return isAlone && /^dur/i.test(name) && Number(length) > 0 ? Number(length) : undefined
}

/** The commands that change the length, and their number. */
const command = /(?<!\S)--(dur|duration|frames)(?:[\s=]+(-?[\d.]+))?(?!\S)/gi
