/**
 * How smooth the page of the dashboard is with ten thousand tasks and a thousand steps a second: the real server and
 * headless Chromium on this machine, beside an empty page in the same browser.
 */
import { TaskObserver } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import { Dashboard } from "../packages/dashboard/src/index.ts"
import { ground, running, stepOf } from "../packages/dashboard/test/support/world.ts"
import { launch, visit } from "../packages/dashboard/test/utils/chromium.ts"

export const name = "frames of the dashboard with 10,000 tasks and 1,000 steps a second"

const tasks = 10_000
const stepsPerSecond = 1000
const seconds = 6

interface Frames {
  readonly p50: number
  readonly p95: number
  readonly max: number
  readonly longTasks: number
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
    resolve({ p50: at(0.5), p95: at(0.95), max: sorted.at(-1), longTasks })
  }
  requestAnimationFrame(frame)
})`

/** A thousand steps a second, in twenty bites of fifty. */
const steps = Effect.gen(function*() {
  const observer = yield* TaskObserver.TaskObserver
  let n = 0
  return yield* Effect.forever(Effect.gen(function*() {
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    for (let count = 0; count < stepsPerSecond / 20; count++) {
      n = (n + 7919) % tasks
      yield* observer.step(stepOf(n, now, running(n % 100)))
    }
    yield* Effect.sleep(50)
  }))
})

const measured = Effect.gen(function*() {
  const observer = yield* TaskObserver.TaskObserver
  for (let n = 0; n < tasks; n++) yield* observer.step(stepOf(n, 1000 + n))
  const { url } = yield* Dashboard.Dashboard
  const browser = yield* launch
  const { page } = yield* visit(browser, { origins: [new URL(url).origin], viewport: { width: 1360, height: 800 } })
  const frames = (isScrolling: boolean) =>
    Effect.promise(() => page.evaluate<Frames>(`(${measure})(${seconds}, ${isScrolling})`))

  yield* Effect.promise(() => page.goto("about:blank"))
  const empty = yield* frames(false)
  yield* Effect.forkChild(steps)
  const began = performance.now()
  yield* Effect.promise(() => page.goto(url))
  yield* Effect.promise(() => page.locator(`#grid[aria-rowcount='${tasks + 1}']`).waitFor())
  const opened = performance.now() - began
  const idle = yield* frames(false)
  const scrolling = yield* frames(true)
  const domRows = yield* Effect.promise(() => page.locator("[role=row]").count())
  const rate = yield* Effect.promise(() => page.locator(".speed").innerText())
  const heap = yield* Effect.promise(async () => {
    const session = await page.context().newCDPSession(page)
    await session.send("HeapProfiler.collectGarbage")
    const { usedSize } = await session.send("Runtime.getHeapUsage")
    return usedSize
  })
  return { domRows, empty, heap, idle, opened, rate, scrolling }
})

const ms = (value: number): string => `${value.toFixed(1)} ms`
const ratio = (value: number, baseline: number): number => Number((value / baseline).toFixed(2))

/** The rows of the table. */
export const run = async () => {
  const layers = Layer.provideMerge(Dashboard.layer({ storeName: "nothing" }), ground())
  const found = await Effect.runPromise(measured.pipe(Effect.scoped, Effect.provide(layers)))
  const frames = (what: string, value: Frames, budget?: string) => [
    {
      metric: `${what}, p50`,
      value: ms(value.p50),
      baseline: ms(found.empty.p50),
      ratio: ratio(value.p50, found.empty.p50)
    },
    {
      metric: `${what}, p95`,
      value: ms(value.p95),
      baseline: ms(found.empty.p95),
      ratio: ratio(value.p95, found.empty.p95),
      budget
    },
    {
      metric: `${what}, longest`,
      value: ms(value.max),
      baseline: ms(found.empty.max),
      ratio: ratio(value.max, found.empty.max)
    },
    { metric: `${what}, tasks over 50 ms`, value: value.longTasks, baseline: found.empty.longTasks }
  ]
  return [
    ...frames("frames, live", found.idle),
    ...frames("frames, scrolling hard", found.scrolling, "33 ms"),
    { metric: "from the address to all rows", value: ms(found.opened), baseline: "" },
    { metric: "rows in the DOM", value: found.domRows, baseline: tasks, budget: 40 },
    { metric: "heap of the page", value: `${(found.heap / 1e6).toFixed(1)} MB`, baseline: "" },
    { metric: "steps that the page counted", value: found.rate, baseline: `${stepsPerSecond} steps/s` }
  ]
}
