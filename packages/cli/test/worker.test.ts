// @effect-diagnostics globalFetch:off globalTimers:off
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Clock, Context, Effect, Exit, Layer, Redacted, Schedule, Scope } from "effect"
import { spawn } from "node:child_process"
import * as net from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll } from "vitest"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()
let postgres: Postgres.Postgres
let databases = 0

beforeAll(async () => {
  postgres = await Postgres.start()
}, 120_000)

afterAll(async () => {
  await postgres.stop()
})

/** A database of its own. */
const database = Effect.suspend(() => {
  const name = `worker_${++databases}`
  return Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`CREATE DATABASE ${name}`)).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(postgres.url) })),
    Effect.as(postgres.url.replace(/postgres$/, name))
  )
})

/** A user of the server who needs a password. */
const locked = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  yield* sql.unsafe("CREATE ROLE locked LOGIN PASSWORD 'another'")
  const [row] = yield* sql<{ readonly hba_file: string }>`SHOW hba_file`
  yield* sql.unsafe(
    `COPY (VALUES ('host all locked all scram-sha-256'), ('host all all all trust')) TO '${row?.hba_file}'`
  )
  yield* sql`SELECT pg_reload_conf()`
}).pipe(Effect.provide(Effect.sync(() => PgClient.layer({ url: Redacted.make(postgres.url) })).pipe(Layer.unwrap)))

const short = ["--lock-expiration", "6s"]

const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

/** What a worker has printed, for as long as it runs. */
interface Running {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<number | null>
  readonly until: (text: string | RegExp) => Promise<string>
  readonly said: () => string
}

/** Starts a worker; it is killed with the scope. */
const worker = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  started([
    "worker",
    ...(args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"]),
    ...(args.includes("--lock-expiration") ? [] : short),
    ...args
  ], env)

/** Starts a command that runs until it is stopped; it is killed with the scope. */
const started = ([subcommand = "", ...args]: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync((): Running => {
      const child = spawn(process.execPath, [command.file, subcommand, ...fast, ...args], {
        cwd: Command.emptyFolder(),
        env: { PATH: "", HOME: Command.emptyFolder(), ...env }
      })
      let said = ""
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => said += chunk)
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => said += chunk)
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
      return {
        kill: (signal) => void child.kill(signal),
        ended,
        said: () => said,
        until: async (text) => {
          for (let waited = 0; waited < 40_000; waited += 20) {
            const found = typeof text === "string" ? (said.includes(text) ? text : undefined) : text.exec(said)?.[0]
            if (found !== undefined) return found
            if (child.exitCode !== null) break
            await pause(20)
          }
          throw new Error(`the ${subcommand} never said ${text}: ${said}`)
        }
      }
    }),
    ({ kill }) => Effect.sync(() => kill("SIGKILL"))
  )

const environment = Effect.gen(function*() {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  return {
    GENERIC_API_KEY: "sk-secret-1234567890",
    GENERIC_BASE_URL: baseUrl,
    VIDEO_TASKS_STORE: yield* database
  }
})

const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  Effect.promise(() => Command.run(command.file, args, { env }))

const live = (
  name: string,
  body: Effect.Effect<
    void,
    unknown,
    Simulator.Simulator | SimulatorServer.SimulatorServer | Scope.Scope
  >,
  simulator = server
) => it.live(name, () => Effect.provide(Effect.scoped(body), simulator, { local: true }), 90_000)

const create = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt", "a fox"]

/** The tasks of the store, as soon as so many are as they should be. */
const listed = (
  env: Readonly<Record<string, string>>,
  isSo: (line: Command.Line) => boolean,
  count = 1
): Effect.Effect<void> =>
  run(["list", "--json"], env).pipe(
    Effect.map((ran) => Command.lines(ran).filter(isSo).length >= count),
    Effect.repeat({ until: (isEnough) => isEnough, schedule: Schedule.spaced(200) }),
    Effect.asVoid
  )

const ended = (env: Readonly<Record<string, string>>, count: number) =>
  listed(env, ({ status }) => status === "SUCCESS", count)

/** What a worker says of its address. */
const addressOf = (said: string): string => /Worker (\S+) serves/.exec(said)?.[1] ?? ""

const asked = async (url: string) => {
  const response = await fetch(url)
  return { status: response.status, text: await response.text() }
}

const get = (port: string | number, path: string) => Effect.promise(() => asked(`http://127.0.0.1:${port}${path}`))

