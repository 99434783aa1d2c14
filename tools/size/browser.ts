/**
 * What a page bundles to create a task at one provider and to wait for it: measured by `pnpm size`.
 */
import * as VideoProviders from "@video-tasks/core/VideoProviders"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as TaskStore from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const live = VideoTasks.layer().pipe(
  Layer.provideMerge(VideoProviders.layer([CometApi.CometApi])),
  Layer.provide(CometApi.layerVideos({ apiKey: Redacted.make("key") })),
  Layer.provide(TaskStore.layerMemory),
  Layer.provide(FetchHttpClient.layer)
)

/** Creates a task and waits for its video. */
export const video = (prompt: string) =>
  Effect.runPromise(
    VideoTasks.VideoTasks.use((tasks) =>
      Effect.flatMap(tasks.submit(CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt })), (handle) =>
        tasks.await(handle))
    ).pipe(Effect.provide(live))
  )
