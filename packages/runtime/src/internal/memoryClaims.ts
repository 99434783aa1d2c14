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

interface Tables {
  readonly rows: ReadonlyMap<TaskId, Row>
  /** Until when each owner holds what it holds, in ms since the epoch. */
  readonly leases: Map<string, number>
}

/** @internal */
export const make = (rows: ReadonlyMap<TaskId, Row>): Claims => {
  const leases = new Map<string, number>()
  const locks = new Map<string, number>()
  const tables: Tables = { rows, leases }
  return {
    hold: (owner, until) => hold(tables, owner, until),
    stored: (row) => stored(tables, row),
    claim: (owner, limit, until, now, ids) => Effect.sync(() => claim(tables, { owner, limit, until, now, ids })),
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

const untilOf = ({ leases }: Tables, owner: string): number => leases.get(owner) ?? 0

const hold = (tables: Tables, owner: string, until: number): void => {
  const before = untilOf(tables, owner)
  // One that a wrong clock has written is put right, the others never get shorter.
  tables.leases.set(owner, before > until + longestLeaseMs ? until : Math.max(until, before))
}

const stored = (tables: Tables, { events, owner, raw, snapshot }: Row): StoredTask => ({
  snapshot,
  version: events.length,
  raw,
  claim: owner === undefined ? undefined : { owner, until: untilOf(tables, owner) }
})

interface Wish {
  readonly owner: string
  readonly limit: number
  readonly until: number
  readonly now: number
  readonly ids: ReadonlyArray<TaskId> | undefined
}

const claim = (tables: Tables, { ids, limit, now, owner, until }: Wish): ReadonlyArray<StoredTask> => {
  const free = [...tables.rows.values()].filter(({ owner, snapshot }) =>
    !isTerminal(snapshot.value) && (owner === undefined || !isLeaseLive(untilOf(tables, owner), now))
  )
  const wanted = ids && new Set(ids)
  const taken = free.filter((row) => wanted?.has(row.snapshot.task.id) !== false).slice(0, limit)
  // What the owner lost while it was away does not come back with its new time.
  for (const row of free) if (row.owner === owner) row.owner = undefined
  for (const row of taken) row.owner = owner
  if (taken.length > 0) hold(tables, owner, until)
  return taken.map((row) => stored(tables, row))
}
