/**
 * A video task in a component of React: `useActor` starts it, `useSelector` reads it, and a button cancels it.
 *
 * Without a browser it is rendered to text, here at its beginning and at its end. The runtime's provider is made up; a page
 * uses `CometApi.layer` with `FetchHttpClient.layer`, or asks a server of its own, which keeps the key.
 *
 * Run it with `npx pnpm@12 exec node examples/show-with-react.ts`.
 */
import { Observation, Video, VideoProvider, VideoProviders } from "@video-tasks/core"
import { TaskActor, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { useActorRef, useSelector } from "@xstate/react"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { createElement as h, type ReactElement } from "react"
import { renderToStaticMarkup } from "react-dom/server"
import { type ActorRefFrom, createActor, waitFor } from "xstate"

const video = new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4?signature=secret") })

const observations = [
  new Observation.Observation({ status: "IN_PROGRESS", progress: 40, videos: [] }),
  new Observation.Observation({ status: "SUCCESS", videos: [video] })
]

const runtime = ManagedRuntime.make(
  VideoTasks.layer({ poll: { floor: "50 millis", ceiling: "100 millis" } }).pipe(
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(
      Layer.effect(
        VideoProviders.VideoProviders,
        Effect.orDie(VideoProviders.make([VideoProvider.double({ observations })]))
      )
    )
  )
)

// Made once, outside of the component.
const logic = TaskActor.logic(runtime)

const input = TaskActor.submit({ provider: "double", family: "double", model: "model-1", prompt: "A paper airplane" })

/** Shows a task that somebody else follows. */
export const Progress = ({ actor }: { readonly actor: ActorRefFrom<typeof logic> }): ReactElement => {
  const state = useSelector(actor, ({ value }) => value)
  const progress = useSelector(actor, ({ context }) => context.task?.progress ?? 0)
  const videos = useSelector(actor, ({ output }) => output?.status === "SUCCESS" ? output.videos.length : 0)
  return h(
    "section",
    null,
    h("progress", { value: progress, max: 100 }),
    h("span", null, videos > 0 ? `${videos} video` : state),
    h("button", { disabled: videos > 0, onClick: () => actor.send({ type: "task.cancel" }) }, "Cancel")
  )
}

/** Makes a video: submitted when it is mounted, followed until it is unmounted. In strict mode, too, it is made once. */
export const Trailer = (): ReactElement => h(Progress, { actor: useActorRef(logic, { input }) })

console.log(renderToStaticMarkup(h(Trailer)))

const actor = createActor(logic, { input }).start()
await waitFor(actor, ({ status }) => status === "done")
console.log(renderToStaticMarkup(h(Progress, { actor })))

await runtime.dispose()
