/**
 * Who follows which task of the memory store, and until when: one time for each owner.
 */
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Effect from "effect/Effect"
import { isLeaseLive, longestLeaseMs } from "../Standing.ts"
import type { StoredTask, TaskStore } from "../TaskStore.ts"

/** @internal */
export interface Row {
  /** From 1, in the order of arrival. */
  readonly position: number
  snapshot: Persisted
  raw: string | undefined
  owner: string | undefined
  readonly events: Array<JournalEvent>
}

/** @internal */
export interface Claims extends Pick<TaskStore["Service"], "claim" | "leaseOf" | "renew" | "release" | "lock"> {
  readonly hold: (owner: string, until: number) => void
  readonly stored: (row: Row) => StoredTask
}

/** @internal */
export const make = (rows: ReadonlyMap<TaskId, Row>): Claims => {
  const leases = new Map<string, number>()
  const locks = new Map<string, number>()

  const untilOf = (owner: string): number => leases.get(owner) ?? 0

  const hold = (owner: string, until: number): void => {
    const before = untilOf(owner)
    // One that a wrong clock has written is put right, the others never get shorter.
    leases.set(owner, before > until + longestLeaseMs ? until : Math.max(until, before))
  }

  const stored = ({ events, owner, raw, snapshot }: Row): StoredTask => ({
    snapshot,
    version: events.length,
    raw,
    claim: owner === undefined ? undefined : { owner, until: untilOf(owner) }
  })

  const claim = (
    owner: string,
    limit: number,
    until: number,
    now: number,
    ids: ReadonlyArray<TaskId> | undefined
  ): ReadonlyArray<StoredTask> => {
    const free = [...rows.values()].filter(({ owner, snapshot }) =>
      !isTerminal(snapshot.value) && (owner === undefined || !isLeaseLive(untilOf(owner), now))
    )
    const wanted = ids && new Set(ids)
    const taken = free.filter((row) => wanted?.has(row.snapshot.task.id) !== false).slice(0, limit)
    // What the owner lost while it was away does not come back with its new time.
    for (const row of free) if (row.owner === owner) row.owner = undefined
    for (const row of taken) row.owner = owner
    if (taken.length > 0) hold(owner, until)
    return taken.map(stored)
  }

  return {
    hold,
    stored,
    claim: (owner, limit, until, now, ids) => Effect.sync(() => claim(owner, limit, until, now, ids)),
    leaseOf: (owner) => Effect.sync(() => leases.get(owner)),
    renew: (owner, until) =>
      Effect.sync(() => {
        if (leases.has(owner)) leases.set(owner, until)
      }),
    release: (owner, ids) =>
      Effect.sync(() => {
        for (const id of ids) {
          const row = rows.get(id)
          if (row?.owner === owner) row.owner = undefined
        }
      }),
    lock: (name, until, now, held) =>
      Effect.sync(() => {
        const before = locks.get(name)
        const isFree = held === undefined ? !isLeaseLive(before, now) : before === held
        if (isFree) locks.set(name, until)
        return isFree
      })
  }
}
