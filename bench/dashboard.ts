/**
 * What the hub of the dashboard costs: 10,000 tasks that take 1,000 steps a second, through the engine and a store in
 * memory, without the hub, with it, and with one viewer who reads the live stream. Each in a process of its own.
 */
import { Observation, TaskHandle, VideoProvider, VideoProviders } from "@video-tasks/core"
import { DashboardHub } from "@video-tasks/dashboard"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Context, Effect, Layer, Stream } from "effect"
import { execFileSync } from "node:child_process"
import * as Events from "../packages/dashboard/src/internal/events.ts"

export const name = "the hub of the dashboard, 10,000 tasks, 1,000 steps a second"

const count = 10_000

const perSecond = 1000

const seconds = 10

type Kind = "none" | "hub" | "viewer"

interface Found {
  /** Of one core, in percent. */
  readonly cpu: number
  /** In MiB. */
  readonly heap: number
  /** What the viewer was sent, in kB a second. */
  readonly kilobytes: number
  readonly steps: number
}

const provider = VideoProvider.double()

const ground = Layer.mergeAll(
  TaskStore.layerMemory,
  Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider])))
)

const handleOf = (task: number) =>
  new TaskHandle.TaskHandle({
    provider: "double",
    family: "double",
    remoteId: `task-${task}`,
    baseUrl: "https://double.invalid",
    account: "default",
    createdAt: 0
  })

const measure = Effect.sync(() => {
  for (let round = 0; round < 4; round++) (globalThis as { readonly gc?: () => void }).gc?.()
  return process.memoryUsage().heapUsed
})

const fixed = { version: "0", store: "memory", isReadOnly: false, isDemo: false }

const played = (kind: Kind) =>
  Effect.gen(function*() {
    const observed = kind === "none" ? ground : Layer.provideMerge(DashboardHub.layer({ maxTasks: count }), ground)
    const context = yield* Layer.build(Layer.provideMerge(VideoTasks.layer({ pollSpans: false }), observed))
    const tasks = Context.get(context, VideoTasks.VideoTasks)
    for (let task = 0; task < count; task++) yield* tasks.attach(handleOf(task))
    let bytes = 0
    const hub = yield* Effect.provideContext(Effect.serviceOption(DashboardHub.DashboardHub), context)
    if (kind === "viewer" && hub._tag === "Some") {
      yield* Effect.forkScoped(
        Stream.runForEach(Events.make(hub.value, fixed, undefined), (text) =>
          Effect.sync(() => {
            bytes += text.length
          }))
      )
    }
    // Everything that begins has begun.
    yield* Effect.sleep(3000)
    bytes = 0
    const began = process.cpuUsage()
    const start = yield* Clock.currentTimeMillis
    let steps = 0
    while (steps < perSecond * seconds) {
      const now = yield* Clock.currentTimeMillis
      const due = Math.min(perSecond * seconds, Math.floor((now - start) / 1000 * perSecond))
      for (; steps < due; steps++) {
        yield* tasks.notify(
          handleOf(steps % count),
          new Observation.Observation({
            status: "IN_PROGRESS",
            progress: 1 + Math.floor(steps / count) * 10,
            videos: []
          })
        )
      }
      yield* Effect.sleep(5)
    }
    const spent = (yield* Clock.currentTimeMillis) - start
    const { system, user } = process.cpuUsage(began)
    const heap = yield* measure
    return {
      cpu: (user + system) / 1000 / spent * 100,
      heap: heap / 1024 / 1024,
      kilobytes: bytes / 1000 / (spent / 1000),
      steps
    } satisfies Found
  }).pipe(Effect.scoped)

const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits))

export const run = async () => {
  const found = (kind: Kind): Found =>
    JSON.parse(execFileSync(process.execPath, ["--expose-gc", import.meta.filename, kind], { encoding: "utf8" }))
  const [none, hub, viewer] = [found("none"), found("hub"), found("viewer")]
  const row = (metric: string, value: number, baseline: number) => ({
    metric,
    value: rounded(value),
    baseline: rounded(baseline),
    ratio: rounded(value / baseline, 2)
  })
  return [
    row("CPU with the hub (% of one core)", hub.cpu, none.cpu),
    row("CPU with the hub and a viewer (% of one core)", viewer.cpu, none.cpu),
    row("heap with the hub (MiB)", hub.heap, none.heap),
    row("heap with the hub and a viewer (MiB)", viewer.heap, none.heap),
    { metric: "sent to the viewer (kB/s)", value: rounded(viewer.kilobytes, 0), baseline: "" }
  ]
}

const kind = process.argv[2]
if (import.meta.main && (kind === "none" || kind === "hub" || kind === "viewer")) {
  process.stdout.write(JSON.stringify(await Effect.runPromise(played(kind))))
} else if (import.meta.main) {
  process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
}
