/**
 * The logic of a task's actor, and the effects that follow the task for it.
 */
import { type Ended, failureOf, isEnded, type Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import type { CancelOutcome } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ActorScope, AnyActorRef } from "xstate"
import type * as TaskActor from "../TaskActor.ts"
import { type SubmitOptions, type TaskRef, VideoTasks, type WaitOptions } from "../VideoTasks.ts"
import { checkWait } from "./optionChecks.ts"
import { definition } from "./taskActorDefinition.ts"
import { persist, restore } from "./taskActorPersisted.ts"

interface Submitting {
  readonly request: VideoRequest
  readonly options: SubmitOptions | undefined
}

/** @internal */
export class Input {
  static submit(request: VideoRequest, options: SubmitOptions | undefined, wait: WaitOptions | undefined): Input {
    return new Input(request.provider, { request, options }, undefined, wait)
  }
  static follow(task: TaskRef, wait: WaitOptions | undefined): Input {
    return new Input(typeof task === "string" ? task : task.provider, undefined, task, wait)
  }
  /** What an inspector may show of it. */
  readonly about: string
  // Private fields: an inspector prints what it can read.
  readonly #submitting: Submitting | undefined
  readonly #task: TaskRef | undefined
  readonly #wait: WaitOptions | undefined
  private constructor(
    about: string,
    submitting: Submitting | undefined,
    task: TaskRef | undefined,
    wait: WaitOptions | undefined
  ) {
    this.about = about
    this.#submitting = submitting
    this.#task = task
    this.#wait = wait
  }
  get submitting(): Submitting | undefined {
    return this.#submitting
  }
  get task(): TaskRef | undefined {
    return this.#task
  }
  get wait(): WaitOptions | undefined {
    return this.#wait
  }
}

/** Why a task is where it is: the events that the actor sends to itself. */
type News =
  | { readonly type: "task.named"; readonly id: TaskId.TaskId }
  | {
    readonly type:
      | "task.created"
      | "task.found"
      | "task.observed"
      | "task.cancelled"
      | "task.lost"
    readonly task: Task
  }
  | { readonly type: "task.answered"; readonly command: TaskActor.CommandState }
  /** Without an error: the runtime was closed. */
  | { readonly type: "task.unfollowed"; readonly error: unknown }

type Event = TaskActor.Command | News | { readonly type: "xstate.stop" }

type Snapshot = TaskActor.Snapshot

type Scope = ActorScope<Snapshot, TaskActor.Command>

/** What an actor is doing. */
interface Work {
  readonly input: Input | undefined
  /** The task, once there is one: commands wait for it. */
  target: Deferred.Deferred<TaskRef>
  readonly fibers: Set<Fiber.Fiber<unknown, unknown>>
}

type RunFork = <A, E>(effect: Effect.Effect<A, E, VideoTasks>) => Fiber.Fiber<A, unknown>

/** @internal */
export const make = (
  runtime: TaskActor.Runner | Context.Context<VideoTasks>,
  until: "end" | "success"
): TaskActor.Logic => {
  const runFork: RunFork = "runFork" in runtime ? (effect) => runtime.runFork(effect) : Effect.runForkWith(runtime)
  const works = new WeakMap<AnyActorRef, Work>()
  const workOf = (self: AnyActorRef): Work => works.get(self) ?? begin(self, undefined)
  const begin = (self: AnyActorRef, input: Input | undefined): Work => {
    const work: Work = { input, target: Deferred.makeUnsafe(), fibers: new Set() }
    works.set(self, work)
    return work
  }
  const fork = <E>(work: Work, effect: Effect.Effect<void, E, VideoTasks>, failed: (error: unknown) => void) => {
    const fiber = runFork(effect)
    work.fibers.add(fiber)
    fiber.addObserver((exit) => {
      // A fiber that is no longer in the set was let go of by the actor itself.
      if (!work.fibers.delete(fiber) || Exit.isSuccess(exit)) return
      failed(Cause.hasInterruptsOnly(exit.cause) ? undefined : Cause.squash(exit.cause))
    })
  }
  return {
    config: definition,
    getInitialSnapshot: ({ self }, input) => {
      begin(self, input)
      return initial(input.task)
    },
    restoreSnapshot: (persisted, { self }) => {
      begin(self, undefined)
      return restore(persisted)
    },
    getPersistedSnapshot: persist,
    start: (snapshot, { self }) => {
      if (snapshot.status !== "active") return
      const work = workOf(self)
      work.target = Deferred.makeUnsafe()
      const tell = (news: News) => self.send(news as unknown as TaskActor.Command)
      fork(work, live(work, snapshot, tell), (error) => tell({ type: "task.unfollowed", error }))
    },
    transition: (snapshot, event, scope) =>
      transition(snapshot, event, scope, until, {
        stop: () => stop(workOf(scope.self)),
        command: (type) => {
          const work = workOf(scope.self)
          const tell = (command: TaskActor.CommandState) =>
            scope.self.send({ type: "task.answered", command } as unknown as TaskActor.Command)
          fork(work, obey(work, type, tell), (error) => tell({ type, state: "failed", error }))
        }
      })
  }
}

// internal

const none = { children: {}, historyValue: {}, tags: [] } as const

const initial = (task: TaskRef | undefined): Snapshot => ({
  ...none,
  status: "active",
  value: "starting",
  context: task === undefined ? {} : typeof task === "string" ? { id: task } : { handle: task },
  output: undefined,
  error: undefined
})

