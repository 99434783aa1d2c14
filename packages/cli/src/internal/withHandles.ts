/**
 * Work with tasks that are known by their handles or by their ids in the store.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import { Backend, type TasksOptions, withStore, withStoreThere } from "./backend.ts"
import { handleOf, providersOf, type Ref } from "./handles.ts"
import { program } from "./program.ts"

/** Handles, at least one. */
export type Handles = readonly [TaskHandle.TaskHandle, ...ReadonlyArray<TaskHandle.TaskHandle>]

/** Puts tasks into the store, each once, over the providers that they name, and works with them. */
export const withHandles = <A, E, R>(
  refs: readonly [Ref, ...ReadonlyArray<Ref>],
  body: (handles: Handles) => Effect.Effect<A, E, R>,
  options: Pick<TasksOptions, "archives"> = {}
) => {
  const [first, ...others] = refs
  // A handle says it all, and a store that it comes to may be new; an id is one of a store that is there.
  const open = refs.every((ref) => typeof ref !== "string") ? withStore : withStoreThere
  return open(Effect.gen(function*() {
    const backend = yield* Backend
    const handles: Handles = [yield* handleOf(first), ...(yield* Effect.forEach(others, handleOf))]
    const providers = yield* providersOf(handles)
    return yield* Effect.flatMap(attached(handles), body).pipe(Effect.provide(backend.tasks(providers, options)))
  }))
}

/** The line that names the command to follow a task. */
export const waitHint = (handle: TaskHandle.TaskHandle): string =>
  `Follow it with:  ${program} wait ${TaskHandle.format(handle)}`

// internal

const attached = Effect.fnUntraced(function*([first, ...others]: Handles) {
  const tasks = yield* VideoTasks
  const known: [TaskHandle.TaskHandle, ...Array<TaskHandle.TaskHandle>] = [yield* tasks.attach(first)]
  for (const one of others) {
    if (!known.some((other) => TaskHandle.isSameTask(one, other))) known.push(yield* tasks.attach(one))
  }
  return known
})
