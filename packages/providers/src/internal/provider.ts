/**
 * Makes a provider from what its module declares: routes, families, how a create is written, how an answer is read.
 */
import * as ModelSpec from "@video-tasks/core/ModelSpec"
import type { Observation } from "@video-tasks/core/Observation"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Video from "@video-tasks/core/Video"
import type { CatalogueModel, Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type { WireProblem } from "@video-tasks/core/WireProblem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { ApiOptions } from "../ApiOptions.ts"
import type * as Classify from "./classify.ts"
import * as Configuration from "./configuration.ts"
import * as CreateOutcome from "./createOutcome.ts"
import * as Http from "./http.ts"
import * as ImageInput from "./imageInput.ts"
import * as ReadOutcome from "./readOutcome.ts"

/** The paths of an API; `{id}` stands for the task. */
export interface Paths {
  readonly create?: string | undefined
  readonly query: string
  readonly content?: string | undefined
  readonly models?: string | undefined
}

/** What a provider module says about its API. */
export interface Declaration {
  /** The name of the module, for spans. */
  readonly name: string
  /** The id unless the options say otherwise. */
  readonly id: string
  readonly baseUrl?: string | undefined
  readonly paths: Paths
  readonly families: ReadonlyArray<Family>
  readonly images: ImageInput.Accepts
  /** Fields that an option can't replace. */
  readonly reserved: ReadonlyArray<string>
  /** Writes the body of a create. */
  readonly write: (
    request: VideoRequest,
    images: ReadonlyArray<ImageInput.Checked>
  ) => Effect.Effect<Http.ApiRequest["body"], VideoTaskError.Reason>
  readonly toObservation: (body: unknown) => Result.Result<Observation, WireProblem>
  /** Why there is no create when no path is given. */
  readonly noCreate: string
  /** Reads the catalogue; absent when the API documents none. */
  readonly toModels?: ((body: unknown) => Result.Result<ReadonlyArray<CatalogueModel>, WireProblem>) | undefined
}

/** Makes the provider on top of the current `HttpClient`. */
export const make = Effect.fnUntraced(function*(
  declaration: Declaration,
  options: ApiOptions
): Effect.fn.Return<VideoProvider, VideoTaskError.VideoTaskError, HttpClient.HttpClient> {
  const configuration = yield* Configuration.check(options, { ...declaration, paths: { ...declaration.paths } })
  const api: Api = { ...declaration, configuration, send: yield* Http.make(configuration) }
  const { account, baseUrl, id } = configuration
  return {
    id,
    account,
    baseUrl,
    families: declaration.families,
    validate: (request) => violations(api, request),
    create: create(api),
    observe: observe(api),
    cancel: () => Effect.succeed("unsupported"),
    content: content(api),
    models: models(api),
    credentials: (url): Readonly<Record<string, Redacted.Redacted>> =>
      isWithin(url, baseUrl) ? { authorization: Redacted.make(`Bearer ${Redacted.value(configuration.apiKey)}`) } : {}
  }
})

interface Api extends Declaration {
  readonly configuration: Configuration.Configuration
  readonly send: Http.Send
}

const create = (api: Api): VideoProvider["create"] =>
  Effect.fn(`${api.name}.create`)(function*(request, options = {}) {
    yield* annotate(api, { family: request.family, model: request.model })
    const { account, baseUrl, id } = api.configuration
    const fail = failure(api, "create")
    if (api.paths.create === undefined) {
      return yield* fail(new VideoTaskError.Unsupported({ detail: api.noCreate }))
    }
    const images = yield* Effect.mapError(checkedImages(api, request), fail)
    const body = yield* Effect.mapError(api.write(request, images), fail)
    const sentAt = yield* Clock.currentTimeMillis
    const sent = yield* api.send({ method: "POST", path: api.paths.create, body }).pipe(
      Effect.map((answer): CreateOutcome.Sent => ({ _tag: "Answered", answer })),
      Effect.catch((problem) => Effect.succeed<CreateOutcome.Sent>({ _tag: "Unanswered", problem })),
      Effect.timeoutOrElse({
        duration: CreateOutcome.timeoutMs,
        orElse: () => Effect.succeed<CreateOutcome.Sent>({ _tag: "TimedOut" })
      })
    )
    const requestId = sent._tag === "Answered" ? Http.requestIdOf(sent.answer) : undefined
    const judged = CreateOutcome.judge(sent, { model: request.model, sentAt, toObservation: api.toObservation })
    if (Result.isFailure(judged)) return yield* fail(judged.failure, { requestId })
    const { observation, remoteId } = judged.success
    yield* Effect.annotateCurrentSpan("video_tasks.remote_id", remoteId)
    const handle = new TaskHandle.TaskHandle({
      provider: id,
      family: request.family,
      remoteId,
      baseUrl,
      account,
      createdAt: yield* Clock.currentTimeMillis,
      ...(options.requestHash === undefined ? {} : { requestHash: options.requestHash })
    })
    return { handle, observation, requestId }
  })

const observe = (api: Api): VideoProvider["observe"] =>
  Effect.fn(`${api.name}.observe`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    const fail = failure(api, "observe")
    const path = yield* pathOf(api.paths.query, handle, fail)
    const answer = yield* Effect.mapError(
      api.send({ method: "GET", path }),
      (problem) => fail(ReadOutcome.unanswered(problem), { handle })
    )
    const read = ReadOutcome.observation(answer, handle.remoteId, api.toObservation)
    return Result.isSuccess(read)
      ? read.success
      : yield* fail(read.failure, { handle, requestId: Http.requestIdOf(answer) })
  })

