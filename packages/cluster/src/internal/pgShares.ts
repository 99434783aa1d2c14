/**
 * The statements behind `PgAccountShares`: one row an account, which holds what each process may send of it.
 */
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"

/** Who changes an account tells on it which one. */
export const channel = "video_tasks_accounts"

/** What is told of an account: news, or that somebody has too little of it and the others should draw anew. */
export const called = (payload: string): { readonly account: string; readonly isHungry: boolean } => ({
  account: payload.slice(1),
  isHungry: payload.startsWith("?")
})

/** Processes that start at the same time make the table one after the other. */
const tableLock = 871_204_553

/** What a process asks for. */
export interface Wish {
  readonly account: string
  readonly runner: string
  /** What all processes together may send. */
  readonly limits: { readonly requestsPerSecond: number; readonly concurrency: number }
  /** What it would send. */
  readonly wants: { readonly requestsPerSecond: number; readonly concurrency: number }
  readonly inFlight: number
  /** When it asks, in ms since the epoch by its own clock. */
  readonly askedAt: number
  /** For how long it asks, in ms. */
  readonly leaseMs: number
  /** Within how many ms it asks again, if it lives. */
  readonly renewsMs: number
}

/** What others have told of an account. */
export interface Standing {
  /** How long nobody sends anything, in ms. */
  readonly paused_ms: number
  readonly is_refused: boolean
  /** Counts what was told of the key. */
  readonly news: number
}

/** What a process may send. */
export interface Grant extends Standing {
  readonly rate: number
  readonly places: number
  /** How many processes share the account, this one included. */
  readonly runners: number
}

/** Makes the table unless it is there. */
export const migrate = (sql: SqlClient): Effect.Effect<void, TaskStoreError> =>
  sql.withTransaction(Effect.andThen(
    sql`SELECT pg_advisory_xact_lock(${tableLock})`,
    // It is written often and each time whole: room on its page keeps it there.
    sql`CREATE TABLE IF NOT EXISTS video_tasks_accounts (
      account TEXT PRIMARY KEY,
      shares JSONB NOT NULL DEFAULT '{}',
      paused_until DOUBLE PRECISION NOT NULL DEFAULT 0,
      is_refused BOOLEAN NOT NULL DEFAULT FALSE,
      news INTEGER NOT NULL DEFAULT 0
    ) WITH (fillfactor = 50)`
  )).pipe(
    Effect.asVoid,
    Effect.mapError((error) =>
      new TaskStoreError({
        detail: `the table of accounts could not be made: ${error.message}`,
        retryable: SqlTaskStore.isAway(error)
      })
    )
  )

/** The time of the database in ms, or the one of a test. */
const clock = (sql: SqlClient, now: number | undefined) =>
  now === undefined
    ? sql`(extract(epoch FROM clock_timestamp()) * 1000)::float8`
    : sql`${now}::float8`

/**
 * Draws a share, in one statement.
 *
 * **Details**
 *
 * Requests are dealt out by demand: who wants less than an equal part has what it wants, and the others divide the rest. What
 * nobody wants is divided equally, so that nobody begins with nothing. Nobody gets more than what the others hold no more, so
 * that all together stay within the limit at every moment: who comes later has its part as soon as the others draw again. Everything
 * that the statement reads is in the one row that it locks. A plain `UPDATE` that has waited for the lock would reckon with
 * what was in the row before; `ON CONFLICT` reckons once it has it.
 *
 * A statement that arrives after a later one of the same process changes nothing and dies: that process has given it up.
 */
