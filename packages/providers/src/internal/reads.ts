/**
 * Reading tasks: one, many at once, a page of all of them, and their files.
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as Video from "@video-tasks/core/Video"
import type { TaskPage, VideoProvider } from "@video-tasks/core/VideoProvider"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { annotate, type Api, ask, type Fail, failure, familyOf, unsupported } from "./api.ts"
import * as CreateOutcome from "./createOutcome.ts"
import type { FamilyApi, ListQuery, ListRoute, Page } from "./familyApi.ts"
import * as Http from "./http.ts"
import * as ReadOutcome from "./readOutcome.ts"

export const observe = (api: Api): VideoProvider["observe"] =>
  Effect.fn(`${api.name}.observe`)(function*(handle) {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    return yield* readOnce(api, familyOf(api, handle.family), handle, failure(api, "observe"))
  })

/** A handle without a route is tried at each: who adopts a task need not know how it was made. */
const readOnce = (
  api: Api,
  family: FamilyApi,
  handle: TaskHandle,
  fail: Fail
): Effect.Effect<Observation, VideoTaskError.VideoTaskError> => {
  const [first, ...others] = handle.route === undefined ? family.family.routes ?? [] : [handle.route]
  return others.reduce(
    (read, route) =>
      Effect.catchIf(
        read,
        ({ reason }) => reason._tag === "TaskNotFound",
        () => readAt(api, family, handle, route, fail)
      ),
    readAt(api, family, handle, first, fail)
  )
}

const readAt = Effect.fnUntraced(function*(
  api: Api,
  family: FamilyApi,
  handle: TaskHandle,
  route: string | undefined,
  fail: Fail
) {
  const request = { method: "GET", path: family.query, headers: family.headers } as const
  const { answer } = yield* ask(api, handle, request, fail, route)
  const read = ReadOutcome.observation(answer, handle.remoteId, family)
  return Result.isSuccess(read)
    ? read.success
    : yield* fail(sought(api, family, read.failure), { handle, requestId: Http.requestIdOf(answer) })
})

/** Where an unknown task was looked for, and why it may be gone. */
const sought = (api: Api, { cancel, family, remove }: FamilyApi, reason: VideoTaskError.Reason) =>
  reason._tag === "TaskNotFound"
    ? new VideoTaskError.TaskNotFound({
      remoteId: reason.remoteId,
      ...(reason.detail === undefined ? {} : { detail: reason.detail }),
      ...(api.families.length > 1 ? { family: family.id } : {}),
      ...(cancel !== undefined && remove !== undefined && cancel.path === remove ? { mayBeRemoved: true } : {})
    })
    : reason

/**
 * One request for each route, whose list is its own: for these tasks where the list can be asked for certain ones, and else
 * for its newest page. Who is not there is asked for alone, which is no more than it would have taken anyhow.
 */
export const observeMany = (api: Api): VideoProvider["observeMany"] =>
  Effect.fn(`${api.name}.observeMany`)(function*(handles) {
    const [first] = handles
    const found = new Map<TaskHandle, Observation>()
    if (first === undefined) return found
    const family = familyOf(api, first.family)
    const { list } = family
    const { batchSize, routes = [] } = family.family
    if (list === undefined || batchSize === undefined) {
      return yield* unsupported(
        api,
        "observe",
        `${api.configuration.id} reads the tasks of ${first.family} one by one.`
      )
    }
    yield* annotate(api, { family: first.family })
    const routed = Arr.groupBy(handles, ({ route = routes[0] }) => `/${route ?? ""}`)
    // A handle is untrusted: no other word becomes a path.
    for (const route of routes.length === 0 ? [undefined] : routes) {
      const group = routed[`/${route ?? ""}`]
      if (group === undefined) continue
      const byId = new Map(group.map((handle) => [handle.remoteId, handle]))
      const ids = list.filtersByIds ? [...byId.keys()] : undefined
      const { tasks } = yield* pageOf(api, family, list, { ids, limit: batchSize, route })
      for (const task of tasks) {
        const handle = byId.get(task.remoteId ?? "")
        if (handle !== undefined) found.set(handle, task)
      }
    }
    return found
  })

export const list = (api: Api): VideoProvider["list"] =>
  Effect.fn(`${api.name}.list`)(function*(id, options = {}) {
    const family = familyOf(api, id)
    if (family.list === undefined) {
      return yield* unsupported(api, "list", `${api.configuration.id} documents no list of tasks.`)
    }
    yield* annotate(api, { family: id })
    return yield* pageOf(api, family, family.list, options)
  })

const pageOf = Effect.fnUntraced(function*(
  api: Api,
  family: FamilyApi,
  route: ListRoute,
  query: ListQuery
): Effect.fn.Return<TaskPage, VideoTaskError.VideoTaskError> {
  const fail = failure(api, "list")
  const answer = yield* Effect.mapError(
    api.send({ method: "GET", path: route.path(query), headers: family.headers }),
    (problem) => fail(ReadOutcome.unanswered(problem))
  )
  const question = { operation: "list", refusals: family.refusals } as const
  const body = ReadOutcome.json(answer, question)
  if (Result.isFailure(body)) return yield* fail(body.failure, { requestId: Http.requestIdOf(answer) })
  const read = route.toPage(body.success, query)
  if (Result.isFailure(read)) {
    return yield* fail(ReadOutcome.misread(answer, read.failure, question))
  }
  return { tasks: tasksOf(family, read.success), cursor: read.success.cursor }
})

/** What can't be read is left out: it is asked for by itself, and says then what is wrong with it. */
const tasksOf = (family: FamilyApi, { items }: Page): ReadonlyArray<Observation> =>
  items.flatMap((item) => {
    const read = family.toObservation(item)
    return Result.isSuccess(read) && read.success.remoteId !== undefined ? [read.success] : []
  })

export const content = (api: Api): VideoProvider["content"] =>
  Effect.fn(`${api.name}.content`)(function*(handle, variant = "video") {
    yield* annotate(api, { family: handle.family, remoteId: handle.remoteId })
    const family = familyOf(api, handle.family)
    if (family.content === undefined) return undefined
    const fail = failure(api, "content")
    const { answer, path } = yield* ask(api, handle, {
      method: "GET",
      path: variant === "video" ? family.content : `${family.content}?variant=${variant}`,
      headers: family.headers,
      accept: `${variant === "video" ? "video" : "image"}/*, application/octet-stream, application/json`,
      discardBody: isFile
    }, fail)
    if (isFile(answer)) {
      const [mimeType = ""] = answer.contentType?.split(";") ?? []
      return new Video.Video({
        url: Redacted.make(`${api.configuration.baseUrl}${path}`, { label: "video url" }),
        needsCredentials: true,
        ...(/^(video|image)\//.test(mimeType) ? { mimeType } : {})
      })
    }
    const reason = ReadOutcome.noContent(answer, handle.remoteId, family.refusals)
    return reason === undefined ? undefined : yield* fail(reason, { handle, requestId: Http.requestIdOf(answer) })
  })

const isFile = ({ contentType, status }: Http.Head): boolean =>
  CreateOutcome.isSuccess(status) && contentType !== undefined &&
  /^(video\/|image\/|application\/octet-stream)/.test(contentType)
