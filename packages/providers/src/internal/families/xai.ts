/**
 * xAI: Grok's videos at `/v1/videos/generations`, at the vendor's own API and behind CometAPI.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import { Observation } from "@video-tasks/core/Observation"
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as Price from "@video-tasks/core/Price"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as XAiWire from "@video-tasks/core/XAiWire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Classify from "../classify.ts"
import type { Create, FamilyApi } from "../familyApi.ts"
import type { ApiAnswer } from "../http.ts"
import type { Checked } from "../imageInput.ts"
import * as RequestBody from "../requestBody.ts"
import * as Rules from "./xaiRules.ts"

/** Where the family is served. */
export interface Place {
  /** Before `/v1`. */
  readonly prefix: string
  /** Whether it is xAI itself, or CometAPI, whose pages know generations from a text or from one picture. */
  readonly host: "vendor" | "cometapi"
}

/** Makes the family of a place. */
export const family = ({ host, prefix }: Place): FamilyApi => {
  const isVendor = host === "vendor"
  const models = isVendor ? vendorModels : cometModels
  return {
    family: {
      id: "xai",
      title: "xAI",
      models,
      statuses: [...(isVendor ? [] : ["SUBMITTED"] as const), "IN_PROGRESS", "SUCCESS", "FAILED", "EXPIRED"],
      poll: isVendor ? vendorPoll : cometPoll,
      graceMs: 20_000,
      canCreate: true,
      canCancel: false,
      hasContentRoute: false
    },
    query: `${prefix}/v1/videos/{id}`,
    images: "links",
    reserved: ["model", "prompt", "duration", "aspect_ratio", "resolution", "image", "reference_images"],
    violations: Rules.violations({ models, isVendor }),
    write: (request, images) =>
      Effect.map(bodyOf(request, images, models), (body): Create => ({
        path: `${prefix}/v1/videos/${routes[Rules.modeOf(request)]}`,
        body
      })),
    // An edited video keeps its length, which is not asked for; what of an extended one is paid for is not documented.
    billedSeconds: (request) =>
      routes[Rules.modeOf(request)] === "generations"
        ? Price.secondsOf(request, models.find(({ id }) => id === request.model))
        : undefined,
    refusals,
    toObservation: XAiWire.toObservation,
    exception
  }
}

/** xAI's codes are those of gRPC, the same for a bad field and for a bad key: its sentences decide. */
const refusals: ReadonlyArray<Classify.Refusal> = [
  { means: "quota", words: /\bused all available credits\b|\bmonthly spending limit\b/i, statuses: [403, 429] },
  { means: "key", words: /\bincorrect api key provided\b/i, statuses: [400] },
  // A task that is not known has no word about a model, but only a create is about one.
  { means: "absent", words: /\bmodel \S+ does not exist\b/i, statuses: [404] }
]

/** The routes only make tasks: all are read at one path. */
const routes: Readonly<Record<Rules.Mode, string>> = {
  "text-to-video": "generations",
  "image-to-video": "generations",
  "reference-to-video": "generations",
  "edit-video": "edits",
  "extend-video": "extensions"
}

/**
 * "Keep polling every few seconds" (xAI, "Video generation"); its AI SDK package asks each second and gives up after ten
 * minutes.
 */
const vendorPoll: PollPolicy.PollPolicy = {
  ...PollPolicy.standard,
  floorMs: 5_000,
  ceilingMs: 20_000,
  typicalMs: 60_000,
  deadlineMs: 600_000
}

/** The cadence of CometAPI's other pages: "every 10 to 20 seconds" on average. */
const cometPoll: PollPolicy.PollPolicy = {
  ...PollPolicy.standard,
  floorMs: 10_000,
  ceilingMs: 30_000,
  typicalMs: 60_000,
  deadlineMs: 3_600_000
}

const spec = (id: string, seconds: number, maxImages: number, resolutions: ReadonlyArray<string>): ModelSpec => ({
  id,
  seconds: { min: 1, max: 15, default: seconds },
  sizes: { allowed: ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"], default: "16:9" },
  resolutions: { allowed: resolutions, default: "480p" },
  maxImages,
  maxPromptLength: 4096
})

const sd = ["480p", "720p"]

/** xAI, the schema of `POST /v1/videos/generations` and "Video generation"; 1080p is of 1.5 only. */
const vendorModels: ReadonlyArray<ModelSpec> = [
  spec("grok-imagine-video", 8, Rules.maxReferences, sd),
  spec("grok-imagine-video-1.5", 8, Rules.maxReferences, [...sd, "1080p"]),
  spec("grok-imagine-video-1.5-preview", 8, Rules.maxReferences, [...sd, "1080p"])
]

/** CometAPI, `POST /grok/v1/videos/generations`: one second unless it is said. Any other id is sent as given. */
const cometModels: ReadonlyArray<ModelSpec> = [spec("grok-imagine-video", 1, 1, sd)]

/** Length and resolution decide the price: what is left out is written down, so that it is known what was paid for. */
const bodyOf = Effect.fnUntraced(function*(
  request: VideoRequest,
  images: ReadonlyArray<Checked>,
  models: ReadonlyArray<ModelSpec>
): Effect.fn.Return<Create["body"], VideoTaskError.Reason> {
  const links = yield* RequestBody.toLinks(images)
  const pictures = links.map((url) => ({ url }))
  const mode = Rules.modeOf(request)
  const known = routes[mode] === "generations" ? models.find(({ id }) => id === request.model) : undefined
  const { mode: _, video, ...options } = request.options ?? {}
  return RequestBody.json({
    model: request.model,
    prompt: request.prompt,
    duration: request.seconds ?? known?.seconds?.default,
    aspect_ratio: request.size,
    resolution: request.resolution ?? known?.resolutions?.default,
    image: mode === "image-to-video" ? pictures[0] : undefined,
    reference_images: mode === "reference-to-video" && pictures.length > 0 ? pictures : undefined,
    // The command takes it as a bare link.
    video: typeof video === "string" ? { url: video } : video,
    ...options
  })
})

/** A 202 is a job that runs, whatever its body; a 4xx with a bill is a job that moderation stopped. */
const exception = (answer: ApiAnswer, question: Classify.Question): Observation | undefined => {
  const { body, status } = answer
  if (status === 202) {
    // A web page is a firewall's: those say 202 too.
    if (body._tag === "Empty" || body._tag === "Text") return running
    if (body._tag !== "Json") return undefined
    const read = XAiWire.toObservation(body.value)
    return Result.isFailure(read) && read.failure.kind === "notATask" ? running : undefined
  }
  const isAboutJob = body._tag === "Json" && status >= 400 && status < 500 && !unanswered.has(status) &&
    !aboutQuery.has(Classify.reasonOf(answer, question)._tag)
  return isAboutJob ? XAiWire.toChargedFailure(body.value) : undefined
}

const running = new Observation({ status: "IN_PROGRESS", videos: [] })

/** The network and the rate: never the job, whatever else the body says. */
const unanswered: ReadonlySet<number> = new Set([408, 425, 429])

/** Nor the key, the account or an unknown task, whichever status they come with. */
const aboutQuery: ReadonlySet<VideoTaskError.Reason["_tag"]> = new Set([
  "Unauthorized",
  "QuotaExceeded",
  "TaskNotFound"
])
