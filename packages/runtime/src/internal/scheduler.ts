/**
 * One heap of what is due next, and one fiber that sleeps until then. Other fibers exist for requests in flight only.
 */
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import type { TaskId } from "@video-tasks/core/TaskId"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import type { ObservedPoll } from "../TaskObserver.ts"
import { Account } from "./account.ts"
import type { Batch } from "./batch.ts"
import { Companions } from "./companions.ts"
import { DueLoop } from "./dueLoop.ts"
import type { Durations } from "./durations.ts"
import { Alarm, Entry, type Lane, type Read, type Waiter } from "./entry.ts"
import { Flight } from "./flight.ts"
import * as Follows from "./follows.ts"
import { Gaps } from "./gaps.ts"
import type { Stepped } from "./journal.ts"
import { broken, polled, tell, timedOut, waitersOf } from "./outcomes.ts"

/** @internal */
export interface Scheduler {
  /** The tasks that are followed. */
  readonly entries: ReadonlyMap<TaskId, Entry>
  /** What is in the heap. */
  readonly size: () => number
  /** Begins to follow a task, or joins; nothing is due before `begin`. */
  readonly join: (id: TaskId, lane: Lane, startedAt: number, waiter: Waiter | "track") => Entry
  /** Makes the first read of a task due, unless one is under way or planned earlier. */
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
  /** A callback that can be believed has led to a step: those who wait hear of it, and reads become rare. */
  readonly called: (step: Stepped, reading: PollPolicy.Reading) => void
  /** Somebody says that a task has news: it is read as soon as its floor allows. Returns whether it is followed. */
  readonly hint: (id: TaskId) => boolean
  /** Reads a task whose turn it is; a place of its account is taken. */
  readonly start: (entry: Entry) => void
  /** Says when an account looks again who may go. */
  readonly scheduleAccount: (account: Account, at: number | "now" | "never") => void
  /** Runs something beside the reads, for as long as it takes. */
  readonly fork: (effect: Effect.Effect<void>) => void
  readonly now: () => number
  /** Who waits here for tasks of an account. */
  readonly waitersOn: (account: Account) => ReadonlyArray<Waiter>
}

/** @internal */
export interface SchedulerOptions {
  /** Reads a task once; `answered` says that the request is over and only the store is left. */
  readonly read: (entry: Entry, answered: () => void) => Effect.Effect<Read>
  readonly durations: Durations
  /** Reads many tasks of a lane at once. */
  readonly readMany: (batch: Batch) => Effect.Effect<void>
  /** Called with each read that is over. */
  readonly onPoll?: ((poll: ObservedPoll) => void) | undefined
  /** When this is done, nothing is read any more. */
  readonly until?: Effect.Effect<unknown> | undefined
  /** Called with a task that is no longer followed. */
  readonly onDrop: (entry: Entry, hasEnded: boolean) => void
}

/** @internal */
export const make = Effect.fnUntraced(
  function*(options: SchedulerOptions): Effect.fn.Return<Scheduler, never, Scope.Scope> {
    const state = new State(options, yield* Effect.context(), yield* Clock.Clock, yield* Random.Random)
    yield* Effect.addFinalizer(() => Effect.sync(() => state.close()))
    yield* Effect.forkScoped(state.loop)
    if (options.until !== undefined) {
      yield* Effect.forkScoped(Effect.andThen(options.until, Effect.sync(() => state.close())), {
        startImmediately: true
      })
    }
    return state
  }
)

/** When a task is read again, in ms, that is tracked although its provider refuses to answer about it. */
const hopelessGapMs = 300_000

/**
 * How often the store is looked at for what others read, in ms: a task, and each of many.
 *
 * @internal
 */
export const storeGapMs = 2000
const storeGapPerTaskMs = 50

class State implements Scheduler {
  readonly entries = new Map<TaskId, Entry>()
  readonly #due: DueLoop<Entry | Alarm | Account>
  readonly #companions = new Companions()
  readonly #options: SchedulerOptions
  readonly #gaps: Gaps
  readonly #follows: ReturnType<typeof Follows.make>
  readonly #run: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  #isClosed = false

