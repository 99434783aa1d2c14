/**
 * Budgets of accounts over all processes that share a PostgreSQL: requests per second, concurrency, `Retry-After` and
 * refused keys.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as TaskId from "@video-tasks/core/TaskId"
import { AccountShares } from "@video-tasks/runtime/AccountShares"
import type { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import { outside } from "./internal/outside.ts"
import * as Pg from "./internal/pgShares.ts"
import { type Ground, Member } from "./internal/shareMember.ts"

/**
 * How budgets are shared.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The name of this process among those that share, which no other has. One like `host:port/id` inherits what an earlier
   * process at the same `host:port` had, once that one has missed a draw. The default is unique in the world.
   */
  readonly runner?: string | undefined
  /**
   * How often a process draws its share of an account that it uses: one statement each time, however many requests it sends.
   *
   * @default "3 seconds"
   */
  readonly period?: Duration.Input | undefined
  /**
   * How long a share holds that is not drawn anew, whether the database refuses or is silent: as long a process that died
   * keeps its part from the others.
   *
   * @default "8 seconds"
   */
  readonly lease?: Duration.Input | undefined
  /**
   * By how many a budget is divided while the database could not be asked even once.
   *
   * @default 10
   */
  readonly expectedRunners?: number | undefined
}

/**
 * Shares the budgets of accounts over all processes on one database, in a table named `video_tasks_accounts`.
 *
 * **Details**
 *
 * - A process draws its share with one statement a `period`, for as long as it uses the account, and keeps to it by itself: no
 *   request asks the database. Shares go by demand, and all together never exceed the budget, whoever comes or goes.
 * - A process that died keeps its share for a `lease`, from another one that has started in its place for a period and a half
 *   at most. One that ends gives it back at once, and so does one that has sent nothing for half a minute.
 * - `Retry-After`, and a key that is refused or good again, are told at once (`NOTIFY`), and heard at the next draw at the
 *   latest. Who hears of a refused key tries its own with one request before it sends others.
 * - Fails with `TaskStoreError` when the table can't be made. While the database is away, a share holds to its end; from then
 *   on a process sends what it had, at most an equal part of the budget.
 *
 * **Gotchas**
 *
 * A share always lets one request go at once. So after a pause as many can leave together as there are processes, where
 * `burst` is less than that.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<AccountShares, TaskStoreError, PgClient.PgClient> =>
  Layer.effect(
    AccountShares,
    Effect.gen(function*() {
      const client = yield* PgClient.PgClient
      const sql = client.withoutTransforms()
      const scope = yield* Effect.scope
      const run = Effect.runForkWith(yield* outside(sql, Effect.context()))
      const platform = yield* Layer.build(SecureRandom.layerWebCrypto)
      yield* outside(sql, Pg.migrate(sql))
      const members = new Map<string, Member>()
      const ground: Ground = {
        sql,
        runner: options.runner ?? (yield* Effect.provideContext(TaskId.make, platform)),
        periodMs: Duration.toMillis(options.period ?? "3 seconds"),
        leaseMs: Duration.toMillis(options.lease ?? "8 seconds"),
        expectedRunners: options.expectedRunners ?? 10,
        fork: (effect) => void run(Effect.forkIn(effect, scope, { startImmediately: true }))
      }
      yield* Effect.addFinalizer(() =>
        outside(
          sql,
          Effect.forEach(members.values(), (member) => member.release, { concurrency: "unbounded", discard: true })
        )
      )
      yield* outside(sql, Effect.forkScoped(listening(client, members)))
      return {
        join: (account) => {
          const member = new Member(ground, account)
          members.set(account.key, member)
          ground.fork(member.life)
          return { wanted: () => member.wanted(), tell: (news) => member.tell(news) }
        }
      }
    })
  )

// internal

/** Hears at once what others tell; where that can't be, it is read with the next share. */
const listening = (client: PgClient.PgClient, members: ReadonlyMap<string, Member>): Effect.Effect<void> =>
  Effect.scoped(Effect.gen(function*() {
    const told = yield* client.listen(Pg.channel)
    // What was told while nobody listened.
    yield* Effect.forEach(members.values(), (member) => member.look, { discard: true })
    return yield* Effect.forever(Effect.flatMap(Queue.take(told), ({ payload }) => {
      const { account, isHungry } = Pg.called(payload)
      const member = members.get(account)
      return isHungry ? Effect.sync(() => member?.called()) : member?.look ?? Effect.void
    }))
  })).pipe(
    Effect.tapCause((cause) => Effect.logDebug("what is told of accounts is not heard at once", cause)),
    Effect.retry(Schedule.spaced("5 seconds")),
    Effect.ignore
  )
