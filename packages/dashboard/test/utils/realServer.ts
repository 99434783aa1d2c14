/**
 * The real server over the simulator.
 */
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect, Layer, Redacted } from "effect"
import { Dashboard, DashboardHub } from "../../src/index.ts"

const providers = Layer.effect(
  VideoProviders.VideoProviders,
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    return yield* VideoProviders.make([yield* CometApi.make({ apiKey: Redacted.make("sk-page"), baseUrl })])
  })
)

/** Everything: a task takes a few seconds. */
export const realServer = (options: Dashboard.Options = {}) =>
  Dashboard.layer({ storeName: "memory", ...options }).pipe(
    Layer.provideMerge(VideoTasks.layer({ poll: { floor: "250 millis", ceiling: "500 millis" }, owner: "page" })),
    Layer.provideMerge(DashboardHub.layer({ owner: "page" })),
    Layer.provideMerge(TaskStore.layerMemory),
    Layer.provideMerge(providers),
    Layer.provideMerge(NodeHttp.layer({ proxy: "none" })),
    Layer.provideMerge(SimulatorServer.layerSimulator({ speed: 20, seed: 7, linkSeconds: 3600 }))
  )
