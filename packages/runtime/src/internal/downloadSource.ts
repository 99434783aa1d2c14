/**
 * Whose video is fetched, with whose key, and where a fresh link comes from.
 */
import type { Kind } from "@video-tasks/core/Archived"
import * as Task from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { Video } from "@video-tasks/core/Video"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import * as VideoProviders from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import { expired, failed, Problem } from "./downloadProblem.ts"

/** Where a download comes from. */
export interface Source {
  /** The provider's id for messages; `unknown` for a video without a task whose API nobody knows. */
  readonly provider: string
  readonly handle: TaskHandle | undefined
  readonly video: Video | undefined
  /** The APIs whose own host may be private. */
  readonly apis: ReadonlyArray<VideoProvider>
  /** Whose key is used, where the video needs one. */
  readonly keeper: VideoProvider | undefined
  /** Asks for the video once more. */
  readonly fresh: Effect.Effect<Video, Problem | VideoTaskError.VideoTaskError>
}

/** Finds out what there is to know before anything is sent. */
export const resolve = Effect.fnUntraced(function*(
  source: Video | Task.Success,
  options: { readonly index: number; readonly handle: TaskHandle | undefined; readonly kind: Kind }
): Effect.fn.Return<Source, Problem | VideoTaskError.VideoTaskError, VideoProviders.VideoProviders> {
  const providers = yield* VideoProviders.VideoProviders
  const task = source instanceof Task.Success ? source : undefined
  const whole = source instanceof Task.Success ? yield* choose(source, options.index) : source
  const video = partOf(whole, options.kind)
  const handle = task?.handle ?? options.handle
  if (handle === undefined) {
    return video === undefined ? yield* nothing("the video has no thumbnail") : yield* ofVideo(video, providers.all)
  }
  const found = yield* Effect.exit(providers.forHandle(handle, "download"))
  // Another base URL or account is configured by now: a public link works all the same.
  if (Exit.isFailure(found) && video?.needsCredentials === true) return yield* Effect.failCause(found.cause)
  const api = Exit.isSuccess(found) ? found.value : undefined
  return {
    provider: handle.provider,
    handle,
    video,
    apis: api === undefined ? [] : [api.provider],
    keeper: api?.provider,
    fresh: Effect.flatMap(
      found,
      ({ family, provider }) =>
        ask({ ...options, provider, handle, hasContentRoute: family.hasContentRoute, known: video })
    )
  }
})

/** Returns `true` when a URL belongs to an API: the same origin. */
export const isAt = (provider: VideoProvider, url: URL): boolean => new URL(provider.baseUrl).origin === url.origin

// internal

/** A thumbnail is fetched like the video that it is of. */
const partOf = (video: Video | undefined, kind: Kind): Video | undefined => {
  if (kind === "video" || video === undefined) return video
  const { needsCredentials, thumbnailUrl: url } = video
  return url && new Video({ url, ...(needsCredentials === undefined ? {} : { needsCredentials }) })
}

const nothing = (detail: string) =>
  new Problem({ remedy: "never", reason: new VideoTaskError.MissingResult({ detail }) })

const choose = (task: Task.Success, index: number): Effect.Effect<Video | undefined, Problem> => {
  if (index === 0 || index < task.videos.length) return Effect.succeed(task.videos[index])
  return Effect.fail(invalid("index", String(index), `0 to ${Math.max(0, task.videos.length - 1)}`))
}

/** Something about the call is wrong; nothing was sent. */
export const invalid = (field: string, value: string, allowed: string): Problem =>
  new Problem({
    remedy: "never",
    reason: new VideoTaskError.InvalidRequest({
      violations: [new VideoTaskError.Violation({ field, value, allowed })]
    })
  })

const ofVideo = Effect.fnUntraced(function*(
  video: Video,
  apis: ReadonlyArray<VideoProvider>
): Effect.fn.Return<Source, Problem> {
  const link = Redacted.value(video.url)
  const owners = URL.canParse(link) ? apis.filter((api) => isAt(api, new URL(link))) : []
  const [owner] = owners
  if (video.needsCredentials === true && owners.length !== 1) {
    const allowed = "the task, or the video with the handle of its task"
    return yield* invalid("source", "a video that needs the key of an account", allowed)
  }
  const noTask = "only a task can be asked for a fresh link, and none was given"
  return {
    provider: owner?.id ?? "unknown",
    handle: undefined,
    video,
    apis,
    keeper: owner,
    fresh: Effect.fail(expired("never", noTask))
  }
})

const ask = Effect.fnUntraced(function*(question: {
  readonly provider: VideoProvider
  readonly handle: TaskHandle
  readonly hasContentRoute: boolean
  readonly index: number
  readonly kind: Kind
  readonly known: Video | undefined
}): Effect.fn.Return<Video, Problem | VideoTaskError.VideoTaskError> {
  const { handle, known, provider } = question
  const isNew = (video: Video | undefined): video is Video =>
    video !== undefined && (known === undefined || Redacted.value(video.url) !== Redacted.value(known.url))
  const seen = yield* inTime(provider.observe(handle))
  const observed = partOf(seen.videos[question.index], question.kind)
  if (isNew(observed)) return observed
  const served = question.hasContentRoute ? yield* inTime(provider.content(handle, question.kind)) : undefined
  if (isNew(served)) return served
  if (known !== undefined) return yield* expired("never", "the provider gives the same link as before")
  return yield* nothing("the provider names no link, also when asked again")
})

const inTime = <A>(effect: Effect.Effect<A, VideoTaskError.VideoTaskError>) =>
  Effect.timeoutOrElse(effect, {
    duration: "30 seconds",
    orElse: () => Effect.fail(failed("never", "the provider did not answer when it was asked for a fresh link"))
  })
