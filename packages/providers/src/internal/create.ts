/**
 * Sending a create, once, and looking for the task of one whose answer was lost.
 */
import type { Observation } from "@video-tasks/core/Observation"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { Created, CreateOptions, Trace, VideoProvider } from "@video-tasks/core/VideoProvider"
import { malformed } from "@video-tasks/core/VideoRequest"
import { InvalidRequest, type VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { annotate, type Api, ask, failure, familyOf, unsupported } from "./api.ts"
import * as Callback from "./callback.ts"
import * as CreateOutcome from "./createOutcome.ts"
import type { FamilyApi } from "./familyApi.ts"
import * as Http from "./http.ts"
import * as ReadOutcome from "./readOutcome.ts"
import * as Validation from "./validation.ts"

export const create = (api: Api): VideoProvider["create"] =>
  Effect.fn(`${api.name}.create`)(function*(request, options = {}) {
    const fail = failure(api, "create")
    const odd = malformed(request)
    if (odd.length > 0) return yield* fail(new InvalidRequest({ violations: odd }))
    yield* annotate(api, { family: request.family, model: request.model })
    const family = familyOf(api, request.family)
    const { maxImageBytes } = api.configuration
    if (family.noCreate !== undefined) return yield* unsupported(api, "create", family.noCreate)
    const called = yield* Effect.mapError(Callback.added(request, family, options), fail)
    const images = yield* Effect.mapError(Validation.check(called, api.families, maxImageBytes), fail)
    const { body, path, route } = yield* Effect.mapError(family.write(called, images, options), fail)
    const sentAt = yield* Clock.currentTimeMillis
    const sent = yield* api.send({ method: "POST", path, body, headers: family.headers }).pipe(
      Effect.map((answer): CreateOutcome.Sent => ({ _tag: "Answered", answer })),
      Effect.catch((problem) => Effect.succeed<CreateOutcome.Sent>({ _tag: "Unanswered", problem })),
      Effect.timeoutOrElse({
        duration: CreateOutcome.timeoutMs,
        orElse: () => Effect.succeed<CreateOutcome.Sent>({ _tag: "TimedOut" })
      })
    )
    const requestId = sent._tag === "Answered" ? Http.requestIdOf(sent.answer) : undefined
    const { refusals, toObservation } = family
    const judged = CreateOutcome.judge(sent, { model: request.model, sentAt, toObservation, refusals })
    if (Result.isFailure(judged)) return yield* fail(judged.failure, { requestId })
    const { observation, remoteId } = judged.success
    yield* Effect.annotateCurrentSpan("video_task.remote_id", remoteId)
    const createdAt = yield* Clock.currentTimeMillis
    return created(api, { family: request.family, remoteId, route, createdAt }, observation, { options, requestId })
  })

export const trace = (api: Api): NonNullable<VideoProvider["trace"]> => (request, options) =>
  familyOf(api, request.family).traced?.trace(request, options)

export const findCreated = (api: Api): VideoProvider["findCreated"] =>
  Effect.fn(`${api.name}.findCreated`)(function*(request, options) {
    yield* annotate(api, { family: request.family, model: request.model })
    return yield* find(api, familyOf(api, request.family), trace(api)(request, options), options)
  })

export const findByTrace = (api: Api): NonNullable<VideoProvider["findByTrace"]> =>
  Effect.fn(`${api.name}.findByTrace`)(function*(family, kept, options = {}) {
    yield* annotate(api, { family })
    return yield* find(api, familyOf(api, family), kept, options)
  })

const find = Effect.fnUntraced(function*(
  api: Api,
  family: FamilyApi,
  kept: Trace | undefined,
  options: CreateOptions
): Effect.fn.Return<Created | undefined, VideoTaskError> {
  const fail = failure(api, "observe")
  const path = kept === undefined ? undefined : family.traced?.path(kept)
  if (kept === undefined || path === undefined) {
    return yield* unsupported(api, "observe", `${api.name} knows no reference of a create.`)
  }
  const { reference, route } = kept
  const { id } = family.family
  // The path is whole: there is no id in it that would have to be filled in.
  const sought = handleOf(api, { family: id, remoteId: "reference", route }, options)
  const { answer } = yield* ask(api, sought, { method: "GET", path, headers: family.headers }, fail)
  const read = ReadOutcome.observation(answer, reference, family)
  if (Result.isFailure(read)) {
    const { failure: reason } = read
    return reason._tag === "TaskNotFound" ? undefined : yield* fail(reason, { requestId: Http.requestIdOf(answer) })
  }
  const { createdAt, remoteId } = read.success
  if (remoteId === undefined) return undefined
  return created(api, { family: id, remoteId, route, createdAt }, read.success, {
    options,
    requestId: Http.requestIdOf(answer)
  })
})

interface Place {
  readonly family: string
  readonly remoteId: string
  readonly route: string | undefined
  readonly createdAt?: number | undefined
}

const created = (
  api: Api,
  place: Place,
  observation: Observation,
  { options, requestId }: { readonly options: CreateOptions; readonly requestId: string | undefined }
): Created => ({ handle: handleOf(api, place, options), observation, requestId })

const handleOf = (
  { configuration: { account, baseUrl, id } }: Api,
  { createdAt, family, remoteId, route }: Place,
  { requestHash }: CreateOptions
): TaskHandle.TaskHandle =>
  new TaskHandle.TaskHandle({
    provider: id,
    family,
    remoteId,
    baseUrl,
    account,
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(requestHash === undefined ? {} : { requestHash }),
    ...(route === undefined ? {} : { route })
  })
