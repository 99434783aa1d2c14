/**
 * What the SQLite store costs: appends in a second, and going on with 10,000 unfinished tasks, beside `node:sqlite` alone
 * doing the same with the same rows.
 */
import { Observation, TaskHandle, TaskId, TaskMachine } from "@video-tasks/core"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, ManagedRuntime } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"

export const name = "the SQLite store"

const resumed = 10_000
const appended = 1000
const rounds = 5

const idOf = (n: number) => TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

const createdOf = (n: number) => ({
  type: "task.created" as const,
  at: 1_700_000_000_000 + n,
  id: idOf(n),
  handle: new TaskHandle.TaskHandle({
    provider: "cometapi",
    family: "seedance",
    remoteId: `task_${n}`,
    baseUrl: "https://api.cometapi.com",
    account: "default",
    createdAt: 1_700_000_000_000 + n,
    requestHash: "ab".repeat(32)
  }),
  model: "doubao-seedance-2-0-fast"
})

const progressed = (progress: number) => ({
  type: "task.observed" as const,
  at: 1_700_000_100_000 + progress,
  observation: new Observation.Observation({ status: "IN_PROGRESS", progress, videos: [] })
})

const raw = JSON.stringify({ id: "task", object: "video", status: "IN_PROGRESS", seconds: "5", size: "16:9" })

const opened = (filename: string) => ManagedRuntime.make(SqliteTaskStore.layer({ filename }))

const store = TaskStore.TaskStore

const make = (n: number) =>
  Effect.flatMap(store, (one) => {
    const created = createdOf(n)
    return one.append(created.id, 0, [created], {
      raw,
      snapshot: TaskMachine.persist(TaskMachine.initial(created))
    })
  })

/** Takes each of the first tasks one step further. */
const advance = (count: number, version: number) =>
  Effect.gen(function*() {
    const one = yield* store
    const event = progressed(version)
    for (let n = 1; n <= count; n++) {
      const { snapshot } = TaskMachine.step(TaskMachine.initial(createdOf(n)), event)
      yield* one.append(idOf(n), version, [event], { snapshot: TaskMachine.persist(snapshot), raw })
    }
  })

/** Claims all there is, as a process does that goes on where another one stopped. */
const resume = (round: number) =>
  Effect.gen(function*() {
    const one = yield* store
    let count = 0
    const now = 10_000 * (round + 1)
    for (;;) {
      const claimed = yield* one.claim(`owner-${round}`, 500, now + 5000, now)
      count += claimed.length
      if (claimed.length < 500) return count
    }
  })

/** How long a thing takes, in ms. */
const timed = async (work: () => unknown): Promise<number> => {
  const before = performance.now()
  await work()
  return performance.now() - before
}

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** The statements of one step, without anything around them. */
const rawAppends = (database: DatabaseSync, count: number, version: number, level: "FULL" | "NORMAL") => {
  database.exec(`PRAGMA synchronous = ${level}`)
  const begin = database.prepare("BEGIN IMMEDIATE")
  const update = database.prepare(
    "UPDATE tasks SET version = ?, snapshot = ? WHERE id = ? AND version = ? RETURNING id"
  )
  const insert = database.prepare("INSERT INTO events (task_id, seq, data) VALUES (?, ?, ?)")
  const commit = database.prepare("COMMIT")
  const row = database.prepare("SELECT snapshot FROM tasks LIMIT 1").get()
  const snapshot = String(row?.["snapshot"])
  for (let n = 1; n <= count; n++) {
    begin.run()
    update.all(version + 1, snapshot, idOf(n), version)
    insert.run(idOf(n), version, raw)
    commit.run()
  }
}

/** Tables of the same rows, for `node:sqlite` alone. */
const rawCopy = (filename: string, source: string): DatabaseSync => {
  const database = new DatabaseSync(filename)
  database.exec("PRAGMA journal_mode = WAL")
  database.exec(`ATTACH '${source}' AS source`)
  database.exec(
    `CREATE TABLE tasks (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, version INTEGER, snapshot TEXT, raw TEXT)`
  )
  database.exec("INSERT INTO tasks SELECT seq, id, version, snapshot, raw FROM source.video_tasks_tasks")
  database.exec("CREATE TABLE events (task_id TEXT, seq INTEGER, data TEXT, PRIMARY KEY (task_id, seq))")
  database.exec("DETACH source")
  return database
}

interface Row {
  readonly metric: string
  readonly value: number | string
  readonly baseline: number | string
  readonly ratio?: number
  readonly budget?: string
}

const rowOf = (metric: string, value: number, baseline: number, budget?: string): Row => ({
  metric,
  value: Math.round(value),
  baseline: Math.round(baseline),
  ratio: Math.round(value / baseline * 100) / 100,
  ...(budget === undefined ? {} : { budget })
})

const measured = async (folder: string): Promise<ReadonlyArray<Row>> => {
  const filename = path.join(folder, "tasks.db")
  const filling = opened(filename)
  const creates = await timed(() =>
    filling.runPromise(Effect.forEach(Array.from({ length: resumed }, (_, n) => n + 1), make, { discard: true }))
  )
  await filling.dispose()
  const database = rawCopy(path.join(folder, "raw.db"), filename)
  const appends: Array<number> = []
  const baselines: Array<number> = []
  const resumes: Array<number> = []
  const reads: Array<number> = []
  const appending = opened(filename)
  await appending.runPromise(Effect.asVoid(store))
  for (let round = 0; round < rounds; round++) {
    appends.push(await timed(() => appending.runPromise(advance(appended, round + 1))))
    baselines.push(await timed(() => rawAppends(database, appended, round + 1, "NORMAL")))
  }
  await appending.dispose()
  for (let round = 0; round < rounds; round++) {
    resumes.push(
      await timed(async () => {
        const next = opened(filename)
        const count = await next.runPromise(resume(round))
        if (count !== resumed) throw new Error(`${count} tasks instead of ${resumed}`)
        await next.dispose()
      })
    )
    reads.push(
      await timed(() => {
        const other = new DatabaseSync(path.join(folder, "raw.db"))
        for (const row of other.prepare("SELECT * FROM tasks ORDER BY seq").all()) JSON.parse(String(row["snapshot"]))
        other.close()
      })
    )
  }
  const perSecond = (ms: number) => appended / ms * 1000
  const confirmed = await timed(() => rawAppends(database, appended, rounds + 1, "FULL"))
  database.close()
  return [
    rowOf("new tasks in a second, each on the disk", resumed / creates * 1000, perSecond(confirmed)),
    rowOf("steps in a second", perSecond(median(appends)), perSecond(median(baselines))),
    rowOf("10,000 unfinished tasks opened, claimed and read (ms)", median(resumes), median(reads), "≤ 1000 ms")
  ]
}

export const run = async (): Promise<ReadonlyArray<Row>> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-bench-"))
  try {
    return await measured(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
