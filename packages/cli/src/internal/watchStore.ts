/**
 * Reads a store again and again, but only what may have changed.
 */
import { isTerminal, running, type TaskStatus } from "@video-tasks/core/TaskStatus"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { StoredTask, StoreFilter } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Facts from "./facts.ts"
import type { Problem } from "./problem.ts"
import * as StoreReads from "./storeReads.ts"
import type { Read } from "./watchBoard.ts"

/** What a look at the store brought. */
interface Look {
  readonly reads: ReadonlyArray<Read>
  /**
   * The creates that are no longer unclear (the tasks that they made are among the reads), and the tasks that were removed.
   */
  readonly gone: ReadonlyArray<string>
}

/** What to look at. */
export interface Scope {
  readonly provider: string | undefined
  /** Which ended tasks the first look brings; all that have ended, unless this is said. */
  readonly ended: ReadonlyArray<TaskStatus> | undefined
  /** Whether creates without an outcome are read, too. */
  readonly creates: boolean
}

/** A store that is looked at. */
export interface WatchedStore {
  /** The first look reads everything in scope, the next ones what may have changed since. */
  readonly look: Effect.Effect<Look, Problem, TaskStore>
}

/** What a look may miss because clocks differ or a write took long, in ms: so much is read twice. */
const overlapMs = 60_000

/** After so many looks everything unfinished is read again: the clocks of other machines may be far off. */
const wholeEvery = 30

/** How many of those that have ended are looked for then: somebody may have removed them. */
const endedAtOnce = 100

/** How many of those that have ended are remembered, the ones that were read last. */
const mostEnded = 5000

type Id = StoredTask["snapshot"]["task"]["id"]

/** Begins to look at a store. */
export const make = (scope: Scope): WatchedStore => {
  const tasks = new Tasks(scope)
  const creates = new Creates(scope)
  return {
    look: Effect.gen(function*() {
      // The creates come first: the task of one that is no longer unclear is found then.
      const open = yield* creates.look
      const found = yield* tasks.look
      const made = new Set(found.reads.map(({ facts }) => facts.id))
      return {
        reads: [...found.reads, ...open.reads.filter(({ facts }) => !made.has(facts.id))],
        gone: [...found.gone, ...open.gone.filter((id) => !made.has(id))]
      }
    })
  }
}

// internal

class Tasks {
  readonly #scope: Scope
  readonly #unfinished = new Set<Id>()
  /** The one that was looked for last comes last. */
  readonly #ended = new Set<Id>()
  #looks = 0
  #lookedAt = 0

  constructor(scope: Scope) {
    this.#scope = scope
  }

  get look(): Effect.Effect<Look, Problem, TaskStore> {
    return Effect.gen({ self: this }, function*() {
      const now = yield* Clock.currentTimeMillis
      const { ended } = this.#scope
      const isFirst = this.#looks === 0
      const isWhole = this.#looks % wholeEvery === 0
      const found = yield* this.#read(
        isFirst
          ? ended === undefined ? {} : { status: [...running, ...ended] }
          : isWhole
          ? { status: running }
          : { changedSince: this.#lookedAt - overlapMs },
        isWhole
      )
      this.#looks++
      this.#lookedAt = now
      return found
    })
  }

  /** Reads some; in a whole look also those that are missing among them, and whether some that have ended are still there. */
  #read(filter: StoreFilter, isWhole: boolean): Effect.Effect<Look, Problem, TaskStore> {
    return Effect.gen({ self: this }, function*() {
      const { provider } = this.#scope
      const reads: Array<Read> = []
      const gone: Array<Id> = []
      const missing = new Set(isWhole ? this.#unfinished : [])
      const ended = isWhole ? [...this.#ended].slice(0, endedAtOnce) : []
      yield* Stream.runForEach(StoreReads.tasks({ ...filter, provider }), (stored) =>
        Effect.sync(() => {
          missing.delete(stored.snapshot.task.id)
          reads.push(this.#note(stored))
        }))
      for (const id of missing) {
        const stored = yield* TaskStore.use((store) => StoreReads.reading(store.load(id)))
        if (stored !== undefined) reads.push(this.#note(stored))
        else if (this.#unfinished.delete(id)) gone.push(id)
      }
      for (const id of ended) {
        const stored = yield* TaskStore.use((store) => StoreReads.reading(store.load(id)))
        this.#ended.delete(id)
        if (stored === undefined) gone.push(id)
        else this.#ended.add(id)
      }
      return { reads, gone }
    })
  }

  #note(stored: StoredTask): Read {
    const { task: { id }, value } = stored.snapshot
    this.#unfinished.delete(id)
    this.#ended.delete(id)
    if (isTerminal(value)) this.#ended.add(id)
    else this.#unfinished.add(id)
    for (const oldest of this.#ended) {
      if (this.#ended.size <= mostEnded) break
      this.#ended.delete(oldest)
    }
    return { facts: Facts.ofTask(StoreReads.toTask(stored)), version: stored.version }
  }
}

/** The creates without an outcome. */
class Creates {
  readonly #scope: Scope
  #unclear: ReadonlySet<string> = new Set()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  get look(): Effect.Effect<Look, Problem, TaskStore> {
    return Effect.gen({ self: this }, function*() {
      const { creates, provider } = this.#scope
      if (!creates) return { reads: [], gone: [] }
      const open = yield* StoreReads.openCreates
      const reads = open
        .filter(({ submission }) => provider === undefined || submission.provider === provider)
        .map((create): Read => ({ facts: Facts.ofCreate(create), version: 0 }))
      const now = new Set(reads.map(({ facts }) => facts.id))
      const gone = [...this.#unclear].filter((id) => !now.has(id))
      this.#unclear = now
      return { reads, gone }
    })
  }
}
