/**
 * The watch over the store: what other processes change, and what was there before this one began.
 */
import type { Submission } from "@video-tasks/core/Submission"
import * as TaskId from "@video-tasks/core/TaskId"
import * as TaskStatus from "@video-tasks/core/TaskStatus"
import * as Standing from "@video-tasks/runtime/Standing"
import type { Page, StoredTask, TaskStore, TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Row } from "../Contract.ts"
import type { Looked } from "../DashboardHub.ts"
import type { Board } from "./board.ts"
import * as Rows from "./rows.ts"
import * as Words from "./words.ts"

/** How far a look goes back behind the look before: clocks differ, and a write takes its time. In ms. */
const overlapMs = 5000

/** How often all that is unfinished is looked at, whatever the clocks say, in ms. */
const sweepEveryMs = 15_000

/** How long after its time a read may be before the task counts as not followed here, in ms. */
const missedMs = 120_000

/** How many creates that have made no task are shown at most. */
const maxOpen = 1000

/** How many prompts are looked up between two looks. */
const maxPrompts = 200

/** How many of those that have ended are looked for in each sweep: somebody may have removed them. */
const maxEnded = 100

/** How often those are counted that there is no room for, in ms. */
const countEveryMs = 300_000

/** How many of them are counted at most. */
const maxCounted = 20_000

/** What a watch stands on. */
export interface Options {
  readonly board: Board
  readonly store: TaskStore["Service"]
  readonly owner: string | undefined
  readonly showPrompts: boolean
  readonly lookEveryMs: number
}

/** The watch over the store. */
export class Watch {
  readonly #options: Options
  /** How many events of each task are on the board. */
  readonly #versions = new Map<string, number>()
  /** The tasks whose prompt is still to be looked up. */
  readonly #wanted = new Set<string>()
  #isLoaded = false
  /** Up to which of the lines it was looked whether they were removed. */
  #checked = 0
  #lookedAt = 0
  #sweepAt = 0
  #countAt = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Whether this many events of a task are more than the board has; from now on it has them. */
  isNews(id: string, version: number): boolean {
    if ((this.#versions.get(id) ?? 0) >= version) return false
    this.#versions.set(id, version)
    return true
  }

  /** A task that steps here. */
  heard(id: string, needsPrompt: boolean): void {
    if (needsPrompt && this.#options.showPrompts) this.#wanted.add(id)
  }

  /** A task that the board has no more. */
  gone(id: string): void {
    this.#versions.delete(id)
    this.#wanted.delete(id)
  }

  /** Watches for as long as it is let. */
  get run(): Effect.Effect<never> {
    return Effect.gen({ self: this }, function*() {
      const { lookEveryMs } = this.#options
      this.#lookedAt = yield* Clock.currentTimeMillis
      yield* this.#untilDone(this.#load)
      this.#isLoaded = true
      let idle = 0
      for (;;) {
        const began = yield* Clock.currentTimeMillis
        const [isNew, isOk] = yield* this.#told(this.#round(began))
        const took = (yield* Clock.currentTimeMillis) - began
        idle = isNew ? 0 : Math.min(idle + 1, 4)
        // A store that is slow, or has much to say, is asked less often.
        yield* Effect.sleep(Math.max(lookEveryMs * (isOk ? 1 + idle : 5), 4 * took))
      }
    })
  }

  /** Looks at one task, or takes what was read of it. That the store is well again is for a whole round to say. */
  look(id: string, looked?: Looked): Effect.Effect<void> {
    const { board } = this.#options
    return Effect.catch(this.#lookAt(id, looked), (error) => Effect.sync(() => board.remark(Words.line(error.message))))
  }

  /** Runs something with the store, and says on the board when it fails. */
  #told(work: Effect.Effect<boolean, TaskStoreError>): Effect.Effect<readonly [isNew: boolean, isOk: boolean]> {
    const { board } = this.#options
    return Effect.matchEffect(work, {
      onFailure: (error) =>
        Effect.sync(() => {
          board.remark(Words.line(error.message))
          return [false, false] as const
        }),
      onSuccess: (isNew) =>
        Effect.sync(() => {
          board.remark(undefined)
          return [isNew, true] as const
        })
    })
  }

  #untilDone(work: Effect.Effect<void, TaskStoreError>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      while (!(yield* this.#told(Effect.as(work, true)))[1]) yield* Effect.sleep(this.#options.lookEveryMs)
    })
  }

