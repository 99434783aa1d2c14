/**
 * The most requests in 50 ms when 200 tasks start together, in real time, beside 200 loops that know nothing of each
 * other.
 */
import { Observation, VideoProvider, VideoProviders } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"

export const name = "200 tasks that start together"

const count = 200
const windowMs = 50
const lastsMs = 6000

/** The most entries of a sorted list within any window. */
const most = (times: ReadonlyArray<number>): number => {
  let highest = 0
  let from = 0
  for (const [to, at] of times.entries()) {
    while (at - (times[from] ?? at) >= windowMs) from++
    highest = Math.max(highest, to - from + 1)
  }
  return highest
}

const ours = async (): Promise<ReadonlyArray<number>> => {
  const times: Array<number> = []
  const provider = VideoProvider.double({
    observe: () =>
      Effect.sync(() => {
        times.push(performance.now())
        return new Observation.Observation({ status: "IN_PROGRESS", videos: [] })
      })
  })
  const program = Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    for (let task = 0; task < count; task++) {
      yield* tasks.track(yield* tasks.attach({ provider: "double", remoteId: `task-${task}` }))
    }
    yield* Effect.sleep(lastsMs)
  })
  const layer = VideoTasks.layer().pipe(
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
  )
  await Effect.runPromise(Effect.provide(program, layer))
  return times
}

/** What 200 loops with a gap of two seconds do. */
const loops = async (): Promise<ReadonlyArray<number>> => {
  const times: Array<number> = []
  const loop = Effect.forever(
    Effect.andThen(Effect.sleep("2 seconds"), Effect.sync(() => times.push(performance.now())))
  )
  const all = Effect.forEach(Array.from({ length: count }), () => loop, { concurrency: "unbounded", discard: true })
  await Effect.runPromise(Effect.timeoutOption(all, lastsMs + 500))
  return times
}

export const run = async () => {
  const [value, baseline] = [await ours(), await loops()]
  return [
    {
      metric: "most requests in 50 ms",
      value: most(value),
      baseline: most(baseline),
      ratio: Math.round(most(value) / most(baseline) * 100) / 100,
      budget: 10
    },
    {
      metric: "requests in the first 6 s",
      value: value.length,
      baseline: baseline.length,
      ratio: Math.round(value.length / baseline.length * 100) / 100
    }
  ]
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