export const draw = (sql: SqlClient, wish: Wish, now?: number): Effect.Effect<Grant, SqlError> => {
  const { account, askedAt, limits, runner } = wish
  const all = { rate: sql`${limits.requestsPerSecond}::float8`, places: sql`${limits.concurrency}::float8` }
  const mine = sql`a.shares->${runner}::text`
  return Effect.flatMap(
    sql<Grant>`INSERT INTO video_tasks_accounts AS a (account, shares)
      SELECT ${account}::text, ${entry(sql, wish, all)} FROM (SELECT ${clock(sql, now)} AS now) clock
    ON CONFLICT (account) DO UPDATE SET shares = (
      WITH clock AS MATERIALIZED (SELECT ${clock(sql, now)} AS now),
      ${living(sql, wish)}, ${fair(sql, wish)}, ${whole(sql)}, ${free(sql, wish)}
      SELECT coalesce((SELECT jsonb_object_agg(runner, value) FROM others), '{}')
        || ${entry(sql, wish, { rate: sql`rate`, places: sql`places` })}
      FROM mine, clock
    )
    WHERE coalesce((${mine}->>'askedAt')::float8 <= ${askedAt}::float8 OR (${mine}->>'until')::float8 <= ${
      clock(sql, now)
    }, TRUE)
    RETURNING (${mine}->>'rate')::float8 AS rate, (${mine}->>'may')::float8 AS places,
      (SELECT count(*) FROM jsonb_object_keys(a.shares))::int AS runners, ${standing(sql, now)}`,
    ([grant]) => grant === undefined ? Effect.die(new Error("a later share was drawn before")) : Effect.succeed(grant)
  )
}

/** What others have told of an account. */
export const look = (sql: SqlClient, account: string, now?: number): Effect.Effect<Standing | undefined, SqlError> =>
  Effect.map(
    sql<Standing>`SELECT ${standing(sql, now)} FROM video_tasks_accounts WHERE account = ${account}`,
    ([found]) => found
  )

/** Tells all processes; returns how much has been told of the key by now. */
export const tell = (
  sql: SqlClient,
  account: string,
  news: { readonly pauseMs: number } | { readonly isRefused: boolean },
  now?: number
): Effect.Effect<number | undefined, SqlError> => {
  const change = "pauseMs" in news
    ? sql`paused_until = greatest(paused_until, ${clock(sql, now)} + ${news.pauseMs}::float8)`
    : sql`news = news + 1, is_refused = ${news.isRefused}`
  return Effect.map(
    sql<{ readonly news: number }>`WITH told AS (
      UPDATE video_tasks_accounts SET ${change} WHERE account = ${account} RETURNING account, news
    ) SELECT news, pg_notify(${channel}, '!' || account)::text AS told FROM told`,
    ([row]) => row?.news
  )
}

/** Has the others draw anew: what they hold too much of is free then. */
export const hungry = (sql: SqlClient, account: string): Effect.Effect<void, SqlError> =>
  Effect.asVoid(sql`SELECT pg_notify(${channel}, ${`?${account}`})::text AS told`)

/** Gives a share back, unless it was drawn anew after `askedAt`. */
export const release = (
  sql: SqlClient,
  { account, askedAt, runner }: Pick<Wish, "account" | "askedAt" | "runner">
): Effect.Effect<void, SqlError> =>
  Effect.asVoid(
    sql`UPDATE video_tasks_accounts SET shares = shares - ${runner}::text
      WHERE account = ${account} AND coalesce((shares->${runner}::text->>'askedAt')::float8, 0) <= ${askedAt}::float8
        AND shares ? ${runner}::text`
  )

// internal

/** How long the places that can't be divided stay with the same processes, in ms. */
const turnMs = 10_000

/**
 * What the names of all processes begin with that ever were where a process is, as in `host:port/id`. Others have a place of
 * their own.
 */
const placeOf = (runner: string): string => {
  const end = runner.lastIndexOf("/")
  return end < 0 ? `${runner}/` : runner.slice(0, end + 1)
}

/** What the row holds of a process: `may` is what it may have out, `places` what is out whether it may or not. */
const entry = (
  sql: SqlClient,
  { askedAt, inFlight, leaseMs, renewsMs, runner, wants }: Wish,
  { places, rate }: { readonly rate: Fragment; readonly places: Fragment }
) =>
  sql`jsonb_build_object(${runner}::text, jsonb_build_object(
    'wants', ${wants.requestsPerSecond}::float8, 'wantsPlaces', ${wants.concurrency}::float8, 'rate', ${rate},
    'places', greatest(${places}, ${inFlight}::float8), 'may', ${places},
    'askedAt', ${askedAt}::float8, 'due', now + ${renewsMs}::float8, 'until', now + ${leaseMs}::float8
  ))`

