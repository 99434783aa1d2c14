/**
 * Keeps the file of every task that succeeds in a directory, before its link lapses, and prints where it is.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/keep-the-files.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { Archive, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Console, Effect, FileSystem, Layer, Redacted } from "effect"

const program = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* tasks.submit(CometApi.video({ model: "your-video-model-id", prompt: "A paper airplane" }))
  // It begins by itself; who ends soon waits for it.
  const { files: [file] } = yield* tasks.awaitArchived(handle)
  yield* Console.log(`${file.bytes} bytes, SHA-256 ${file.sha256}, at ${file.uri}`)
})

const provider = Layer.unwrap(
  Effect.map(
    SimulatorServer.SimulatorServer,
    ({ baseUrl }) => CometApi.layer({ apiKey: Redacted.make("any"), baseUrl })
  )
).pipe(Layer.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 1, max: 2 } })))

const archive = Layer.unwrap(
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    return Archive.layerFiles({ directory: yield* fs.makeTempDirectoryScoped({ prefix: "kept-" }) })
  })
)

const live = VideoTasks.layer({ poll: { floor: "300 millis", ceiling: "1 second" } }).pipe(
  Layer.provide(archive),
  Layer.provide(VideoProviders.layer([CometApi.CometApi])),
  Layer.provide(provider),
  Layer.provide(TaskStore.layerMemory),
  Layer.provide(NodeHttp.layer()),
  Layer.provide(NodeServices.layer)
)

program.pipe(Effect.provide(live), NodeRuntime.runMain)
