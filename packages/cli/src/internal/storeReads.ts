/**
 * Reads what the store has.
 */
import type { Submission } from "@video-tasks/core/Submission"
import type { Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Standing from "@video-tasks/runtime/Standing"
import { type StoredTask, type StoreFilter, TaskStore, type TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ofReason } from "./exitCode.ts"
import { Problem, storeFailed } from "./problem.ts"
import { program } from "./program.ts"

/** Reads that fail end the command with its code for stores. */
export const reading = <A, R>(self: Effect.Effect<A, TaskStoreError, R>): Effect.Effect<A, Problem, R> =>
  Effect.mapError(self, (error) => storeFailed(error))

/** The tasks, oldest first. */
export const tasks = (filter: StoreFilter): Stream.Stream<StoredTask, Problem, TaskStore> =>
  Stream.paginate<string | undefined, StoredTask, Problem, TaskStore>(
    undefined,
    (cursor) =>
      TaskStore.use((store) => reading(store.list(filter, cursor))).pipe(
        Effect.map((page) => [page.items, Option.fromUndefinedOr(page.cursor)] as const)
      )
  )

/** The creates, oldest first. */
export const submissions = (
  outcome?: Submission["outcome"]["_tag"]
): Stream.Stream<Submission, Problem, TaskStore> =>
  Stream.paginate<string | undefined, Submission, Problem, TaskStore>(
    undefined,
    (cursor) =>
      TaskStore.use((store) => reading(store.submissions({ outcome }, cursor))).pipe(
        Effect.map((page) => [page.items, Option.fromUndefinedOr(page.cursor)] as const)
      )
  )

/**
 * A create without an outcome: `sending` while the process that sends it lives, `ambiguous` when nobody knows what became of
 * it.
 */
export interface OpenCreate {
  readonly submission: Submission
  readonly status: "sending" | "ambiguous"
}

/** The creates without an outcome, oldest first. */
export const openCreates: Effect.Effect<ReadonlyArray<OpenCreate>, Problem, TaskStore> = Effect.gen(function*() {
  const pending = yield* Effect.forEach(yield* Stream.runCollect(submissions("pending")), standing)
  const ambiguous = yield* Effect.forEach(yield* Stream.runCollect(submissions("ambiguous")), standing)
  return [...pending, ...ambiguous].sort((a, b) => a.submission.startedAt - b.submission.startedAt)
})

/** Whether a create without an outcome is still under way. */
export const standing = (submission: Submission): Effect.Effect<OpenCreate, Problem, TaskStore> =>
  TaskStore.use((store) => reading(Standing.read(store, submission))).pipe(
    Effect.map((standing) => ({ submission, status: standing === "sending" ? standing : "ambiguous" }))
  )

/** What the store has under an id, or under the beginning of one. */
export type Found =
  | { readonly _tag: "task"; readonly stored: StoredTask }
  | { readonly _tag: "submission"; readonly submission: Submission }

/** Finds what an id, or the beginning of one, may mean, of many things some; a whole id means one thing. */
export const find = Effect.fnUntraced(function*(
  text: string
): Effect.fn.Return<ReadonlyArray<Found>, Problem, TaskStore> {
  const id = text.toLowerCase()
  const store = yield* TaskStore
  if (TaskId.is(id)) {
    const stored = yield* reading(store.load(id))
    if (stored !== undefined) return [{ _tag: "task", stored }]
  }
  const [begun, pending, ambiguous] = yield* reading(Effect.all([
    store.list({ idPrefix: id }),
    store.submissions({ idPrefix: id, outcome: "pending" }),
    store.submissions({ idPrefix: id, outcome: "ambiguous" })
  ]))
  const open = [...pending.items, ...ambiguous.items].sort((a, b) => a.startedAt - b.startedAt)
  return [
    ...begun.items.map((stored): Found => ({ _tag: "task", stored })),
    ...open.map((submission): Found => ({ _tag: "submission", submission }))
  ]
})

/** The task of a handle; one that is not in the store is `TaskNotFound`. */
export const ofHandle = Effect.fnUntraced(function*(handle: TaskHandle): Effect.fn.Return<Found, Problem, TaskStore> {
  const stored = yield* TaskStore.use((store) => reading(store.find(handle)))
  return stored === undefined ? yield* notInStore(handle.remoteId) : { _tag: "task", stored }
})

/** There is no such task. */
export const notInStore = (name: string): Problem =>
  new Problem({
    reason: "TaskNotFound",
    code: ofReason.TaskNotFound,
    message: `There is no task ${name} in the store.`,
    hint: [`See what is there with:  ${program} list`]
  })

/** A task as it is in the store. */
export const toTask = ({ snapshot }: StoredTask): Task => TaskMachine.toTask(TaskMachine.restore(snapshot))
