/**
 * Two providers in one program: the same picture begins to move at Runway behind CometAPI and at Runway itself, and a third
 * video is refused before it is sent, because it would cost too much.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/picture-at-two-providers.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi, Runway } from "@video-tasks/providers"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Samples, SimulatorServer } from "@video-tasks/simulator"
import { Console, Effect, Layer, Redacted } from "effect"

// Bytes, a `Blob`, or a `URL` where the API fetches pictures itself.
const image = Uint8Array.from(Samples.jpeg())

const program = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const prompt = "The airplane takes off"
  const handles = [
    yield* tasks.submit(Runway.video({ provider: "cometapi", model: "gen3a_turbo", prompt, image, seconds: 5 })),
    yield* tasks.submit(Runway.video({ model: "gen4_turbo", prompt, image, seconds: 5 }))
  ]
  const done = yield* Effect.forEach(handles, (handle) => tasks.await(handle), { concurrency: "unbounded" })
  for (const { handle, videos } of done) yield* Console.log(`${handle.provider}: ${videos.length} video`)
  const tooMuch = tasks.submit(Runway.video({ model: "gen4_turbo", prompt, image, seconds: 10 }), {
    maxCost: { amount: 40, unit: "credits" }
  })
  yield* Effect.catchReason(tooMuch, "VideoTaskError", "BudgetExceeded", ({ message }) => Console.log(message))
})

// A real program has `CometApi.layerConfig({ apiKey: Config.Redacted("COMETAPI_KEY") })`, and the like for Runway.
const providers = Layer.unwrap(
  Effect.map(SimulatorServer.SimulatorServer, ({ baseUrl }) => {
    const apiKey = Redacted.make("any")
    return Layer.mergeAll(
      CometApi.layer({ apiKey, baseUrl }),
      Runway.layer({ apiKey, baseUrl: `${baseUrl}/runway` })
    )
  })
).pipe(Layer.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 2, max: 3 } })))

const live = VideoTasks.layer({ poll: { floor: "300 millis", ceiling: "1 second" } }).pipe(
  Layer.provide(VideoProviders.layer([CometApi.CometApi, Runway.Runway])),
  Layer.provide(providers),
  Layer.provide(TaskStore.layerMemory),
  Layer.provide(NodeHttp.layer()),
  Layer.provide(NodeServices.layer)
)

program.pipe(Effect.provide(live), NodeRuntime.runMain)
