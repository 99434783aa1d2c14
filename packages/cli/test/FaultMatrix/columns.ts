/**
 * Where the matrix plays its rows: each family of CometAPI at CometAPI's own routes, and the other APIs.
 */
import type { TaskHandle, VideoRequest, VideoTaskError } from "@video-tasks/core"
import { CometApi, GenericApi } from "@video-tasks/providers"
import { VideoTasks } from "@video-tasks/runtime"
import { type Script, Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"

/** The id of a column. */
export type ColumnId = keyof typeof columns

interface Column {
  /** The head of the column. */
  readonly title: string
  /** What a script calls the API. */
  readonly api: Script.Api
  /** The create; absent where the API documents none, so that tasks are attached. */
  readonly request?: (prompt: string) => VideoRequest.VideoRequest
}

/** The columns, from left to right. */
export const columns = {
  seedance: {
    title: "Seedance",
    api: "cometapi",
    request: (prompt) => CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt, seconds: 5 })
  },
  generic: { title: "generic", api: "generic", request: (prompt) => GenericApi.video({ model: "some-model", prompt }) },
  seeany: { title: "SeeAny", api: "seeany" }
} satisfies Record<string, Column>

/** Finds a column. */
export const column = (id: ColumnId): Column => columns[id]

/** Every column. */
export const all = Object.keys(columns) as ReadonlyArray<ColumnId>

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
    if (request !== undefined) return yield* tasks.submit(request(prompt))
    const remoteId = yield* simulator.addTask(api, { prompt })
    return yield* tasks.attach({ provider: api, remoteId })
  })
