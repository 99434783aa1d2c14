/**
 * A service of one's own that uses `VideoTasks`: it makes a trailer for a product, within a deadline, and says in its own
 * words what went wrong.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/compose-in-an-app.ts`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { type Video, VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Console, Context, Effect, Layer, Redacted, Schema } from "effect"

/** What can go wrong, in the words of this app. */
class TrailerError extends Schema.TaggedError<TrailerError>()("TrailerError", {
  problem: Schema.Literals(["refused", "late", "unclear"]),
  /** What is needed to go on with a late trailer. */
  handle: Schema.optionalKey(Schema.String)
}) {}

class Trailers extends Context.Service<Trailers, {
  readonly make: (product: string) => Effect.Effect<Video.Video, TrailerError>
}>()("example/Trailers") {
  static readonly layer = Layer.effect(
    Trailers,
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const make = Effect.fn("Trailers.make")(
        function*(product: string) {
          const handle = yield* tasks.submit(CometApi.seedance({
            model: "doubao-seedance-2-0-fast",
            prompt: `A slow camera move around ${product}`,
            seconds: 5
          }))
          const done = yield* tasks.await(handle, { deadline: "10 minutes" })
          return yield* Effect.fromNullishOr(done.videos[0])
        },
        Effect.catchReasons("VideoTaskError", {
          TaskFailed: () => Effect.fail(new TrailerError({ problem: "refused" })),
          WaitTimedOut: () => Effect.fail(new TrailerError({ problem: "late" }))
        }),
        Effect.mapError((error) => error instanceof TrailerError ? error : new TrailerError({ problem: "unclear" }))
      )
      return Trailers.of({ make })
    })
  )
}

const program = Effect.gen(function*() {
  const trailers = yield* Trailers
  const video = yield* trailers.make("a paper airplane")
  yield* Console.log(`the trailer is ready: ${video.mimeType ?? "a video"}, ${String(video.url)}`)
})

// The simulator stands in for the provider; a real program has `CometApi.layerConfig({ apiKey: Config.Redacted("COMETAPI_KEY") })`.
const provider = Layer.unwrap(
  Effect.map(
    SimulatorServer.SimulatorServer,
    ({ baseUrl }) => CometApi.layer({ apiKey: Redacted.make("any"), baseUrl })
  )
).pipe(Layer.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 2, max: 3 } })))

const live = Trailers.layer.pipe(
  Layer.provide(VideoTasks.layer({ poll: { floor: "300 millis", ceiling: "1 second" } })),
  Layer.provide(VideoProviders.layer([CometApi.CometApi])),
  Layer.provide(provider),
  Layer.provide(TaskStore.layerMemory),
  Layer.provide(NodeHttp.layer()),
  Layer.provide(NodeServices.layer)
)

program.pipe(Effect.provide(live), NodeRuntime.runMain)
