/**
 * Where the matrix plays its rows: each family of CometAPI at CometAPI's own routes, and the other APIs.
 */
import type { TaskHandle, VideoRequest, VideoTaskError } from "@video-tasks/core"
import { VideoProviders } from "@video-tasks/core"
import { Ark, CometApi, GenericApi, Kling, OpenAi, Runway, SeeAny, XAi } from "@video-tasks/providers"
import { VideoTasks } from "@video-tasks/runtime"
import { type Script, Simulator } from "@video-tasks/simulator"
import { Effect, Layer, Redacted } from "effect"

interface Column {
  /** The head of the column. */
  readonly title: string
  /** What a script calls the API. */
  readonly api: Script.Api
  /** The create; absent where the API documents none, so that tasks are attached. */
  readonly request?: (prompt: string) => VideoRequest.VideoRequest
}

const picture = new URL("https://files.example.com/boat.png")

const sora = (provider: string) => (prompt: string) => OpenAi.video({ provider, model: "sora-2", prompt, seconds: 4 })

const runway = (provider: string, model: string) => (prompt: string) =>
  Runway.video({ provider, model, prompt, image: picture, seconds: 5 })

const kling = (provider: string) => (prompt: string) =>
  Kling.video({ provider, model: "kling-v1-6", prompt, seconds: 5 })

const xai = (provider: string) => (prompt: string) =>
  XAi.video({ provider, model: "grok-imagine-video", prompt, seconds: 5 })

const ark = (provider: string, model: string) => (prompt: string) => Ark.video({ provider, model, prompt, seconds: 5 })

/** The columns of the matrix, from left to right: the families of CometAPI at CometAPI's own routes, then the others. */
const matrix = {
  seedance: {
    title: "Seedance",
    api: "cometapi",
    request: (prompt) => CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt, seconds: 5 })
  },
  sora: { title: "Sora", api: "cometapi", request: sora("cometapi") },
  runway: { title: "Runway", api: "runway", request: runway("cometapi", "gen3a_turbo") },
  kling: { title: "Kling", api: "kling", request: kling("cometapi") },
  xai: { title: "xAI", api: "xai", request: xai("cometapi") },
  ark: { title: "Ark", api: "ark", request: ark("cometapi", "doubao-seedance-1-5-pro-251215") },
  generic: { title: "generic", api: "generic", request: (prompt) => GenericApi.video({ model: "some-model", prompt }) },
  seeany: { title: "SeeAny", api: "seeany" }
} satisfies Record<string, Column>

/** The vendors' own APIs, which their SDKs are compared with. */
const vendors = {
  "openai's own": { title: "OpenAI", api: "openai", request: sora("openai") },
  "runway's own": { title: "Runway", api: "runway", request: runway("runway", "gen4_turbo") },
  "xai's own": { title: "xAI", api: "xai", request: xai("xai") },
  "ark's own": { title: "Ark", api: "ark", request: ark("ark", "seedance-1-0-pro-250528") }
} satisfies Record<string, Column>

/** The id of a column. */
export type ColumnId = keyof typeof matrix | keyof typeof vendors

const columns: Record<ColumnId, Column> = { ...matrix, ...vendors }

/** All providers at one simulator. */
export const providers = (baseUrl: string) => {
  const at = (path: string) => ({ apiKey: Redacted.make("sk-matrix-secret"), baseUrl: `${baseUrl}${path}` })
  return VideoProviders.layer([
    CometApi.CometApi,
    GenericApi.GenericApi,
    SeeAny.SeeAny,
    OpenAi.OpenAi,
    Runway.Runway,
    XAi.XAi,
    Ark.Ark
  ]).pipe(
    Layer.provide([
      CometApi.layer(at("")),
      GenericApi.layer(at("")),
      SeeAny.layer(at("")),
      OpenAi.layer(at("/openai")),
      Runway.layer(at("/runway")),
      XAi.layer(at("/xai")),
      Ark.layer(at("/ark/api/v3"))
    ])
  )
}

/** Finds a column. */
export const column = (id: ColumnId): Column => columns[id]

/** Every column of the matrix. */
export const all = Object.keys(matrix) as ReadonlyArray<ColumnId>

/** The columns whose API has a create. */
export const creating = all.filter((id) => column(id).request !== undefined)

/** Creates a task, or attaches one. */
export const start = (
  id: ColumnId,
  prompt: string
): Effect.Effect<
  TaskHandle.TaskHandle,
  VideoTaskError.VideoTaskError,
  VideoTasks.VideoTasks | Simulator.Simulator
> =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const simulator = yield* Simulator.Simulator
    const { api, request } = column(id)
    // Sora is retired, and simulated all the same.
    if (request !== undefined) return yield* tasks.submit(request(prompt), { force: true })
    const remoteId = yield* simulator.addTask(api, { prompt })
    return yield* tasks.attach({ provider: api, remoteId })
  })
