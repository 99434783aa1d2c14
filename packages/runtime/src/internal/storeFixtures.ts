/**
 * The submissions, tasks and events that the cases of the store's suite are made of.
 */
import { Observation } from "@video-tasks/core/Observation"
import { Submission } from "@video-tasks/core/Submission"
import type { Created, TaskEvent } from "@video-tasks/core/TaskEvent"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import { Video } from "@video-tasks/core/Video"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { TaskStore } from "../TaskStore.ts"

/** @internal */
export const idOf = (n: number): TaskId.TaskId =>
  TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

/** @internal */
export const handleOf = (n: number, provider = "p"): TaskHandle =>
  new TaskHandle({
    provider,
    family: "f",
    remoteId: `remote/${n}`,
    baseUrl: "https://api.example.com/v1",
    account: "default",
    createdAt: 1000 + n,
    requestHash: "ab"
  })

/** @internal */
export const submissionOf = (n: number): Submission =>
  new Submission({
    id: idOf(n),
    provider: "p",
    family: "f",
    model: "m",
    account: "default",
    requestHash: "ab",
    startedAt: 1000 + n,
    outcome: { _tag: "pending" }
  })

/** @internal */
export const createdOf = (n: number, provider = "p"): Created => ({
  type: "task.created",
  at: 1000 + n,
  id: idOf(n),
  handle: handleOf(n, provider),
  model: "m"
})

/** @internal */
export const progressed = (at: number, progress: number): TaskEvent => ({
  type: "task.observed",
  at,
  observation: new Observation({ status: "IN_PROGRESS", progress, videos: [] })
})

/** @internal */
export const succeeded = (at: number): TaskEvent => ({
  type: "task.observed",
  at,
  observation: new Observation({
    status: "SUCCESS",
    videos: [new Video({ url: Redacted.make("https://cdn.example.com/v.mp4?sig=é&x=1", { label: "video url" }) })]
  })
})

/** @internal */
export const make = (n: number, provider = "p") =>
  Effect.flatMap(TaskStore, (store) => {
    const created = createdOf(n, provider)
    return store.append(created.id, 0, [created], { snapshot: TaskMachine.persist(TaskMachine.initial(created)) })
  })

/** @internal */
export const advance = (n: number, version: number, event: TaskEvent, raw?: string) =>
  Effect.flatMap(TaskStore, (store) =>
    Effect.flatMap(store.load(idOf(n)), (stored) => {
      const before = stored === undefined
        ? TaskMachine.initial(createdOf(n))
        : TaskMachine.restore(stored.snapshot)
      const snapshot = TaskMachine.persist(TaskMachine.step(before, event).snapshot)
      return store.append(idOf(n), version, [event], { snapshot, raw })
    }))
