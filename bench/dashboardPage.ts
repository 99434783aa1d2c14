/**
 * How smooth the page of the dashboard is with ten thousand tasks and a thousand steps a second: the real server and
 * headless Chromium on this machine, beside an empty page in the same browser.
 */
import { execFileSync } from "node:child_process"
import * as path from "node:path"

export const name = "frames of the dashboard with 10,000 tasks and 1,000 steps a second"

interface Frames {
  readonly p50: number
  readonly p95: number
  readonly max: number
  readonly longTasks: number
  /** What the page's main thread computed for a frame, in ms of a core. */
  readonly work?: number
}

interface Found {
  readonly domRows: number
  readonly empty: Frames
  readonly heap: number
  readonly idle: Frames
  readonly opened: number
  readonly rate: string
  readonly scrolling: Frames
  readonly stepsPerSecond: number
  readonly tasks: number
}

/** A process of its own, in the package that has a browser. */
const script = path.resolve(import.meta.dirname, "../packages/dashboard/scripts/benchPage.ts")

const ms = (value: number): string => `${value.toFixed(1)} ms`
const ratio = (value: number, baseline: number): number => Number((value / baseline).toFixed(2))

/** The rows of the table. */
export const run = async () => {
  const found = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as Found
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
    ...value.work === undefined
      ? []
      : [{ metric: `${what}, main thread for each`, value: ms(value.work), baseline: "" }],
    { metric: `${what}, tasks over 50 ms`, value: value.longTasks, baseline: found.empty.longTasks }
  ]
  return [
    ...frames("frames, live", found.idle),
    ...frames("frames, scrolling hard", found.scrolling, "33 ms"),
    { metric: "from the address to all rows", value: ms(found.opened), baseline: "" },
    { metric: "rows in the DOM", value: found.domRows, baseline: found.tasks, budget: 40 },
    { metric: "heap of the page", value: `${(found.heap / 1e6).toFixed(1)} MB`, baseline: "" },
    { metric: "steps that the page counted", value: found.rate, baseline: `${found.stepsPerSecond} steps/s` }
  ]
}