/** Lets go of everything in this very tick. */
const stop = (work: Work): void => {
  const fibers = [...work.fibers]
  work.fibers.clear()
  for (const fiber of fibers) fiber.interruptUnsafe()
}

const transition = (
  self: Snapshot,
  event: Event,
  { defer }: Scope,
  until: "end" | "success",
  act: { readonly stop: () => void; readonly command: (type: TaskActor.Command["type"]) => void }
): Snapshot => {
  if (event.type === "xstate.stop") {
    act.stop()
    return self.status === "active" ? { ...self, status: "stopped" } : self
  }
  if (self.status !== "active") return self
  const { context } = self
  switch (event.type) {
    case "task.cancel":
    case "task.refresh":
      defer(() => act.command(event.type))
      return { ...self, context: { ...context, command: { type: event.type, state: "pending" } } }
    case "task.answered":
      return { ...self, context: { ...context, command: event.command } }
    case "task.named":
      return { ...self, context: { ...context, id: event.id } }
    case "task.unfollowed":
      defer(act.stop)
      return event.error === undefined
        ? { ...self, status: "stopped" }
        : { ...self, status: "error", error: event.error }
    default: {
      if (!("task" in event)) return self
      const next = at(self, event.task, until)
      if (next.status !== "active") defer(act.stop)
      return next
    }
  }
}

const at = (self: Snapshot & { readonly status: "active" | "stopped" }, task: Task, until: "end" | "success") => {
  const context = { ...self.context, id: task.id, handle: task.handle, task }
  const next: Snapshot = { ...self, value: task.status, context }
  if (!isEnded(task)) return next
  const error = until === "success" ? failureOf(task) : undefined
  return error === undefined ? done(next, task) : { ...next, status: "error" as const, output: undefined, error }
}

const done = (self: Snapshot, output: Ended): Snapshot => ({ ...self, status: "done", output, error: undefined })

/** Submits where nothing was submitted yet, then follows the task to its end. */
const live = Effect.fnUntraced(function*(work: Work, snapshot: Snapshot, tell: (news: News) => void) {
  const tasks = yield* VideoTasks
  // Who starts, stops and starts again in one tick, as React does in strict mode, submits once.
  yield* Effect.yieldNow
  const { handle, id } = snapshot.context
  const known: TaskRef | undefined = id ?? handle
  const submitting = known === undefined ? work.input?.submitting : undefined
  const ref = submitting === undefined ? known : yield* create(tasks, submitting, work.input?.wait, tell)
  if (ref === undefined) return yield* Effect.die(new Error("The actor has neither a request nor a task"))
  Deferred.doneUnsafe(work.target, Effect.succeed(ref))
  let before = snapshot.context.task
  const first = submitting === undefined ? "task.found" : "task.created"
  yield* Stream.runForEach(tasks.observe(ref, work.input?.wait), (task) =>
    Effect.sync(() => {
      const type = before === undefined ? first : whyOf(task)
      before = task
      tell({ type, task })
    })).pipe(Effect.catch((error) => explained(tasks, ref, error)))
})

const create = Effect.fnUntraced(function*(
  tasks: VideoTasks["Service"],
  { options = {}, request }: Submitting,
  wait: WaitOptions = {},
  tell: (news: News) => void
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  // What is wrong with the wait is known before anything is paid for.
  yield* checkWait(wait, { provider: request.provider })
  const id = options.id ?? (yield* Effect.scoped(Effect.gen(function*() {
    return yield* Effect.provideContext(TaskId.make, yield* Layer.build(SecureRandom.layerWebCrypto))
  })))
  // Known before anything is sent: whoever goes on with this actor looks for the task instead of making a second one.
  tell({ type: "task.named", id })
  return yield* tasks.submit(request, { ...options, id })
})

/** A task that is not there may be one that a create was stopped on the way to. */
const explained = Effect.fnUntraced(function*(
  tasks: VideoTasks["Service"],
  ref: TaskRef,
  error: VideoTaskError.VideoTaskError
) {
  if (typeof ref !== "string" || error.reason._tag !== "TaskNotFound" || error.handle !== undefined) {
    return yield* Effect.fail(error)
  }
  const open = Stream.concat(tasks.submissions({ outcome: "pending" }), tasks.submissions({ outcome: "ambiguous" }))
  const found = yield* Stream.runHead(Stream.filter(open, (submission) => submission.id === ref))
  if (Option.isNone(found)) return yield* Effect.fail(error)
  const { provider, startedAt } = found.value
  return yield* Effect.fail(VideoTaskError.make({
    provider,
    operation: "create",
    reason: new VideoTaskError.SubmissionAmbiguous({
      submissionId: ref,
      sentAt: startedAt,
      detail: "the actor was stopped while the create was under way"
    })
  }))
})

const whyOf = (task: Task) => {
  if (task.status === "CANCELLED" && task.byRequest === true) return "task.cancelled"
  return task.status === "ERROR" && task.failure.code === "not_found" ? "task.lost" : "task.observed"
}

const obey = Effect.fnUntraced(function*(
  work: Work,
  type: TaskActor.Command["type"],
  tell: (command: TaskActor.CommandState) => void
) {
  const tasks = yield* VideoTasks
  const ref = yield* Deferred.await(work.target)
  if (type === "task.refresh") {
    yield* tasks.refresh(ref)
    return tell({ type, state: "done" })
  }
  const outcome: CancelOutcome = yield* tasks.cancel(ref)
  return tell({ type, state: "done", outcome })
})
