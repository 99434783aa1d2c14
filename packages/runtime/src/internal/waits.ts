/**
 * Waiting for a task: somebody joins its reads, with a patience of their own.
 */
import { isEnded, type Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AnySpan } from "effect/Tracer"
import type { TaskStore } from "../TaskStore.ts"
import type { WaitOptions } from "../VideoTasks.ts"
import type { Claims } from "./claims.ts"
import type { Alarm, Entry, Lane, Waiter } from "./entry.ts"
import { fromStore, ofTask, retryStore } from "./errors.ts"
import { deadlineOf } from "./optionChecks.ts"
import { type Scheduler, storeGapMs } from "./scheduler.ts"
import * as Traces from "./traces.ts"

/**
 * Where a wait puts what it learns.
 *
 * @internal
 */
export interface Sink {
  readonly next: (task: Task) => void
  readonly fail: (error: VideoTaskError.VideoTaskError) => void
  /** Nothing will come any more. */
  readonly close: () => void
  /** A read is over, and what it failed with. */
  readonly read?: ((failure: VideoTaskError.VideoTaskError | undefined) => void) | undefined
}

/** @internal */
export interface Waits {
  readonly store: TaskStore["Service"]
  readonly claims: Claims
  readonly scheduler: Scheduler
}

/**
 * Follows a task for as long as the scope is open. The sink gets the task as it is, then every change, and nothing after
 * an end or a failure.
 *
 * @internal
 */
export const follow = Effect.fnUntraced(function*(
  { claims, scheduler, store }: Waits,
  lane: Lane,
  known: TaskMachine.Persisted,
  options: WaitOptions,
  sink: Sink
): Effect.fn.Return<Entry, VideoTaskError.VideoTaskError, Scope.Scope> {
  const { handle, id } = known.task
  const deadlineMs = yield* deadlineOf(options, handle, scheduler)
  const startedAt = handle.createdAt ?? known.task.createdAt
  const parent = yield* Effect.option(Effect.currentParentSpan)
  const wait = new Wait(scheduler, handle, sink, {
    span: parent._tag === "Some" ? parent.value : undefined,
    yields: options.yields === true
  })
  const entry = yield* Effect.acquireRelease(
    Effect.sync(() => scheduler.join(id, lane, startedAt, wait)),
    (entry) => Effect.sync(() => wait.leave(entry))
  )
  entry.trace = known.task.trace
  yield* Traces.linkCurrent([known.task.trace])
  lane.account.retry(entry)
  yield* claims.take(id)
  // Loaded after joining, so that no change falls between the two.
  const stored = yield* Effect.mapError(
    retryStore(store.load(id)),
    (error) => fromStore(error, handle.provider, handle)
  )
  const snapshot = stored?.snapshot ?? known
  const task = TaskMachine.toTask(TaskMachine.restore(snapshot))
  wait.changed(task, stored?.version ?? 0)
  if (isEnded(task)) return entry
  wait.arm(entry, deadlineMs ?? lane.policy.deadlineMs)
  const delayMs = firstDelayMs(scheduler, entry, handle, task.model)
  const isElsewhere = options.yields === true && stored !== undefined && claims.isElsewhere(stored, scheduler.now())
  scheduler.begin(entry, isElsewhere ? Math.min(delayMs, storeGapMs) : delayMs)
  return entry
})

/**
 * A task that we have just created is read when the cadence says so; of any other nobody knows what it does by now.
 *
 * @internal
 */
export const firstDelayMs = (
  scheduler: Scheduler,
  entry: Entry,
  handle: TaskHandle,
  model: string | undefined
): number => {
  const age = scheduler.now() - (handle.createdAt ?? -Infinity)
  return age >= 0 && age < entry.lane.policy.floorMs ? scheduler.firstGapMs(entry, model) : 0
}

class Wait implements Waiter {
  readonly span: AnySpan | undefined
  readonly yields: boolean
  readonly #scheduler: Scheduler
  readonly #handle: TaskHandle
  readonly #sink: Sink
  readonly #since: number
  #alarm: Alarm | undefined = undefined
  #version = -1
  #reads = 0
  #lastFailure: string | undefined = undefined
  /** The deadline has passed and not one read has happened. */
  #isOverdue = false
  #isOver = false

  constructor(
    scheduler: Scheduler,
    handle: TaskHandle,
    sink: Sink,
    { span, yields }: { readonly span: AnySpan | undefined; readonly yields: boolean }
  ) {
    this.#scheduler = scheduler
    this.#handle = handle
    this.#sink = sink
    this.#since = scheduler.now()
    this.span = span
    this.yields = yields
  }

  arm(entry: Entry, deadlineMs: number): void {
    if (this.#isOver || !Number.isFinite(deadlineMs)) return
    this.#alarm = this.#scheduler.alarm(this.#since + deadlineMs, () => {
      // A read that the account may not send does not keep anybody waiting.
      const isHeld = entry.lane.account.pausedUntil > this.#scheduler.now()
      if (this.#reads > 0 || isHeld) return this.#timeOut()
      this.#isOverdue = true
      this.#scheduler.hurry(entry)
    })
  }

  changed(task: Task, version: number): void {
    if (this.#isOver || version <= this.#version) return
    this.#version = version
    if (isEnded(task)) this.#close()
    this.#sink.next(task)
  }

  read(failure: VideoTaskError.VideoTaskError | undefined): void {
    if (this.#isOver) return
    this.#reads++
    this.#lastFailure = failure?.message
    this.#sink.read?.(failure === undefined ? undefined : ofTask(failure, this.#handle))
    if (this.#isOverdue) this.#timeOut()
  }

  failed(error: VideoTaskError.VideoTaskError): void {
    if (this.#isOver) return
    this.#close()
    this.#sink.fail(ofTask(error, this.#handle))
  }

  closed(): void {
    if (this.#isOver) return
    this.#close()
    this.#sink.close()
  }

  leave(entry: Entry): void {
    this.#close()
    this.#scheduler.leave(entry, this)
  }

  #timeOut(): void {
    const waitedMs = this.#scheduler.now() - this.#since
    this.failed(VideoTaskError.make({
      provider: this.#handle.provider,
      operation: "await",
      reason: new VideoTaskError.WaitTimedOut({
        waitedMs,
        ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure })
      })
    }))
  }

  #close(): void {
    this.#isOver = true
    if (this.#alarm !== undefined) this.#scheduler.disarm(this.#alarm)
  }
}
