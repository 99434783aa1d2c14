import { type Outcome, Submission } from "@video-tasks/core/Submission"
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Effect from "effect/Effect"
import type { Next, Page, StoreFilter, TaskStore, TaskStoreError, VersionConflict } from "../TaskStore.ts"
import * as Claims from "./memoryClaims.ts"

/** How many a page holds. */
const pageSize = 100

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
  const rows = new Map<TaskId, Claims.Row>()
  const byHandle = new Map<string, TaskId>()
  const { claim, hold, leaseOf, release, renew, stored } = Claims.make(rows)

  const append = (
    id: TaskId,
    expected: number,
    events: ReadonlyArray<JournalEvent>,
    next: Next
  ): Effect.Effect<number, TaskStoreError | VersionConflict> => {
    const row = rows.get(id)
    const actual = row?.events.length ?? 0
    if (actual !== expected) return Effect.fail(conflict(id, expected, actual))
    if (row !== undefined) {
      if (events.length === 0) return Effect.succeed(expected)
      row.events.push(...events)
      row.snapshot = next.snapshot
      row.raw = next.raw ?? row.raw
      if (isTerminal(next.snapshot.value)) row.owner = undefined
      return Effect.succeed(row.events.length)
    }
    const [first] = events
    if (first?.type !== "task.created") return Effect.fail(refused(`the first event of ${id} is not task.created`))
    const key = keyOf(next.snapshot.task.handle)
    const twin = byHandle.get(key)
    if (twin !== undefined) {
      return Effect.fail(conflict(twin, expected, rows.get(twin)?.events.length ?? 0))
    }
    byHandle.set(key, id)
    const { raw, snapshot } = next
    const claim = isTerminal(snapshot.value) ? undefined : next.claim
    rows.set(id, { snapshot, raw, owner: claim?.owner, events: [...events] })
    if (claim) hold(claim.owner, claim.until)
    // A task that was attached has no submission.
    return Effect.as(Effect.ignore(settle(id, { _tag: "created", handle: first.handle })), events.length)
  }

  const settle = (id: TaskId, outcome: Outcome): Effect.Effect<void, TaskStoreError> => {
    const submission = submissions.get(id)
    if (submission === undefined) return Effect.fail(refused(`there is no submission ${id}`))
    const { outcome: before, ...rest } = submission
    if (before._tag !== "created") submissions.set(id, new Submission({ ...rest, outcome }))
    return Effect.void
  }

  return {
    begin: (submission, sender) =>
      Effect.suspend(() => {
        if (submissions.has(submission.id)) return Effect.fail(refused(`submission ${submission.id} exists already`))
        submissions.set(submission.id, submission)
        if (sender !== undefined) hold(sender.owner, sender.until)
        return Effect.void
      }),
    settle: (id, outcome) => Effect.suspend(() => settle(id, outcome)),
    submission: (id) => Effect.sync(() => submissions.get(id)),
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
    claim,
    leaseOf,
    renew,
    release
  }
}

const keyOf = (handle: TaskHandle): string =>
  JSON.stringify([handle.provider, handle.account, handle.baseUrl, handle.remoteId])

const matches = (filter: StoreFilter, row: Claims.Row): boolean =>
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
