/**
 * One heap of what is due next, and one fiber that sleeps until then. Other fibers exist for requests in flight only.
 */
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type { TaskId } from "@video-tasks/core/TaskId"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { Account } from "./account.ts"
import { DueHeap } from "./dueHeap.ts"
import type { Durations } from "./durations.ts"
import { Alarm, Entry, type Lane, type Read, type Waiter } from "./entry.ts"
import type { Stepped } from "./journal.ts"
import { broken, tell, timedOut, waitersOf } from "./outcomes.ts"

/** @internal */
export interface Scheduler {
  /** The tasks that are followed. */
  readonly entries: ReadonlyMap<TaskId, Entry>
  /** What is in the heap. */
  readonly size: () => number
  /** Begins to follow a task, or joins; nothing is due before `begin`. */
  readonly join: (id: TaskId, lane: Lane, startedAt: number, waiter: Waiter | "track") => Entry
  /** Makes the first read of a task due, unless one is under way or planned. */
  readonly begin: (entry: Entry, delayMs: number) => void
  /** Makes the next read due now. */
  readonly hurry: (entry: Entry) => void
  /** Ends a wait, or the tracking; the last one to leave takes everything along. */
  readonly leave: (entry: Entry, waiter: Waiter | "track") => void
  readonly alarm: (at: number, fire: () => void) => Alarm
  readonly disarm: (alarm: Alarm) => void
  /** How long the first read of a task that was just created can wait, in ms. */
  readonly firstGapMs: (entry: Entry, model: string | undefined) => number
  /** When the task is expected to end, in ms since the epoch. */
  readonly expectedEndAt: (entry: Entry, model: string | undefined) => number
  /** Tells those who wait of a step that was not the fruit of a read. */
  readonly publish: (step: Pick<Stepped, "snapshot" | "version">) => void
  /** Reads a task whose turn it is; a place of its account is taken. */
  readonly start: (entry: Entry) => void
  /** Says when an account looks again who may go. */
  readonly scheduleAccount: (account: Account, at: number | "now" | "never") => void
  /** Runs something beside the reads, for as long as it takes. */
  readonly fork: (effect: Effect.Effect<void>) => void
  readonly now: () => number
}

/** @internal */
export interface SchedulerOptions {
  /** Reads a task once; `answered` says that the request is over and only the store is left. */
  readonly read: (entry: Entry, answered: () => void) => Effect.Effect<Read>
  readonly durations: Durations
  /** Called with a task that is no longer followed. */
  readonly onDrop: (entry: Entry) => void
}

/** @internal */
export const make = Effect.fnUntraced(
  function*(options: SchedulerOptions): Effect.fn.Return<Scheduler, never, Scope.Scope> {
    const state = new State(options, yield* Effect.context(), yield* Clock.Clock, yield* Random.Random)
    yield* Effect.addFinalizer(() => Effect.sync(() => state.close()))
    yield* Effect.forkScoped(state.loop)
    return state
  }
)

/** When a task is read again, in ms, that is tracked although its provider refuses to answer about it. */
const hopelessGapMs = 300_000

/** The longest time that timers of all platforms can count. */
const longestSleepMs = 2 ** 31 - 1

class State implements Scheduler {
  readonly entries = new Map<TaskId, Entry>()
  readonly #heap = new DueHeap<Entry | Alarm | Account>()
  readonly #latch = Latch.makeUnsafe()
  readonly #options: SchedulerOptions
  readonly #clock: Clock.Clock
  readonly #random: Random.Random
  readonly #run: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  #sleepsUntil = -Infinity
  #isClosed = false

  constructor(
    options: SchedulerOptions,
    context: Context.Context<never>,
    clock: Clock.Clock,
    random: Random.Random
  ) {
    this.#options = options
    this.#clock = clock
    this.#random = random
    // A read belongs to whoever waits for it, not to whoever built the layer.
    this.#run = Effect.runForkWith(Context.omit(Tracer.ParentSpan)(context))
  }

  readonly size = () => this.#heap.size

  readonly now = () => this.#clock.currentTimeMillisUnsafe()

