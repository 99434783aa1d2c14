/**
 * Prints the messages that a Stately inspector would receive of a live task, as it lives: the machine, every event, every
 * snapshot. No URL in them has its query, and no key is anywhere.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/inspect-a-task.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Console, Effect, Layer, Redacted } from "effect"

const program = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* tasks.submit(CometApi.video({ model: "your-video-model-id", prompt: "A paper airplane" }))
  yield* tasks.await(handle)
})

// A real inspector gets the same messages: post them to its window, or send them over a socket.
const inspector = TaskObserver.layerInspector((message) => Console.log(JSON.stringify(message)))

const provider = Layer.unwrap(
  Effect.map(
    SimulatorServer.SimulatorServer,
    ({ baseUrl }) => CometApi.layer({ apiKey: Redacted.make("any"), baseUrl })
  )
).pipe(Layer.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 2, max: 3 } })))

const live = VideoTasks.layer({ poll: { floor: "300 millis", ceiling: "1 second" } }).pipe(
  Layer.provide(inspector),
  Layer.provide(VideoProviders.layer([CometApi.CometApi])),
  Layer.provide(provider),
  Layer.provide(TaskStore.layerMemory),
  Layer.provide(NodeHttp.layer()),
  Layer.provide(NodeServices.layer)
)

program.pipe(Effect.provide(live), NodeRuntime.runMain)
