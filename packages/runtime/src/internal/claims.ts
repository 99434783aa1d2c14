/**
 * What this process holds in a store that others use as well: the tasks that it follows, and the creates that it sends.
 *
 * An owner has one lease for all of that. It is renewed for as long as the layer lives, and given up when it ends.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { isHeld } from "../Standing.ts"
import type { Lease, StoredTask, TaskStore, TaskStoreError } from "../TaskStore.ts"
import { bounded } from "./bounded.ts"
import { retryStore } from "./errors.ts"
import { farewell } from "./insist.ts"

/** @internal */
export interface ClaimsOptions {
  readonly store: TaskStore["Service"]
  readonly owner: string
  readonly leaseMs: number
  readonly scope: Scope.Scope
  /** Runs something for as long as the scope is open. */
  readonly fork: (effect: Effect.Effect<void>) => void
  /** When this is done, nothing more is done for what others leave. */
  readonly until?: Effect.Effect<unknown> | undefined
  /** Whether this process follows the task. */
  readonly isFollowed: (id: TaskId) => boolean
}

/**
 * The claims of a process.
 *
 * @internal
 */
export class Claims {
  readonly owner: string
  readonly leaseMs: number
  readonly #options: ClaimsOptions
  /** What it holds, and since when, in ms since the epoch. */
  readonly #held = new Map<TaskId, number>()
  readonly #toRelease = new Set<TaskId>()
  readonly #sending = new Set<TaskId>()
  /** Until when the lease holds that was written last, and when one lapsed last, in ms since the epoch. */
  #until: number | undefined = undefined
  #lapsedAt = -Infinity
  #isReleasing = false
  #isKeptAlive = false
  #isClosed = false

  constructor(options: ClaimsOptions) {
    this.#options = options
    this.owner = options.owner
    this.leaseMs = options.leaseMs
  }

  /** Something that is done from now on, three times in each lease, however long it takes: the lease is renewed beside it. */
  every(chore: Effect.Effect<void>): Effect.Effect<void> {
    const { scope, until = Effect.never } = this.#options
    const loop = Effect.forever(Effect.andThen(Effect.sleep(this.leaseMs / 3), chore))
    return Effect.asVoid(Effect.forkIn(Effect.raceFirst(loop, until), scope))
  }

  /** The lease as it is lengthened by what is written next. */
  get lease(): Effect.Effect<Lease> {
    return Effect.andThen(
      this.#keptAlive,
      Effect.map(Clock.currentTimeMillis, (now) => ({ owner: this.owner, until: now + this.leaseMs }))
    )
  }

  /** The lease was written, and it is now. */
  wrote({ until }: Lease, now: number): void {
    this.#noteLapse(until - this.leaseMs)
    this.#until = Math.max(this.#until ?? until, until)
    // A process that slept while it wrote has a lease that was over before it was there.
    if (until <= now) this.#lapsedAt = Math.max(this.#lapsedAt, until)
  }

  /**
   * Whether the lease that was written at a time has held until now. If not, the process slept for too long or could not
   * renew it, and another one may have judged what it does.
   */
  hasHeldSince(since: number, now: number): boolean {
    this.#noteLapse(now)
    return this.#lapsedAt <= since
  }

  #noteLapse(now: number): void {
    if (this.#until !== undefined && this.#until <= now) this.#lapsedAt = this.#until
  }

  /** A create is about to be sent, or its outcome is known. */
  sending(id: TaskId, isSending: boolean): void {
    if (isSending) this.#sending.add(id)
    else this.#sending.delete(id)
  }

  isSending(id: TaskId): boolean {
    return this.#sending.has(id)
  }

  /** A task that was made with our lease, or claimed. */
  took(id: TaskId, now: number): void {
    this.#held.set(id, now)
  }

  /** Whether somebody else follows it, as the store has it. */
  isElsewhere({ claim }: StoredTask, now: number): boolean {
    return isHeld(claim, now) && claim.owner !== this.owner
  }

