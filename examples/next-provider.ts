/**
 * Asks a second provider when the first one is known to have made nothing, and says what was tried.
 *
 * Runs against the simulator, whose key `sk-broke` belongs to an account without money:
 * `npx pnpm@12 exec node examples/next-provider.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { Fallback, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Console, Effect, Layer, Redacted } from "effect"

const wish = { model: "your-video-model-id", prompt: "A paper airplane" }

const program = Effect.gen(function*() {
  const { attempts, task } = yield* Fallback.awaitWithFallback([
    CometApi.video({ ...wish, provider: "first" }),
    CometApi.video({ ...wish, provider: "second" })
  ], { also: ["QuotaExceeded"] })
  for (const { error, provider } of attempts) yield* Console.log(`${provider}: ${error.message}`)
  yield* Console.log(`${task.handle.provider}: ${task.status}`)
})

// Two accounts at one place; real ones would be at two.
const providers = Layer.effect(
  VideoProviders.VideoProviders,
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const first = yield* CometApi.make({ id: "first", apiKey: Redacted.make("sk-broke"), baseUrl })
    const second = yield* CometApi.make({ id: "second", apiKey: Redacted.make("any"), baseUrl })
    return yield* VideoProviders.make([first, second])
  })
).pipe(Layer.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 1, max: 2 } })))

const live = VideoTasks.layer({ poll: { floor: "300 millis", ceiling: "1 second" } }).pipe(
  Layer.provide(providers),
  Layer.provide(TaskStore.layerMemory),
  Layer.provide(NodeHttp.layer()),
  Layer.provide(NodeServices.layer)
)

program.pipe(Effect.provide(live), NodeRuntime.runMain)
