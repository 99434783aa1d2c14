/**
 * Who had which bucket when, as the database itself wrote it down, and who polled which task when, as the API has it: what
 * both say together about tasks that two workers polled.
 */
import { SqlBuckets } from "@video-tasks/runtime"
import type { Ledger } from "@video-tasks/simulator"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A bucket was taken. */
export interface Take {
  readonly bucket: number
  /** `host:port` of the taker. */
  readonly address: string
  /** In ms since the epoch, on this machine's clock as everything else here. */
  readonly at: number
}

/** A process that ran. */
export interface Life {
  /** How it signs its polls. */
  readonly name: string
  readonly address: string
  readonly startedAt: number
  /** When it was stopped and went on. */
  readonly pauses: ReadonlyArray<{ readonly from: number; readonly to: number }>
}

/** Has the database write down each taking of a bucket from now on. */
export const record = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE takes (bucket INTEGER NOT NULL, runner TEXT NOT NULL, at DOUBLE PRECISION NOT NULL)`
  yield* sql.unsafe(`CREATE FUNCTION note_take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO takes VALUES (NEW.bucket, NEW.runner, extract(epoch FROM clock_timestamp()) * 1000);
    RETURN NEW;
  END $$`)
  yield* sql.unsafe(
    "CREATE TRIGGER note_take AFTER UPDATE ON video_tasks_buckets FOR EACH ROW EXECUTE FUNCTION note_take()"
  )
})

export const takes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ readonly bucket: number; readonly runner: string; readonly at: number }>`
    SELECT bucket, runner, at FROM takes ORDER BY at`
  return rows.map(({ at, bucket, runner }): Take => ({ bucket, address: runner.split("/")[0] ?? "", at }))
})

/** Polls of a bucket's tasks by a worker after another one had taken it. */
interface Late {
  readonly bucket: number
  readonly by: string
  readonly polls: number
  /** From the taking, or from when the worker woke up after it, to its last poll. */
  readonly overlapMs: number
  readonly wasAsleep: boolean
}

export interface Found {
  readonly polls: number
  readonly late: ReadonlyArray<Late>
  /** For how long one task was polled by two at most: from the first poll of its new owner to the last one of another. */
  readonly overlapMs: number
}

/** Compares both histories; `idOf` says our id of a task of the API. */
export const compare = (
  tasks: ReadonlyArray<Pick<Ledger.TaskCounts, "taskId" | "polledAt" | "polledBy">>,
  takes: ReadonlyArray<Take>,
  lives: ReadonlyArray<Life>,
  buckets: number,
  idOf: (remoteId: string) => string | undefined
): Found => {
  const ownersOf = Array.from(
    { length: buckets },
    (_, bucket) =>
      takes.filter((take) => take.bucket === bucket).map(({ address, at }) => ({
        at,
        life: lifeAt(lives, address, at)
      }))
  )
  const late = new Map<string, Late>()
  let [polls, overlapMs] = [0, 0]
  for (const { polledAt, polledBy, taskId } of tasks) {
    const id = idOf(taskId)
    if (id === undefined) continue
    const bucket = SqlBuckets.bucketOf(id, buckets)
    /** The first poll by each owner of the bucket. */
    const first = new Map<unknown, number>()
    for (const [n, at] of polledAt.entries()) {
      polls++
      const owner = ownersOf[bucket]?.findLast((take) => take.at <= at)
      const by = polledBy[n] ?? ""
      if (owner?.life?.name === by) {
        if (!first.has(owner)) first.set(owner, at)
        continue
      }
      const pause = lives.find(({ name }) => name === by)?.pauses.findLast(({ to }) => to <= at)
      const since = owner?.at ?? 0
      overlapMs = Math.max(overlapMs, at - Math.max(first.get(owner) ?? at, pause?.to ?? 0))
      const key = `${bucket} ${by} ${since}`
      const before = late.get(key)
      late.set(key, {
        bucket,
        by,
        polls: (before?.polls ?? 0) + 1,
        overlapMs: Math.max(before?.overlapMs ?? 0, at - Math.max(since, pause?.to ?? 0)),
        wasAsleep: pause !== undefined && pause.to > since
      })
    }
  }
  return { polls, late: [...late.values()], overlapMs }
}

const lifeAt = (lives: ReadonlyArray<Life>, address: string, at: number): Life | undefined =>
  lives.findLast((life) => life.address === address && life.startedAt <= at)