/**
 * The others that hold something. One at the same place that has missed a draw has died, most likely: whoever came in its
 * stead has what it had. Two that live at one place by mistake go on drawing, and share like any others.
 */
const living = (sql: SqlClient, { runner, wants }: Wish) =>
  sql`others AS MATERIALIZED (
    SELECT key AS runner, value, (value->>'wants')::float8 AS wants, (value->>'wantsPlaces')::float8 AS wants_places,
      (value->>'rate')::float8 AS rate, (value->>'places')::float8 AS places
    FROM jsonb_each(a.shares), clock
    WHERE key <> ${runner}::text AND (value->>'until')::float8 > now
      AND NOT (starts_with(key, ${placeOf(runner)}::text) AND coalesce((value->>'due')::float8 <= now, FALSE))
  ),
  everyone AS MATERIALIZED (
    SELECT runner, wants, wants_places FROM others
    UNION ALL SELECT ${runner}::text, ${wants.requestsPerSecond}::float8, ${wants.concurrency}::float8
  )`

/** What each should have: up to the level at which all is dealt out, and an equal part of what nobody wants. */
const fair = (sql: SqlClient, { limits }: Wish) => {
  const rate = sql`${limits.requestsPerSecond}::float8`
  const places = sql`${limits.concurrency}::float8`
  return sql`levels AS (
    SELECT max((${rate} - wants_below) / left_over) AS rate, max((${places} - places_below) / places_left_over) AS places
    FROM (
      SELECT sum(wants) OVER by_rate - wants AS wants_below, count(*) OVER () - row_number() OVER by_rate + 1 AS left_over,
        sum(wants_places) OVER by_place - wants_places AS places_below,
        count(*) OVER () - row_number() OVER by_place + 1 AS places_left_over
      FROM everyone
      WINDOW by_rate AS (ORDER BY wants, runner ROWS UNBOUNDED PRECEDING),
        by_place AS (ORDER BY wants_places, runner ROWS UNBOUNDED PRECEDING)
    ) ranked
  ),
  fair AS (
    SELECT runner, least(wants, levels.rate) + greatest(0, ${rate} - sum(wants) OVER ()) / count(*) OVER () AS rate,
      least(wants_places, levels.places) + greatest(0, ${places} - sum(wants_places) OVER ()) / count(*) OVER () AS places
    FROM everyone, levels
  )`
}

/** The same in whole places: those that are left over go round. */
const whole = (sql: SqlClient) =>
  sql`whole AS (
    SELECT runner, rate, floor(places + 1e-6)
      + CASE WHEN row_number() OVER (
          ORDER BY places - floor(places + 1e-6) < 1e-6, md5(runner || floor(now / ${turnMs}))
        ) <= round(sum(places) OVER () - sum(floor(places + 1e-6)) OVER ()) THEN 1 ELSE 0 END AS places
    FROM fair, clock
  )`

/** What of its own part a process can have now: as much as the others do not hold. */
const free = (sql: SqlClient, { limits, runner }: Wish) =>
  sql`mine AS (
    SELECT greatest(0, least(rate, ${limits.requestsPerSecond}::float8 - (SELECT coalesce(sum(rate), 0) FROM others)))
        AS rate,
      greatest(0, least(places, ${limits.concurrency}::float8 - (SELECT coalesce(sum(places), 0) FROM others))) AS places
    FROM whole WHERE runner = ${runner}::text
  )`

const standing = (sql: SqlClient, now: number | undefined) =>
  sql`greatest(0, paused_until - ${clock(sql, now)})::float8 AS paused_ms, is_refused, news`
