/**
 * Measures what it costs to read many running tasks with one, two and three members of a cluster, beside one in-process
 * engine over the same database and one over memory: `node conductor.ts <tasks> <gap in ms> <kind>…`, where a kind is
 * `memory`, `postgres`, or the number of members. With `fast:` before it tasks are read as fast as it goes, with `latency:`
 * submits are measured. One line of JSON for each.
 */
import { Effect } from "effect"
import * as os from "node:os"
import { setTimeout as pause } from "node:timers/promises"
import { now } from "../chaos/clock.ts"
import * as World from "../support/world.ts"
import * as Database from "./database.ts"
import * as Server from "./server.ts"
import * as Worker from "./worker.ts"

/** What a stretch of time took. */
interface Stretch {
  readonly seconds: number
  readonly polls: number
  readonly pollsPerSecond: number
  /** CPU of all workers, and of PostgreSQL, in µs a poll. */
  readonly cpuPerPoll: number
  readonly databaseCpuPerPoll: number
  readonly statementsPerPoll: number
  readonly writesPerPoll: number
  readonly statementsPerSecond: number
  readonly most: ReadonlyArray<string>
}

export interface Measured {
  readonly kind: string
  readonly tasks: number
  readonly load: number
  /** From the start of the workers until each task was read once. */
  readonly first: Stretch
  /** At the pace, with nothing new in any read. */
  readonly still: Stretch
  /** At the pace, with something new in each read. */
  readonly moving: Stretch
  /** Bytes a task: heap after a collection, and resident, less those of workers without tasks. */
  readonly heapPerTask: number
  readonly rssPerTask: number
  /** All workers without tasks: resident bytes, and CPU in a second, in µs. */
  readonly rssOfWorkers: number
  readonly idleCpuPerSecond: number
  readonly takeOver?: TakeOver | undefined
}

export interface TakeOver {
  readonly lockMs: number
  readonly buckets: number
  /** From the kill, in ms. */
  readonly firstBucketMs: number
  readonly lastBucketMs: number
  readonly firstPollMs: number | undefined
}

interface Size {
  readonly tasks: number
  readonly gapMs: number
}

const lockMs = 35_000

/** For how long is measured at least. */
const leastMs = 20_000

/** For how long steps are measured at most. */
const mostMs = 30_000

/** For how long workers without tasks are watched. */
const idleMs = 15_000

interface Stage {
  readonly database: Database.Database
  readonly server: Server.Server
  readonly url: string
  readonly workers: ReadonlyArray<Worker.Worker>
}

const hire = async (
  kind: string,
  { gapMs, tasks }: Size,
  url: string,
  api: string
): Promise<ReadonlyArray<Worker.Worker>> => {
  const isAlone = kind === "memory" || kind === "postgres"
  const count = isAlone ? 1 : Number(kind)
  return Promise.all(Array.from({ length: count }, async (_, n) =>
    Worker.start({
      kind: isAlone ? kind : "cluster",
      url,
      api,
      name: `worker-${n}`,
      port: await Effect.runPromise(World.freePort),
      tasks,
      gapMs,
      concurrency: 64,
      lockMs
    })))
}

const usageOf = async (workers: Stage["workers"], isExact = false) => {
  const all = await Promise.all(workers.map((worker) => worker.usage(isExact)))
  const sum = (of: (one: Worker.Usage) => number) => all.reduce((total, one) => total + of(one), 0)
  return { cpu: sum(({ cpu }) => cpu), rss: sum(({ rss }) => rss), heap: sum(({ heap }) => heap) }
}

/** Measures from now until something is over. */
const stretch = async (
  { database, server, url, workers }: Stage,
  isOver: (polls: number, ms: number) => boolean
): Promise<Stretch> => {
  await database.reset()
  const look = async () => ({
    at: now(),
    polls: (await server.ask({ _tag: "counts" })).polls,
    workers: (await usageOf(workers)).cpu,
    database: await database.cpu()
  })
  const before = await look()
  while (!isOver((await server.ask({ _tag: "counts" })).polls - before.polls, now() - before.at)) await pause(100)
  const after = await look()
  const { calls, most, writes } = await database.statements(url)
  const polls = after.polls - before.polls
  const seconds = (after.at - before.at) / 1000
  return {
    seconds,
    polls,
    pollsPerSecond: polls / seconds,
    cpuPerPoll: (after.workers - before.workers) / polls,
    databaseCpuPerPoll: (after.database - before.database) / polls,
    statementsPerPoll: calls / polls,
    writesPerPoll: writes / polls,
    statementsPerSecond: calls / seconds,
    most: most.map((one) => `${one.calls} × ${one.query.replaceAll(/\s+/g, " ").slice(0, 100)}`)
  }
}

/** Kills a worker, and waits until others have all that it had. */
const takeOver = async ({ database, server, url, workers }: Stage): Promise<TakeOver | undefined> => {
  const [victim] = workers
  if (victim === undefined || workers.length < 2) return undefined
  const address = `127.0.0.1:${victim.port}/`
  const left = async () => (await database.owners(url)).filter(({ runner }) => runner?.startsWith(address))
  const buckets = (await left()).length
  const killedAt = now()
  victim.kill()
  await server.ask({ _tag: "taken", from: victim.name })
  while ((await left()).length > 0 && now() - killedAt < 4 * lockMs) await pause(100)
  const times = (await database.owners(url)).map(({ at }) => (at ?? 0) - killedAt).filter((ms) => ms > 0)
  const firstPollAt = async () => (await server.ask({ _tag: "counts" })).taken.firstAt
  while ((await firstPollAt()) === undefined && now() - killedAt < 4 * lockMs) await pause(100)
  const at = await firstPollAt()
  return {
    lockMs,
    buckets,
    firstBucketMs: Math.min(...times),
    lastBucketMs: Math.max(...times),
    firstPollMs: at === undefined ? undefined : at - killedAt
  }
}

