/**
 * Tasks for tests of stores, made and taken forward through the store's own contract.
 */
import { Observation, Submission, TaskHandle, TaskId, TaskMachine, Video } from "@video-tasks/core"
import type { TaskEvent } from "@video-tasks/core"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const signature = "X-Signature=geheim"

export const idOf = (n: number): TaskId.TaskId =>
  TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

export const handleOf = (n: number): TaskHandle.TaskHandle =>
  new TaskHandle.TaskHandle({
    provider: "p",
    family: "f",
    remoteId: `remote-${n}`,
    baseUrl: "https://api.example.com/v1",
    account: "default",
    createdAt: n
  })

export const begin = (n: number) =>
  Effect.flatMap(TaskStore.TaskStore, (store) =>
    store.begin(
      new Submission.Submission({
        id: idOf(n),
        provider: "p",
        family: "f",
        model: "m",
        account: "default",
        requestHash: "ab",
        startedAt: n,
        outcome: { _tag: "pending" }
      })
    ))

type Append = Parameters<TaskStore.TaskStore["Service"]["append"]>

/** What `append` is given for a new task. */
export const created = (n: number, raw?: string): Append => {
  const event = { type: "task.created", at: n, id: idOf(n), handle: handleOf(n), model: "m" } as const
  return [event.id, 0, [event], { snapshot: TaskMachine.persist(TaskMachine.initial(event)), raw }]
}

/** A task whose provider has answered something. */
export const answered = (n: number, raw: string | undefined) =>
  Effect.flatMap(TaskStore.TaskStore, (store) => store.append(...created(n, raw)))

export const make = (n: number) => answered(n, undefined)

export const progressed = (progress: number): TaskEvent.TaskEvent => ({
  type: "task.observed",
  at: 1000 + progress,
  observation: new Observation.Observation({ status: "IN_PROGRESS", progress, videos: [] })
})

export const succeeded: TaskEvent.TaskEvent = {
  type: "task.observed",
  at: 5000,
  observation: new Observation.Observation({
    status: "SUCCESS",
    videos: [new Video.Video({ url: Redacted.make(`https://cdn.example.com/v.mp4?${signature}`) })]
  })
}

/** What `append` is given for an event. */
export const stepped = (n: number, event: TaskEvent.TaskEvent) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    const stored = yield* store.load(idOf(n))
    if (stored === undefined) return yield* Effect.die(`there is no task ${n}`)
    const { snapshot } = TaskMachine.step(TaskMachine.restore(stored.snapshot), event)
    const step: Append = [idOf(n), stored.version, [event], { snapshot: TaskMachine.persist(snapshot) }]
    return step
  })

export const advance = (n: number, event: TaskEvent.TaskEvent) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    return yield* store.append(...yield* stepped(n, event))
  })

/** A folder of its own, gone afterwards. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-store-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)