  join(id: TaskId, lane: Lane, startedAt: number, waiter: Waiter | "track"): Entry {
    let entry = this.entries.get(id)
    if (entry === undefined) {
      entry = new Entry(id, lane, startedAt, this.now())
      this.entries.set(id, entry)
    }
    if (waiter === "track") entry.isTracked = true
    else (entry.waiters ??= new Set()).add(waiter)
    if (this.#isClosed && waiter !== "track") waiter.closed()
    return entry
  }

  begin(entry: Entry, delayMs: number): void {
    if (this.entries.get(entry.id) !== entry || entry.fiber !== undefined || entry.index >= 0) return
    if (entry.polls === 0 && entry.dueAt === 0) this.#schedule(entry, this.now() + delayMs)
  }

  hurry(entry: Entry): void {
    if (entry.fiber === undefined && entry.index >= 0) this.#schedule(entry, this.now())
  }

  leave(entry: Entry, waiter: Waiter | "track"): void {
    if (waiter === "track") entry.isTracked = false
    else entry.waiters?.delete(waiter)
    if (entry.waiters?.size === 0) entry.waiters = undefined
    if (entry.waiters === undefined && !entry.isTracked) this.#drop(entry)
  }

  alarm(at: number, fire: () => void): Alarm {
    const alarm = new Alarm(fire)
    this.#schedule(alarm, at)
    return alarm
  }

  disarm(alarm: Alarm): void {
    this.#heap.remove(alarm)
  }

  readonly fork = (effect: Effect.Effect<void>): void => {
    this.#run(effect)
  }

  readonly scheduleAccount = (account: Account, at: number | "now" | "never"): void => {
    if (at === "never") this.#heap.remove(account)
    else this.#schedule(account, at === "now" ? this.now() : at)
  }

  close(): void {
    this.#isClosed = true
    for (const entry of this.entries.values()) {
      const waiters = waitersOf(entry)
      this.#drop(entry)
      for (const waiter of waiters) waiter.closed()
    }
  }

  /** A fault of our own in one task must not stop the others. */
  get loop(): Effect.Effect<never> {
    return Effect.forever(
      Effect.catchDefect(
        this.#spin,
        (defect) => Effect.logError("the scheduler of video tasks broke and goes on", defect)
      )
    )
  }

  readonly #spin: Effect.Effect<never> = Effect.gen({ self: this }, function*() {
    for (;;) {
      this.#latch.closeUnsafe()
      const item = this.#heap.peek()
      const wait = item === undefined ? Infinity : item.dueAt - this.now()
      if (item !== undefined && wait <= 0) {
        this.#heap.remove(item)
        if (item instanceof Account) item.pump(this.now())
        else if (item instanceof Alarm) item.fire()
        else item.lane.account.enqueue(item)
      } else {
        this.#sleepsUntil = item?.dueAt ?? Infinity
        yield* wait === Infinity
          ? this.#latch.await
          : Effect.raceFirst(this.#latch.await, Effect.sleep(Math.min(Math.ceil(wait), longestSleepMs)))
        this.#sleepsUntil = -Infinity
      }
    }
  })

  #schedule(item: Entry | Alarm | Account, dueAt: number): void {
    this.#heap.schedule(item, dueAt)
    if (dueAt < this.#sleepsUntil) this.#latch.openUnsafe()
  }

  readonly start = (entry: Entry): void => {
    const { account, policy } = entry.lane
    const epoch = account.epoch
    // It was hurried into the heap while it stood in line.
    this.#heap.remove(entry)
    const timeout = this.alarm(this.now() + policy.pollTimeoutMs, () => {
      if (entry.fiber !== fiber) return
      this.#finish(entry, timedOut(entry), epoch)
      fiber.interruptUnsafe()
    })
    const fiber = this.#run(this.#options.read(entry, () => this.disarm(timeout)))
    entry.fiber = fiber
    fiber.addObserver((exit) => {
      this.disarm(timeout)
      if (entry.fiber !== fiber) return
      this.#finish(entry, exit._tag === "Success" ? exit.value : broken(entry), epoch)
    })
  }

