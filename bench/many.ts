/**
 * How many requests a job takes when one request can read many tasks, and how long after its end the end is seen: a
 * thousand tasks at any time, played through the real scheduler under a virtual clock, beside the same read one by one.
 * Some lists can be asked for certain tasks (Ark), of others only the newest page is read (OpenAI, Kling).
 */
import { Observation, PollPolicy, type TaskHandle, Video, VideoProvider, VideoProviders } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Effect, Layer, Random, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { jobsOf, lcg, progressAt } from "./jobs.ts"

export const name = "requests per job when one request reads many tasks"

interface Case {
  /** How many jobs in all. */
  readonly count: number
  /** How many jobs begin in a second; each takes about 100 s. */
  readonly perSecond: number
  /** How many tasks one request reads; one by one without it. */
  readonly batchSize: number | undefined
  /** What is on that page: the tasks that are asked for, or those that were made last. */
  readonly list?: "asked" | "newest"
  /** Of the progress; there is none without it. */
  readonly noise: number | undefined
}

interface Found {
  readonly requests: number
  readonly reads: number
  readonly lagMs: number
  readonly p95Ms: number
}

const video = new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4", { label: "video url" }) })

const world = ({ batchSize = 0, count, list = "asked", noise }: Case) => {
  const jobs = jobsOf(count)
  const random = lcg(777)
  const lags: Array<number> = []
  let requests = 0
  let reads = 0
  let made = 0
  const look = (handle: TaskHandle.TaskHandle, now: number) => {
    reads++
    const job = jobs[Number(handle.remoteId)] ?? 0
    const elapsed = now - (handle.createdAt ?? 0)
    if (elapsed >= job) {
      lags.push(elapsed - job)
      return new Observation.Observation({ status: "SUCCESS", videos: [video] })
    }
    const progress = progressAt(elapsed / job, noise, random)
    return new Observation.Observation({ status: "IN_PROGRESS", videos: [], ...progress })
  }
  const double = VideoProvider.double({
    family: { poll: PollPolicy.standard, ...(batchSize === 0 ? {} : { batchSize }) },
    observe: (handle) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        requests++
        return look(handle, now)
      }),
    observeMany: (handles) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        requests++
        const listed = list === "asked"
          ? handles
          : handles.filter(({ remoteId }) => Number(remoteId) >= made - batchSize)
        return new Map(listed.map((handle) => [handle, look(handle, now)]))
      })
  })
  const provider: VideoProvider.VideoProvider = {
    ...double,
    create: (request, options) =>
      Effect.map(double.create(request, options), (created) => ({
        ...created,
        handle: Object.assign(Object.create(Object.getPrototypeOf(created.handle)), created.handle, {
          remoteId: String(made++)
        })
      }))
  }
  const found = (): Found => {
    if (lags.length !== count) throw new Error(`${lags.length} of ${count} jobs were seen to end`)
    lags.sort((a, b) => a - b)
    const sum = lags.reduce((total, lag) => total + lag, 0)
    const p95Ms = lags[Math.floor(count * 0.95)] ?? Number.NaN
    return { requests: requests / count, reads: reads / count, lagMs: sum / count, p95Ms }
  }
  return { provider, found }
}

const played = async (one: Case): Promise<Found> => {
  const { found, provider } = world(one)
  const request = { provider: "double", family: "double", model: "model", prompt: "a fox" }
  const program = Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    for (let job = 0; job < one.count; job++) {
      yield* tasks.track(yield* tasks.submit(request))
      if (one.perSecond < 1) yield* TestClock.adjust(1000 / one.perSecond)
      else if (job % one.perSecond === 0) yield* TestClock.adjust("1 second")
    }
    yield* TestClock.adjust("30 minutes")
  })
  const layer = VideoTasks.layer({
    pollSpans: false,
    budget: { requestsPerSecond: 1e6, burst: 1e6, concurrency: one.count }
  }).pipe(
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider])))),
    Layer.provideMerge(TestClock.layer())
  )
  await Effect.runPromise(program.pipe(Effect.provide(layer), Random.withSeed("many")))
  return found()
}

const shown = ({ lagMs, p95Ms, requests }: Found): string =>
  `${requests.toFixed(2)} at ${(lagMs / 1000).toFixed(2)} s (p95 ${(p95Ms / 1000).toFixed(1)} s)`

const thousand = { count: 10_000, perSecond: 10 }

const cases: ReadonlyArray<{ readonly metric: string; readonly one: Case; readonly budget?: string }> = [
  { metric: "1,000 tasks, 100 at once", one: { ...thousand, batchSize: 100, noise: 0.1 }, budget: "≤ 1, lag no worse" },
  { metric: "1,000 tasks, 20 at once", one: { ...thousand, batchSize: 20, noise: 0.1 }, budget: "≤ 1, lag no worse" },
  { metric: "1,000 tasks without progress, 100 at once", one: { ...thousand, batchSize: 100, noise: undefined } },
  { metric: "100 tasks, 100 at once", one: { count: 3000, perSecond: 1, batchSize: 100, noise: 0.1 } },
  { metric: "10 tasks, 100 at once", one: { count: 1000, perSecond: 0.1, batchSize: 100, noise: 0.1 } },
  { metric: "1,000 tasks, the newest 100", one: { ...thousand, batchSize: 100, noise: 0.1, list: "newest" } },
  {
    metric: "100 tasks, the newest 100",
    one: { count: 3000, perSecond: 1, batchSize: 100, noise: 0.1, list: "newest" },
    budget: "≤ 1, lag no worse"
  },
  {
    metric: "10 tasks, the newest 100",
    one: { count: 1000, perSecond: 0.1, batchSize: 100, noise: 0.1, list: "newest" }
  }
]

export const run = async () => {
  const rows = []
  for (const { budget, metric, one } of cases) {
    const value = await played(one)
    const baseline = await played({ ...one, batchSize: undefined })
    rows.push({
      metric: `${metric}: requests per job at mean lag`,
      value: shown(value),
      baseline: shown(baseline),
      ratio: Math.round(value.requests / baseline.requests * 100) / 100,
      ...(budget === undefined ? {} : { budget })
    })
  }
  return rows
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
