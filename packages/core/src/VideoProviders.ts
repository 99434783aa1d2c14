/**
 * The providers of a program, so that a handle finds its own.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { TaskHandle } from "./TaskHandle.ts"
import * as VideoProvider from "./VideoProvider.ts"
import * as VideoTaskError from "./VideoTaskError.ts"

/**
 * Two providers of one program have the same id.
 *
 * @category errors
 * @since 0.1.0
 */
export class DuplicateProvider
  extends Schema.TaggedError<DuplicateProvider>("@video-tasks/core/VideoProviders/DuplicateProvider")(
    "DuplicateProvider",
    { id: Schema.String }
  )
{
  override get message(): string {
    return `Two providers have the id ${this.id}. Give one of them another id in its options.`
  }
}

/**
 * The registry that the runtime asks.
 *
 * @category services
 * @since 0.1.0
 */
export class VideoProviders extends Context.Service<VideoProviders, {
  /** Every provider, in the order of registration. */
  readonly all: ReadonlyArray<VideoProvider.VideoProvider>
  /** Finds a provider by id; fails with `InvalidRequest` that lists the known ids. */
  readonly get: (
    id: string,
    operation: VideoTaskError.Operation
  ) => Effect.Effect<VideoProvider.VideoProvider, VideoTaskError.VideoTaskError>
  /**
   * Finds the provider and the family of a handle. Fails with `ResumeIdentityChanged` when the handle names another
   * base URL, account or family than is configured, and with `InvalidRequest` when its route is none of the family's: a
   * handle is compared, never dialled.
   */
  readonly forHandle: (
    handle: TaskHandle,
    operation: VideoTaskError.Operation
  ) => Effect.Effect<
    { readonly provider: VideoProvider.VideoProvider; readonly family: VideoProvider.Family },
    VideoTaskError.VideoTaskError
  >
}>()("@video-tasks/core/VideoProviders") {}

/**
 * Makes a registry of providers; fails with `DuplicateProvider`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  all: ReadonlyArray<VideoProvider.VideoProvider>
): Effect.fn.Return<VideoProviders["Service"], DuplicateProvider> {
  const byId = new Map<string, VideoProvider.VideoProvider>()
  for (const provider of all) {
    if (byId.has(provider.id)) return yield* new DuplicateProvider({ id: provider.id })
    byId.set(provider.id, provider)
  }
  const get: VideoProviders["Service"]["get"] = (id, operation) => {
    const provider = byId.get(id)
    if (provider !== undefined) return Effect.succeed(provider)
    const allowed = byId.size === 0 ? "none is configured" : [...byId.keys()].join(", ")
    const violation = new VideoTaskError.Violation({ field: "provider", value: id, allowed })
    const reason = new VideoTaskError.InvalidRequest({ violations: [violation] })
    return Effect.fail(VideoTaskError.make({ provider: id, operation, reason }))
  }
  const forHandle: VideoProviders["Service"]["forHandle"] = (handle, operation) =>
    get(handle.provider, operation).pipe(
      Effect.mapError((error) => VideoTaskError.withHandle(error, handle)),
      Effect.flatMap((provider) => {
        const family = VideoProvider.family(provider, handle.family)
        const reason = mismatch(handle, provider, family)
        return reason === undefined && family !== undefined
          ? Effect.succeed({ provider, family })
          : Effect.fail(VideoTaskError.make({
            provider: provider.id,
            operation,
            handle,
            reason: reason ?? new VideoTaskError.ResumeIdentityChanged({
              field: "family",
              expected: handle.family,
              actual: provider.families.map((family) => family.id).join(", ")
            })
          }))
      })
    )
  return VideoProviders.of({ all, get, forHandle })
})

/**
 * Provides a registry of provider services: `VideoProviders.layer([CometApi, SeeAny])`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Keys extends ReadonlyArray<Context.Key<unknown, VideoProvider.VideoProvider>>>(
  keys: Keys
): Layer.Layer<VideoProviders, DuplicateProvider, Keys[number]["Identifier"]> =>
  Layer.effect(
    VideoProviders,
    Effect.flatMap(
      Effect.context<Keys[number]["Identifier"]>(),
      (context) => make(keys.map((key) => Context.getUnsafe(context, key)))
    )
  )

// internal

const mismatch = (
  handle: TaskHandle,
  provider: VideoProvider.VideoProvider,
  family: VideoProvider.Family | undefined
): VideoTaskError.ResumeIdentityChanged | VideoTaskError.InvalidRequest | undefined => {
  if (handle.baseUrl !== provider.baseUrl) {
    return new VideoTaskError.ResumeIdentityChanged({
      field: "baseUrl",
      expected: handle.baseUrl,
      actual: provider.baseUrl
    })
  }
  if (handle.account !== provider.account) {
    return new VideoTaskError.ResumeIdentityChanged({
      field: "account",
      expected: handle.account,
      actual: provider.account
    })
  }
  return family === undefined ? undefined : strayed(handle, family)
}

/** The route becomes a part of a path, and of what the runtime keeps: only words that the family says are taken. */
const strayed = ({ route }: TaskHandle, { routes = [] }: VideoProvider.Family) => {
  if (route === undefined || routes.includes(route)) return undefined
  const allowed = routes.length === 0 ? "no route" : routes.join(", ")
  const violation = new VideoTaskError.Violation({ field: "handle.route", value: route, allowed })
  return new VideoTaskError.InvalidRequest({ violations: [violation] })
}