  #finish(entry: Entry, read: Read, epoch: number): void {
    const { account } = entry.lane
    entry.fiber = undefined
    entry.polls++
    account.leave(read._tag === "Failed" ? read.error : undefined)
    if (read._tag === "Observed") return this.#observed(entry, read)
    entry.history = PollPolicy.failed(entry.history)
    entry.lastFailure = read.error
    entry.notFoundInARow = read.error.reason._tag === "TaskNotFound" ? entry.notFoundInARow + 1 : 0
    const now = this.now()
    // An answer to a request from before somebody tried the key again says nothing about it now.
    const isRefusal = read.verdict === "account" && account.epoch === epoch
    const waiters = waitersOf(entry)
    const pauseMs = Math.max(0, account.pausedUntil - now)
    this.#next(entry, 0, read.verdict === "stop" ? Math.max(pauseMs, hopelessGapMs) : pauseMs)
    if (isRefusal) this.#refuse(account, read.error)
    else if (read.verdict === "stop") { for (const waiter of waiters) waiter.failed(read.error) }
    for (const waiter of waiters) waiter.read(read.error)
  }

  #observed(entry: Entry, read: Read & { readonly _tag: "Observed" }): void {
    const { isAlmostDone, isChanged, model, reading, snapshot } = read
    entry.lane.account.accepted()
    entry.history = PollPolicy.observed(entry.lane.policy, entry.history, isAlmostDone ? {} : reading, this.now())
    entry.lastFailure = undefined
    entry.notFoundInARow = 0
    const waiters = waitersOf(entry)
    if (isTerminal(snapshot.value)) return this.#over(entry, read)
    this.#next(entry, isAlmostDone ? 0 : this.#medianRestMs(entry, model), 0)
    if (isChanged) tell(waiters, read)
    for (const waiter of waiters) waiter.read(undefined)
  }

  #over(entry: Entry, step: Pick<Stepped, "snapshot" | "version">): void {
    tell(waitersOf(entry), step)
    this.#drop(entry)
  }

  publish(step: Pick<Stepped, "snapshot" | "version">): void {
    const entry = this.entries.get(step.snapshot.task.id)
    if (entry === undefined) return
    if (isTerminal(step.snapshot.value)) this.#over(entry, step)
    else tell(waitersOf(entry), step)
  }

  expectedEndAt(entry: Entry, model: string | undefined): number {
    const now = this.now()
    return now + Math.round(PollPolicy.restMs(entry.lane.policy, entry.history, now, this.#medianRestMs(entry, model)))
  }

  firstGapMs(entry: Entry, model: string | undefined): number {
    return this.#gapMs(entry, this.#medianRestMs(entry, model))
  }

  #medianRestMs(entry: Entry, model: string | undefined): number {
    return this.#options.durations.medianRestMs(entry.lane, model, this.now() - entry.startedAt)
  }

  #next(entry: Entry, medianRestMs: number, atLeastMs: number): void {
    if (this.entries.get(entry.id) !== entry) return
    this.#schedule(entry, this.now() + Math.max(this.#gapMs(entry, medianRestMs), atLeastMs))
  }

  #gapMs(entry: Entry, medianRestMs: number): number {
    const random = this.#random.nextDoubleUnsafe()
    return Duration.toMillis(PollPolicy.next(entry.lane.policy, entry.history, this.now(), { random, medianRestMs }))
  }

  #refuse(account: Account, error: VideoTaskError.VideoTaskError): void {
    account.refuse(error)
    // Taken before anybody is told: who hears of it may wait again at once, and that wait is not meant.
    const entries = [...this.entries.values()].filter((entry) => entry.lane.account === account)
    for (const waiter of entries.flatMap(waitersOf)) waiter.failed(error)
  }

  #drop(entry: Entry): void {
    if (this.entries.get(entry.id) !== entry) return
    this.entries.delete(entry.id)
    this.#heap.remove(entry)
    entry.lane.account.forget(entry)
    this.#options.onDrop(entry)
    const fiber = entry.fiber
    if (fiber === undefined) return
    entry.fiber = undefined
    entry.lane.account.leave()
    fiber.interruptUnsafe()
  }
}
