/**
 * What the kill test makes: which tasks, at which API, and over which layers.
 */
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { TaskId, type VideoRequest } from "@video-tasks/core"
import { NodeHttp, SqliteTaskStore } from "@video-tasks/node"
import { CometApi, Kling, OpenAi } from "@video-tasks/providers"
import { VideoTasks } from "@video-tasks/runtime"
import { Layer } from "effect"
import * as path from "node:path"
import { providers } from "../FaultMatrix/columns.ts"

/** Where everything is, and how much of it. */
export interface Place {
  readonly filename: string
  readonly baseUrl: string
  readonly out: string
  readonly count: number
}

const sizes = ["16:9", "9:16", "1:1"] as const

/** The nth video; every second one is of an API that knows our reference. */
export const requestOf = (n: number): VideoRequest.VideoRequest => ({ ...documented(n), model: modelOf(n) })

const documented = (n: number): VideoRequest.VideoRequest => {
  const [prompt, size] = [`clip ${n}`, sizeOf(n)]
  if (isKling(n)) return Kling.video({ provider: "cometapi", model: "kling-v1-6", prompt, seconds: 5, size })
  return isSora(n)
    ? OpenAi.video({ provider: "openai", model: "sora-2", prompt, seconds: 4 })
    : CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt, seconds: 5, size })
}

/** The nth video as a line of a batch. */
export const lineOf = (n: number) => {
  const { images: _, ...request } = requestOf(n)
  return { ...request, key: `clip-${n}`, output: path.basename(fileOf("", n)) }
}

const isSora = (n: number): boolean => n % 4 === 3

/** Whether the nth is of the API that can be asked for a create whose answer was lost. */
export const isKling = (n: number): boolean => n % 2 === 0

/** Every video has a model of its own, so that the API's ledger says which one a create was for. */
export const modelOf = (n: number): string =>
  `${isKling(n) ? "kling-v1-6" : isSora(n) ? "sora-2" : "doubao-seedance-2-0-fast"}-clip-${n}`

/** The size that the nth video is asked for; Sora's are in pixels, and its default is upright. */
export const sizeOf = (n: number): typeof sizes[number] => isSora(n) ? "9:16" : sizes[n % 3] ?? "16:9"

/** Every process derives the same id, so that none submits what another one has. */
export const idOf = (n: number): TaskId.TaskId =>
  TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

/** Where the nth video goes. */
export const fileOf = (out: string, n: number): string => path.join(out, `clip-${n}.mp4`)

/** In a hurry. */
export const options = {
  lease: "1 second",
  poll: { floor: "200 millis", ceiling: "1 second" },
  budget: { requestsPerSecond: 100, burst: 20 }
} as const

/** The real engine on the real store, in a hurry. */
export const layer = ({ baseUrl, filename }: Place) =>
  VideoTasks.layer(options).pipe(
    Layer.provideMerge(SqliteTaskStore.layer({ filename })),
    Layer.provideMerge(providers(baseUrl)),
    Layer.provideMerge(NodeHttp.layer()),
    Layer.provideMerge(Layer.merge(NodeFileSystem.layer, NodePath.layer))
  )
