/**
 * Video tasks as steps of an `effect/workflow`, for those who write workflows anyway. Nothing else here needs one.
 *
 * A workflow gets an id of the task in its payload. So the create is the same one however often the workflow is replayed,
 * and the end of the task finds its way back to the workflow.
 *
 * @since 0.1.0
 */
import { type Ended, isEnded } from "@video-tasks/core/Task"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as TaskStatus from "@video-tasks/core/TaskStatus"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import { TaskObserver } from "@video-tasks/runtime/TaskObserver"
import { type SubmitOptions, VideoTasks, type WaitOptions } from "@video-tasks/runtime/VideoTasks"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Activity from "effect/workflow/Activity"
import * as DurableClock from "effect/workflow/DurableClock"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import { WorkflowEngine, type WorkflowInstance } from "effect/workflow/WorkflowEngine"
import { judged } from "./internal/judged.ts"

/**
 * How to create.
 *
 * @category options
 * @since 0.1.0
 */
export interface CreateOptions extends Omit<SubmitOptions, "id" | "interrupted"> {
  /** The id of the task, from the payload of the workflow: one execution creates one task of that id. */
  readonly id: TaskId
  /**
   * How long a create is waited for that an earlier run of the activity has sent and nobody has judged yet. Whoever follows
   * tasks judges it: a worker, or `VideoTasks.resume`.
   *
   * @default "5 minutes"
   */
  readonly patience?: Duration.Input | undefined
}

/**
 * Creates a task, as an activity.
 *
 * **Details**
 *
 * It sends at most one create, also when the activity is run again after a crash: the intent stands in the store under the
 * id. Where the first run got an answer, its handle is returned; where the answer is lost, it fails with
 * `SubmissionAmbiguous`, and with what `VideoTasks.submit` fails with else.
 *
 * @category activities
 * @since 0.1.0
 */
export const create = (
  request: VideoRequest,
  { id, patience = "5 minutes", ...options }: CreateOptions
): Effect.Effect<TaskHandle, VideoTaskError.VideoTaskError, VideoTasks | WorkflowEngine | WorkflowInstance> =>
  Activity.make({
    name: `video-tasks/create/${id}`,
    success: TaskHandle,
    error: VideoTaskError.VideoTaskError,
    execute: Effect.gen(function*() {
      const tasks = yield* VideoTasks
      return yield* tasks.submit(request, { ...options, id, interrupted: { patience: answerPatience } }).pipe(
        Effect.catchIf(({ reason }) => reason._tag === "StoreError", (error) => earlier(tasks, id, error, patience)),
        Effect.retry({
          schedule: Schedule.upTo(lookAgain, { duration: patience }),
          while: ({ reason }) => reason._tag === "StoreError" && reason.retryable
        })
      )
    })
  })

/**
 * Follows a task to its end, whichever it is, as one activity: it is read by whoever reads it, and no read is a step of the
 * workflow. It can be repeated after a crash at no cost.
 *
 * **Gotchas**
 *
 * The workflow keeps that the task has ended, and how; the task itself stays in the store. A replay fails with
 * `TaskNotFound` when it was removed there.
 *
 * @category activities
 * @since 0.1.0
 */
export const trackActivity = (
  handle: TaskHandle,
  options?: WaitOptions
): Effect.Effect<Ended, VideoTaskError.VideoTaskError, VideoTasks | WorkflowEngine | WorkflowInstance> =>
  Effect.andThen(
    Activity.make({
      name: `video-tasks/track/${handle.provider}/${handle.remoteId}`,
      success: TaskStatus.TaskStatus,
      error: VideoTaskError.VideoTaskError,
      execute: VideoTasks.use((tasks) => Effect.map(tasks.awaitEnd(handle, options), ({ status }) => status))
    }),
    endOf(handle)
  )

/**
 * What a workflow waits for in `awaitEnded`: that the task of an id has ended.
 *
 * @category deferreds
 * @since 0.1.0
 */
export const ended = (id: TaskId): DurableDeferred.DurableDeferred<Schema.Void> =>
  DurableDeferred.make(`video-tasks/ended/${id}`)

/**
 * Waits for the end of a task without being resident: the workflow is suspended until `layerObserver` completes `ended`.
 *
 * **Details**
 *
 * Somebody has to follow the task: a worker, or `VideoTasks.track` in `create`'s process. Should the one who saw the end die
 * before the workflow hears of it, it looks by itself, `every` so often.
 *
 * @category combinators
 * @since 0.1.0
 */