/** What `/ready` says of a worker. */
interface Ready {
  readonly status: number
  readonly isReady: boolean
  readonly state: string
  readonly owned: number
  readonly buckets: number
  readonly reason?: string
}

const readyOf = (one: Running): Effect.Effect<Ready> =>
  Effect.map(get(portOf(one.said()), "/ready"), ({ status, text }) => ({ status, ...JSON.parse(text) }))

/** Waits until a worker says that it is ready: a busy database answers it late, and it says so meanwhile. */
const ready = (one: Running) =>
  Effect.repeat(readyOf(one), { until: ({ status }) => status === 200, schedule: Schedule.spaced("100 millis") })

const portOf = (said: string): string => /metrics on port (\d+)/.exec(said)?.[1] ?? ""

/** What a dashboard shows of its only task, one after the other, to its end. */
const statesOf = async (url: string): Promise<ReadonlyArray<string>> => {
  const states: Array<string> = []
  const response = await fetch(`${url}api/events`)
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const found = [...text.matchAll(/"state":"(\w+)"/g)].map(([, state = ""]) => state)
    states.splice(0, states.length, ...found)
    if (states.at(-1) === "SUCCESS") break
  }
  return states
}

describe("worker", { concurrent: true }, () => {
  live(
    "follows what others create, says that it is well, and hands over with 0",
    Effect.gen(function*() {
      const env = yield* environment
      const one = yield* worker(["--metrics", "0", "--buckets", "16"], env)
      yield* Effect.promise(() => one.until("serves 16 of 16"))
      const port = portOf(one.said())
      assert.deepStrictEqual(yield* get(port, "/health"), { status: 200, text: "ok\n" })
      assert.deepStrictEqual(
        yield* ready(one),
        { status: 200, isReady: true, state: "serving", owned: 16, buckets: 16 }
      )

      const created = yield* run(create, env)
      assert.strictEqual(created.code, 0)
      yield* ended(env, 1)
      const { posts } = yield* Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)
      assert.strictEqual(posts, 1)
      const metrics = yield* get(port, "/metrics")
      assert.include(metrics.text, "video_tasks_buckets_owned 16")
      assert.notInclude(metrics.text, "effect_cluster_")
      assert.match(metrics.text, /video_tasks_polls\S* [1-9]/)
      assert.include(metrics.text, "video_tasks_buckets_taken 16")
      assert.include(metrics.text, "video_tasks_buckets_lost 0")
      assert.include(metrics.text, "video_tasks_followed{provider=\"generic\"} 0")
      assert.include(metrics.text, "video_tasks_account_rate{provider=\"generic\",account=\"default\"} 50")
      assert.include(metrics.text, "video_tasks_account_concurrency{provider=\"generic\",account=\"default\"} 16")
      const waited = yield* run(["wait", created.stdout.trim(), "--json"], env)
      assert.deepStrictEqual([waited.code, Command.lines(waited).at(-1)?.task.status], [0, "SUCCESS"])

      // Without a number it takes the one that the database has.
      const two = yield* worker([], env)
      yield* Effect.promise(() => two.until(/serves \d+ of 16/))
      yield* Effect.promise(() => one.until(/gave buckets? .* up/))
      one.kill("SIGTERM")
      assert.strictEqual(yield* Effect.promise(() => one.ended), 0)
      assert.match(one.said(), /Stopping: .*\nGave buckets? [\d–, ]+ up\. Stopped\.\n$/)
      yield* Effect.promise(() => two.until("serves 16 of 16"))
      two.kill("SIGINT")
      assert.strictEqual(yield* Effect.promise(() => two.ended), 0)
      assert.notInclude(one.said() + two.said(), "sk-secret")
      assert.notInclude(one.said() + two.said(), "No healthy runners")
    })
  )

  live(
    "hands its buckets over when its terminal closes, also when that is said twice",
    Effect.gen(function*() {
      const env = yield* environment
      const one = yield* worker(["--buckets", "2"], env)
      yield* Effect.promise(() => one.until("serves 2 of 2"))
      one.kill("SIGHUP")
      one.kill("SIGHUP")
      assert.strictEqual(yield* Effect.promise(() => one.ended), 0, one.said())
      assert.match(one.said(), /Stopping: .*\nGave buckets 0, 1 up\. Stopped\.\n$/)
    })
  )

  live(
    "takes over what a killed one had",
    Effect.gen(function*() {
      const env = yield* environment
      const one = yield* worker(["--buckets", "16", "--json"], env)
      yield* Effect.promise(() => one.until("\"owned\":16"))
      const two = yield* worker(["--buckets", "16", "--json"], env)
      yield* Effect.promise(() => two.until(/"owned":[1-9]/))
      for (let n = 0; n < 6; n++) assert.strictEqual((yield* run(create, env)).code, 0)
      one.kill("SIGKILL")
      yield* ended(env, 6)
      yield* Effect.promise(() => two.until("\"owned\":16"))
      const { posts } = yield* Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)
      assert.strictEqual(posts, 6)
    })
  )

  live(
    "lets a wait of another machine read the store only",
    Effect.gen(function*() {
      const env = yield* environment
      const one = yield* worker(["--buckets", "1"], env)
      yield* Effect.promise(() => one.until("serves 1 of 1"))
      const created = yield* run(create, env)
      yield* listed(env, ({ status }) => status === "IN_PROGRESS")
      // If it asked by itself, it would hear that its key is no good.
      const waited = yield* run(["wait", created.stdout.trim(), "--json"], { ...env, GENERIC_API_KEY: "sk-invalid" })
      assert.deepStrictEqual([waited.code, waited.stderr], [0, ""])
      assert.strictEqual(Command.lines(waited).at(-1)?.task.status, "SUCCESS")
    }),
    SimulatorServer.layerSimulator({ speed: 10, seed: 7, jobSeconds: { min: 80, max: 80 } })
  )

  live(
    "shows what it follows to list and to dashboards of other machines",
    Effect.gen(function*() {
      const env = yield* environment
      const one = yield* worker(["--buckets", "4", "--metrics", "0"], env)
      yield* Effect.promise(() => one.until("serves 4 of 4"))
      assert.strictEqual((yield* run(create, env)).code, 0)
      yield* listed(env, ({ status }) => status === "IN_PROGRESS")
      const metrics = yield* get(portOf(one.said()), "/metrics")
      assert.include(metrics.text, "video_tasks_followed{provider=\"generic\"} 1")
      // Whoever asked by itself would hear that its key is no good.
      const elsewhere = { ...env, GENERIC_API_KEY: "sk-invalid" }
      const boards = yield* Effect.forEach(
        [["--read-only"], ["--no-token", "--archive", "none"]],
        (args) => started(["dashboard", "--port", "0", ...args], elsewhere)
      )
      const seen = yield* Effect.forEach(
        boards,
        (board) =>
          Effect.promise(async () => ({
            board,
            states: await statesOf(await board.until(/http:\/\/127\.0\.0\.1:\d+\//))
          })),
        { concurrency: "unbounded" }
      )
      for (const { board, states } of seen) {
        assert.deepStrictEqual([states.at(0), states.at(-1)], ["IN_PROGRESS", "SUCCESS"])
        board.kill("SIGINT")
        assert.strictEqual(yield* Effect.promise(() => board.ended), 130)
        assert.notMatch(board.said(), /warning|error|Following/)
      }
      const all = yield* run(["list"], elsewhere)
      assert.deepStrictEqual([all.code, all.stderr], [0, ""])
      assert.match(all.stdout, /SUCCESS/)
    }),
    SimulatorServer.layerSimulator({ speed: 10, seed: 7, jobSeconds: { min: 200, max: 200 } })
  )

  live(
    "keeps to what an account may send, over two workers",
    Effect.gen(function*() {
      const env = yield* environment
      const simulator = yield* Simulator.Simulator
      for (let n = 0; n < 8; n++) assert.strictEqual((yield* run(create, env)).code, 0)
      const limits = ["--buckets", "16", "--rate", "6", "--concurrency", "2"]
      const one = yield* worker(limits, env)
      const two = yield* worker(limits, env)
      yield* Effect.promise(() => one.until(/serves ([1-9]|1[0-5]) of 16/))
      yield* Effect.promise(() => two.until(/serves ([1-9]|1[0-5]) of 16/))
      const polls = Effect.map(simulator.ledger, ({ tasks }) => tasks.reduce((sum, { polls }) => sum + polls, 0))
      const [before, from] = [yield* polls, yield* Clock.currentTimeMillis]
      yield* Effect.repeat(polls, { until: (count) => count >= before + 30, schedule: Schedule.spaced(100) })
      const elapsedMs = (yield* Clock.currentTimeMillis) - from
      // What two shares let go at once comes on top.
      assert.isAtLeast(elapsedMs, 1000 * (30 - 7) / 6)
    }),
    SimulatorServer.layerSimulator({ speed: 1, seed: 7, jobSeconds: { min: 600, max: 600 } })
  )

  live(
    "ends at once on a second signal",
    Effect.gen(function*() {
      const env = yield* environment
      const gate = yield* pausable(env.VIDEO_TASKS_STORE)
      const one = yield* worker(["--buckets", "4"], { ...env, VIDEO_TASKS_STORE: gate.url })
      yield* Effect.promise(() => one.until("serves 4 of 4"))
      gate.pause()
      one.kill("SIGTERM")
      yield* Effect.promise(() => one.until("Stopping: "))
      one.kill("SIGTERM")
      assert.strictEqual(yield* Effect.promise(() => one.ended), 130)
    })
  )

  live(
    "is alive and not ready while the database is away, and says so once",
    Effect.gen(function*() {
      const env = yield* environment
      const gate = yield* pausable(env.VIDEO_TASKS_STORE)
      const one = yield* worker(["--buckets", "2", "--metrics", "0"], { ...env, VIDEO_TASKS_STORE: gate.url })
      yield* Effect.promise(() => one.until("serves 2 of 2"))
      const port = portOf(one.said())
      gate.pause()
      const { status, text } = yield* get(port, "/ready")
      assert.deepStrictEqual([status, JSON.parse(text)], [
        503,
        { isReady: false, state: "no database", owned: 2, buckets: 2, reason: "the database does not answer" }
      ])
      assert.strictEqual((yield* get(port, "/health")).status, 200)
      yield* Effect.promise(() => one.until("The database can't be reached: it does not answer; waiting."))
      gate.close()
      gate.open()
      yield* Effect.promise(() => one.until("The database is back."))
      assert.strictEqual(one.said().split("The database ").length, 3)
      assert.notMatch(one.said(), /level=|\n {4}at |runner/)
    })
  )

  live(
    "stands by while another one serves all, and only while that one lives",
    Effect.gen(function*() {
      const env = yield* environment
      const pair = yield* Effect.forEach([1, 2], () => worker(["--buckets", "1", "--metrics", "0"], env))
      yield* Effect.forEach(pair, (one) => Effect.promise(() => one.until(/metrics on port \d+/)))
      const both = Effect.forEach(pair, (one) => readyOf(one))
      const settled = (all: ReadonlyArray<Ready>) => all.map(({ state }) => state).sort().join() === "serving,standby"
      const all = yield* Effect.repeat(both, { until: settled, schedule: Schedule.spaced(100) })
      const [serves, stands] = all[0]?.state === "serving" ? [0, 1] : [1, 0]
      assert.deepStrictEqual(all[stands], { status: 200, isReady: true, state: "standby", owned: 0, buckets: 1 })
      pair[serves]?.kill("SIGKILL")
      const left = pair[stands]
      if (left === undefined) return assert.fail("there are two")
      const gone = yield* Effect.repeat(readyOf(left), {
        until: ({ status }) => status !== 200,
        schedule: Schedule.spaced(50)
      })
      assert.deepStrictEqual(gone, {
        status: 503,
        isReady: false,
        state: "starting",
        owned: 0,
        buckets: 1,
        reason: "it serves nothing yet, and 1 of 1 buckets are served by nobody"
      })
      yield* Effect.promise(() => left.until("serves 1 of 1"))
      assert.strictEqual((yield* readyOf(left)).state, "serving")
    })
  )

  live(
    "does not stand by when all that served are dead",
    Effect.gen(function*() {
      const env = yield* environment
      const dead = yield* Effect.forEach([1, 2], () => worker(["--buckets", "16"], env))
      yield* Effect.forEach(dead, (one) => Effect.promise(() => one.until(/serves ([1-9]|1[0-5]) of 16/)))
      for (const one of dead) one.kill("SIGKILL")
      yield* Effect.forEach(dead, (one) => Effect.promise(() => one.ended))
      const one = yield* worker(["--metrics", "0"], env)
      const states = new Set<string>()
      yield* Effect.promise(() => one.until(/metrics on port \d+/))
      yield* Effect.repeat(Effect.tap(readyOf(one), ({ state }) => Effect.sync(() => states.add(state))), {
        until: ({ state }) => state === "serving" || state === "standby",
        schedule: Schedule.spaced(20)
      })
      assert.isFalse(states.has("standby"))
    })
  )

  live(
    "waits for a database that is away when it starts",
    Effect.gen(function*() {
      const env = yield* environment
      const gate = yield* pausable(env.VIDEO_TASKS_STORE)
      gate.close()
      const one = yield* worker(["--buckets", "4", "--metrics", "0"], { ...env, VIDEO_TASKS_STORE: gate.url })
      yield* Effect.promise(() => one.until(/Waiting: the database can't be reached .*ECONNREFUSED.*port \d+\./))
      const port = /readiness on port (\d+)/.exec(one.said())?.[1] ?? ""
      assert.deepStrictEqual(yield* get(port, "/health"), { status: 200, text: "ok\n" })
      const { status, text } = yield* get(port, "/ready")
      const { reason, ...rest } = JSON.parse(text)
      assert.deepStrictEqual([status, rest], [503, { isReady: false, state: "no database", owned: 0, buckets: 0 }])
      assert.include(reason, "ECONNREFUSED")
      gate.open()
      yield* Effect.promise(() => one.until("serves 4 of 4"))
      assert.strictEqual(one.said().split("Waiting: ").length, 2)
      assert.strictEqual((yield* ready(one)).owned, 4)
    })
  )

  live(
    "refuses an address at which another one lives, and takes the place of a killed one at once",
    Effect.gen(function*() {
      const env = yield* environment
      const one = yield* worker(["--buckets", "4"], env)
      yield* Effect.promise(() => one.until("serves 4 of 4"))
      const address = addressOf(one.said())
      const twin = yield* run(["worker", "--listen", "127.0.0.1:0", "--address", address, ...short], env)
      assert.strictEqual(twin.code, 2)
      assert.match(
        twin.stderr,
        new RegExp(`^error: Another worker is alive at ${address} \\(from 127.0.0.1, since .* UTC\\)`, "m")
      )
      one.kill("SIGKILL")
      yield* Effect.promise(() => one.ended)
      const two = yield* worker(["--listen", address], env)
      yield* Effect.promise(() => two.until("serves 4 of 4"))
      assert.notInclude(two.said(), "Waiting")
      two.kill("SIGTERM")
      assert.strictEqual(yield* Effect.promise(() => two.ended), 0)
    })
  )

  live(
    "waits for an address that a silent session of the database still has, and says so",
    Effect.gen(function*() {
      const env = yield* environment
      const session = yield* holding(env.VIDEO_TASKS_STORE, "127.0.0.1:4799")
      const one = yield* worker(
        ["--buckets", "4", "--address", "127.0.0.1:4799", "--metrics", "0", "--lock-expiration", "1m"],
        env
      )
      yield* Effect.promise(() => one.until(/Waiting: another session .* address 127.0.0.1:4799 \(from .*port \d+\./))
      const { status, text } = yield* get(/readiness on port (\d+)/.exec(one.said())?.[1] ?? "", "/ready")
      assert.deepStrictEqual([status, JSON.parse(text).state], [503, "address taken"])
      assert.match(JSON.parse(text).reason, /ends within 60 s$/)
      yield* session.end
      yield* Effect.promise(() => one.until("serves 4 of 4"))
    })
  )

  live(
    "takes the place of one that is cut off from the database, which ends when it is back",
    Effect.gen(function*() {
      const env = yield* environment
      const gate = yield* pausable(env.VIDEO_TASKS_STORE)
      const one = yield* worker(["--buckets", "4"], { ...env, VIDEO_TASKS_STORE: gate.url })
      yield* Effect.promise(() => one.until("serves 4 of 4"))
      gate.pause()
      const two = yield* worker(["--address", addressOf(one.said())], env)
      yield* Effect.promise(() => two.until("serves 4 of 4"))
      gate.open()
      assert.strictEqual(yield* Effect.promise(() => one.ended), 2)
      assert.include(one.said(), "error: Another worker is alive at ")
    })
  )

  live(
    "says why it can't work, and ends with the code for it",
    Effect.gen(function*() {
      const env = yield* environment
      const { VIDEO_TASKS_STORE: store, ...keys } = env
      const taken = yield* listening
      const refused = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
        Effect.map(
          run(["worker", ...(args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"]), ...args], env),
          ({ code, stderr }) => [
            code,
            stderr.split("\n")[0]
          ]
        )
      assert.deepStrictEqual(yield* refused([], keys), [
        2,
        "error: Workers share their tasks in a database: say which one."
      ])
      assert.deepStrictEqual(yield* refused(["--store", "tasks.db"], keys), [
        2,
        "error: Workers share their tasks in PostgreSQL; another store belongs to one machine."
      ])
      assert.deepStrictEqual(yield* refused(["--store", "memory"], keys), [
        2,
        "error: Workers share their tasks in PostgreSQL; another store belongs to one machine."
      ])
      assert.deepStrictEqual(yield* refused([], { VIDEO_TASKS_STORE: store }), [
        3,
        "error: No provider has a key, so there is nothing to work for."
      ])
      assert.deepStrictEqual(yield* refused(["--listen", `127.0.0.1:${taken}`, "--buckets", "4"], env), [
        2,
        `error: 127.0.0.1:${taken} can't be listened on; another program may use it.`
      ])
      assert.deepStrictEqual(yield* refused(["--metrics", String(taken), "--buckets", "4"], env), [
        2,
        `error: 127.0.0.1:${taken} can't be listened on; another program may use it.`
      ])
      // Before anybody is asked: nothing listens there.
      const nowhere = { ...env, VIDEO_TASKS_STORE: "postgres://nobody@127.0.0.1:1/x" }
      assert.deepStrictEqual(yield* refused(["--grace", "6s", "--lock-expiration", "6s"], nowhere), [
        2,
        "error: --grace is 6s; allowed: less than --lock-expiration (6s)."
      ])
      assert.deepStrictEqual(yield* refused(["--lock-expiration", "1s"], nowhere), [
        2,
        "error: --lock-expiration is 1s; allowed: 5s to 10m."
      ])
      const one = yield* worker(["--buckets", "4"], env)
      yield* Effect.promise(() => one.until("serves 4 of 4"))
      assert.deepStrictEqual(yield* refused(["--buckets", "8"], env), [
        2,
        "error: The database deals its tasks out in 4 buckets, not in 8."
      ])
      yield* locked
      for (
        const [url, words] of [
          [
            postgres.url.replace(/postgres$/, "nowhere"),
            /^error: The store failed: .*database "nowhere" does not exist/
          ],
          [store.replace("tester@", "locked:pass-word@"), /^error: The store failed: .*password authentication failed/]
        ] as const
      ) {
        const [code, said] = yield* refused([], { ...env, VIDEO_TASKS_STORE: url })
        assert.strictEqual(code, 13)
        assert.match(String(said), words)
        assert.notInclude(String(said), "pass-word")
      }
      assert.strictEqual((yield* refused(["--listen", "nowhere"], env))[0], 2)
      assert.strictEqual((yield* refused(["--buckets", "0"], env))[0], 2)
    })
  )
})

/** A session that has an address and does nothing, as that of a machine that is gone. */
const holding = Effect.fnUntraced(function*(url: string, address: string) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const layer = PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })
  const sql = Context.get(yield* Layer.buildWithScope(layer, scope), PgClient.PgClient)
  yield* sql`SELECT pg_advisory_lock(hashtextextended(${`video_tasks_runner public ${address}`}, 0))`
  return { end: Scope.close(scope, Exit.void) }
})

/** A port that somebody listens on. */
const listening = Effect.acquireRelease(
  Effect.callback<net.Server>((resume) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => (server.address() as net.AddressInfo).port))

/** The way to a database, which can fall silent, or be closed. */
const pausable = (url: string) =>
  Effect.acquireRelease(
    Effect.callback<{
      readonly url: string
      readonly pause: () => void
      readonly close: () => void
      readonly open: () => void
    }>((resume) => {
      const { hostname, port } = new URL(url)
      const sockets = new Set<net.Socket>()
      let isPaused = false
      const server = net.createServer((socket) => {
        const upstream = net.connect(Number(port), hostname)
        sockets.add(socket).add(upstream)
        socket.on("error", () => upstream.destroy()).on("close", () => upstream.destroy())
        upstream.on("error", () => socket.destroy()).on("close", () => socket.destroy())
        if (isPaused) return
        socket.pipe(upstream).pipe(socket)
      })
      const cut = () => {
        for (const socket of sockets) socket.destroy()
        sockets.clear()
      }
      server.listen(0, "127.0.0.1", () => {
        const own = (server.address() as net.AddressInfo).port
        resume(Effect.succeed({
          url: url.replace(port, String(own)),
          pause: () => {
            isPaused = true
            for (const socket of sockets) socket.unpipe().pause()
          },
          close: () => {
            cut()
            server.close()
          },
          open: () => {
            isPaused = false
            cut()
            if (!server.listening) server.listen(own, "127.0.0.1")
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
