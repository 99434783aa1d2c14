/**
 * Keeps an address to one runner: a lock of the database that belongs to the session of a connection of its own.
 *
 * Who is killed loses it with its connection, at once, and so can be started again where it was. Of who is frozen, or cut
 * off, the database ends the session when it has said nothing for as long as locks hold. Who lives shows it by a statement
 * every moment: that is how it is told from a session that nobody is behind any more.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import { AddressTaken } from "../ClusterError.ts"
import type { Paces } from "./paces.ts"
import * as Presence from "./presence.ts"

/** The hold on an address. */
export interface AddressHold {
  /** Fails when another runner has come to the address, while this one was cut off from the database. */
  readonly lost: Effect.Effect<never, AddressTaken>
  /** From now on who comes waits for the end of this one, instead of being refused. */
  readonly leave: Effect.Effect<void>
}

/** What a hold is of, and how it is kept. */
export interface Options {
  readonly address: string
  /** What the runner is called: the database knows by it that it lives. */
  readonly name: string
  readonly paces: Pick<Paces, "beatMs" | "lockMs">
  /** Told in words when the address is not free at once. */
  readonly onWaiting: (why: string) => Effect.Effect<void>
}

/** Waits for the address and holds it until the scope closes. Fails with `AddressTaken` when somebody lives there. */
export const take = Effect.fnUntraced(function*(
  client: PgClient,
  options: Options
): Effect.fn.Return<AddressHold, AddressTaken | TaskStoreError, Scope.Scope> {
  const scope = yield* Effect.scope
  const { address, paces } = options
  const open = Scope.provide(opened(client, paces.lockMs), scope)
  const waitMs = paces.lockMs + 2 * paces.beatMs
  const first = yield* Effect.mapError(
    Effect.flatMap(open, (session) => held(session, options, waitMs)),
    (error) => error._tag === "SqlError" ? failed(address, error) : error
  )
  const lost = yield* Deferred.make<never, AddressTaken>()
  let isLeaving = false
  const life = Effect.gen(function*() {
    let session: Session | undefined = first
    for (;;) {
      session ??= yield* again(open, options)
      yield* Effect.exit(kept(session, paces.beatMs, () => isLeaving))
      if (isLeaving) return
      yield* session.close
      session = undefined
    }
  })
  yield* Effect.forkIn(Effect.catch(life, (error) => Deferred.fail(lost, error)), scope)
  return {
    lost: Deferred.await(lost),
    leave: Effect.sync(() => {
      isLeaving = true
    })
  }
})

// internal

/** How often who waits looks whether it may come in, in ms. */
const lookMs = 200

/** A wait that is shorter is not worth a word, in ms. */
const silentMs = 1000

/** How long an answer of the database may take, in ms. */
const answerMs = 5000

interface Session {
  readonly ask: (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<PgConnection.Result, SqlError>
  readonly close: Effect.Effect<void>
}

/** A session that ends by itself when nothing is heard of it. */
const opened = (client: PgClient, lockMs: number): Effect.Effect<Session, SqlError, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const connection = yield* Scope.provide(
      PgConnection.make({
        ...client.config,
        multiplex: false,
        startupParameters: { ...client.config.startupParameters, idle_session_timeout: String(Math.ceil(lockMs)) }
      }),
      scope
    )
    const close = Scope.close(scope, Exit.void)
    return {
      close,
      // A statement that is interrupted waits for its answer. Of a connection that is cut off none comes: it is closed.
      ask: (sql, parameters) =>
        Effect.flatMap(
          Effect.forkChild(Effect.andThen(Effect.sleep(answerMs), close)),
          (timer) => Effect.ensuring(connection.query(sql, parameters), Fiber.interrupt(timer))
        )
    }
  })

const failed = (address: string, error: SqlError) =>
  new TaskStoreError({
    detail: `the address ${address} could not be held in the database: ${error.message}`,
    retryable: SqlTaskStore.isAway(error)
  })

/** Who holds the address, as the database knows it. */
interface Holder {
  readonly pid: number
  /** When it said something last, in ms since the epoch; `null` when that is a secret of another role. */
  readonly said_at: number | null
  readonly since: string | null
  readonly client: string | null
}

const key = Presence.addressKey("$1")

const tryLock = ({ ask }: Session, address: string) =>
  Effect.map(
    ask(`SELECT pg_try_advisory_lock(${key}) AS is_held`, [address]),
    ({ rows }) => rows[0]?.["is_held"] === true
  )

const holderOf = ({ ask }: Session, address: string) =>
  Effect.map(
    ask(
      `SELECT l.pid, (extract(epoch FROM a.query_start) * 1000)::float8 AS said_at, host(a.client_addr) AS client,
        to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
      FROM (${Presence.locks}) l
      LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.key = ${key}`,
      [address]
    ),
    ({ rows }) => rows[0] as Holder | undefined
  )

/** Waits until the session has the lock of the address, and takes that of the name. */
const held = Effect.fnUntraced(function*(
  session: Session,
  { address, name, onWaiting, paces }: Options,
  waitMs: number
): Effect.fn.Return<Session, AddressTaken | SqlError> {
  const from = yield* Clock.currentTimeMillis
  let last: Holder | undefined
  let signs = 0
  let isTold = false
  while (!(yield* tryLock(session, address))) {
    const holder = yield* holderOf(session, address)
    const waited = (yield* Clock.currentTimeMillis) - from
    if (holder !== undefined) {
      if (holder.pid !== last?.pid) signs = 0
      else if (holder.said_at !== last.said_at) signs++
      last = holder
      // One can be what a dead process had sent last, and is heard only now.
      if (signs >= 2 || waited >= waitMs) return yield* new AddressTaken({ address, holder: inWords(holder) })
    }
    if (waited >= silentMs && !isTold) {
      isTold = true
      yield* onWaiting(
        `another session of the database has the address ${address}${
          last === undefined ? "" : ` (${inWords(last)})`
        }: if nobody is behind it any more, it ends within ${Math.ceil(paces.lockMs / 1000)} s`
      )
    }
    yield* Effect.sleep(lookMs)
  }
  yield* session.ask(`SELECT pg_try_advisory_lock(${Presence.nameKey("$1")})`, [name])
  return session
})

const inWords = ({ client, since }: Holder): string =>
  [client === null ? "connected" : `from ${client}`, ...(since === null ? [] : [`since ${since} UTC`])].join(", ")

/** Says something every moment, until that fails or it is leaving. */
const kept = Effect.fnUntraced(function*({ ask }: Session, beatMs: number, isLeaving: () => boolean) {
  while (!isLeaving()) {
    yield* Effect.sleep(beatMs)
    if (!isLeaving()) yield* ask("SELECT 1", [])
  }
})

/** Comes back to the address after the connection was lost, however long that takes, unless somebody lives there by now. */
const again = (
  open: Effect.Effect<Session, SqlError>,
  options: Options
): Effect.Effect<Session, AddressTaken> =>
  Effect.flatMap(
    open,
    (session) =>
      Effect.onError(held(session, { ...options, onWaiting: () => Effect.void }, Infinity), () => session.close)
  ).pipe(
    Effect.tapError((error) =>
      Effect.logDebug(`the address ${options.address} is not held in the database`, error.message)
    ),
    Effect.retry({ while: (error) => error._tag === "SqlError", schedule: Schedule.spaced("1 second") }),
    Effect.catchTag("SqlError", Effect.die)
  )
