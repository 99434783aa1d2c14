import { type TaskEvent, TaskMachine, type TaskStatus } from "@video-tasks/core"
import { expectTypeOf, it } from "vitest"

declare const snapshot: TaskMachine.Snapshot
declare const created: TaskEvent.Created
declare const event: TaskEvent.TaskEvent

it("names its states as TaskStatus does", () => {
  expectTypeOf<TaskMachine.Snapshot["value"]>().toEqualTypeOf<TaskStatus.TaskStatus>()
})

it("steps data-first and data-last", () => {
  expectTypeOf(TaskMachine.step(snapshot, event)).toEqualTypeOf<TaskMachine.Step>()
  expectTypeOf(TaskMachine.step(event)(snapshot)).toEqualTypeOf<TaskMachine.Step>()
})

it("takes its own events only", () => {
  // @ts-expect-error no such event
  TaskMachine.step(snapshot, { type: "task.finished", at: 1 })
  // @ts-expect-error an event says when it happened
  TaskMachine.step(snapshot, { type: "task.cancelled" })
  // @ts-expect-error an observation says what it observed
  TaskMachine.step(snapshot, { type: "task.observed", at: 1 })
  // @ts-expect-error a task is created once, by `initial`
  TaskMachine.step(snapshot, created)
})

it("replays a journal that begins with the creation", () => {
  expectTypeOf(TaskMachine.replay([created, event, event])).toEqualTypeOf<TaskMachine.Snapshot>()
  // @ts-expect-error nothing happens to a task before it exists
  TaskMachine.replay([event])
  // @ts-expect-error a journal is never empty
  TaskMachine.replay([])
})