  /** Somebody else has it by now: it can be claimed again when they are gone. */
  lost(id: TaskId): void {
    this.#held.delete(id)
  }

  /** Whether this process believes that it holds a task. */
  holds(id: TaskId): boolean {
    return this.#held.has(id)
  }

  /** Claims a task that is about to be followed, if it is free. Who waits for a task reads it all the same. */
  take(id: TaskId): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#toRelease.delete(id)
      if (this.#held.has(id)) return Effect.void
      return Effect.flatMap(
        this.lease,
        ({ owner, until }) =>
          bounded(this.#options.store.claim(owner, 1, until, until - this.leaseMs, [id])).pipe(
            Effect.map((claimed) => {
              if (claimed.length > 0) this.took(id, until - this.leaseMs)
            }),
            Effect.catch((error) => Effect.logDebug("a task could not be claimed", error.message))
          )
      )
    })
  }

  /** Claims what nobody holds, in portions: `take` says of each task whether it is followed from now on. */
  takeAll(take: (stored: StoredTask) => Effect.Effect<boolean>): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const left: Array<TaskId> = []
      for (;;) {
        const { owner, until } = yield* this.lease
        const now = until - this.leaseMs
        const claimed = yield* retryStore(this.#options.store.claim(owner, portion, until, now))
        for (const stored of claimed) {
          const { id } = stored.snapshot.task
          if (yield* take(stored)) this.took(id, now)
          else left.push(id)
        }
        if (claimed.length < portion) break
      }
      // Given back at the end only, or the next claim would bring them again.
      if (left.length > 0) yield* Effect.ignore(bounded(this.#options.store.release(this.owner, left)))
    })
  }

  /** Nobody here follows it any more. What has ended holds nobody. */
  dropped(id: TaskId, hasEnded: boolean): void {
    if (!this.#held.delete(id) || hasEnded || this.#isClosed) return
    this.#toRelease.add(id)
    if (this.#isReleasing) return
    this.#isReleasing = true
    this.#options.fork(this.#releasing)
  }

  /** Gives everything back: whoever comes next need not wait for the lease to lapse, and this one not for a silent store. */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isClosed = true
      if (!this.#isKeptAlive) return Effect.void
      const ids = [...this.#held.keys(), ...this.#toRelease]
      const released = ids.length === 0 ? Effect.void : this.#options.store.release(this.owner, ids)
      const over = Effect.flatMap(Clock.currentTimeMillis, (now) => this.#options.store.renew(this.owner, now))
      return Effect.ignore(farewell(Effect.andThen(released, over)))
    })
  }

  readonly #releasing: Effect.Effect<void> = Effect.suspend(() => {
    this.#isReleasing = false
    const ids = [...this.#toRelease]
    this.#toRelease.clear()
    return ids.length === 0 ? Effect.void : Effect.ignore(bounded(this.#options.store.release(this.owner, ids)))
  })

  readonly #keptAlive: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#isKeptAlive || this.#isClosed) return Effect.void
    this.#isKeptAlive = true
    return Effect.asVoid(Effect.forkIn(this.#life, this.#options.scope, { startImmediately: true }))
  })

  #renewed(until: number): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      yield* bounded(this.#options.store.renew(this.owner, until))
      this.wrote({ owner: this.owner, until }, yield* Clock.currentTimeMillis)
    })
  }

  readonly #life: Effect.Effect<never> = Effect.suspend(() => {
    const { isFollowed } = this.#options
    return Effect.forever(Effect.gen({ self: this }, function*() {
      yield* Effect.sleep(this.leaseMs / 3)
      const now = yield* Clock.currentTimeMillis
      yield* Effect.catchCause(
        this.#renewed(now + this.leaseMs),
        (cause) => Effect.logWarning("claims could not be renewed", cause)
      )
      // A task that was made here and that nobody follows here is for whoever comes.
      for (const [id, since] of this.#held) {
        if (since + this.leaseMs <= now && !isFollowed(id)) this.dropped(id, false)
      }
    }))
  })
}

/** How many tasks are claimed at once. */
const portion = 500
