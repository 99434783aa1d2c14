/**
 * What it takes to go on with 10,000 unfinished tasks of an SQLite file: open it, claim them, and know when each is read,
 * beside the store's part alone.
 */
import { Observation, TaskHandle, TaskId, TaskMachine, VideoProvider, VideoProviders } from "@video-tasks/core"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export const name = "going on with 10,000 tasks"

const count = 10_000
const rounds = 5

const idOf = (n: number) => TaskId.TaskId.make(`00000000-0000-7000-8000-${String(n).padStart(12, "0")}`)

/** A day ago: nothing says that one of them was seen just now. */
const at = 1_700_000_000_000

const fill = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  for (let n = 1; n <= count; n++) {
    const id = idOf(n)
    const handle = new TaskHandle.TaskHandle({
      provider: "double",
      family: "double",
      remoteId: `task_${n}`,
      baseUrl: "https://double.invalid",
      account: "default",
      createdAt: at + n,
      requestHash: "ab".repeat(32)
    })
    const created = { type: "task.created" as const, at: at + n, id, handle, model: "model-1" }
    const snapshot = TaskMachine.persist(TaskMachine.initial(created))
    yield* store.append(id, 0, [created], { snapshot, raw: JSON.stringify({ id: handle.remoteId, status: "QUEUED" }) })
  }
})

const engine = (filename: string) =>
  VideoTasks.layer().pipe(
    Layer.provideMerge(SqliteTaskStore.layer({ filename })),
    Layer.provide(
      Layer.effect(
        VideoProviders.VideoProviders,
        VideoProviders.make([
          VideoProvider.double({ observations: [new Observation.Observation({ status: "IN_PROGRESS", videos: [] })] })
        ])
      )
    )
  )

/** The store's part: claims in portions, each decoded. */
const claimAll = (round: number) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    let claimed = 0
    for (;;) {
      const portion = yield* store.claim(`bench-${round}`, 500, 1000 * round + 500, 1000 * round)
      claimed += portion.length
      if (portion.length < 500) return claimed
    }
  })

const timed = async (work: () => Promise<number>): Promise<number> => {
  const before = performance.now()
  const found = await work()
  if (found !== count) throw new Error(`${found} tasks instead of ${count}`)
  return performance.now() - before
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const run = async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-bench-"))
  const filename = path.join(folder, "tasks.db")
  try {
    await Effect.runPromise(Effect.provide(fill, SqliteTaskStore.layer({ filename })))
    const whole: Array<number> = []
    const alone: Array<number> = []
    for (let round = 1; round <= rounds; round++) {
      const store = ManagedRuntime.make(SqliteTaskStore.layer({ filename }))
      alone.push(await timed(() => store.runPromise(claimAll(round))))
      await store.dispose()
      const tasks = ManagedRuntime.make(engine(filename))
      const resumed = VideoTasks.VideoTasks.use((one) => one.resume())
      whole.push(await timed(() => tasks.runPromise(Effect.map(resumed, ({ tracked }) => tracked))))
      await tasks.dispose()
    }
    const value = Math.round(median(whole))
    const baseline = Math.round(median(alone))
    return [{
      metric: "opened, claimed and aimed (ms)",
      value,
      baseline,
      ratio: Math.round(value / baseline * 100) / 100,
      budget: "≤ 1000 ms"
    }]
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
