/**
 * Who is read together: tasks of one lane whose provider can answer for many in one request.
 */
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as Duration from "effect/Duration"
import type { Account } from "./account.ts"
import type { DueHeap } from "./dueHeap.ts"
import { type Alarm, Entry, type Lane } from "./entry.ts"

/** How much of its gap a task may be read early. */
const earlyShare = 0.5

/** The same after failures: no more than what jitter spreads those that failed together. */
const earlyShareAfterFailure = 0.2

/** So often in a row a task may be missing in the answer to many before it is read by itself for good. */
const maxAbsences = 2

/** How long the tasks of a lane are read one by one after the API refused to answer for many, in ms. */
const refusedMs = 300_000

/** How many of those in line, and of those who are due next, are looked at: most of them can be of other lanes. */
const maxLooked = 5000

/** How long the first read of a task waits for others that begin with it, in ms. */
const gatherMs = 20

/**
 * Chooses whom a task takes along when its turn has come. Nothing is kept here of tasks that are read one by one.
 *
 * @internal
 */
export class Companions {
  /** Whose next read is its own. */
  readonly #alone = new WeakSet<Entry>()
  readonly #absences = new WeakMap<Entry, number>()
  readonly #refusedUntil = new WeakMap<Lane, number>()

  /** How long who begins waits for others, in ms. */
  static gatherMs({ family: { batchSize = 1 } }: Lane): number {
    return batchSize > 1 ? gatherMs : 0
  }

  /** Those who go with a task: first who stands in line with it, then who is due next, as far as a batch has room. */
  of(leader: Entry, heap: DueHeap<Entry | Alarm | Account>, now: number): ReadonlyArray<Entry> {
    const { lane } = leader
    const room = (lane.family.batchSize ?? 1) - 1
    if (room < 1) return []
    const isAlone = this.#alone.delete(leader) || this.#isLoner(leader)
    if (isAlone || now < (this.#refusedUntil.get(lane) ?? 0)) return []
    const found = new Set<Entry>()
    const isFree = (item: unknown): item is Entry =>
      item instanceof Entry && item !== leader && item.lane === lane && !this.#alone.has(item) && !this.#isLoner(item)
    let looked = 0
    for (const queued of lane.account.readers) {
      if (found.size >= room || looked++ >= maxLooked) break
      if (isFree(queued)) found.add(queued)
    }
    looked = 0
    const latest = now + earlyShare * Math.max(lane.policy.ceilingMs, lane.policy.floorMs)
    for (const item of heap.inOrder()) {
      if (found.size >= room || item.dueAt > latest || looked++ >= maxLooked) break
      if (isFree(item) && isNear(item, now)) found.add(item)
    }
    return [...found]
  }

  /** The answer to many had the task in it. */
  present(entry: Entry): void {
    this.#absences.delete(entry)
  }

  /** The next read of the task is its own. */
  readAlone(entry: Entry, why: "absent" | "bare"): void {
    if (why === "absent") this.#absences.set(entry, (this.#absences.get(entry) ?? 0) + 1)
    this.#alone.add(entry)
  }

  /** The API does not answer for many, whatever its families say. */
  refused(lane: Lane, now: number): void {
    this.#refusedUntil.set(lane, now + refusedMs)
  }

  #isLoner(entry: Entry): boolean {
    return (this.#absences.get(entry) ?? 0) >= maxAbsences
  }
}

/** Whether enough of the gap has passed; that of a task that has failed is not known, only how long it is. */
const isNear = ({ dueAt, history, joinedAt, lane: { policy }, startedAt }: Entry, now: number): boolean => {
  if (history.failures > 0) {
    const gap = Duration.toMillis(PollPolicy.next(policy, history, now, { random: 0.5, medianRestMs: 0 }))
    return dueAt - now <= earlyShareAfterFailure * gap
  }
  const since = Math.max(joinedAt, startedAt + history.readAt)
  return dueAt <= now || (now - since >= policy.minGapMs && dueAt - now <= earlyShare * (dueAt - since))
}
