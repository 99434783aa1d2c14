/**
 * The dashboard over simulated APIs: a steady flow of tasks that succeed, fail, are cancelled, and are read through faults.
 * It may run for days: what ended longest ago is forgotten.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import * as TaskStatus from "@video-tasks/core/TaskStatus"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import * as VideoProviders from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as DashboardHub from "@video-tasks/dashboard/DashboardHub"
import * as NodeHttp from "@video-tasks/node/NodeHttp"
import * as Ark from "@video-tasks/providers/Ark"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as GenericApi from "@video-tasks/providers/GenericApi"
import * as Kling from "@video-tasks/providers/Kling"
import * as Runway from "@video-tasks/providers/Runway"
import * as XAi from "@video-tasks/providers/XAi"
import * as TaskStore from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import type { Line } from "@video-tasks/simulator/Script"
import { Simulator } from "@video-tasks/simulator/Simulator"
import * as SimulatorServer from "@video-tasks/simulator/SimulatorServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"

/** How much faster than real time the simulated jobs run. */
const speed = 10

/** How many tasks that have ended are kept; an hour has about 2,400. */
const mostEnded = 500

/** How many jobs the simulated APIs keep: more, so that each task that is shown has its video. */
const mostJobs = 2000

const apiKey = Redacted.make("sk-demo", { label: "demo key" })

const faults: ReadonlyArray<Line> = [
  { on: "poll", nth: 2, times: { p: 0.06 }, fault: "503-html" },
  { on: "poll", nth: 2, times: { p: 0.04 }, fault: "429", retryAfter: 3 },
  { on: "create", times: { p: 0.03 }, fault: "reset-after-accept" }
]

const providers = Layer.effect(
  VideoProviders.VideoProviders,
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const all = yield* Effect.all([
      CometApi.make({ apiKey, baseUrl }),
      GenericApi.make({ apiKey, baseUrl }),
      Ark.make({ apiKey, baseUrl: `${baseUrl}/ark/api/v3` }),
      Runway.make({ apiKey, baseUrl: `${baseUrl}/runway` }),
      Kling.make({ apiKey, baseUrl: `${baseUrl}/kling` }),
      XAi.make({ apiKey, baseUrl: `${baseUrl}/xai` })
    ])
    return yield* VideoProviders.make(all.map(hurried))
  })
)

const hurried = (provider: VideoProvider): VideoProvider => ({
  ...provider,
  families: provider.families.map((family) => ({
    ...family,
    poll: { ...family.poll, typicalMs: family.poll.typicalMs / speed }
  }))
})

/** Everything that the dashboard stands on, over simulated APIs. */
export const layer = (options: Pick<DashboardHub.Options, "maxTasks" | "showPrompts">) =>
  VideoTasks.layer({ poll: { floor: "1 second", ceiling: "2 seconds" }, owner }).pipe(
    Layer.provideMerge(DashboardHub.layer({ ...options, owner })),
    Layer.provideMerge(TaskStore.layerMemory),
    Layer.provideMerge(providers),
    Layer.provideMerge(NodeHttp.layer({ proxy: "none" })),
    Layer.provideMerge(
      SimulatorServer.layerSimulator({ speed, seed: 20, linkSeconds: 3600, keepTasks: mostJobs, keepRequests: 1000 })
    )
  )

const owner = "demo"

/** A task every second and a half or so, each followed to its end; now and then one is cancelled. */
export const flow = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  yield* Effect.flatMap(Simulator, (simulator) => Effect.orDie(simulator.script(faults)))
  const one = Effect.gen(function*() {
    const handle = yield* tasks.submit(yield* wish)
    yield* tasks.track(handle)
    if ((yield* Random.nextIntBetween(0, 12)) > 0) return
    yield* Effect.sleep("4 seconds")
    yield* tasks.cancel(handle)
  }).pipe(Effect.ignore)
  yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.sleep("30 seconds"), Effect.ignore(forget(mostEnded)))))
  yield* Effect.forEach(Array.from({ length: 12 }), () => Effect.forkChild(one), { discard: true })
  return yield* Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep(yield* Random.nextIntBetween(600, 2400))
    yield* Effect.forkChild(one)
  }))
})

/** Removes tasks that ended, but for the newest ones. Fails with `TaskStoreError`. */
export const forget = Effect.fnUntraced(function*(most: number) {
  const hub = yield* DashboardHub.DashboardHub
  const store = yield* TaskStore.TaskStore
  const ended: Array<TaskId> = []
  let cursor: string | undefined
  do {
    const page: TaskStore.Page<TaskStore.StoredTask> = yield* store.list(
      { status: TaskStatus.terminal, newestFirst: true },
      cursor
    )
    ended.push(...page.items.map(({ snapshot }) => snapshot.task.id))
    cursor = page.cursor
  } while (cursor !== undefined)
  const gone = ended.slice(most)
  yield* store.remove(gone)
  yield* Effect.forEach(gone, (id) => hub.look(id), { discard: true })
})

const scenes = [
  "A paper boat on a river in the rain",
  "A fox crosses fresh snow at dawn",
  "An old tram climbs a hill in Lisbon",
  "Ink spreads in a glass of water, seen from below",
  "A lighthouse in a storm, waves over the pier",
  "A potter's hands shape a bowl, close up",
  "Paper lanterns rise over a lake at night",
  "A train window, fields in late summer go by"
]

/** Most succeed; the rest show every other end. */
const endings = [
  ...Array.from({ length: 20 }, () => ""),
  "[fail]",
  "[fail]",
  "[error]",
  "[expire]",
  "[expire]",
  "[moderate]",
  "[no-url]"
]

const pick = <A>(all: readonly [A, ...ReadonlyArray<A>] | ReadonlyArray<A>): Effect.Effect<A> =>
  Effect.map(Random.nextIntBetween(0, all.length - 1), (index) => all[index] as A)

const wish: Effect.Effect<VideoRequest> = Effect.gen(function*() {
  const ending = yield* pick(endings)
  const job = yield* Random.nextIntBetween(50, 240)
  const prompt = `${yield* pick(scenes)} ${ending}[job=${job}]`
  return yield* pick<VideoRequest>([
    CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt, seconds: 5, size: "9:16" }),
    GenericApi.video({ model: "kling-v1", prompt, seconds: 5 }),
    Ark.video({ model: "doubao-seedance-1-0-pro-250528", prompt, seconds: 5 }),
    Runway.video({ model: "gen4.5", prompt, seconds: 5, image: new URL("https://example.com/start.jpg") }),
    Kling.video({ model: "kling-v2-6", prompt, seconds: 5 }),
    XAi.video({ model: "grok-imagine-video", prompt, seconds: 6 })
  ])
})