  /** Takes the newest tasks, page by page, and the prompts that belong to them. */
  get #load(): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { board, showPrompts, store } = this.#options
      let cursor: string | undefined
      let isMore: boolean
      do {
        const page: Page<StoredTask> = yield* store.list({ newestFirst: true }, cursor)
        const room = Math.max(0, board.maxTasks - board.size)
        yield* this.#applyAll(page.items.slice(0, room))
        cursor = page.cursor
        isMore = cursor !== undefined || page.items.length > room
      } while (cursor !== undefined && !board.isFull)
      // The first sweep counts them.
      if (isMore) board.leave({ running: 0, ended: 1 })
      cursor = undefined
      const oldest = board.rows.reduce((least, { createdAt }) => Math.min(least, createdAt), Infinity)
      do {
        if (!showPrompts) return
        const page: Page<Submission> = yield* store.submissions({ newestFirst: true }, cursor)
        for (const one of page.items) this.#prompt(one)
        const isBehind = page.items.every(({ startedAt }) => startedAt < oldest)
        cursor = isBehind ? undefined : page.cursor
        yield* Effect.yieldNow
      } while (cursor !== undefined)
    })
  }

  /** One look at what changed; `true` when there was something. */
  #round(now: number): Effect.Effect<boolean, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { board, store } = this.#options
      const before = board.seq
      const since = this.#lookedAt - overlapMs
      let cursor: string | undefined
      do {
        const page: Page<StoredTask> = yield* store.list({ changedSince: since }, cursor)
        yield* this.#applyAll(page.items)
        cursor = page.cursor
      } while (cursor !== undefined)
      this.#lookedAt = now
      yield* this.#open(now)
      yield* this.#prompts
      if (now >= this.#sweepAt) {
        yield* this.#sweep
        if (board.leftOut !== undefined && (board.hasRoom || now >= this.#countAt)) {
          yield* this.#count
          this.#countAt = now + countEveryMs
        }
        const after = yield* Clock.currentTimeMillis
        this.#sweepAt = after + Math.max(sweepEveryMs, 20 * (after - now))
      }
      return board.seq !== before
    })
  }

  /** Everything unfinished, so that nothing is missed for a clock that is wrong, and claims are seen. */
  get #sweep(): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { board, store } = this.#options
      const seen = new Set<string>()
      let cursor: string | undefined
      do {
        const page: Page<StoredTask> = yield* store.list({ status: TaskStatus.running, newestFirst: true }, cursor)
        yield* this.#applyAll(page.items)
        for (const { snapshot } of page.items) seen.add(snapshot.task.id)
        cursor = page.cursor
      } while (cursor !== undefined && seen.size < board.maxTasks)
      yield* this.#applyAll((yield* store.list({ newestFirst: true })).items)
      yield* this.#removed
      if (cursor !== undefined) return
      for (const { id, state } of board.rows) {
        if ((state === "SUBMITTED" || state === "IN_PROGRESS") && !seen.has(id)) yield* this.#lookAt(id)
      }
    })
  }

  /** Some of those that have ended, each time the next ones: the store tells nobody what was removed. */
  get #removed(): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const ended = this.#options.board.rows.filter(({ state }) => Rows.isEnded(state))
      if (this.#checked >= ended.length) this.#checked = 0
      for (const { id } of ended.slice(this.#checked, this.#checked + maxEnded)) yield* this.#lookAt(id)
      this.#checked += maxEnded
    })
  }

  /** Counts what there is no room for; where there is room again, the newest of it come back. */
  get #count(): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { board, store } = this.#options
      const isFilling = board.hasRoom
      if (isFilling) board.evictedUpTo = -Infinity
      let [running, ended] = [0, 0]
      let cursor: string | undefined
      do {
        const page: Page<StoredTask> = yield* store.list({ newestFirst: true }, cursor)
        const missing = page.items.filter(({ snapshot }) => board.get(snapshot.task.id) === undefined)
        const room = isFilling ? Math.max(0, board.maxTasks - board.size) : 0
        yield* this.#applyAll(missing.slice(0, room))
        for (const { snapshot } of missing.slice(room)) {
          if (TaskStatus.isTerminal(snapshot.value)) ended++
          else running++
        }
        cursor = page.cursor
      } while (cursor !== undefined && running + ended < maxCounted)
      board.leave({ running, ended })
    })
  }

  /** The creates that have made no task. */
  #open(now: number): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { board, store } = this.#options
      const seen = new Set<string>()
      const leases: Leases = new Map()
      for (const outcome of ["pending", "ambiguous"] as const) {
        let cursor: string | undefined
        do {
          const page: Page<Submission> = yield* store.submissions({ outcome, newestFirst: true }, cursor)
          for (const one of page.items) {
            seen.add(one.id)
            this.#applyOpen(one, yield* this.#standing(one, now, leases))
          }
          cursor = page.cursor
        } while (cursor !== undefined && seen.size < maxOpen)
      }
      for (const { id, state } of board.rows) {
        if ((state === "submitting" || state === "ambiguous") && !seen.has(id)) yield* this.#lookAt(id)
      }
    })
  }

  /** The prompts of tasks that came without one. */
  get #prompts(): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      for (const id of [...this.#wanted].slice(0, maxPrompts)) {
        const submission = TaskId.is(id) ? yield* this.#options.store.submission(id) : undefined
        this.#wanted.delete(id)
        if (submission !== undefined) this.#prompt(submission)
      }
    })
  }

  /** How a create stands; many have one sender. */
  #standing(one: Submission, now: number, leases: Leases): Effect.Effect<Standing.Standing, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { outcome, owner } = one
      if (outcome._tag !== "pending" || owner === undefined) return Standing.of(one, undefined, now)
      if (!leases.has(owner)) leases.set(owner, yield* this.#options.store.leaseOf(owner))
      return Standing.of(one, leases.get(owner), now)
    })
  }

  #lookAt(id: string, looked?: Looked): Effect.Effect<void, TaskStoreError> {
    return Effect.gen({ self: this }, function*() {
      const { board, store } = this.#options
      if (!TaskId.is(id)) return
      const stored = looked === undefined ? yield* store.load(id) : looked.stored
      if (stored !== undefined) return this.#apply(stored, yield* Clock.currentTimeMillis)
      const submission = looked === undefined ? yield* store.submission(id) : looked.submission
      const standing = submission && (yield* Standing.read(store, submission))
      if (submission === undefined || standing === undefined || standing === "settled") board.remove(id)
      else this.#applyOpen(submission, standing)
    })
  }

  #applyAll(items: ReadonlyArray<StoredTask>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const now = yield* Clock.currentTimeMillis
      for (const stored of items) this.#apply(stored, now)
      yield* Effect.yieldNow
    })
  }

  #apply({ claim, snapshot, version }: StoredTask, now: number): void {
    const { board } = this.#options
    const { task, value } = snapshot
    const before = board.get(task.id)
    // What ended long ago takes nobody's place.
    if (before === undefined && TaskStatus.isTerminal(value) && task.updatedAt <= board.evictedUpTo) return
    const followed = this.#followed(before, claim, now)
    if (this.isNews(task.id, version)) {
      if (this.#isLoaded) board.steps++
      const row = Rows.ofSnapshot(snapshot, { text: Words.ofTask(snapshot), at: task.updatedAt }, before)
      board.put(TaskStatus.isTerminal(value) ? row : { ...row, ...followed })
      if (before?.prompt === undefined) this.heard(task.id, true)
    } else if (before !== undefined && !Rows.isEnded(before.state) && before.followed !== followed.followed) {
      board.put({ ...before, ...followed })
    }
  }

  #followed(before: Row | undefined, claim: StoredTask["claim"], now: number): Pick<Row, "followed" | "nextPollAt"> {
    const nextPollAt = before?.nextPollAt
    if (nextPollAt !== undefined && now - nextPollAt < missedMs) return { followed: "here", nextPollAt }
    if (!Standing.isHeld(claim, now)) return { followed: "nobody", nextPollAt: undefined }
    const { owner } = this.#options
    const isOurs = owner !== undefined && claim.owner.startsWith(owner)
    return { followed: isOurs ? "here" : "elsewhere", nextPollAt: undefined }
  }

  #applyOpen(submission: Submission, standing: Standing.Standing): void {
    const { board, showPrompts } = this.#options
    const before = board.get(submission.id)
    if (before !== undefined && before.state !== "submitting" && before.state !== "ambiguous") return
    const row = Rows.ofSubmission(submission, standing)
    if (row === undefined || (before?.state === row.state && before.last === row.last)) return
    board.put(showPrompts ? row : { ...row, prompt: undefined })
  }

  #prompt(submission: Submission): void {
    const { board } = this.#options
    const row = board.get(submission.id)
    const prompt = Rows.promptOf(submission)
    this.#wanted.delete(submission.id)
    if (row !== undefined && row.prompt === undefined && prompt !== undefined) board.put({ ...row, prompt })
  }
}

// internal

/** Until when the senders of creates hold what they hold. */
type Leases = Map<string, number | undefined>
