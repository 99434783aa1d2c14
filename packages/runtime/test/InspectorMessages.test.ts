import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, TaskMachine } from "@video-tasks/core"
import { InspectorMessages, type TaskObserver } from "@video-tasks/runtime"
import { createMachine } from "xstate"
import * as Harness from "./support/harness.ts"

const handle = new TaskHandle.TaskHandle({
  provider: "double",
  family: "double",
  remoteId: "remote-1",
  baseUrl: "https://double.invalid",
  account: "default"
})

const id = "0192f7a0-0000-7000-8000-000000000001" as TaskObserver.ObservedStep["id"]

const began = TaskMachine.initial({ type: "task.created", at: 1000, id, handle })
const ran = TaskMachine.step(began, { type: "task.observed", at: 2000, observation: Harness.running(20) }).snapshot
const event = { type: "task.observed", at: 3000, observation: Harness.success } as const
const ended = TaskMachine.step(ran, event)

const step: TaskObserver.ObservedStep = {
  id,
  handle,
  seq: 2,
  at: 3000,
  event,
  from: "IN_PROGRESS",
  to: "SUCCESS",
  snapshot: TaskMachine.persist(ended.snapshot)
}

describe("InspectorMessages", () => {
  it("says first what a task is when it is seen for the first time in the middle of its life", () => {
    const [actor, ...rest] = InspectorMessages.fromStep(step, { isFirst: true })
    if (actor?.type !== "@xstate.actor") return assert.fail("no actor")
    assert.strictEqual(actor.name, "double remote-1")
    assert.strictEqual(actor.snapshot.value, "SUCCESS")
    assert.strictEqual(actor.createdAt, "3000")
    assert.deepStrictEqual(rest, InspectorMessages.fromStep(step, { isFirst: false }))
    assert.deepStrictEqual(rest.map((message) => message.type), ["@xstate.event", "@xstate.snapshot"])
  })

  it("carries a definition from which XState makes a machine with the same states", () => {
    const [actor] = InspectorMessages.fromStep(step, { isFirst: true })
    const machine = createMachine(JSON.parse(actor?.type === "@xstate.actor" ? actor.definition : "{}"))
    assert.deepStrictEqual(Object.keys(machine.states), Object.keys(TaskMachine.machine.states))
  })

  it("holds no secret, and is plain JSON that a window can be sent", () => {
    const messages = InspectorMessages.fromStep(step, { isFirst: true })
    assert.notInclude(Harness.everything(messages), "SECRET")
    assert.include(JSON.stringify(messages), "https://cdn.example.com/v.mp4")
    assert.deepStrictEqual(JSON.parse(JSON.stringify(structuredClone(messages))), JSON.parse(JSON.stringify(messages)))
  })

  it("shakes hands as the inspector does", () => {
    assert.deepStrictEqual([InspectorMessages.connected, InspectorMessages.disconnected], [
      "@statelyai.connected",
      "@statelyai.disconnected"
    ])
  })
})
