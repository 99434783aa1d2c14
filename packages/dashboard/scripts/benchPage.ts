/**
 * Measures the frames of the page with ten thousand tasks and a thousand steps a second, on the real server and in
 * headless Chromium, beside an empty page in the same browser: one line of JSON on stdout, for `bench/dashboardPage.ts`.
 */
import { Observation, TaskHandle } from "@video-tasks/core"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import { Dashboard } from "../src/index.ts"
import { ground } from "../test/support/world.ts"
import { launch, visit } from "../test/utils/chromium.ts"

const tasks = 10_000
const stepsPerSecond = 1000
const seconds = 6

interface Frames {
  readonly p50: number
  readonly p95: number
  readonly max: number
  readonly longTasks: number
  readonly count: number
}

/** Runs in the page: the gaps between frames while nothing or a hard scroll happens. */
const measure = `(seconds, isScrolling) => new Promise((resolve) => {
  const gaps = []
  let longTasks = 0
  const observer = new PerformanceObserver((list) => longTasks += list.getEntries().length)
  observer.observe({ type: "longtask" })
  const grid = document.querySelector("#grid")
  const begin = performance.now()
  let last = begin
  let way = 1
  const frame = (now) => {
    gaps.push(now - last)
    last = now
    if (isScrolling) {
      if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 10) way = -1
      else if (grid.scrollTop <= 0) way = 1
      grid.scrollTop += way * 900
    }
    if (now - begin < seconds * 1000) return requestAnimationFrame(frame)
    observer.disconnect()
    const sorted = gaps.slice(2).sort((a, b) => a - b)
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
    resolve({ p50: at(0.5), p95: at(0.95), max: sorted.at(-1), longTasks, count: gaps.length })
  }
  requestAnimationFrame(frame)
})`

const handleOf = (n: number) =>
  new TaskHandle.TaskHandle({
    provider: "double",
    family: "double",
    remoteId: `task-${n}`,
    baseUrl: "https://double.invalid",
    account: "default",
    createdAt: n
  })

/** A thousand steps a second through the engine, about fifty at a time: each round brings every task a little on. */
const steps = Effect.gen(function*() {
  const engine = yield* VideoTasks.VideoTasks
  const began = performance.now()
  let done = 0
  return yield* Effect.forever(Effect.gen(function*() {
    for (const due = (performance.now() - began) * stepsPerSecond / 1000; done < due; done++) {
      const progress = Math.min(99, 1 + 5 * Math.floor(done / tasks))
      const seen = new Observation.Observation({ status: "IN_PROGRESS", progress, videos: [] })
      yield* engine.notify(handleOf((done * 7919) % tasks), seen)
    }
    yield* Effect.sleep(50)
  }))
})

const measured = Effect.gen(function*() {
  const engine = yield* VideoTasks.VideoTasks
  for (let n = 0; n < tasks; n++) yield* engine.attach(handleOf(n))
  const { url } = yield* Dashboard.Dashboard
  const browser = yield* launch
  const { page } = yield* visit(browser, { origins: [new URL(url).origin], viewport: { width: 1360, height: 800 } })
  const frames = (isScrolling: boolean) =>
    Effect.promise(() => page.evaluate<Frames>(`(${measure})(${seconds}, ${isScrolling})`))
  const session = yield* Effect.promise(() => page.context().newCDPSession(page))
  yield* Effect.promise(() => session.send("Performance.enable", { timeDomain: "threadTicks" }))
  /** What the page's main thread has computed so far, in ms of a core: other work on the machine does not count. */
  const worked = Effect.promise(async () => {
    const { metrics } = await session.send("Performance.getMetrics")
    return 1000 * (metrics.find((one) => one.name === "TaskDuration")?.value ?? Number.NaN)
  })
  const hasAllRows = Effect.promise(async () => {
    const count = await page.locator("#grid").getAttribute("aria-rowcount")
    if (count !== String(tasks + 1)) throw new Error(`the list has ${count} rows with its titles, not ${tasks + 1}`)
  })
  /** Figures of a list that has lost its rows would say nothing. */
  const phase = (isScrolling: boolean) =>
    Effect.gen(function*() {
      yield* hasAllRows
      const before = yield* worked
      const found = yield* frames(isScrolling)
      const work = (yield* worked) - before
      yield* hasAllRows
      return { ...found, work: work / found.count }
    })

  yield* Effect.promise(() => page.goto("about:blank"))
  const empty = yield* frames(false)
  yield* Effect.forkChild(steps)
  const began = performance.now()
  yield* Effect.promise(() => page.goto(url))
  yield* Effect.promise(() => page.locator(`#grid[aria-rowcount='${tasks + 1}']`).waitFor())
  const opened = performance.now() - began
  const idle = yield* phase(false)
  const scrolling = yield* phase(true)
  const domRows = yield* Effect.promise(() => page.locator("[role=row]").count())
  const rate = yield* Effect.promise(() => page.locator(".speed").innerText())
  const heap = yield* Effect.promise(async () => {
    await session.send("HeapProfiler.collectGarbage")
    const { usedSize } = await session.send("Runtime.getHeapUsage")
    return usedSize
  })
  return { domRows, empty, heap, idle, opened, rate, scrolling }
})

const layers = Layer.provideMerge(Dashboard.layer({ storeName: "nothing" }), ground())
const found = await Effect.runPromise(measured.pipe(Effect.scoped, Effect.provide(layers)))
process.stdout.write(`${JSON.stringify({ ...found, stepsPerSecond, tasks })}\n`)