const content = (api: Api): VideoProvider["content"] =>
  Effect.fn(`${api.name}.content`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    if (api.paths.content === undefined) return undefined
    const fail = failure(api, "content")
    const path = yield* pathOf(api.paths.content, handle, fail)
    const answer = yield* Effect.mapError(
      api.send({ method: "GET", path, discardBody: isFile }),
      (problem) => fail(ReadOutcome.unanswered(problem), { handle })
    )
    if (isFile(answer)) {
      return new Video.Video({
        url: Redacted.make(`${api.configuration.baseUrl}${path}`),
        needsCredentials: true,
        ...(answer.contentType?.startsWith("video/") === true
          ? { mimeType: answer.contentType.split(";")[0] ?? "" }
          : {})
      })
    }
    const reason = ReadOutcome.noContent(answer, handle.remoteId)
    return reason === undefined ? undefined : yield* fail(reason, { handle, requestId: Http.requestIdOf(answer) })
  })

const models = (api: Api): VideoProvider["models"] =>
  Effect.gen(function*() {
    yield* annotate(api, {})
    const fail = failure(api, "models")
    const { paths, toModels } = api
    if (toModels === undefined || paths.models === undefined) {
      return yield* fail(new VideoTaskError.Unsupported({ detail: `${api.name} documents no list of models.` }))
    }
    const answer = yield* Effect.mapError(
      // The catalogue is public: the key has no business there.
      api.send({ method: "GET", path: paths.models, bearer: false }),
      (problem) => fail(ReadOutcome.unanswered(problem))
    )
    const question: Classify.Question = { operation: "models" }
    const body = ReadOutcome.json(answer, question)
    if (Result.isFailure(body)) return yield* fail(body.failure, { requestId: Http.requestIdOf(answer) })
    const read = toModels(body.success)
    return Result.isSuccess(read)
      ? read.success.map((model) => withSpec(api, model))
      : yield* fail(ReadOutcome.misread(answer, read.failure, question), { requestId: Http.requestIdOf(answer) })
  }).pipe(Effect.withSpan(`${api.name}.models`))

// What is checked before anything is sent.

const violations = (api: Api, request: VideoRequest): ReadonlyArray<VideoTaskError.Violation> => {
  const family = api.families.find(({ id }) => id === request.family)
  const known = family?.models.find(({ id }) => id === request.model)
  return [
    ...(family === undefined
      ? [new VideoTaskError.Violation({ field: "family", value: request.family, allowed: familyIds(api) })]
      : []),
    ...ModelSpec.violations(request, known),
    ...ImageInput.violations(request.images ?? [], api.images),
    ...Object.keys(request.options ?? {}).filter((key) => api.reserved.includes(key)).map((key) =>
      new VideoTaskError.Violation({
        field: `options.${key}`,
        value: "an extra field of that name",
        allowed: "only fields that the request has no place for"
      })
    )
  ]
}

const familyIds = (api: Api): string => api.families.map(({ id }) => id).join(", ")

const checkedImages = Effect.fnUntraced(function*(
  api: Api,
  request: VideoRequest
): Effect.fn.Return<ReadonlyArray<ImageInput.Checked>, VideoTaskError.Reason> {
  const findings = yield* ImageInput.look(request.images ?? [], api.configuration.maxImageBytes)
  const found = [...violations(api, request), ...findings.violations]
  if (found.length > 0) return yield* new VideoTaskError.InvalidRequest({ violations: found })
  if (findings.tooLarge !== undefined) return yield* new VideoTaskError.PayloadTooLarge({ detail: findings.tooLarge })
  return findings.images
})

// Small things.

type Fail = (
  reason: VideoTaskError.Reason,
  context?: { readonly handle?: TaskHandle.TaskHandle | undefined; readonly requestId?: string | undefined }
) => VideoTaskError.VideoTaskError

const failure = (api: Api, operation: VideoTaskError.Operation): Fail => (reason, context = {}) =>
  VideoTaskError.make({ provider: api.configuration.id, operation, reason, ...context })

const annotate = (
  api: Api,
  about: { readonly family?: string; readonly model?: string; readonly remoteId?: string }
): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({
    "video_tasks.provider": api.configuration.id,
    "video_tasks.account": api.configuration.account,
    ...(about.family === undefined ? {} : { "video_tasks.family": about.family }),
    ...(about.model === undefined ? {} : { "video_tasks.model": about.model }),
    ...(about.remoteId === undefined ? {} : { "video_tasks.remote_id": about.remoteId })
  })

// A handle is untrusted: its id must stay one segment of the path, and a dot segment would lead to another route.
const pathOf = (
  template: string,
  handle: TaskHandle.TaskHandle,
  fail: Fail
): Effect.Effect<string, VideoTaskError.VideoTaskError> => {
  const segment = Result.try(() => encodeURIComponent(handle.remoteId))
  if (Result.isSuccess(segment) && !/^\.{1,2}$/.test(handle.remoteId)) {
    return Effect.succeed(template.replaceAll("{id}", () => segment.success))
  }
  const violation = new VideoTaskError.Violation({
    field: "remoteId",
    value: "no name of a task",
    allowed: "the id that the provider gave"
  })
  return Effect.fail(fail(new VideoTaskError.InvalidRequest({ violations: [violation] }), { handle }))
}

const isFile = ({ contentType, status }: Http.Head): boolean =>
  CreateOutcome.isSuccess(status) && contentType !== undefined &&
  /^(video\/|application\/octet-stream)/.test(contentType)

const isWithin = (url: URL, baseUrl: string): boolean => {
  const base = new URL(baseUrl)
  return url.origin === base.origin && (base.pathname === "/" || url.pathname.startsWith(`${base.pathname}/`))
}

const withSpec = (api: Api, model: CatalogueModel): CatalogueModel => {
  const spec = api.families.flatMap(({ models }) => models).find(({ id }) => id === model.id)
  return spec === undefined ? model : { ...model, spec }
}
