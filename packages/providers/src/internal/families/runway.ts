/**
 * Runway: a picture becomes a video at `/v1/image_to_video`, at the vendor's own API and behind CometAPI.
 */
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as Price from "@video-tasks/core/Price"
import * as RunwayWire from "@video-tasks/core/RunwayWire"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { Create, FamilyApi } from "../familyApi.ts"
import type { Checked } from "../imageInput.ts"
import * as RequestBody from "../requestBody.ts"
import * as Models from "./runwayModels.ts"
import * as Rules from "./runwayRules.ts"

/** Where the family is served. */
export interface Place {
  /** Before `/v1`. */
  readonly prefix: string
  /** Whether it is Runway itself, or CometAPI, whose pages know the create and the query only. */
  readonly host: "vendor" | "cometapi"
}

/** Makes the family of a place. */
export const family = ({ host, prefix }: Place): FamilyApi => {
  const isVendor = host === "vendor"
  const models = isVendor ? Models.vendor : Models.comet
  const task = `${prefix}/v1/tasks/{id}`
  return {
    family: {
      id: "runway",
      title: "Runway",
      models,
      statuses: ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED", ...(isVendor ? ["CANCELLED"] as const : [])],
      poll,
      graceMs: 20_000,
      canCreate: true,
      canCancel: isVendor,
      hasContentRoute: false,
      // An older page of CometAPI shows a callback; no page shows how a create asks for it.
      ...(isVendor ? { canRemove: true } : { callbacks: "unsigned" })
    },
    query: task,
    // The same route deletes a task that has ended.
    ...(isVendor ? { cancel: { path: task, from: ["SUBMITTED", "IN_PROGRESS"] }, remove: task } : {}),
    headers: { "x-runway-version": "2024-11-06" },
    images: "links",
    reserved: ["model", "promptImage", "promptText", "ratio", "resolution"],
    violations: Rules.violations({ models, maxSeed: isVendor ? 2 ** 32 - 1 : 999_999_999 }),
    write: (request, images) =>
      Effect.map(bodyOf(request, images, models), (body): Create => ({ path: `${prefix}/v1/image_to_video`, body })),
    // What is known is the price of an mp4; other formats cost more.
    billedSeconds: (request) =>
      [undefined, "mp4"].some((format) => format === request.options?.["outputFormat"])
        ? Price.secondsOf(request, models.find(({ id }) => id === request.model))
        : undefined,
    // An empty account has no code, only a sentence (Runway, error codes).
    refusals: [{ means: "quota", words: /\bnot have enough credits\b/i, statuses: [400] }],
    toObservation: RunwayWire.toObservation
  }
}

/**
 * "Not more often than once in five seconds" (Runway, `GET /v1/tasks/{id}`): so no single gap is shorter. Its SDK waits six and
 * gives up after ten minutes.
 */
const poll: PollPolicy.PollPolicy = {
  ...PollPolicy.standard,
  floorMs: 6_000,
  minGapMs: 5_000,
  ceilingMs: 30_000,
  deadlineMs: 600_000
}

const bodyOf = Effect.fnUntraced(function*(
  request: VideoRequest,
  images: ReadonlyArray<Checked>,
  models: typeof Models.vendor
): Effect.fn.Return<Create["body"], VideoTaskError.Reason> {
  const links = yield* RequestBody.toLinks(images)
  const { [Rules.positionsOption]: _, ...options } = request.options ?? {}
  const known = models.find(({ id }) => id === request.model)
  const isAutomatic = options["duration"] !== undefined
  return RequestBody.json({
    model: request.model,
    promptImage: promptImage(links, Rules.positionsOf(request) ?? []),
    promptText: request.prompt.trim() === "" ? undefined : request.prompt,
    ratio: request.size ?? known?.sizes?.default,
    duration: isAutomatic ? undefined : request.seconds ?? known?.seconds?.default,
    resolution: request.resolution ?? known?.resolutions?.default,
    ...options
  })
})

/** A lone first frame is the link itself; a reference has no position. */
const promptImage = (links: ReadonlyArray<string>, positions: ReadonlyArray<Rules.Position>) => {
  const [first] = links
  if (first === undefined) return undefined
  if (links.length === 1 && positions[0] === "first") return first
  return links.map((uri, index) => {
    const position = positions[index] ?? "reference"
    return position === "reference" ? { uri } : { uri, position }
  })
}