  constructor(
    options: SchedulerOptions,
    context: Context.Context<never>,
    clock: Clock.Clock,
    random: Random.Random
  ) {
    this.#options = options
    this.#due = new DueLoop(clock, (item) => {
      if (item instanceof Account) item.pump(this.now())
      else if (item instanceof Alarm) item.fire()
      else item.lane.account.enqueue(item)
    })
    this.#follows = Follows.make(context)
    this.#gaps = new Gaps(options.durations, clock, random)
    // A read belongs to whoever waits for it, not to whoever built the layer.
    this.#run = Effect.runForkWith(Context.omit(Tracer.ParentSpan)(context))
  }

  readonly size = () => this.#due.heap.size

  readonly now = () => this.#due.now()

  join(id: TaskId, lane: Lane, startedAt: number, waiter: Waiter | "track"): Entry {
    let entry = this.entries.get(id)
    if (entry === undefined) {
      entry = new Entry(id, lane, startedAt, this.now())
      if (!this.#isClosed) {
        this.entries.set(id, entry)
        this.#follows(lane.provider.id, 1)
      }
    }
    if (waiter === "track") entry.isTracked = true
    else (entry.waiters ??= new Set()).add(waiter)
    if (this.#isClosed && waiter !== "track") waiter.closed()
    return entry
  }

  begin(entry: Entry, delayMs: number): void {
    if (this.entries.get(entry.id) !== entry || entry.flight !== undefined || entry.polls > 0) return
    const isPlanned = entry.index >= 0
    if (!isPlanned && entry.dueAt !== 0) return
    const dueAt = this.now() + Math.max(delayMs, Companions.gatherMs(entry.lane))
    // Who joins does not wait as long as a task that is only tracked may.
    if (!isPlanned || dueAt < entry.dueAt) this.#due.schedule(entry, dueAt)
  }

  hurry(entry: Entry): void {
    if (entry.flight === undefined && entry.index >= 0) this.#due.schedule(entry, this.now())
  }

  leave(entry: Entry, waiter: Waiter | "track"): void {
    if (waiter === "track") entry.isTracked = false
    else entry.waiters?.delete(waiter)
    if (entry.waiters?.size === 0) entry.waiters = undefined
    if (entry.waiters === undefined && !entry.isTracked) this.#drop(entry)
  }

  alarm(at: number, fire: () => void): Alarm {
    const alarm = new Alarm(fire)
    this.#due.schedule(alarm, at)
    return alarm
  }

  disarm(alarm: Alarm): void {
    this.#due.heap.remove(alarm)
  }

  readonly fork = (effect: Effect.Effect<void>): void => {
    this.#run(effect)
  }

  readonly scheduleAccount = (account: Account, at: number | "now" | "never"): void => {
    if (at === "never") this.#due.heap.remove(account)
    else this.#due.schedule(account, at === "now" ? this.now() : at)
  }

  close(): void {
    this.#isClosed = true
    for (const entry of this.entries.values()) {
      const waiters = waitersOf(entry)
      this.#drop(entry)
      for (const waiter of waiters) waiter.closed()
    }
  }

  get loop(): Effect.Effect<never> {
    return this.#due.run
  }

  readonly start = (leader: Entry): void => {
    const { account, policy } = leader.lane
    const entries = [leader, ...this.#companions.of(leader, this.#due.heap, this.now())]
    for (const entry of entries) {
      account.forget(entry)
      // It was hurried into the heap while it stood in line.
      this.#due.heap.remove(entry)
    }
    const flight = new Flight(account, entries, this.now())
    const timeout = this.alarm(this.now() + policy.pollTimeoutMs, () => {
      this.#finish(flight, flight.members, timedOut(leader))
      flight.fiber?.interruptUnsafe()
    })
    const answered = () => this.disarm(timeout)
    const isOne = entries.length === 1
    const fiber: Fiber.Fiber<Read | void> = this.#run(
      isOne ? this.#options.read(leader, answered) : this.#options.readMany(this.#batch(flight, entries, answered))
    )
    flight.fiber = fiber
    fiber.addObserver((exit) => {
      this.disarm(timeout)
      const read = exit._tag === "Success" && exit.value !== undefined ? exit.value : broken(leader)
      if (flight.members.length > 0) this.#finish(flight, flight.members, read)
      flight.land()
    })
    if (flight.members.length === 0) fiber.interruptUnsafe()
  }

  #batch(flight: Flight, entries: ReadonlyArray<Entry>, answered: () => void): Batch {
    return {
      entries,
      isWanted: (entry) => flight.has(entry),
      answered,
      landed: (error) => flight.land(error),
      done: (entries, read) => {
        if (read._tag === "Observed") { for (const entry of entries) this.#companions.present(entry) }
        this.#finish(flight, entries, read)
      },
      alone: (entries, why) => {
        for (const entry of entries) {
          if (!flight.has(entry)) continue
          flight.release(entry)
          if (why === "refused") this.#companions.refused(entry.lane, this.now())
          else this.#companions.readAlone(entry, why)
          entry.lane.account.enqueue(entry)
        }
      }
    }
  }

  /** Tasks that are read together fail together; what was seen is of one task. */
  #finish(flight: Flight, entries: ReadonlyArray<Entry>, read: Read): void {
    for (const entry of entries) {
      flight.release(entry)
      entry.polls++
    }
    if (read._tag === "Failed") {
      entries[0]?.lane.account.heed(read.error)
      this.#failed(entries, read, flight.epoch)
      // The next in line goes when it is known what the answer means for the account.
      flight.land()
    } else {
      if (flight.share === 1) flight.land()
      for (const entry of entries) this.#observed(entry, read, flight.share)
    }
    const { onPoll } = this.#options
    if (onPoll === undefined) return
    for (const entry of entries) onPoll(polled(entry, read, flight.sentAt, this.now()))
  }

  #failed(entries: ReadonlyArray<Entry>, { error, verdict }: Read & { readonly _tag: "Failed" }, epoch: number): void {
    const [first] = entries
    if (first === undefined) return
    const { account } = first.lane
    const now = this.now()
    const waiters = entries.flatMap(waitersOf)
    const pauseMs = Math.max(0, account.pausedUntil - now)
    for (const entry of entries) {
      entry.history = PollPolicy.failed(entry.history)
      entry.lastFailure = error
      entry.notFoundInARow = error.reason._tag === "TaskNotFound" ? entry.notFoundInARow + 1 : 0
      this.#next(entry, 0, verdict === "stop" ? Math.max(pauseMs, hopelessGapMs) : pauseMs)
    }
    // An answer to a request from before somebody tried the key again says nothing about it now.
    if (verdict === "account" && account.epoch === epoch) account.refuse(error)
    else if (verdict === "stop") { for (const waiter of waiters) waiter.failed(error) }
    for (const waiter of waiters) waiter.read(error)
  }

  #observed(entry: Entry, read: Read & { readonly _tag: "Observed" }, share: number): void {
    const { hasMoved, isAlmostDone, isChanged, model, reading, snapshot } = read
    const { account, policy } = entry.lane
    account.accepted()
    const said: PollPolicy.Reading = { ...(isAlmostDone ? {} : reading), isNews: hasMoved || isAlmostDone }
    entry.history = PollPolicy.observed(policy, entry.history, said, this.now(), share)
    entry.lastFailure = undefined
    entry.notFoundInARow = 0
    const waiters = waitersOf(entry)
    if (isTerminal(snapshot.value)) return this.#over(entry, read)
    this.#next(entry, isAlmostDone ? 0 : this.#gaps.medianRestMs(entry, model), 0)
    if (read.isElsewhere === true) this.#lookSoon(entry)
    if (isChanged) tell(waiters, read)
    for (const waiter of waiters) waiter.read(undefined)
  }

  #over(entry: Entry, step: Pick<Stepped, "snapshot" | "version">): void {
    tell(waitersOf(entry), step)
    this.#drop(entry, true)
  }

  publish(step: Pick<Stepped, "snapshot" | "version">): void {
    const entry = this.entries.get(step.snapshot.task.id)
    if (entry === undefined) return
    if (isTerminal(step.snapshot.value)) this.#over(entry, step)
    else tell(waitersOf(entry), step)
  }

  called(step: Stepped, reading: PollPolicy.Reading): void {
    const entry = this.entries.get(step.snapshot.task.id)
    if (entry === undefined) return
    if (isTerminal(step.snapshot.value)) return this.#over(entry, step)
    entry.history = PollPolicy.called(entry.lane.policy, entry.history, reading, this.now())
    entry.notFoundInARow = 0
    if (step.verdict === "changed") tell(waitersOf(entry), step)
    // Who stands in line, or is being read, is not put off; nor is the back-off after failures.
    const isPlanned = entry.index >= 0 && entry.flight === undefined && entry.history.failures === 0
    if (isPlanned) this.#next(entry, this.#gaps.medianRestMs(entry, step.snapshot.task.model), 0)
  }

  hint(id: TaskId): boolean {
    const entry = this.entries.get(id)
    if (entry === undefined) return false
    if (entry.flight !== undefined) entry.isHinted = true
    else if (entry.index >= 0) this.#advance(entry)
    return true
  }

  /** Brings the next read forward, as far as the floor allows. */
  #advance(entry: Entry): void {
    const dueAt = this.now() + this.#gaps.hinted(entry)
    if (dueAt < entry.dueAt) this.#due.schedule(entry, dueAt)
  }

  expectedEndAt(entry: Entry, model: string | undefined): number {
    return this.#gaps.expectedEndAt(entry, model)
  }

  firstGapMs(entry: Entry, model: string | undefined): number {
    return this.#gaps.next(entry, this.#gaps.medianRestMs(entry, model))
  }

  /** Whoever reads it has their own cadence: what they have seen stands in the store, which may be asked more often. */
  #lookSoon(entry: Entry): void {
    const dueAt = this.now() + Math.max(storeGapMs, this.entries.size * storeGapPerTaskMs)
    if (entry.index >= 0 && dueAt < entry.dueAt) this.#due.schedule(entry, dueAt)
  }

  #next(entry: Entry, medianRestMs: number, atLeastMs: number): void {
    if (this.entries.get(entry.id) !== entry) return
    this.#due.schedule(entry, this.now() + Math.max(this.#gaps.next(entry, medianRestMs), atLeastMs))
    if (!entry.isHinted) return
    entry.isHinted = false
    if (atLeastMs === 0) this.#advance(entry)
  }

  readonly waitersOn = (account: Account): ReadonlyArray<Waiter> =>
    [...this.entries.values()].filter((entry) => entry.lane.account === account).flatMap(waitersOf)

  #drop(entry: Entry, hasEnded = false): void {
    if (this.entries.get(entry.id) !== entry) return
    this.entries.delete(entry.id)
    this.#follows(entry.lane.provider.id, -1)
    this.#due.heap.remove(entry)
    entry.lane.account.forget(entry)
    this.#options.onDrop(entry, hasEnded)
    entry.flight?.abandon(entry)
  }
}
