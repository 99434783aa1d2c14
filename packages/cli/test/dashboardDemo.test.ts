import { assert, describe, it } from "@effect/vitest"
import { Observation, TaskHandle, TaskId, TaskMachine } from "@video-tasks/core"
import { DashboardHub } from "@video-tasks/dashboard"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Demo from "../src/internal/dashboardDemo.ts"
import * as fixtures from "./utils/tasks.ts"

const idOf = (n: number) => TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-b302099a8${String(n).padStart(3, "0")}`)

const put = Effect.fnUntraced(function*(n: number, isEnded: boolean) {
  const store = yield* TaskStore.TaskStore
  const handle = TaskHandle.TaskHandle.make({ ...fixtures.handle, remoteId: `task_${n}` })
  const created = { type: "task.created" as const, at: n, id: idOf(n), model: "m-1", handle }
  const observation = new Observation.Observation({ videos: [], ...(isEnded ? { status: "FAILED" } : {}) })
  const observed = { type: "task.observed" as const, at: n, observation }
  const { snapshot } = TaskMachine.step(TaskMachine.initial(created), observed)
  yield* store.append(idOf(n), 0, [created, observed], { snapshot: TaskMachine.persist(snapshot) })
})

describe("the demo of the dashboard", () => {
  it.effect("forgets what ended first above a limit, in the store and on the page", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const hub = yield* DashboardHub.DashboardHub
      for (let n = 1; n <= 300; n++) yield* put(n, n !== 5)
      for (let n = 0; n < 20; n++) yield* TestClock.adjust(500)
      assert.strictEqual((yield* hub.everything).rows.length, 300)
      yield* Demo.forget(3)
      const left = [5, 298, 299, 300].map(idOf)
      assert.deepStrictEqual((yield* store.list({})).items.map(({ snapshot }) => snapshot.task.id), left)
      const shown = (yield* hub.everything).rows.map(({ id }) => id)
      assert.deepStrictEqual(new Set(shown), new Set<string>(left))
    }).pipe(Effect.provide(Layer.provideMerge(DashboardHub.layer(), TaskStore.layerMemory))))
})
