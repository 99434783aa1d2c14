/**
 * Plays chaos: three workers on a real PostgreSQL against a simulated API, killed, put to sleep, and cut off from the database
 * and from one another, while tasks are submitted and waited for. What is random comes from the seed.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import { VideoTasks } from "@video-tasks/runtime"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Context, Effect, Fiber, Layer, Logger, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { Postgres } from "../../../node/test/support/postgres.ts"
import * as World from "../support/world.ts"
import { now } from "./clock.ts"
import * as Company from "./company.ts"
import * as Customers from "./customers.ts"
import * as History from "./history.ts"
import type { Deed, Outcome, Plan } from "./outcome.ts"
import { numbers } from "./random.ts"
import * as Worker from "./worker.ts"

const workers = 3

const buckets = 32

const poll = { floor: 500, ceiling: 2000 }

/** Some creates take so long that a worker can be killed meanwhile. */
const slow = { on: "create", times: { p: 0.2 }, fault: "late", seconds: 1 } as const

export const play = (server: Postgres, plan: Plan) =>
  Effect.gen(function*() {
    const began = now()
    const random = numbers(plan.seed)
    const url = yield* World.fresh(server)
    const sql = Effect.provide(yield* Layer.build(PgClient.layer({ url: Redacted.make(url) })))
    const { baseUrl: api } = yield* SimulatorServer.SimulatorServer
    const simulator = yield* Simulator.Simulator
    yield* simulator.script([slow])
    const tasks = yield* front({ url, api, buckets, poll })
    yield* sql(History.record)
    const company = yield* Company.hire({
      count: workers,
      random,
      settings: { url, api, host: "127.0.0.1", buckets, poll }
    })
    const customers = yield* Effect.forkChild(Customers.serve({
      tasks,
      random,
      count: plan.tasks,
      seconds: plan.seconds
    }))
    const deeds: Array<Deed> = []
    const note = (deed: Deed) => deeds.push(deed)
    yield* havoc({ plan, random, company, note, restart: Effect.promise(() => server.restart()), cut: sql(cut) })
    const asked = yield* Fiber.join(customers)
    // What nobody waits for ends as well, or is found out by the verdict.
    yield* Effect.exit(World.until(
      "all tasks have ended",
      Effect.map(Stream.runCollect(tasks.list({ status: ["SUBMITTED", "IN_PROGRESS"] })), ({ length }) => length === 0),
      60_000
    ))
    // What was in flight has arrived by then.
    const left = yield* company.dismiss
    const ledger = yield* simulator.ledger
    const stored = yield* Stream.runCollect(tasks.list())
    const ids = new Map<string, string>(stored.map(({ handle, id }) => [handle.remoteId, id]))
    const takes = yield* sql(History.takes)
    const outcome: Outcome = {
      plan,
      buckets,
      lockMs: World.lockMs,
      concurrency: Worker.budget.concurrency,
      began,
      asked,
      submissions: yield* Stream.runCollect(tasks.submissions()),
      tasks: stored,
      ledger,
      polls: History.compare(ledger.tasks, takes, company.lives, buckets, (remoteId) => ids.get(remoteId)),
      takes: takes.length,
      starts: company.starts(),
      deeds,
      left,
      rows: yield* sql(rows),
      seconds: (now() - began) / 1000
    }
    return outcome
  }).pipe(Effect.scoped, Effect.provide(SimulatorServer.layerSimulator({ seed: plan.seed })), Effect.orDie)

/** The service in front of the cluster. It makes the tables. */
export const front = Effect.fnUntraced(function*(
  { api, buckets, poll, url }: Pick<Worker.Settings, "api" | "buckets" | "poll" | "url">
) {
  const context = yield* Layer.build(
    Cluster.layerClient(Worker.options({ buckets, poll })).pipe(
      Layer.provide(Worker.providers(api, "customer")),
      Layer.provide(PgClient.layer({ url: Redacted.make(url), applicationName: "customer" })),
      Layer.provide(Logger.layer([]))
    )
  )
  return Context.get(context, VideoTasks.VideoTasks)
})

interface Stage {
  readonly plan: Plan
  readonly random: () => number
  readonly company: Company.Company
  readonly note: (deed: Deed) => void
  readonly restart: Effect.Effect<void>
  /** Cuts all connections to the database, and says how many. */
  readonly cut: Effect.Effect<number, unknown>
}

/** Everything that goes wrong, at once. */
const havoc = ({ company, cut, note, plan, random, restart }: Stage) => {
  const all = plan.seconds * 1000
  const kills = Effect.gen(function*() {
    yield* Effect.sleep(3000 + 4000 * random())
    const killed = yield* company.kill
    if (killed !== undefined) note({ what: "kill", ...killed })
  })
  const naps = Effect.gen(function*() {
    yield* Effect.sleep(Math.min(all / 5, 30_000 * random()))
    const ms = World.lockMs + 1500 + 4000 * random()
    const slept = yield* company.nap(ms)
    if (slept !== undefined) note({ what: "nap", ...slept })
  })
  const cutOff = Effect.fnUntraced(function*(how: "silent" | "reset") {
    yield* Effect.sleep(Math.min(all / 6, 25_000 * random()))
    const was = yield* company.cut(how, 3000 + Math.min(all / 8, 9000) * random())
    if (was !== undefined) note({ what: how === "silent" ? "silence" : "reset", ...was })
  })
  const once = Effect.gen(function*() {
    yield* Effect.sleep(all * 0.45)
    const from = now()
    const connections = yield* cut
    note({ what: "cut", connections, from, to: now() })
    yield* Effect.sleep(all * 0.2)
    const stopped = now()
    yield* restart
    note({ what: "restart", from: stopped, to: now() })
  })
  return Effect.all([
    Effect.timeoutOption(Effect.forever(kills), all),
    Effect.timeoutOption(Effect.forever(naps), all),
    Effect.timeoutOption(Effect.forever(Effect.andThen(cutOff("silent"), cutOff("reset"))), all),
    once
  ], { concurrency: "unbounded", discard: true })
}

const cut = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    Effect.map(
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND datname = current_database()`,
      ({ length }) => length
    )
)

const rows = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ readonly name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`
  const found: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = yield* sql<{ readonly n: number }>`SELECT count(*)::int AS n FROM ${sql(name)}`
    found[name] = row?.n ?? 0
  }
  return found
})
