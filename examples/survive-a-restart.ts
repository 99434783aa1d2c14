/**
 * Submits in one program, and goes on in the next: what a service does that is stopped and started again.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/survive-a-restart.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp, SqliteTaskStore } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Console, Effect, FileSystem, Layer, Path, Redacted, Stream } from "effect"

/** Everything that a program has for as long as it lives; only the file of the store outlives it. */
const live = (filename: string, baseUrl: string) =>
  VideoTasks.layer({ poll: { floor: "300 millis", ceiling: "1 second" } }).pipe(
    Layer.provideMerge(SqliteTaskStore.layer({ filename })),
    Layer.provide(VideoProviders.layer([CometApi.CometApi])),
    Layer.provide(CometApi.layer({ apiKey: Redacted.make("any"), baseUrl })),
    Layer.provide(NodeHttp.layer())
  )

const before = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* tasks.submit(CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "A paper boat" }))
  yield* Console.log(`submitted ${handle.remoteId}`)
})

const after = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  // From here on everything unfinished is followed, also what other processes leave behind.
  const { ambiguous, leftAlone, tracked } = yield* tasks.resume()
  yield* Console.log(`following ${tracked}, to be settled by hand ${ambiguous.length}, left alone ${leftAlone.length}`)
  // Who wants to know how they end waits for them.
  yield* Stream.runForEach(
    tasks.list({ status: ["SUBMITTED", "IN_PROGRESS"] }),
    (task) =>
      Effect.flatMap(tasks.awaitEnd(task.id), (ended) => Console.log(`${ended.handle.remoteId}: ${ended.status}`))
  )
})

const program = Effect.gen(function*() {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const filename = (yield* Path.Path).join(folder, "tasks.db")
  yield* Effect.provide(before, live(filename, baseUrl), { local: true })
  yield* Console.log("stopped, and started again")
  yield* Effect.provide(after, live(filename, baseUrl), { local: true })
})

program.pipe(
  Effect.scoped,
  Effect.provide([SimulatorServer.layerSimulator({ jobSeconds: { min: 1, max: 2 } }), NodeServices.layer]),
  NodeRuntime.runMain
)
