/**
 * Makes a provider from what its module declares: routes, families, how a create is written, how an answer is read.
 */
import type { Observation } from "@video-tasks/core/Observation"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Video from "@video-tasks/core/Video"
import type { CatalogueModel, VideoProvider } from "@video-tasks/core/VideoProvider"
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
import * as Credentials from "./credentials.ts"
import * as Http from "./http.ts"
import type * as ImageInput from "./imageInput.ts"
import * as ReadOutcome from "./readOutcome.ts"
import * as TaskPath from "./taskPath.ts"
import * as Validation from "./validation.ts"

/** The paths of an API; `{id}` stands for the task. */
interface Paths {
  readonly create?: string | undefined
  readonly query: string
  readonly content?: string | undefined
  readonly models?: string | undefined
}

/** What a provider module says about its API. */
export interface Declaration extends Validation.Rules {
  /** The name of the module, for spans. */
  readonly name: string
  /** The id unless the options say otherwise. */
  readonly id: string
  readonly baseUrl?: string | undefined
  readonly paths: Paths
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
    validate: (request) => Validation.violations(request, api),
    create: create(api),
    observe: observe(api),
    cancel: () => Effect.succeed("unsupported"),
    content: content(api),
    models: models(api),
    credentials: (url) => Credentials.forDownload(url, configuration)
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
    const images = yield* Effect.mapError(Validation.check(request, api, api.configuration.maxImageBytes), fail)
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
    const { answer } = yield* ask(api, handle, { path: api.paths.query }, fail)
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
    const { answer, path } = yield* ask(api, handle, {
      path: api.paths.content,
      accept: "video/*, application/octet-stream, application/json",
      discardBody: isFile
    }, fail)
    if (isFile(answer)) {
      return new Video.Video({
        url: Redacted.make(`${api.configuration.baseUrl}${path}`, { label: "video url" }),
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

// internal

/** Asks about one task, whose id is filled into the path. */
const ask = (
  api: Api,
  handle: TaskHandle.TaskHandle,
  request: Omit<Http.ApiRequest, "method">,
  fail: Fail
) =>
  TaskPath.of(request.path, handle.remoteId).pipe(
    Effect.flatMap((path) =>
      api.send({ ...request, method: "GET", path }).pipe(
        Effect.map((answer) => ({ answer, path })),
        Effect.mapError(ReadOutcome.unanswered)
      )
    ),
    Effect.mapError((reason) => fail(reason, { handle }))
  )

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

const isFile = ({ contentType, status }: Http.Head): boolean =>
  CreateOutcome.isSuccess(status) && contentType !== undefined &&
  /^(video\/|application\/octet-stream)/.test(contentType)

const withSpec = (api: Api, model: CatalogueModel): CatalogueModel => {
  const spec = api.families.flatMap(({ models }) => models).find(({ id }) => id === model.id)
  return spec === undefined ? model : { ...model, spec }
}
