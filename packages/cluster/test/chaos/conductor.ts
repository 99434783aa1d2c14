/**
 * Plays chaos: three workers on a real PostgreSQL against a simulated API, killed, put to sleep and cut off while tasks are
 * submitted and waited for. What is random comes from the seed.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import type { Submission, Task } from "@video-tasks/core"
import { VideoTasks } from "@video-tasks/runtime"
import { type Ledger, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Context, Effect, Fiber, Layer, Logger, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { Postgres } from "../../../node/test/support/postgres.ts"
import * as World from "../support/world.ts"
import { now } from "./clock.ts"
import * as Company from "./company.ts"
import * as Customers from "./customers.ts"
import * as History from "./history.ts"
import { numbers } from "./random.ts"
import * as Worker from "./worker.ts"

export interface Plan {
  readonly seed: number
  readonly tasks: number
  /** For how long tasks are submitted and things go wrong. */
  readonly seconds: number
}

/** What there is to tell of one run. */
export interface Outcome {
  readonly plan: Plan
  readonly asked: Customers.Asked
  readonly submissions: ReadonlyArray<Submission.Submission>
  readonly tasks: ReadonlyArray<Task.Task>
  readonly ledger: Ledger.Ledger
  readonly polls: History.Found
  readonly takes: number
  readonly starts: number
  /** What was done, in its order. */
  readonly done: ReadonlyArray<string>
  /** How many rows each table has. */
  readonly rows: Readonly<Record<string, number>>
  readonly seconds: number
}

const workers = 3

const buckets = 32

const poll = { floor: 500, ceiling: 2000 }

export const play = (server: Postgres, plan: Plan) =>
  Effect.gen(function*() {
    const began = now()
    const random = numbers(plan.seed)
    const url = yield* World.fresh(server)
    const sql = Effect.provide(yield* Layer.build(PgClient.layer({ url: Redacted.make(url) })))
    const { baseUrl: api } = yield* SimulatorServer.SimulatorServer
    const tasks = yield* front({ url, api, buckets, poll })
    yield* sql(History.record)
    const company = yield* Company.hire({
      count: workers,
      random,
      settings: { url, api, host: "127.0.0.1", buckets, poll }
    })
    const customers = yield* Effect.forkChild(Customers.serve({
      tasks,
      outcomeOf: (id) => sql(outcomeOf(id)),
      random,
      count: plan.tasks,
      seconds: plan.seconds
    }))
    const done: Array<string> = []
    const note = (what: string) => done.push(`${((now() - began) / 1000).toFixed(1)} s: ${what}`)
    yield* havoc({ plan, random, company, note, restart: Effect.promise(() => server.restart()), cut: sql(cut) })
    const asked = yield* Fiber.join(customers)
    // What nobody waits for ends as well, or is found out by the verdict.
    yield* Effect.exit(World.until(
      "all tasks have ended",
      Effect.map(Stream.runCollect(tasks.list({ status: ["SUBMITTED", "IN_PROGRESS"] })), ({ length }) => length === 0),
      60_000
    ))
    // What was in flight has arrived by then.
    yield* Effect.sleep(2000)
    const simulator = yield* Simulator.Simulator
    const ledger = yield* simulator.ledger
    const stored = yield* Stream.runCollect(tasks.list())
    const ids = new Map<string, string>(stored.map(({ handle, id }) => [handle.remoteId, id]))
    const takes = yield* sql(History.takes)
    const outcome: Outcome = {
      plan,
      asked,
      submissions: yield* Stream.runCollect(tasks.submissions()),
      tasks: stored,
      ledger,
      polls: History.compare(ledger, takes, company.lives, buckets, (remoteId) => ids.get(remoteId)),
      takes: takes.length,
      starts: company.starts(),
      done,
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
  readonly note: (what: string) => void
  readonly restart: Effect.Effect<void>
  readonly cut: Effect.Effect<unknown, unknown>
}

/** Everything that goes wrong, at once. */
const havoc = ({ company, cut, note, plan, random, restart }: Stage) => {
  const all = plan.seconds * 1000
  const kills = Effect.gen(function*() {
    yield* Effect.sleep(3000 + 4000 * random())
    note(`SIGKILL ${(yield* company.kill) ?? "nobody"}`)
  })
  const naps = Effect.gen(function*() {
    yield* Effect.sleep(Math.min(all / 5, 30_000 * random()))
    const ms = World.lockMs + 1500 + 4000 * random()
    note(`SIGSTOP for ${Math.round(ms)} ms`)
    note(`SIGCONT ${(yield* company.nap(ms)) ?? "nobody"}`)
  })
  const once = Effect.gen(function*() {
    yield* Effect.sleep(all * 0.45)
    note("all connections are cut")
    yield* cut
    yield* Effect.sleep(all * 0.2)
    note("PostgreSQL stops")
    yield* restart
    note("PostgreSQL is back")
  })
  return Effect.all([
    Effect.timeoutOption(Effect.forever(kills), all),
    Effect.timeoutOption(Effect.forever(naps), all),
    once
  ], { concurrency: "unbounded", discard: true })
}

const outcomeOf = (id: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ readonly outcome: string }>`SELECT outcome FROM video_tasks_submissions WHERE id = ${id}`,
      ([submission]) => submission?.outcome
    ))

const cut = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND datname = current_database()`
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
