/**
 * A machine of your own that invokes a video task: once a draft is approved the video is made, and what went wrong decides
 * where it goes.
 *
 * Runs against the simulator: `npx pnpm@12 exec node examples/invoke-in-a-machine.ts`.
 */
import { NodeServices } from "@effect/platform-node"
import { type Task, VideoProviders, VideoTaskError } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { TaskActor, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { assign, createActor, setup, waitFor } from "xstate"

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

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

interface Trailer {
  readonly model: string
  readonly done?: Task.Success
  readonly problem?: string
}

/** Where a trailer stands. It knows nothing of polling. */
const trailer = setup({
  types: {
    context: {} as Trailer,
    input: {} as { readonly model: string },
    events: {} as { readonly type: "approved" }
  },
  actors: { video: TaskActor.logic(runtime, { until: "success" }) },
  guards: {
    mayTryAgain: (_, { error }: { readonly error: unknown }) =>
      error instanceof VideoTaskError.VideoTaskError && error.retryable
  }
}).createMachine({
  id: "trailer",
  context: ({ input }) => input,
  initial: "drafting",
  states: {
    drafting: { on: { approved: "rendering" } },
    rendering: {
      invoke: {
        src: "video",
        systemId: "video",
        input: ({ context }) =>
          TaskActor.submit(CometApi.video({ model: context.model, prompt: "A paper airplane over a desk" })),
        onDone: { target: "ready", actions: assign({ done: ({ event }) => event.output }) },
        onError: [
          { guard: { type: "mayTryAgain", params: ({ event }) => ({ error: event.error }) }, target: "paused" },
          { target: "rejected", actions: assign({ problem: ({ event }) => messageOf(event.error) }) }
        ]
      }
    },
    ready: { type: "final" },
    paused: { type: "final" },
    rejected: { type: "final" }
  }
})

for (const model of ["your-video-model-id", "no-such-model"]) {
  const actor = createActor(trailer, { input: { model } }).start()
  actor.send({ type: "approved" })
  const { context, value } = await waitFor(actor, (snapshot) => snapshot.status === "done")
  console.log(`${model}: ${value} ${context.done?.videos.length ?? context.problem}`)
}

await runtime.dispose()
