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
  /** The creates that are no longer unclear; the tasks that they made are among the reads. */
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

/** Begins to look at a store. */
export const make = ({ creates: withCreates, ended, provider }: Scope): WatchedStore => {
  const unfinished = new Set<StoredTask["snapshot"]["task"]["id"]>()
  let unclear = new Set<string>()
  let [looks, lookedAt] = [0, 0]
  const readTasks = Effect.fnUntraced(function*(filter: StoreFilter, hasAllUnfinished: boolean) {
    const reads: Array<Read> = []
    const missing = new Set(hasAllUnfinished ? unfinished : [])
    const each = (stored: StoredTask) => {
      const { id } = stored.snapshot.task
      missing.delete(id)
      if (isTerminal(stored.snapshot.value)) unfinished.delete(id)
      else unfinished.add(id)
      reads.push({ facts: Facts.ofTask(StoreReads.toTask(stored)), version: stored.version })
    }
    yield* Stream.runForEach(StoreReads.tasks({ ...filter, provider }), (stored) => Effect.sync(() => each(stored)))
    yield* Effect.forEach(missing, (id) =>
      TaskStore.use((store) => StoreReads.reading(store.load(id))).pipe(
        Effect.map((stored) => stored === undefined ? unfinished.delete(id) : each(stored))
      ), { discard: true })
    return reads
  })
  const tasksNow = Effect.suspend(() => {
    if (looks === 0) return readTasks(ended === undefined ? {} : { status: [...running, ...ended] }, true)
    if (looks % wholeEvery === 0) return readTasks({ status: running }, true)
    return readTasks({ changedSince: lookedAt - overlapMs }, false)
  })
  const readCreates = Effect.gen(function*() {
    const open = yield* StoreReads.openCreates
    const reads = open
      .filter(({ submission }) => provider === undefined || submission.provider === provider)
      .map((create): Read => ({ facts: Facts.ofCreate(create), version: 0 }))
    const now = new Set(reads.map(({ facts }) => facts.id))
    const gone = [...unclear].filter((id) => !now.has(id))
    unclear = now
    return { reads, gone }
  })
  return {
    look: Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      // The creates come first: the task of one that is no longer unclear is found then.
      const creates = withCreates ? yield* readCreates : { reads: [], gone: [] }
      const tasks = yield* tasksNow
      looks++
      lookedAt = now
      const made = new Set(tasks.map(({ facts }) => facts.id))
      return {
        reads: [...tasks, ...creates.reads.filter(({ facts }) => !made.has(facts.id))],
        gone: creates.gone.filter((id) => !made.has(id))
      }
    })
  }
}
