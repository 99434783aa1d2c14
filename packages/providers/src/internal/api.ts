/**
 * What all operations of a provider share: its configuration, its families, how it says what went wrong.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type * as Configuration from "./configuration.ts"
import type { FamilyApi } from "./familyApi.ts"
import type * as Http from "./http.ts"
import * as ReadOutcome from "./readOutcome.ts"
import * as TaskPath from "./taskPath.ts"

/** A provider that was configured. */
export interface Api {
  /** The name of the module, for spans. */
  readonly name: string
  readonly families: ReadonlyArray<FamilyApi>
  readonly configuration: Configuration.Configuration
  readonly send: Http.Send
}

/** The family of a task or of a request; the first one where nobody knows it. */
export const familyOf = (api: Api, id: string): FamilyApi => {
  const [first] = api.families
  const found = api.families.find(({ family }) => family.id === id) ?? first
  if (found === undefined) throw new Error(`${api.name} has no family`)
  return found
}

/** Makes an error of an operation. */
export type Fail = (
  reason: VideoTaskError.Reason,
  context?: { readonly handle?: TaskHandle | undefined; readonly requestId?: string | undefined }
) => VideoTaskError.VideoTaskError

/** How an operation says what went wrong. */
export const failure = (api: Api, operation: VideoTaskError.Operation): Fail => (reason, context = {}) =>
  VideoTaskError.make({ provider: api.configuration.id, operation, reason, ...context })

/** An operation that the API does not have. */
export const unsupported = (
  api: Api,
  operation: VideoTaskError.Operation,
  detail: string
): Effect.Effect<never, VideoTaskError.VideoTaskError> =>
  Effect.fail(failure(api, operation)(new VideoTaskError.Unsupported({ detail })))

/** Says in the span what it is about. */
export const annotate = (
  api: Api,
  about: { readonly family?: string; readonly model?: string; readonly remoteId?: string }
): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({
    "video_task.provider": api.configuration.id,
    "video_task.account": api.configuration.account,
    ...(about.family === undefined ? {} : { "video_task.family": about.family }),
    // The semantic conventions of OpenTelemetry for generative AI, as far as they speak of what is asked for.
    ...(about.model === undefined ? {} : {
      "video_task.model": about.model,
      "gen_ai.provider.name": api.configuration.id,
      "gen_ai.request.model": about.model
    }),
    ...(about.remoteId === undefined ? {} : { "video_task.remote_id": about.remoteId })
  })

/** Asks about one task, whose id and route are filled into the path. */
export const ask = (
  api: Api,
  handle: TaskHandle,
  request: Http.ApiRequest,
  fail: Fail,
  route = handle.route
): Effect.Effect<{ readonly answer: Http.ApiAnswer; readonly path: string }, VideoTaskError.VideoTaskError> =>
  TaskPath.of(request.path, handle.remoteId, route).pipe(
    Effect.flatMap((path) =>
      api.send({ ...request, path }).pipe(
        Effect.map((answer) => ({ answer, path })),
        Effect.mapError(ReadOutcome.unanswered)
      )
    ),
    Effect.mapError((reason) => fail(reason, { handle }))
  )
