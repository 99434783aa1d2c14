/**
 * What it costs to read many running tasks with one, two and three members of a cluster on this machine, on a real
 * PostgreSQL: beside one in-process engine over the same database, and one over memory. `CLUSTER_TASKS=100000
 * CLUSTER_GAP=300000` is the full size, which takes an hour; the default is a tenth of it.
 */
import { execFileSync } from "node:child_process"
import * as path from "node:path"

export const name = "a cluster of one, two and three workers"

interface Stretch {
  readonly pollsPerSecond: number
  readonly cpuPerPoll: number
  readonly databaseCpuPerPoll: number
  readonly statementsPerPoll: number
  readonly writesPerPoll: number
}

interface Measured {
  readonly kind: string
  readonly tasks: number
  readonly load: number
  readonly still: Stretch
  readonly moving: Stretch
  readonly heapPerTask: number
  readonly rssPerTask: number
  readonly idleCpuPerSecond: number
  readonly takeOver?: { readonly lockMs: number; readonly lastBucketMs: number; readonly firstPollMs?: number }
}

interface Fast {
  readonly load: number
  readonly fast: Stretch
}

interface Latency {
  readonly kind: string
  readonly submitMs: readonly [number, number]
  readonly firstPollMs: readonly [number, number]
}

/** A process of its own, in the package that has a database. */
const script = path.resolve(import.meta.dirname, "../packages/cluster/test/bench/conductor.ts")

const tasks = Number(process.env["CLUSTER_TASKS"] ?? 10_000)

const gapMs = Number(process.env["CLUSTER_GAP"] ?? 30_000)

/** What the conductor says of a kind. */
const said = (kind: string, count = tasks): string =>
  execFileSync(process.execPath, [script, String(count), String(gapMs), kind], { encoding: "utf8", maxBuffer: 1e7 })

const measured = (kind: string, count = tasks): Measured => JSON.parse(said(kind, count))

const fast = (kind: string): Fast => JSON.parse(said(`fast:${kind}`))

const latency = (kind: string): Latency => JSON.parse(said(`latency:${kind}`))

const nameOf = (workers: number): string =>
  `${tasks.toLocaleString("en")} tasks, ${workers} ${workers === 1 ? "worker" : "workers"}`

const round = (value: number): number => Number(value.toPrecision(3))

const row = (metric: string, value: number, baseline: number, budget?: number | string) => ({
  metric,
  value: round(value),
  baseline: round(baseline),
  ratio: Math.round(value / baseline * 100) / 100,
  ...(budget === undefined ? {} : { budget })
})

const rowsOf = (who: string, one: Measured, alone: Measured) => [
  row(
    `${who}: CPU of a poll at ${round(one.still.pollsPerSecond)} a second (µs)`,
    one.still.cpuPerPoll,
    alone.still.cpuPerPoll,
    "≤ 1.3"
  ),
  row(`${who}: CPU of a poll that changes the task (µs)`, one.moving.cpuPerPoll, alone.moving.cpuPerPoll, "≤ 1.3"),
  row(`${who}: CPU of PostgreSQL, a poll (µs)`, one.still.databaseCpuPerPoll, alone.still.databaseCpuPerPoll),
  row(
    `${who}: CPU of PostgreSQL, a poll that changes (µs)`,
    one.moving.databaseCpuPerPoll,
    alone.moving.databaseCpuPerPoll
  ),
  row(`${who}: statements a poll`, one.still.statementsPerPoll, alone.still.statementsPerPoll),
  row(`${who}: statements that write, a poll`, one.still.writesPerPoll, alone.still.writesPerPoll),
  row(`${who}: statements a poll that changes`, one.moving.statementsPerPoll, alone.moving.statementsPerPoll),
  row(`${who}: CPU in a second without tasks (µs)`, one.idleCpuPerSecond, alone.idleCpuPerSecond),
  row(`${who}: heap a task (B)`, one.heapPerTask, alone.heapPerTask),
  row(`${who}: resident memory a task (B)`, one.rssPerTask, alone.rssPerTask),
  ...(one.takeOver === undefined ? [] : [
    row(
      `${who}: until others have all buckets of one that was killed, beside the lock's expiry (ms)`,
      one.takeOver.lastBucketMs,
      one.takeOver.lockMs,
      "≤ 2"
    ),
    ...(one.takeOver.firstPollMs === undefined ? [] : [
      row(`${who}: until one of its tasks is read again (ms)`, one.takeOver.firstPollMs, one.takeOver.lockMs, "≤ 2")
    ])
  ])
]

/** A process that reads less often pays more for each read, whatever it is a member of. */
const partRows = (who: string, workers: number, one: Measured) => {
  if (workers === 1) return []
  const part = measured("postgres", Math.round(tasks / workers))
  const beside = `beside one engine with a ${workers === 2 ? "half" : "third"} of the tasks`
  return [
    row(`${who}: CPU of a poll ${beside} (µs)`, one.still.cpuPerPoll, part.still.cpuPerPoll, "≤ 1.3"),
    row(`${who}: CPU of a poll that changes ${beside} (µs)`, one.moving.cpuPerPoll, part.moving.cpuPerPoll, "≤ 1.3")
  ]
}

const fastRows = (who: string, one: Fast, alone: Fast) => [
  row(`${who}, as fast as it goes: polls a second`, one.fast.pollsPerSecond, alone.fast.pollsPerSecond),
  row(`${who}, as fast as it goes: CPU of a poll (µs)`, one.fast.cpuPerPoll, alone.fast.cpuPerPoll, "≤ 1.3"),
  row(`${who}, as fast as it goes: statements a poll`, one.fast.statementsPerPoll, alone.fast.statementsPerPoll)
]

const latencyRows = (who: string, one: Latency, alone: Latency) => [
  row(`${who}: a submit (ms)`, one.submitMs[0], alone.submitMs[0]),
  row(`${who}: the slowest of 35`, one.submitMs[1], alone.submitMs[1]),
  row(`${who}: from submit to first read, at a floor of 500 ms (ms)`, one.firstPollMs[0], alone.firstPollMs[0])
]

export const run = async () => {
  const alone = measured("postgres")
  const rows = [1, 2, 3].flatMap((workers) => {
    const one = measured(String(workers))
    const who = `${nameOf(workers)} (load ${one.load.toFixed(1)})`
    return [...rowsOf(who, one, alone), ...partRows(who, workers, one)]
  })
  const memory = measured("memory")
  const fastAlone = fast("postgres")
  const submits = latency("postgres")
  return [
    ...rows,
    ...[1, 2, 3].flatMap((workers) => fastRows(nameOf(workers), fast(String(workers)), fastAlone)),
    row(
      "in process: CPU of a poll on PostgreSQL beside one in memory (µs)",
      alone.still.cpuPerPoll,
      memory.still.cpuPerPoll
    ),
    ...[1, 3].flatMap((workers) => latencyRows(nameOf(workers), latency(String(workers)), submits))
  ]
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
