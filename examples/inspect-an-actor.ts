/**
 * What `createActor(logic, { inspect })` tells of a task: each event, and where it led. A page passes the `inspect` of
 * `createBrowserInspector({ url })` instead, with the address of the viewer that `video-tasks dashboard` serves.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/inspect-an-actor.ts`.
 */
import { NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { TaskActor, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { createActor, type InspectionEvent, waitFor } from "xstate"

const provider = Layer.unwrap(
  Effect.map(
    SimulatorServer.SimulatorServer,
    ({ baseUrl }) => CometApi.layer({ apiKey: Redacted.make("any"), baseUrl })
  )
).pipe(Layer.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 1, max: 2 } })))

const runtime = ManagedRuntime.make(
  VideoTasks.layer({ poll: { floor: "200 millis", ceiling: "500 millis" } }).pipe(
    Layer.provide(VideoProviders.layer([CometApi.CometApi])),
    Layer.provide(provider),
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(NodeHttp.layer()),
    Layer.provide(NodeServices.layer)
  )
)

const inspect = (event: InspectionEvent): void => {
  if (event.type === "@xstate.snapshot") console.log(`${event.event.type}: ${JSON.stringify(event.snapshot)}`)
}

const input = TaskActor.submit(CometApi.video({ model: "your-video-model-id", prompt: "A paper airplane" }))

const actor = createActor(TaskActor.logic(runtime), { input, inspect, systemId: "video" }).start()
await waitFor(actor, ({ status }) => status === "done")

await runtime.dispose()
