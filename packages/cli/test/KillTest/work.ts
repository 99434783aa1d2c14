/**
 * What the kill test makes: which tasks, at which API, and over which layers.
 */
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { TaskId, type VideoRequest } from "@video-tasks/core"
import { NodeHttp, SqliteTaskStore } from "@video-tasks/node"
import { CometApi, Kling, OpenAi } from "@video-tasks/providers"
import { VideoTasks } from "@video-tasks/runtime"
import { Layer } from "effect"
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
export const requestOf = (n: number): VideoRequest.VideoRequest => {
  const prompt = `clip ${n}`
  const size = sizeOf(n)
  if (n % 2 === 0) return Kling.video({ provider: "cometapi", model: "kling-v1-6", prompt, seconds: 5, size })
  return n % 4 === 1
    ? CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt, seconds: 5, size })
    : OpenAi.video({ provider: "openai", model: "sora-2", prompt, seconds: 4 })
}

/** The size that the nth video is asked for; Sora's are in pixels, and its default is upright. */
export const sizeOf = (n: number): typeof sizes[number] => n % 4 === 3 ? "9:16" : sizes[n % 3] ?? "16:9"

/** Every process derives the same id, so that none submits what another one has. */
export const idOf = (n: number): TaskId.TaskId =>
  TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

/** The real engine on the real store, in a hurry. */
export const layer = ({ baseUrl, filename }: Place) =>
  VideoTasks.layer({
    lease: "1 second",
    poll: { floor: "200 millis", ceiling: "1 second" },
    budget: { requestsPerSecond: 100, burst: 20 }
  }).pipe(
    Layer.provideMerge(SqliteTaskStore.layer({ filename })),
    Layer.provideMerge(providers(baseUrl)),
    Layer.provideMerge(NodeHttp.layer()),
    Layer.provideMerge(Layer.merge(NodeFileSystem.layer, NodePath.layer))
  )
