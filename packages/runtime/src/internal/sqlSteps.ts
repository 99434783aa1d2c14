/**
 * Steps of tasks on PostgreSQL: one statement for all that come at the same time, and one for a task that is made.
 */
import type { Created } from "@video-tasks/core/TaskEvent"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { TaskStoreError } from "../TaskStore.ts"
import * as Portions from "./portions.ts"
import { lengthened } from "./sqlClaims.ts"
import { columnsOf, type EventRow, identityOf, isLast, type Step } from "./sqlColumns.ts"
import type { SqlFailures } from "./sqlFailures.ts"
import { alone, outside } from "./sqlOwn.ts"
import * as Rows from "./sqlRows.ts"
import { lost, type Share } from "./sqlShare.ts"

/**
 * A step as its statement takes it, in arrays: those have one type and are not empty of values, so that times are text, what
 * is absent is an empty text, a model begins with `=`, and a bucket that counts for nothing is -1.
 */
interface Row {
  readonly share: Share | undefined
  readonly id: string
  readonly expected: number
  readonly isOver: boolean
  readonly columns: ReadonlyArray<unknown>
  readonly events: ReadonlyArray<ReadonlyArray<unknown>>
}

type Verdict = "stepped" | "conflict" | "lost"

/**
 * What writes steps. All shares of a store have one in common, so that their steps go together.
 *
 * @internal
 */
export type Steps = (row: Row) => Effect.Effect<Verdict, SqlError>

/** @internal */
export const make = (sql: SqlClient): Steps =>
  Portions.make({ keyOf: ({ id }: Row) => id, run: (rows) => outside(sql, write(sql, rows)) })

/**
 * Takes a task one step further.
 *
 * @internal
 */
export const update = Effect.fnUntraced(function*(
  steps: Steps,
  failures: SqlFailures,
  share: Share | undefined,
  step: Step
): Effect.fn.Return<"stepped" | "conflict", TaskStoreError | SqlError | Schema.SchemaError> {
  const { expected, id } = step
  const { events, task: { model, raw, snapshot, status, updated_at, version } } = yield* columnsOf(step)
  const isOver = isLast(step)
  const verdict = yield* steps({
    share,
    id,
    expected,
    isOver,
    columns: [
      id,
      expected,
      version,
      status,
      String(updated_at),
      model === null ? "" : `=${model}`,
      snapshot,
      raw ?? "",
      isOver
    ],
    events: events.map(eventOf)
  })
  return verdict === "lost" && share !== undefined ? yield* Effect.fail(lost(failures, share)) : verdict as "stepped"
})

/**
 * Makes a task, with what belongs to it. `false` when somebody has its id already, or its handle.
 *
 * @internal
 */
export const insert = Effect.fnUntraced(function*(
  sql: SqlClient,
  failures: SqlFailures,
  share: Share | undefined,
  step: Step,
  created: Created
): Effect.fn.Return<boolean, TaskStoreError | SqlError | Schema.SchemaError> {
  const { events, task } = yield* columnsOf(step)
  const row = { ...identityOf(step), ...task }
  const made = sql.unsafe<{ readonly made: number; readonly held: number }>(creating(share !== undefined), [
    ...names.map((column) => row[column]),
    row.claim_owner === null ? null : step.next.claim?.until ?? null,
    yield* Rows.encodeOutcome({ _tag: "created", handle: created.handle }),
    ...transposed(events.map(eventOf), 5),
    ...(share === undefined ? [] : [share.bucket, share.epoch])
  ])
  const rows = yield* alone(sql, made)
  if (share !== undefined && rows[0]?.held === 0) return yield* Effect.fail(lost(failures, share))
  return rows[0]?.made === 1
})

// internal

const eventOf = ({ at, data, seq, task_id, type }: EventRow): ReadonlyArray<unknown> => [
  task_id,
  seq,
  type,
  String(at),
  data
]

const transposed = (
  rows: ReadonlyArray<ReadonlyArray<unknown>>,
  count: number
): ReadonlyArray<ReadonlyArray<unknown>> => Array.from({ length: count }, (_, column) => rows.map((row) => row[column]))

