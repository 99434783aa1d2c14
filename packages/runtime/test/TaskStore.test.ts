import { describe, it } from "@effect/vitest"
import { TaskStore, TaskStoreSuite } from "@video-tasks/runtime"
import { Effect } from "effect"

describe("TaskStore", () => {
  describe("layerMemory", () => {
    for (const one of TaskStoreSuite.cases) {
      it.effect(one.name, () => Effect.provide(one.effect, TaskStore.layerMemory))
    }
  })
})
