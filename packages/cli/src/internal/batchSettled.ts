/**
 * What became of the create of a line that was submitted before: it is found out, reported, and never sent again.
 */
import type { Submission } from "@video-tasks/core/Submission"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Standing from "@video-tasks/runtime/Standing"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import { type Item, newestAttempt } from "./batchPlan.ts"
import type * as Report from "./batchReport.ts"
import { ofReason } from "./exitCode.ts"
import { Problem } from "./problem.ts"
import { program } from "./program.ts"
import * as StoreReads from "./storeReads.ts"

/** Where a line stands: its task, one that is not in the store any more, or nothing: it is to be sent under another id. */
export type Place =
  | { readonly _tag: "task"; readonly handle: TaskHandle }
  | { readonly _tag: "removed"; readonly handle: TaskHandle }
  | { readonly _tag: "again" }

/** Waits while another process sends it; what is open is looked for in the earlier report and at its API. */
export const settled = Effect.fnUntraced(function*(
  item: Item,
  earlier: Report.EarlierLine | undefined
): Effect.fn.Return<Place, Problem, TaskStore | VideoTasks> {
  const store = yield* TaskStore
  let [isTold, isLookedUp] = [false, false]
  for (;;) {
    const stored = yield* StoreReads.reading(store.load(item.id))
    if (stored !== undefined) return { _tag: "task", handle: stored.snapshot.task.handle }
    const submission = (yield* StoreReads.reading(store.submission(item.id))) ?? item.known
    if (submission === undefined) return { _tag: "again" }
    const { outcome } = submission
    if (outcome._tag === "created") return yield* madeBefore(outcome.handle)
    if (outcome._tag === "rejected") return yield* refused(outcome.reason)
    if ((yield* StoreReads.reading(Standing.read(store, submission))) === "sending") {
      // Its sender lives, or died a moment ago.
      yield* Effect.sleep("1 second")
      continue
    }
    const told = earlier?.handle !== undefined && isFrom(earlier.handle, submission) ? earlier.handle : undefined
    if (told !== undefined && !isTold) {
      // The process that sent it could not store its handle, and left it in the report.
      isTold = true
      yield* quietly(VideoTasks.use((tasks) => tasks.resolve(item.id, { remoteId: told.remoteId, route: told.route })))
    } else if (!isLookedUp) {
      isLookedUp = true
      yield* quietly(VideoTasks.use((tasks) => tasks.lookUp(item.id)))
    } else return yield* ambiguous(item, told)
  }
})

/** The same line under its next id: what was refused there made nothing. */
export const again = Effect.fnUntraced(function*(item: Item) {
  const { id, known } = yield* newestAttempt(item)
  return { ...item, id, known, file: item.file?.replace(item.id, id) } satisfies Item
})

/** Its task ended long ago and was removed: never adopted anew, since that would read all of it once more. */
export const removed = (handle: TaskHandle): Problem =>
  new Problem({
    reason: "TaskNotFound",
    code: ofReason.TaskNotFound,
    handle,
    message: "Its task is not in the store any more, and no report proves its file. It is not sent again.",
    hint: [
      "It was removed by `prune`, or an import was cut short: then import once more. Follow it by its handle, or make it",
      "anew under another name of the run (--run NAME)."
    ]
  })

// internal

/** The task of a create is known here by its own id, or by that of another create that was given the same one. */
const madeBefore = Effect.fnUntraced(function*(handle: TaskHandle) {
  const twin = yield* TaskStore.use((store) => StoreReads.reading(store.find(handle)))
  return { _tag: twin === undefined ? "removed" : "task", handle } satisfies Place
})

/** Another process sent it, and the provider refused, or it was stopped before. */
const refused = (reason: string): Effect.Effect<Place, Problem> => {
  const code = Object.entries(ofReason).find(([tag]) => tag === reason && !isPassing.has(tag))?.[1]
  return code === undefined
    ? Effect.succeed({ _tag: "again" })
    : Effect.fail(
      new Problem({
        reason,
        code,
        message: `Another process sent it, and it was refused: ${reason}. Nothing was paid.`
      })
    )
}

/** What may be otherwise a moment later, or in this process. */
const isPassing: ReadonlySet<string> = new Set(["NotSent", "RateLimited", "StoreError", "BudgetExceeded"])

const isFrom = (handle: TaskHandle, { account, baseUrl, provider }: Submission): boolean =>
  handle.provider === provider && handle.account === account && (baseUrl === undefined || handle.baseUrl === baseUrl)

/** What can't be found out now is as open as before, and is looked up by the next run. */
const quietly = <A, R>(self: Effect.Effect<A, VideoTaskError, R>): Effect.Effect<void, never, R> =>
  Effect.provideService(Effect.ignore(self), References.MinimumLogLevel, "Error")

const ambiguous = ({ id }: Item, handle: TaskHandle | undefined): Problem =>
  new Problem({
    reason: "SubmissionAmbiguous",
    code: ofReason.SubmissionAmbiguous,
    handle,
    message: "The answer to its create is lost: a task may exist, and money may have been spent. It is not sent again.",
    hint: [
      "It was looked up where its API can be asked, and not found. Look for it in the provider's console; if it is there:",
      `  ${program} resolve ${id} --remote REMOTE_ID`,
      `Only when you are sure that it made no task:  ${program} resolve ${id} --discard`
    ]
  })
