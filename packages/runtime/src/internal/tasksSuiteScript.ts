/**
 * The provider of the suite of `VideoTasks`: its tasks do what the case says that they belong to.
 */
import { Observation } from "@video-tasks/core/Observation"
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import { Video } from "@video-tasks/core/Video"
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

interface Sent {
  readonly request: VideoRequest
  readonly options: VideoProvider.CreateOptions
}

/** What a case says of its tasks, and sees of what is asked about them. */
interface Play {
  /** What a create waits for and fails with before it makes a task; also after it was interrupted. */
  create: Effect.Effect<void, VideoTaskError.VideoTaskError>
  /** What a read says. */
  read: Effect.Effect<Observation, VideoTaskError.VideoTaskError>
  cancel: Effect.Effect<VideoProvider.CancelOutcome, VideoTaskError.VideoTaskError>
  readonly sent: Array<Sent>
  reads: number
}

/** @internal */
export interface Script {
  readonly provider: VideoProvider.VideoProvider
  /** What is said of the tasks of a model: each case has a model of its own. */
  readonly play: (model: string) => Play
}

/** @internal */
export const providerId = "suite"

const baseUrl = "https://suite.invalid"

/** @internal */
export const requestOf = (model: string, more: Partial<VideoRequest> = {}): VideoRequest => ({
  provider: providerId,
  family: "double",
  model,
  prompt: "a fox",
  ...more
})

/** @internal */
export const handleOf = (remoteId: string, more: { readonly baseUrl?: string } = {}): TaskHandle =>
  new TaskHandle({ provider: providerId, family: "double", remoteId, baseUrl, account: "default", ...more })

/** @internal */
export const running = (progress: number): Observation =>
  new Observation({ status: "IN_PROGRESS", progress, videos: [] })

/** @internal */
export const link = "https://cdn.example.com/v.mp4?X-Signature=é&x=1"

/** @internal */
export const success = new Observation({
  status: "SUCCESS",
  videos: [new Video({ url: Redacted.make(link, { label: "video url" }), seed: 7, durationSeconds: 5 })]
})

/** @internal */
export const failing = (reason: VideoTaskError.Reason, operation: VideoTaskError.Operation = "observe") =>
  Effect.fail(VideoTaskError.make({ provider: providerId, operation, reason }))

/** Cases run on a real clock: tasks are read as often as that can be. */
const poll: PollPolicy.PollPolicy = { ...PollPolicy.standard, floorMs: 20, ceilingMs: 50, minGapMs: 10, typicalMs: 100 }

/** @internal */
export const make = (): Script => {
  const plays = new Map<string, Play>()
  let made = 0
  const play = (model: string): Play => {
    const known = plays.get(model)
    if (known !== undefined) return known
    const fresh: Play = {
      create: Effect.void,
      read: Effect.succeed(running(10)),
      cancel: Effect.succeed("unsupported"),
      sent: [],
      reads: 0
    }
    plays.set(model, fresh)
    return fresh
  }
  // The API's id of a task names its model.
  const playOf = ({ remoteId }: TaskHandle) => play(remoteId.split("/")[0] ?? "")
  const double = VideoProvider.double({
    id: providerId,
    family: { poll, graceMs: 0, canCancel: true, takesCallbackUrl: true },
    create: (request, options = {}) =>
      Effect.gen(function*() {
        const one = play(request.model)
        one.sent.push({ request, options })
        const remoteId = `${request.model}/${++made}`
        yield* one.create
        const createdAt = yield* Clock.currentTimeMillis
        const { requestHash } = options
        const { ...place } = handleOf(remoteId)
        return {
          handle: new TaskHandle({ ...place, createdAt, ...(requestHash === undefined ? {} : { requestHash }) }),
          observation: new Observation({ status: "SUBMITTED", remoteId, videos: [] })
        }
      }),
    observe: (handle) =>
      Effect.suspend(() => {
        const one = playOf(handle)
        one.reads++
        return one.read
      }),
    cancel: (handle) => Effect.suspend(() => playOf(handle).cancel)
  })
  const violation = new VideoTaskError.Violation({ field: "seconds", value: "99", allowed: "1 to 10" })
  return {
    play,
    provider: { ...double, baseUrl, validate: ({ seconds }) => seconds === 99 ? [violation] : [] }
  }
}
