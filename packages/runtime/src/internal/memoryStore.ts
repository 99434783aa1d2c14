import { type Outcome, Submission } from "@video-tasks/core/Submission"
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Effect from "effect/Effect"
import type { Page, StoredTask, StoreFilter, TaskStore, TaskStoreError, VersionConflict } from "../TaskStore.ts"

/** How many a page holds. */
const pageSize = 100

interface Row {
  snapshot: Persisted
  raw: string | undefined
  claim: { readonly owner: string; readonly until: number } | undefined
  readonly events: Array<JournalEvent>
}

/**
 * How the store fails; the classes belong to the contract.
 *
 * @internal
 */
export interface Failures {
  readonly refused: (detail: string) => TaskStoreError
  readonly conflict: (id: TaskId, expected: number, actual: number) => VersionConflict
}

/**
 * A store that forgets everything when the process ends.
 *
 * @internal
 */
export const make = ({ conflict, refused }: Failures): TaskStore["Service"] => {
  const submissions = new Map<TaskId, Submission>()
  const rows = new Map<TaskId, Row>()
  const byHandle = new Map<string, TaskId>()

  const append = (
    id: TaskId,
    expected: number,
    events: ReadonlyArray<JournalEvent>,
    next: { readonly snapshot: Persisted; readonly raw?: string | undefined }
  ): Effect.Effect<number, TaskStoreError | VersionConflict> => {
    const row = rows.get(id)
    const actual = row?.events.length ?? 0
    if (actual !== expected) return Effect.fail(conflict(id, expected, actual))
    if (row !== undefined) {
      row.events.push(...events)
      row.snapshot = next.snapshot
      row.raw = next.raw ?? row.raw
      if (isTerminal(next.snapshot.value)) row.claim = undefined
      return Effect.succeed(row.events.length)
    }
    if (events[0]?.type !== "task.created") return Effect.fail(refused(`the first event of ${id} is not task.created`))
    const key = keyOf(next.snapshot.task.handle)
    const twin = byHandle.get(key)
    if (twin !== undefined) {
      return Effect.fail(conflict(twin, expected, rows.get(twin)?.events.length ?? 0))
    }
    byHandle.set(key, id)
    rows.set(id, { snapshot: next.snapshot, raw: next.raw, claim: undefined, events: [...events] })
    return Effect.succeed(events.length)
  }

  const settle = (id: TaskId, outcome: Outcome): Effect.Effect<void, TaskStoreError> => {
    const submission = submissions.get(id)
    if (submission === undefined) return Effect.fail(refused(`there is no submission ${id}`))
    const { outcome: before, ...rest } = submission
    if (before._tag !== "created") submissions.set(id, new Submission({ ...rest, outcome }))
    return Effect.void
  }

  const claim = (owner: string, limit: number, until: number, now: number): ReadonlyArray<StoredTask> => {
    const claimed: Array<StoredTask> = []
    for (const row of rows.values()) {
      if (claimed.length >= limit) break
      if (isTerminal(row.snapshot.value) || (row.claim !== undefined && row.claim.until > now)) continue
      row.claim = { owner, until }
      claimed.push(stored(row))
    }
    return claimed
  }

  return {
    begin: (submission) =>
      Effect.suspend(() => {
        if (submissions.has(submission.id)) return Effect.fail(refused(`submission ${submission.id} exists already`))
        submissions.set(submission.id, submission)
        return Effect.void
      }),
    settle: (id, outcome) => Effect.suspend(() => settle(id, outcome)),
    submissions: (filter, cursor) =>
      page(
        submissions.values(),
        (one) => filter.outcome === undefined || one.outcome._tag === filter.outcome,
        cursor,
        refused
      ),
    append: (id, expected, events, next) => Effect.suspend(() => append(id, expected, events, next)),
    load: (id) =>
      Effect.sync(() => {
        const row = rows.get(id)
        return row === undefined ? undefined : stored(row)
      }),
    events: (id) => Effect.sync(() => [...rows.get(id)?.events ?? []]),
    find: (handle) =>
      Effect.sync(() => {
        const id = byHandle.get(keyOf(handle))
        const row = id === undefined ? undefined : rows.get(id)
        return row === undefined ? undefined : stored(row)
      }),
    list: (filter, cursor) =>
      Effect.map(
        page(rows.values(), (row) => matches(filter, row), cursor, refused),
        (found) => ({ ...found, items: found.items.map(stored) })
      ),
    claim: (owner, limit, until, now) => Effect.sync(() => claim(owner, limit, until, now)),
    renew: (owner, until) =>
      Effect.sync(() => {
        for (const row of rows.values()) {
          if (row.claim?.owner === owner) row.claim = { owner, until }
        }
      }),
    release: (owner, ids) =>
      Effect.sync(() => {
        for (const id of ids) {
          const row = rows.get(id)
          if (row?.claim?.owner === owner) row.claim = undefined
        }
      })
  }
}

const keyOf = (handle: TaskHandle): string =>
  JSON.stringify([handle.provider, handle.account, handle.baseUrl, handle.remoteId])

const stored = (row: Row): StoredTask => ({
  snapshot: row.snapshot,
  version: row.events.length,
  ...(row.raw === undefined ? {} : { raw: row.raw }),
  ...(row.claim === undefined ? {} : { claim: row.claim })
})

const matches = (filter: StoreFilter, row: Row): boolean =>
  (filter.provider === undefined || filter.provider === row.snapshot.task.handle.provider) &&
  (filter.status === undefined || filter.status.includes(row.snapshot.value))

/** The cursor is the number of rows that have been looked at: rows are never removed. */
const page = <A>(
  all: Iterable<A>,
  accepts: (item: A) => boolean,
  cursor: string | undefined,
  refused: Failures["refused"]
): Effect.Effect<Page<A>, TaskStoreError> =>
  Effect.suspend(() => {
    const from = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isSafeInteger(from) || from < 0) return Effect.fail(refused("the cursor is not one of this store"))
    const items: Array<A> = []
    let at = 0
    for (const item of all) {
      if (at++ < from || !accepts(item)) continue
      if (items.length === pageSize) return Effect.succeed({ items, cursor: String(at - 1) })
      items.push(item)
    }
    return Effect.succeed({ items })
  })