export const awaitEnded = Effect.fnUntraced(function*(
  id: TaskId,
  options: {
    /** @default "10 minutes" */
    readonly every?: Duration.Input | undefined
  } = {}
): Effect.fn.Return<
  Ended,
  VideoTaskError.VideoTaskError,
  VideoTasks | WorkflowEngine | WorkflowInstance
> {
  const told = Effect.as(DurableDeferred.await(ended(id)), true)
  for (let looks = 0, isTold = false;; looks++) {
    const name = `video-tasks/${id}/${looks}`
    if (yield* lookActivity(id, name)) return yield* endOf(id)
    const slept = Effect.as(DurableClock.sleep({ name, duration: options.every ?? "10 minutes" }), false)
    // What was told is told for ever: from then on only the clock wakes it.
    isTold = isTold
      ? yield* Effect.as(slept, true)
      : yield* DurableDeferred.raceAll({ name, success: Schema.Boolean, error: Schema.Never, effects: [told, slept] })
  }
})

/**
 * Watches tasks, and wakes the workflows that wait for their end.
 *
 * **Details**
 *
 * Give it to the `VideoTasks` that follow the tasks. `tokenOf` says which workflow a task belongs to, for example
 * `(id) => Effect.asSome(DurableDeferred.tokenFromPayload(WorkflowTasks.ended(id), { workflow, payload: { id } }))`. Another
 * `TaskObserver` that is provided to the layer goes on watching.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerObserver = (options: {
  readonly tokenOf: (id: TaskId) => Effect.Effect<Option.Option<DurableDeferred.Token>>
}): Layer.Layer<never, never, WorkflowEngine> =>
  Layer.effect(
    TaskObserver,
    Effect.gen(function*() {
      const engine = yield* WorkflowEngine
      const before = yield* TaskObserver
      const wake = Effect.fnUntraced(function*(id: TaskId) {
        const token = yield* options.tokenOf(id)
        if (Option.isNone(token)) return
        yield* Effect.provideService(
          DurableDeferred.succeed(ended(id), { token: token.value, value: undefined }),
          WorkflowEngine,
          engine
        )
      })
      return {
        ...before,
        step: (step) =>
          Effect.andThen(
            before.step(step),
            TaskStatus.isTerminal(step.to) && step.from !== step.to ? wake(step.id) : Effect.void
          )
      }
    })
  )

// internal

/** How long an activity that is interrupted waits for the answer to its create. */
const answerPatience = "10 seconds"

const lookAgain = Schedule.spaced("1 second")

/** Whether the task has ended, as a step of its own: what was seen once is what replays see. */
const lookActivity = (id: TaskId, name: string) =>
  Activity.make({
    name,
    success: Schema.Boolean,
    error: VideoTaskError.VideoTaskError,
    execute: VideoTasks.use((tasks) => Effect.map(tasks.get(id), isEnded))
  })

const endOf = Effect.fnUntraced(function*(
  ref: TaskHandle | TaskId
): Effect.fn.Return<Ended, VideoTaskError.VideoTaskError, VideoTasks> {
  const tasks = yield* VideoTasks
  const task = yield* tasks.get(ref)
  return isEnded(task) ? task : yield* tasks.awaitEnd(ref, { yields: true })
})

type Tasks = VideoTasks["Service"]

/** What became of a create that was sent before, or the failure of the store where there was none. */
const earlier = (
  tasks: Tasks,
  id: TaskId,
  error: VideoTaskError.VideoTaskError,
  patience: Duration.Input
): Effect.Effect<TaskHandle, VideoTaskError.VideoTaskError> =>
  look(tasks, id, error).pipe(
    Effect.repeat({ schedule: lookAgain, until: (handle) => handle !== undefined }),
    Effect.timeoutOption(patience),
    Effect.flatMap((found) => {
      const handle = Option.getOrUndefined(found)
      return handle === undefined
        ? lost(error, id, "nobody has judged the create yet: a worker does, or VideoTasks.resume")
        : Effect.succeed(handle)
    })
  )

/** The task of the submission; nothing while its create is under way. */
const look = Effect.fnUntraced(function*(
  tasks: Tasks,
  id: TaskId,
  error: VideoTaskError.VideoTaskError
): Effect.fn.Return<TaskHandle | undefined, VideoTaskError.VideoTaskError> {
  const task = yield* Effect.catchIf(
    tasks.get(id),
    ({ reason }) => reason._tag === "TaskNotFound",
    () => Effect.undefined
  )
  if (task !== undefined) return task.handle
  const submission = yield* submissionOf(tasks, id)
  if (submission === undefined) return yield* Effect.fail(error)
  return submission.outcome._tag === "pending" ? undefined : yield* judged(submission)
})

const submissionOf = (tasks: Tasks, id: TaskId) =>
  Effect.map(Stream.runHead(tasks.submissions({ idPrefix: id })), Option.getOrUndefined)

const lost = (error: VideoTaskError.VideoTaskError, id: TaskId, detail: string) =>
  Effect.fail(VideoTaskError.make({
    provider: error.provider,
    operation: "create",
    reason: new VideoTaskError.SubmissionAmbiguous({ submissionId: id, detail })
  }))
