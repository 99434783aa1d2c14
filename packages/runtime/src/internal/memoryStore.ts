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
export const make = (failures: Failures): TaskStore["Service"] => {
  const rows = new Map<TaskId, Claims.Row>()
  const claims = Claims.make(rows)
  const tables: Tables = { submissions: new Map(), rows, byHandle: new Map(), last: 0, claims, failures }
  const { claim, leaseOf, lock, release, renew, stored } = claims
  return {
    ...submissionsOf(tables),
    append: (id, expected, events, next) => Effect.suspend(() => append(tables, id, expected, events, next)),
    load: (id) =>
      Effect.sync(() => {
        const row = rows.get(id)
        return row === undefined ? undefined : stored(row)
      }),
    events: (id) => Effect.sync(() => [...rows.get(id)?.events ?? []]),
    find: (handle) =>
      Effect.sync(() => {
        const id = tables.byHandle.get(keyOf(handle))
        const row = id === undefined ? undefined : rows.get(id)
        return row === undefined ? undefined : stored(row)
      }),
    list: (filter, cursor) =>
      Effect.map(
        page(() => positioned(rows.values()), (row) => matches(filter, row), { ...filter, cursor }, failures.refused),
        (found) => ({ ...found, items: found.items.map(stored) })
      ),
    claim,
    leaseOf,
    renew,
    release,
    lock,
    remove: (ids) =>
      Effect.sync(() => {
        const count = remove(tables, ids)
        forgetRequests(tables, ids)
        return count
      }),
    takeBack: (id, outcome) => Effect.sync(() => takeBack(tables, id, outcome))
  }
}

interface Tables {
  readonly submissions: Map<TaskId, Submission>
  readonly rows: Map<TaskId, Claims.Row>
  readonly byHandle: Map<string, TaskId>
  /** The position of the newest row. */
  last: number
  readonly claims: Claims.Claims
  readonly failures: Failures
}

const submissionsOf = (
  tables: Tables
): Pick<TaskStore["Service"], "begin" | "settle" | "submission" | "submissions"> => {
  const { claims, failures: { refused }, rows, submissions } = tables
  return {
    begin: (submission, sender) =>
      Effect.suspend(() => {
        if (submissions.has(submission.id)) return Effect.fail(refused(`submission ${submission.id} exists already`))
        if (submission.outcome._tag !== "created" && rows.has(submission.id)) {
          return Effect.fail(refused(`task ${submission.id} exists already`))
        }
        submissions.set(submission.id, submission)
        if (sender !== undefined) claims.hold(sender.owner, sender.until)
        return Effect.void
      }),
    settle: (id, outcome) => Effect.suspend(() => settle(tables, id, outcome)),
    submission: (id) => Effect.sync(() => submissions.get(id)),
    submissions: (filter, cursor) =>
      page(
        () => numbered(submissions.values()),
        (one) =>
          (filter.outcome === undefined || one.outcome._tag === filter.outcome) &&
          one.id.startsWith(filter.idPrefix ?? ""),
        { ...filter, cursor },
        refused
      )
  }
}

const append = (
  tables: Tables,
  id: TaskId,
  expected: number,
  events: ReadonlyArray<JournalEvent>,
  next: Next
): Effect.Effect<number, TaskStoreError | VersionConflict> => {
  const { failures, rows } = tables
  const row = rows.get(id)
  const actual = row?.events.length ?? 0
  if (actual !== expected) return Effect.fail(failures.conflict(id, expected, actual))
  if (row === undefined) return insert(tables, id, events, next)
  if (events.length === 0) return Effect.succeed(expected)
  row.events.push(...events)
  row.snapshot = next.snapshot
  row.raw = next.raw ?? row.raw
  if (isTerminal(next.snapshot.value)) row.owner = undefined
  return Effect.succeed(row.events.length)
}

