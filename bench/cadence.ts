/**
 * How often a job is read, and how long after its end the end is seen: 20,000 jobs, played through the real scheduler
 * under a virtual clock, beside the fixed cadences of other clients.
 */
import { Observation, PollPolicy, Video, VideoProvider, VideoProviders } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Effect, Layer, Random, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { jobsOf, lcg, progressAt } from "./jobs.ts"

export const name = "reads per job and lag of the end"

const count = 20_000

/** How many jobs begin in a second: about a thousand live at the same time. */
const perSecond = 10

const jobs = jobsOf(count)

interface Found {
  readonly reads: number
  readonly lagMs: number
  readonly p95Ms: number
}

const summary = (reads: number, lags: Array<number>): Found => {
  lags.sort((a, b) => a - b)
  const sum = lags.reduce((total, lag) => total + lag, 0)
  return { reads: reads / count, lagMs: sum / count, p95Ms: lags[Math.floor(count * 0.95)] ?? Number.NaN }
}

const video = new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4", { label: "video url" }) })

/** A provider whose tasks take as long as the jobs; progress with noise, in steps of 5, and none without `noise`. */
const world = (noise: number | undefined, policy: PollPolicy.PollPolicy) => {
  const random = lcg(777)
  const lags: Array<number> = []
  let reads = 0
  let made = 0
  const double = VideoProvider.double({
    family: { poll: policy },
    observe: (handle) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        reads++
        const job = jobs[Number(handle.remoteId)] ?? 0
        const elapsed = now - (handle.createdAt ?? 0)
        if (elapsed < job) {
          return new Observation.Observation({
            status: "IN_PROGRESS",
            videos: [],
            ...progressAt(elapsed / job, noise, random)
          })
        }
        lags.push(elapsed - job)
        return new Observation.Observation({ status: "SUCCESS", videos: [video] })
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
  return { provider, found: () => summary(reads, lags) }
}

const played = async (noise: number | undefined, policy: PollPolicy.PollPolicy): Promise<Found> => {
  const { found, provider } = world(noise, policy)
  const request = { provider: "double", family: "double", model: "model", prompt: "a fox" }
  const program = Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    for (let job = 0; job < count; job++) {
      yield* tasks.track(yield* tasks.submit(request))
      if (job % perSecond === 0) yield* TestClock.adjust("1 second")
    }
    yield* TestClock.adjust("30 minutes")
  })
  const layer = VideoTasks.layer({
    pollSpans: false,
    budget: { requestsPerSecond: 1e6, burst: 1e6, concurrency: count }
  }).pipe(
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider])))),
    Layer.provideMerge(TestClock.layer())
  )
  await Effect.runPromise(program.pipe(Effect.provide(layer), Random.withSeed("cadence")))
  return found()
}

/** What clients with a fixed gap do, with the first read after one gap. */
const fixed = (gapMs: number, spreadMs = 0): Found => {
  const random = lcg(999)
  const lags: Array<number> = []
  let reads = 0
  for (const job of jobs) {
    let now = 0
    while (now < job) {
      now += gapMs + spreadMs * (2 * random() - 1)
      reads++
    }
    lags.push(now - job)
  }
  return summary(reads, lags)
}

const shown = ({ lagMs, p95Ms, reads }: Found): string =>
  `${reads.toFixed(1)} at ${(lagMs / 1000).toFixed(2)} s (p95 ${(p95Ms / 1000).toFixed(1)} s)`

export const run = async () => {
  const { standard } = PollPolicy
  const page = fixed(10_000)
  const rows = [
    { metric: "progress ± 10 %", found: await played(0.1, standard), budget: "≤ 7 at ≤ 2.5 s" },
    { metric: "progress ± 25 %", found: await played(0.25, standard) },
    { metric: "no progress", found: await played(undefined, standard) },
    { metric: "progress ± 10 %, no gap above 20 s", found: await played(0.1, { ...standard, ceilingMs: 20_000 }) },
    { metric: "every 0.5 s (fal, replicate)", found: fixed(500) },
    { metric: "every 1 s (wavespeed)", found: fixed(1000) },
    { metric: "every 2 s (TanStack AI)", found: fixed(2000) },
    { metric: "every 5 s (AI SDK, openai-node)", found: fixed(5000) },
    { metric: "every 6 ± 1.5 s (runway)", found: fixed(6000, 1500) },
    { metric: "every 10 s (CometAPI's own advice)", found: page }
  ]
  return rows.map(({ budget, found, metric }) => ({
    metric: `${metric}: reads per job at mean lag`,
    value: shown(found),
    baseline: shown(page),
    ratio: Math.round(found.reads / page.reads * 100) / 100,
    ...(budget === undefined ? {} : { budget })
  }))
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
