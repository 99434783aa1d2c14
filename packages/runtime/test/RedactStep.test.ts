import { assert, describe, it } from "@effect/vitest"
import { type TaskEvent, TaskHandle, TaskId, TaskMachine, Video } from "@video-tasks/core"
import type { TaskObserver } from "@video-tasks/runtime"
import { redactStep } from "../src/internal/redactStep.ts"
import * as Harness from "./support/harness.ts"

const leaky = "see https://cdn.example.com/v.mp4?X-Signature=SECRET"

const clean = "see https://cdn.example.com/v.mp4"

const id = TaskId.TaskId.make("0198a3f0-0000-7000-8000-000000000001")

const handle = TaskHandle.TaskHandle.make({
  provider: "double",
  family: "video",
  remoteId: "task-1",
  baseUrl: "https://api.example.com",
  account: "default"
})

const start = TaskMachine.initial({ type: "task.created", at: 1000, id, handle })

/** What observers would hear of an event, were nothing redacted. */
const stepOf = (event: TaskEvent.TaskEvent, failure: Video.Failure): TaskObserver.ObservedStep => {
  const { from, snapshot, to } = TaskMachine.step(start, event)
  const { task, value } = TaskMachine.persist(snapshot)
  return { id, handle, seq: 1, at: event.at, event, from, to, snapshot: { value, task: { ...task, failure } } }
}

const failure = Video.Failure.make({ code: "policy", message: leaky, providerCode: 42 })

describe("redactStep", () => {
  it("takes the query of a link out of the words about a lost task", () => {
    const step = redactStep(stepOf({ type: "task.lost", at: 2000, message: leaky }, failure))
    assert.deepStrictEqual(step.event, { type: "task.lost", at: 2000, message: clean })
    assert.notInclude(Harness.everything([step]), "SECRET")
  })

  it("takes the query of a link out of a failure, in the event and in the snapshot, and keeps its codes", () => {
    const event: TaskEvent.TaskEvent = {
      type: "task.observed",
      at: 2000,
      observation: Harness.observed({ status: "FAILED", failure })
    }
    const step = redactStep(stepOf(event, failure))
    const expected = Video.Failure.make({ code: "policy", message: clean, providerCode: 42 })
    assert.deepStrictEqual(step.snapshot.task.failure, expected)
    assert.deepStrictEqual(step.event.type === "task.observed" ? step.event.observation.failure : undefined, expected)
    assert.notInclude(Harness.everything([step]), "SECRET")
  })

  it("leaves an event that says nothing as it is", () => {
    const event: TaskEvent.TaskEvent = { type: "task.cancelled", at: 2000 }
    assert.strictEqual(redactStep(stepOf(event, failure)).event, event)
  })
})
