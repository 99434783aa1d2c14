/**
 * Work with tasks that are known by their handles only.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import { Backend } from "./backend.ts"
import { providersOf } from "./handles.ts"
import { program } from "./program.ts"

/** Handles, at least one. */
export type Handles = readonly [TaskHandle.TaskHandle, ...ReadonlyArray<TaskHandle.TaskHandle>]

/** Puts handles into the store, each task once, over the providers that they name, and works with them. */
export const withHandles = Effect.fnUntraced(function*<A, E, R>(
  handles: Handles,
  body: (handles: Handles) => Effect.Effect<A, E, R>
) {
  const backend = yield* Backend
  const providers = yield* providersOf(handles)
  return yield* Effect.gen(function*() {
    const tasks = yield* VideoTasks
    const [first, ...others] = handles
    const attached: [TaskHandle.TaskHandle, ...Array<TaskHandle.TaskHandle>] = [yield* tasks.attach(first)]
    for (const one of others) {
      if (!attached.some((other) => TaskHandle.isSameTask(one, other))) attached.push(yield* tasks.attach(one))
    }
    return yield* body(attached)
  }).pipe(Effect.provide(backend.services(providers)))
})

/** The line that names the command to follow a task. */
export const waitHint = (handle: TaskHandle.TaskHandle): string =>
  `Follow it with:  ${program} wait ${TaskHandle.format(handle)}`
