/**
 * Everything about a create that is decided before anything is sent.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import { shown } from "@video-tasks/core/Redact"
import * as TaskId from "@video-tasks/core/TaskId"
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import { malformed, type VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as RequestHash from "../RequestHash.ts"
import type { SubmitOptions } from "../VideoTasks.ts"
import type { Instruments } from "./instrument.ts"
import { submitViolations } from "./optionChecks.ts"
import type { Refs } from "./refs.ts"
import type { Order } from "./submit.ts"

/**
 * Who shall make it.
 *
 * @internal
 */
export const target = Effect.fnUntraced(function*({ providers }: Refs, request: VideoRequest): Effect.fn.Return<
  { readonly provider: VideoProvider.VideoProvider; readonly family: VideoProvider.Family },
  VideoTaskError.VideoTaskError
> {
  const odd = malformed(request)
  if (odd.length > 0) return yield* invalid(providerOf(request), odd)
  const provider = yield* providers.get(request.provider, "create")
  const family = VideoProvider.family(provider, request.family)
  if (family !== undefined) return { provider, family }
  const allowed = provider.families.map((one) => one.id).join(", ")
  const violation = new VideoTaskError.Violation({ field: "family", value: request.family, allowed })
  return yield* invalid(provider.id, [violation])
})

/** What came as a request may be anything. */
const providerOf = (request: { readonly provider?: unknown } | null | undefined): string =>
  typeof request?.provider === "string" ? request.provider : "unknown"

/**
 * Nothing is sent.
 *
 * @internal
 */
export const refused = (
  provider: string,
  reason: VideoTaskError.Reason
): Effect.Effect<never, VideoTaskError.VideoTaskError> =>
  Effect.fail(VideoTaskError.make({ provider, operation: "create", reason }))

const invalid = (provider: string, violations: ReadonlyArray<VideoTaskError.Violation>) =>
  refused(provider, new VideoTaskError.InvalidRequest({ violations }))

/** @internal */
export const prepare = Effect.fnUntraced(function*(
  refs: Refs,
  instruments: Instruments,
  request: VideoRequest,
  options: SubmitOptions
): Effect.fn.Return<Order, VideoTaskError.VideoTaskError, SecureRandom.SecureRandom> {
  const { family, provider } = yield* target(refs, request)
  const fail = (reason: VideoTaskError.Reason) => refused(provider.id, reason)
  const violations = [...submitViolations(options), ...provider.validate(request)]
  if (violations.length > 0) return yield* invalid(provider.id, violations)
  const spec = specOf(family, request)
  const retired = (spec ?? provider.families.map((one) => specOf(one, request)).find(isKnown))?.retired
  if (retired !== undefined && options.force !== true) {
    return yield* fail(new VideoTaskError.ModelUnavailable({ model: request.model, detail: retired }))
  }
  const id = options.id ?? (yield* TaskId.make)
  // An id of the caller's own making may be that of another store's task on the same account.
  const reference = options.id === undefined ? id : yield* TaskId.make
  const callbackUrl = yield* callbackOf(provider, family, id, options)
  const lane = refs.lanes.of(provider, family)
  const isUnlisted = spec === undefined && family.models.length > 0 && family.takesAnyModel !== true
  if (isUnlisted) yield* instruments.onUnlisted(lane, request.model)
  const hash = yield* RequestHash.of(request)
  return {
    id,
    reference,
    request,
    callbackUrl,
    requestHash: hash,
    lane,
    trace: family.canFindCreated === true ? provider.trace?.(request, { requestHash: hash, reference }) : undefined,
    resubmit: options.resubmit ?? "never",
    interrupted: options.interrupted
  }
})

const specOf = ({ models }: VideoProvider.Family, request: VideoRequest): ModelSpec | undefined =>
  models.find(({ id }) => id === request.model)

const isKnown = (spec: ModelSpec | undefined): boolean => spec !== undefined

const callbackOf = (
  provider: VideoProvider.VideoProvider,
  family: VideoProvider.Family,
  id: TaskId.TaskId,
  { callbackUrl: given }: SubmitOptions
): Effect.Effect<URL | undefined, VideoTaskError.VideoTaskError> => {
  if (given === undefined) return Effect.succeed(undefined)
  const url = typeof given === "function" ? given({ id, provider: provider.id, family: family.id }) : given
  const allowed = family.takesCallbackUrl !== true
    ? `none: ${family.title} takes no callback URL`
    : url instanceof URL && /^https?:$/.test(url.protocol)
    ? undefined
    : "an http(s) URL"
  if (allowed === undefined) return Effect.succeed(url)
  const violation = new VideoTaskError.Violation({
    field: "callbackUrl",
    value: url instanceof URL ? url.origin : shown(url),
    allowed
  })
  return invalid(provider.id, [violation])
}
