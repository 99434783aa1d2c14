import {
  Observation,
  TaskHandle,
  type TaskId,
  TaskMachine,
  Video,
  VideoProvider,
  VideoProviders,
  type VideoRequest,
  VideoTaskError
} from "@video-tasks/core"
import { type TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { DashboardHub } from "../../src/index.ts"

/** What must be in no answer of the server. */
export const planted = {
  key: "sk-planted-0123456789abcdef",
  signature: "SIGNATURE-PLANTED",
  token: "token-planted-0123456789"
}

export const signedUrl = `https://cdn.example.com/v.mp4?X-Signature=${planted.signature}`

export const request: VideoRequest.VideoRequest = {
  provider: "double",
  family: "double",
  model: "model-1",
  prompt: "A fox crosses fresh snow",
  seconds: 5
}

export const observed = (fields: Partial<Observation.Observation> = {}): Observation.Observation =>
  new Observation.Observation({ videos: [], ...fields })

export const running = (progress?: number): Observation.Observation =>
  observed({ status: "IN_PROGRESS", ...(progress === undefined ? {} : { progress }) })

export const success = (...urls: ReadonlyArray<string>): Observation.Observation =>
  observed({
    status: "SUCCESS",
    videos: urls.map((url) => new Video.Video({ url: Redacted.make(url, { label: "video url" }) }))
  })

export const failing = (reason: VideoTaskError.Reason): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({ provider: "double", operation: "observe", reason })

export const idOf = (n: number): TaskId.TaskId =>
  `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, "0")}` as TaskId.TaskId

const handleOf = (n: number, provider = "double"): TaskHandle.TaskHandle =>
  new TaskHandle.TaskHandle({
    provider,
    family: "double",
    remoteId: `remote-${n}`,
    baseUrl: "https://double.invalid",
    account: "default"
  })

/** The trace in which tasks of other processes were submitted. */
export const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"

const trace = `00-${traceId}-00f067aa0ba902b7-01`

/** Writes tasks as another process would. */
export const writer = (store: TaskStore.TaskStore["Service"]) => {
  const create = (n: number, at: number, claim?: { readonly owner: string; readonly until: number }) => {
    const created = { type: "task.created" as const, at, id: idOf(n), handle: handleOf(n), model: "model-1", trace }
    return store.append(idOf(n), 0, [created], {
      snapshot: TaskMachine.persist(TaskMachine.initial(created)),
      claim
    })
  }
  const observe = (n: number, at: number, observation: Observation.Observation, raw?: string) =>
    Effect.gen(function*() {
      const stored = yield* store.load(idOf(n))
      if (stored === undefined) return yield* Effect.die(new Error(`no task ${n}`))
      const event = { type: "task.observed" as const, at, observation }
      const { snapshot } = TaskMachine.step(TaskMachine.restore(stored.snapshot), event)
      return yield* store.append(idOf(n), stored.version, [event], { snapshot: TaskMachine.persist(snapshot), raw })
    })
  return { create, observe }
}

/** The step of a task as an observer hears of it. */
export const stepOf = (n: number, at: number, observation?: Observation.Observation): TaskObserver.ObservedStep => {
  const since = observation === undefined ? at : Math.min(at, 1000)
  const created = { type: "task.created" as const, at: since, id: idOf(n), handle: handleOf(n), model: "model-1" }
  const first = TaskMachine.initial(created)
  if (observation === undefined) {
    const snapshot = TaskMachine.persist(first)
    return {
      id: idOf(n),
      handle: created.handle,
      seq: 0,
      at,
      event: created,
      from: undefined,
      to: first.value,
      snapshot
    }
  }
  const event = { type: "task.observed" as const, at, observation }
  const { from, snapshot, to } = TaskMachine.step(first, event)
  return {
    id: idOf(n),
    handle: created.handle,
    seq: 1,
    at,
    event,
    from,
    to,
    snapshot: TaskMachine.persist(snapshot)
  }
}

/** Everything that a dashboard stands on, over hand-made providers. */
export const ground = (options: {
  readonly providers?: ReadonlyArray<VideoProvider.VideoProvider>
  readonly store?: Layer.Layer<TaskStore.TaskStore>
  readonly hub?: DashboardHub.Options
  readonly http?: Layer.Layer<HttpClient.HttpClient>
} = {}) =>
  VideoTasks.layer({ owner: "here" }).pipe(
    Layer.provideMerge(DashboardHub.layer({ owner: "here", ...options.hub })),
    Layer.provideMerge(options.store ?? TaskStore.layerMemory),
    Layer.provideMerge(
      Layer.effect(
        VideoProviders.VideoProviders,
        Effect.orDie(VideoProviders.make(options.providers ?? [VideoProvider.double()]))
      )
    ),
    Layer.provideMerge(options.http ?? FetchHttpClient.layer)
  )
