/**
 * The heap that one more tracked task takes in the scheduler, before its first read and after some, beside a fiber that
 * sleeps. The task itself is in the store and counted apart.
 */
import { Observation, TaskHandle, VideoProvider, VideoProviders } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber, Layer } from "effect"
import { execFileSync } from "node:child_process"

export const name = "heap of a tracked task"

const sizes = [1000, 10_000, 100_000]

interface Found {
  /** Bytes a task. */
  readonly store: number
  readonly before: number
  readonly after: number
  readonly fiber: number
}

const measure: Effect.Effect<number> = Effect.map(Effect.sleep(50), () => {
  for (let round = 0; round < 4; round++) (globalThis as { readonly gc?: () => void }).gc?.()
  return process.memoryUsage().heapUsed
})

const layer = (onRead: () => void) => {
  const provider = VideoProvider.double({
    family: { poll: { ...VideoProvider.double().families[0]!.poll, floorMs: 1e9, ceilingMs: 1e9, minGapMs: 1e9 } },
    observe: () =>
      Effect.sync(() => {
        onRead()
        return new Observation.Observation({ status: "IN_PROGRESS", progress: 35, videos: [] })
      })
  })
  return VideoTasks.layer({
    pollSpans: false,
    budget: { requestsPerSecond: 1e6, burst: 1e6, concurrency: 1000 }
  }).pipe(
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
  )
}

const handleOf = (task: number, createdAt: number | undefined) =>
  new TaskHandle.TaskHandle({
    provider: "double",
    family: "double",
    remoteId: `task-${task}`,
    baseUrl: "https://double.invalid",
    account: "default",
    ...(createdAt === undefined ? {} : { createdAt })
  })

/** Attaches tasks, then tracks them; `waitForReads` until each was read once. */
const tracked = (count: number, waitForReads: boolean) => {
  let reads = 0
  return Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const empty = yield* measure
    const createdAt = waitForReads ? undefined : performance.timeOrigin + performance.now()
    for (let task = 0; task < count; task++) yield* tasks.attach(handleOf(task, createdAt))
    const stored = yield* measure
    for (let task = 0; task < count; task++) yield* tasks.track(handleOf(task, createdAt))
    if (waitForReads) yield* Effect.repeat(Effect.sleep(10), { until: () => reads >= count })
    const full = yield* measure
    // What a read has left in the store is not the scheduler's.
    for (let task = 0; task < count; task++) yield* tasks.untrack(handleOf(task, createdAt))
    const left = yield* measure
    return { store: (stored - empty) / count, entry: (full - left) / count }
  }).pipe(Effect.provide(layer(() => reads++)))
}

const fibers = (count: number) =>
  Effect.gen(function*() {
    const empty = yield* measure
    const all = yield* Effect.forEach(Array.from({ length: count }), () =>
      Effect.forkChild(Effect.forever(Effect.sleep("1 hour"))))
    yield* Effect.sleep(10)
    const full = yield* measure
    yield* Fiber.interruptAll(all)
    return (full - empty) / count
  })

const measured = async (count: number): Promise<Found> => {
  // The first round only warms up: code and shapes are made once.
  await Effect.runPromise(tracked(500, true))
  const before = await Effect.runPromise(tracked(count, false))
  const after = await Effect.runPromise(tracked(count, true))
  const fiber = await Effect.runPromise(fibers(count))
  return { store: before.store, before: before.entry, after: after.entry, fiber }
}

export const run = async () =>
  sizes.flatMap((count) => {
    const text = execFileSync(process.execPath, ["--expose-gc", import.meta.filename, String(count)], {
      encoding: "utf8",
      maxBuffer: 1e7
    })
    const { after, before, fiber, store }: Found = JSON.parse(text)
    const row = (metric: string, value: number, budget?: number) => ({
      metric: `${count.toLocaleString("en")} tasks: ${metric} (B)`,
      value: Math.round(value),
      baseline: Math.round(fiber),
      ratio: Math.round(value / fiber * 100) / 100,
      ...(budget === undefined ? {} : { budget })
    })
    return [
      row("entry before the first read", before, 1024),
      row("entry after a read", after, 1024),
      row("the task in the memory store", store)
    ]
  })

const count = Number(process.argv[2])
if (import.meta.main && count > 0) process.stdout.write(JSON.stringify(await measured(count)))
else if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
