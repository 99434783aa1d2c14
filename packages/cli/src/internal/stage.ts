/**
 * The stage of the demo: simulated APIs on a free port of this machine, and the real library in front of them.
 */
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import * as VideoProviders from "@video-tasks/core/VideoProviders"
import * as NodeHttp from "@video-tasks/node/NodeHttp"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as GenericApi from "@video-tasks/providers/GenericApi"
import * as SeeAny from "@video-tasks/providers/SeeAny"
import * as TaskStore from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as SimulatorServer from "@video-tasks/simulator/SimulatorServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** How much faster than real time the simulated jobs run: a job of 90 s takes 9. */
const speed = 10

/** For how long after its create a task is unknown to reads, in simulated seconds. */
export const unknownSeconds = 30

const apiKey = Redacted.make("sk-demo", { label: "demo key" })

const simulated = SimulatorServer.layerSimulator({ speed, seed: 20, visibleAfterSeconds: unknownSeconds })

const providers = Layer.effect(
  VideoProviders.VideoProviders,
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const all = yield* Effect.all([
      CometApi.make({ apiKey, baseUrl }),
      GenericApi.make({ apiKey, baseUrl }),
      SeeAny.make({ apiKey, baseUrl })
    ])
    return yield* VideoProviders.make(all.map(hurried))
  })
)

/** A provider whose jobs take a tenth of the usual time. */
const hurried = (provider: VideoProvider): VideoProvider => ({
  ...provider,
  families: provider.families.map((family) => ({
    ...family,
    poll: { ...family.poll, typicalMs: family.poll.typicalMs / speed }
  }))
})

/** The library over the simulated APIs. The cadence is the providers' own, ten times faster, as everything is. */
export const layer = VideoTasks.layer({ poll: { floor: "1 second", ceiling: "2 seconds" } }).pipe(
  Layer.provide(TaskStore.layerMemory),
  Layer.provideMerge(providers),
  Layer.provideMerge(NodeHttp.layer({ proxy: "none" })),
  Layer.provideMerge(simulated)
)