/** One row that the database can't take must not keep the others from being written. */
const write = (
  sql: SqlClient,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyArray<Exit.Exit<Verdict, SqlError>>> => {
  const oneByOne = Effect.forEach(
    rows,
    (row) => Effect.exit(Effect.map(together(sql, [row]), ([verdict]) => verdict ?? "lost"))
  )
  return together(sql, rows).pipe(
    Effect.map((verdicts) => verdicts.map((verdict) => Exit.succeed(verdict))),
    Effect.catch((error) =>
      rows.length === 1 || error.isRetryable || error.reason._tag === "ConnectionError"
        ? Effect.succeed(rows.map(() => Exit.fail(error)))
        : oneByOne
    )
  )
}

const together = Effect.fnUntraced(function*(
  sql: SqlClient,
  rows: ReadonlyArray<Row>
): Effect.fn.Return<ReadonlyArray<Verdict>, SqlError> {
  const isShared = rows.some(({ share }) => share !== undefined)
  const stepped = sql.unsafe<{ readonly id: string; readonly stepped: boolean; readonly held: boolean }>(
    stepping(isShared),
    [
      ...transposed(rows.map(({ columns }) => columns), 9),
      ...transposed(rows.flatMap(({ events }) => events), 5),
      // The end of a task is on the disk, what is learned again by asking need not be.
      !rows.some(({ isOver }) => isOver),
      ...(isShared
        ? [rows.map(({ share }) => share?.bucket ?? -1), rows.map(({ share }) => share?.epoch ?? -1)]
        : [])
    ]
  )
  const found = yield* alone(sql, stepped)
  const byId = new Map(found.map((row) => [row.id, row]))
  return rows.map(({ id }) => {
    const row = byId.get(id)
    return row?.stepped === true ? "stepped" : row?.held === false ? "lost" : "conflict"
  })
})

const told = (from: number, task: string) =>
  `told AS (
  INSERT INTO video_tasks_events (task_id, seq, type, at, data)
  SELECT e.task_id, e.seq, e.type, e.at, e.data
  FROM unnest($${from}::text[], $${from + 1}::int[], $${from + 2}::text[], $${from + 3}::text[]::float8[], $${
    from + 4
  }::text[])
    AS e (task_id, seq, type, at, data) JOIN ${task} ON ${task}.id = e.task_id
)`

/** Whoever takes a bucket waits for the locks of those that hold it, and they see then that it is taken. */
const stepping = (isShared: boolean): string =>
  `WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[]::float8[], $6::text[], $7::text[], $8::text[],
    $9::bool[]${isShared ? ", $16::int[], $17::int[]" : ""})
    AS g (id, expected, version, status, updated_at, model, snapshot, raw, is_over${isShared ? ", bucket, epoch" : ""})
), ${isShared ? holding("SELECT bucket, epoch FROM given") : ""} stepped AS (
  UPDATE video_tasks_tasks t SET status = g.status, updated_at = g.updated_at, model = CASE WHEN g.model <> '' THEN substr(g.model, 2) END, version = g.version,
    snapshot = g.snapshot, raw = COALESCE(NULLIF(g.raw, ''), t.raw),
    claim_owner = CASE WHEN g.is_over THEN NULL ELSE t.claim_owner END
  FROM given g WHERE t.id = g.id AND t.version = g.expected
    ${isShared ? "AND (g.bucket < 0 OR g.bucket IN (SELECT bucket FROM held))" : ""}
  RETURNING t.id
), ${told(10, "stepped")}
SELECT g.id, s.id IS NOT NULL AS stepped,
  ${isShared ? "g.bucket < 0 OR g.bucket IN (SELECT bucket FROM held)" : "TRUE"} AS held,
  CASE WHEN $15::bool THEN set_config('synchronous_commit', 'off', TRUE) END AS confirmed
FROM given g LEFT JOIN stepped s ON s.id = g.id`

const holding = (taken: string): string =>
  `held AS MATERIALIZED (
  SELECT b.bucket FROM video_tasks_buckets b WHERE (b.bucket, b.epoch) IN (${taken}) ORDER BY b.bucket FOR SHARE OF b
),`

/** The columns of a task that is made, in the order of the parameters. */
const columns = {
  id: "text",
  handle_key: "text",
  provider: "text",
  account: "text",
  base_url: "text",
  remote_id: "text",
  model: "text",
  status: "text",
  created_at: "float8",
  updated_at: "float8",
  version: "int",
  snapshot: "text",
  raw: "text",
  claim_owner: "text"
} as const

const names = Object.keys(columns) as ReadonlyArray<keyof typeof columns>

const creating = (isShared: boolean): string =>
  `WITH ${isShared ? holding("VALUES ($22::int, $23::int)") : ""} made AS (
  INSERT INTO video_tasks_tasks (${names.join(", ")})
  SELECT ${names.map((name, index) => `$${index + 1}::${columns[name]}`).join(", ")} ${isShared ? "FROM held" : ""}
  ON CONFLICT DO NOTHING RETURNING id
), ${told(17, "made")}, known AS (
  UPDATE video_tasks_submissions s SET outcome = 'created', outcome_data = $16::text
  FROM made WHERE s.id = made.id AND s.outcome <> 'created' AND s.outcome_data <> $16::text
), leased AS (
  INSERT INTO video_tasks_leases AS l (owner, until) SELECT $14::text, $15::float8 FROM made WHERE $14::text IS NOT NULL
  ON CONFLICT (owner) DO UPDATE SET until = ${lengthened("l")}
)
SELECT (SELECT count(*)::int FROM made) AS made, ${isShared ? "(SELECT count(*)::int FROM held)" : "1"} AS held`