/** What workers without tasks have, for each of them. */
const idle = async (database: Database.Database, kind: string) => {
  const server = await Server.start()
  const url = await database.filled(0, server.url)
  const workers = await hire(kind, { tasks: 0, gapMs: 60_000 }, url, server.url)
  await pause(5000)
  const before = await usageOf(workers)
  await pause(idleMs)
  const after = await usageOf(workers)
  const usage = await usageOf(workers, true)
  for (const worker of workers) worker.kill()
  server.stop()
  return { ...usage, cpuPerSecond: (after.cpu - before.cpu) * 1000 / idleMs }
}

const measure = async (database: Database.Database, kind: string, size: Size): Promise<Measured> => {
  const empty = await idle(database, kind)
  const server = await Server.start()
  const url = await database.filled(size.tasks, server.url)
  const workers = await hire(kind, size, url, server.url)
  const stage: Stage = { database, server, url, workers }
  const first = await stretch(stage, (polls, ms) => polls >= size.tasks || ms > 600_000)
  const full = await usageOf(workers, true)
  // A whole round, so that it does not matter how the tasks lie in it.
  const still = await stretch(stage, (_, ms) => ms >= Math.max(size.gapMs, leastMs))
  await server.ask({ _tag: "moving", isMoving: true })
  const moving = await stretch(stage, (_, ms) => ms >= Math.min(Math.max(size.gapMs, leastMs), mostMs))
  await server.ask({ _tag: "moving", isMoving: false })
  const measured: Measured = {
    kind,
    ...size,
    load: os.loadavg()[0] ?? 0,
    first,
    still,
    moving,
    heapPerTask: (full.heap - empty.heap) / size.tasks,
    rssPerTask: (full.rss - empty.rss) / size.tasks,
    rssOfWorkers: empty.rss,
    idleCpuPerSecond: empty.cpuPerSecond,
    takeOver: await takeOver(stage)
  }
  for (const worker of workers) worker.kill()
  server.stop()
  return measured
}

/** As fast as it goes. */
export interface Fast {
  readonly kind: string
  readonly tasks: number
  readonly load: number
  readonly fast: Stretch
}

const fast = async (database: Database.Database, kind: string, tasks: number): Promise<Fast> => {
  const server = await Server.start()
  const url = await database.filled(tasks, server.url)
  const size = { tasks, gapMs: 1000 }
  const workers = await hire(kind, size, url, server.url)
  const stage: Stage = { database, server, url, workers }
  await stretch(stage, (polls, ms) => polls >= 2 * tasks || ms > 600_000)
  const found: Fast = { kind, tasks, load: os.loadavg()[0] ?? 0, fast: await stretch(stage, (_, ms) => ms >= leastMs) }
  for (const worker of workers) worker.kill()
  server.stop()
  return found
}

/** How long a submit takes, and how long after it the first read comes, in ms: the middle and the worst of some. */
export interface Latency {
  readonly kind: string
  readonly submitMs: readonly [number, number]
  readonly firstPollMs: readonly [number, number]
}

const middleAndWorst = (values: ReadonlyArray<number>): readonly [number, number] => {
  const sorted = values.toSorted((a, b) => a - b)
  return [sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, sorted.at(-1) ?? Number.NaN]
}

const latency = async (database: Database.Database, kind: string): Promise<Latency> => {
  const server = await Server.start()
  const url = await database.filled(0, server.url)
  const size = { tasks: 0, gapMs: 500 }
  const workers = kind === "postgres" ? [] : await hire(kind, size, url, server.url)
  const submits = await Worker.submits({ kind, url, api: server.url, count: 40, ...size })
  await pause(2000)
  const { created } = await server.ask({ _tag: "counts" })
  const firsts = created.flatMap(({ firstPollAt, prompt }) => {
    const submit = submits.find((one) => one.prompt === prompt)
    return submit === undefined || firstPollAt === undefined ? [] : [firstPollAt - submit.at]
  })
  for (const worker of workers) worker.kill()
  server.stop()
  return { kind, submitMs: middleAndWorst(submits.map(({ ms }) => ms)), firstPollMs: middleAndWorst(firsts) }
}

if (import.meta.main) {
  const [tasks = "10000", gapMs = "30000", ...kinds] = process.argv.slice(2)
  const database = await Database.start()
  try {
    for (const kind of kinds) {
      const [what = "", of] = kind.split(":")
      const found = what === "latency"
        ? await latency(database, of ?? "")
        : what === "fast"
        ? await fast(database, of ?? "", Number(tasks))
        : await measure(database, what, { tasks: Number(tasks), gapMs: Number(gapMs) })
      process.stdout.write(`${JSON.stringify(found)}\n`)
    }
  } finally {
    await database.stop()
  }
  process.exit(0)
}
