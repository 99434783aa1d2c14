import { describe, it } from "@effect/vitest"
import { VideoTasks, VideoTasksSuite } from "@video-tasks/runtime"
import { Effect } from "effect"
import * as Harness from "./support/harness.ts"

describe("VideoTasksSuite", () => {
  describe("layer", () => {
    const suite = VideoTasksSuite.make()
    for (const one of suite.cases) {
      it.live(
        one.name,
        () =>
          Effect.flatMap(VideoTasks.VideoTasks, (tasks) => one.run({ here: tasks, there: tasks })).pipe(
            Effect.provide(Harness.layer(suite.provider))
          )
      )
    }
  })
})
