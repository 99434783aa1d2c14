/**
 * A video task as an actor of XState: to invoke it in a machine, to show it with `@xstate/react`, to see it in an inspector.
 *
 * The actor has no rules of its own: its states are those of the task machine, and it goes where `VideoTasks` says that
 * the task went. Its only own state is `starting`, as long as there is no task to speak of.
 *
 * @since 0.1.0
 */
import type { Ended, Success, Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import type { CancelOutcome } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type * as EffectContext from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { ActorLogic } from "xstate"
import * as internal from "./internal/taskActor.ts"
import { definition } from "./internal/taskActorDefinition.ts"
import type { SubmitOptions, TaskRef, VideoTasks, WaitOptions } from "./VideoTasks.ts"

/**
 * Where the actor is: the status of its task, and `starting` before there is one.
 *
 * @category models
 * @since 0.1.0
 */
export type State = TaskStatus | "starting"

/**
 * What can be sent to the actor. `task.cancel` asks the provider to cancel, `task.refresh` reads the task once, now. What
 * became of it is in `context.command`. To stop following without cancelling, stop the actor.
 *
 * @category models
 * @since 0.1.0
 */
export type Command = { readonly type: "task.cancel" } | { readonly type: "task.refresh" }

/**
 * What became of the last command.
 *
 * @category models
 * @since 0.1.0
 */
export type CommandState =
  | { readonly type: Command["type"]; readonly state: "pending" }
  | { readonly type: "task.cancel"; readonly state: "done"; readonly outcome: CancelOutcome }
  | { readonly type: "task.refresh"; readonly state: "done" }
  | { readonly type: Command["type"]; readonly state: "failed"; readonly error: unknown }

/**
 * What the actor knows. All of it may be shown: links are `Redacted`, and the request is not in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context {
  /** Our id of the task; of a submit there before anything is sent. */
  readonly id?: TaskId | undefined
  /** There as soon as the task exists. */
  readonly handle?: TaskHandle | undefined
  /** The task as it is. */
  readonly task?: Task | undefined
  /** What became of the last command. */
  readonly command?: CommandState | undefined
}

interface Moment {
  readonly value: State
  readonly context: Context
  readonly children: Readonly<Record<string, never>>
  readonly historyValue: Readonly<Record<string, never>>
  readonly tags: ReadonlyArray<string>
}

/**
 * One moment of the actor. `error` is a `VideoTaskError`, which carries the handle where there is one, or what the
 * runtime's own layers failed with.
 *
 * @category models
 * @since 0.1.0
 */
export type Snapshot<Output extends Ended = Ended> =
  & Moment
  & (
    | { readonly status: "active" | "stopped"; readonly output: undefined; readonly error: undefined }
    | { readonly status: "done"; readonly output: Output; readonly error: undefined }
    | { readonly status: "error"; readonly output: undefined; readonly error: unknown }
  )

/**
 * What the actor is about; made by `submit` and `follow`. It shows neither prompt nor pictures.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = internal.Input

/**
 * The logic of a task, for `createActor`, `setup({ actors })` and `invoke`.
 *
 * @category models
 * @since 0.1.0
 */
export type Logic<Output extends Ended = Ended> = ActorLogic<Snapshot<Output>, Command, Input>

/**
 * What runs the effects of the actors: a `ManagedRuntime` that has `VideoTasks`, or anything with its `runFork`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Runner {
  readonly runFork: <A, E>(effect: Effect.Effect<A, E, VideoTasks>) => Fiber.Fiber<A, unknown>
}

/**
 * How the actors of a logic end.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * `end`: every end of a task is an output, and only a wait that could not go on is an error. `success`: only a success
   * with a video is an output, every other end is a typed error such as `TaskFailed`, as with `VideoTasks.await`.
   *
   * @default "end"
   */
  readonly until?: "end" | "success" | undefined
}

/**
 * The input of an actor that submits a request, once, and follows its task.
 *
 * @category constructors
 * @since 0.1.0
 */
export const submit = (
  request: VideoRequest,
  options: { readonly submit?: SubmitOptions | undefined; readonly wait?: WaitOptions | undefined } = {}
): Input => internal.Input.submit(request, options.submit, options.wait)

/**
 * The input of an actor that follows a task that exists: by its handle, or by our id when it is in the store.
 *
 * @category constructors
 * @since 0.1.0
 */
export const follow = (task: TaskRef, wait?: WaitOptions): Input => internal.Input.follow(task, wait)

/**
 * Makes the logic of a task.
 *
 * **Details**
 *
 * A request is submitted when the actor is started, and never again: neither when a stopped actor is started anew, as
 * React does in its strict mode, nor after its persisted snapshot was restored. From then on the actor follows the task.
 *
 * Stopping the actor stops the wait in the same tick; the task goes on at the provider, and can be followed again. Stopping
 * it while the create is under way leaves a create that is `SubmissionAmbiguous`.
 *
 * **Gotchas**
 *
 * A persisted snapshot has no secrets: the links of a task that has ended have lost their query in it. Ask
 * `VideoTasks.get` or `VideoTasks.freshVideos` with its handle for whole ones.
 *
 * **Example** (Invoking a task in a machine)
 *
 * ```ts
 * import { TaskActor, VideoTasks } from "@video-tasks/runtime"
 * import type { VideoRequest } from "@video-tasks/core"
 * import type { ManagedRuntime } from "effect"
 * import { setup } from "xstate"
 *
 * declare const runtime: ManagedRuntime.ManagedRuntime<VideoTasks.VideoTasks, never>
 * declare const request: VideoRequest.VideoRequest
 *
 * export const machine = setup({
 *   actors: { video: TaskActor.logic(runtime, { until: "success" }) }
 * }).createMachine({
 *   initial: "rendering",
 *   states: {
 *     rendering: {
 *       invoke: { src: "video", input: TaskActor.submit(request), onDone: "ready", onError: "sorry" }
 *     },
 *     ready: { type: "final" },
 *     sorry: { type: "final" }
 *   }
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const logic: {
  (
    runtime: Runner | EffectContext.Context<VideoTasks>,
    options: Options & { readonly until: "success" }
  ): Logic<Success>
  (runtime: Runner | EffectContext.Context<VideoTasks>, options?: Options): Logic
} = (
  runtime: Runner | EffectContext.Context<VideoTasks>,
  options?: Options
  // The one that is made ends with a success when it is told to.
): Logic<Success> & Logic => internal.make(runtime, options?.until ?? "end") as Logic<Success> & Logic

/**
 * The machine that the actor shows to inspectors, as plain JSON: the task machine behind `starting`.
 *
 * @category constants
 * @since 0.1.0
 */
export const config: typeof definition = definition