const insert = (
  tables: Tables,
  id: TaskId,
  events: ReadonlyArray<JournalEvent>,
  { claim, raw, snapshot }: Next
): Effect.Effect<number, TaskStoreError | VersionConflict> => {
  const { byHandle, claims, failures, rows } = tables
  const [first] = events
  if (first?.type !== "task.created") {
    return Effect.fail(failures.refused(`the first event of ${id} is not task.created`))
  }
  const key = keyOf(snapshot.task.handle)
  const twin = byHandle.get(key)
  if (twin !== undefined) return Effect.fail(failures.conflict(twin, 0, rows.get(twin)?.events.length ?? 0))
  byHandle.set(key, id)
  const held = isTerminal(snapshot.value) ? undefined : claim
  rows.set(id, { position: ++tables.last, snapshot, raw, owner: held?.owner, events: [...events] })
  if (held) claims.hold(held.owner, held.until)
  // A task that was attached has no submission.
  return Effect.as(Effect.ignore(settle(tables, id, { _tag: "created", handle: first.handle })), events.length)
}

const settle = (
  { failures, submissions }: Tables,
  id: TaskId,
  outcome: Outcome
): Effect.Effect<void, TaskStoreError> => {
  const submission = submissions.get(id)
  if (submission === undefined) return Effect.fail(failures.refused(`there is no submission ${id}`))
  const { outcome: before, ...rest } = submission
  if (before._tag !== "created") submissions.set(id, new Submission({ ...rest, outcome }))
  return Effect.void
}

const keyOf = (handle: TaskHandle): string =>
  JSON.stringify([handle.provider, handle.account, handle.baseUrl, handle.remoteId])

const matches = (filter: StoreFilter, row: Claims.Row): boolean =>
  (filter.provider === undefined || filter.provider === row.snapshot.task.handle.provider) &&
  (filter.status === undefined || filter.status.includes(row.snapshot.value)) &&
  row.snapshot.task.updatedAt >= (filter.changedSince ?? -Infinity) &&
  row.snapshot.task.id.startsWith(filter.idPrefix ?? "")

/** Removes what has ended. */
const remove = ({ byHandle, rows }: Tables, ids: ReadonlyArray<TaskId>): number => {
  let count = 0
  for (const id of ids) {
    const row = rows.get(id)
    if (row === undefined || !isTerminal(row.snapshot.value)) continue
    rows.delete(id)
    byHandle.delete(keyOf(row.snapshot.task.handle))
    count++
  }
  return count
}

/** What was asked for goes with the task; that it was asked for stays. */
const forgetRequests = ({ rows, submissions }: Tables, ids: ReadonlyArray<TaskId>): void => {
  for (const id of ids) {
    const submission = submissions.get(id)
    const isSettled = submission?.outcome._tag === "created" || submission?.outcome._tag === "rejected"
    if (submission?.request === undefined || !isSettled || rows.has(id)) continue
    const { request: _, ...rest } = submission
    submissions.set(id, new Submission(rest))
  }
}

const takeBack = (tables: Tables, id: TaskId, outcome: Outcome): boolean => {
  if (remove(tables, [id]) === 0) return false
  const submission = tables.submissions.get(id)
  if (submission === undefined) return true
  const { outcome: _, ...rest } = submission
  tables.submissions.set(id, new Submission({ ...rest, outcome }))
  return true
}

type Positioned<A> = readonly [position: number, item: A]

/** Submissions are never removed. */
function* numbered<A>(all: Iterable<A>): Iterable<Positioned<A>> {
  let position = 1
  for (const item of all) yield [position++, item]
}

function* positioned(rows: Iterable<Claims.Row>): Iterable<Positioned<Claims.Row>> {
  for (const row of rows) yield [row.position, row]
}

/** The cursor is the position of the last item: those that come, change or go move no page. */
const page = <A>(
  all: () => Iterable<Positioned<A>>,
  accepts: (item: A) => boolean,
  { cursor, newestFirst = false }: { readonly cursor: string | undefined; readonly newestFirst?: boolean | undefined },
  refused: Failures["refused"]
): Effect.Effect<Page<A>, TaskStoreError> =>
  Effect.suspend(() => {
    const after = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isSafeInteger(after) || after < 0) return Effect.fail(refused("the cursor is not one of this store"))
    const items: Array<A> = []
    let last = after
    for (const [position, item] of newestFirst ? [...all()].toReversed() : all()) {
      const isSeen = newestFirst ? cursor !== undefined && position >= after : position <= after
      if (isSeen || !accepts(item)) continue
      if (items.length === pageSize) return Effect.succeed({ items, cursor: String(last) })
      items.push(item)
      last = position
    }
    return Effect.succeed({ items })
  })
