/**
 * What a batch of 5,000 lines takes: the command in a process of its own, on an SQLite file, against the simulator on a
 * port, with files and report. Time and memory stand beside a batch of 500 lines, and beside the same work through
 * `VideoTasks` alone; nothing may grow faster than the lines.
 */
import { NodeServices } from "@effect/platform-node"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp, SqliteTaskStore } from "@video-tasks/node"
import { GenericApi } from "@video-tasks/providers"
import { Download, VideoTasks } from "@video-tasks/runtime"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Layer, Redacted } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export const name = "a batch of 5,000 lines"

const [few, many] = [500, 5000]

const atOnce = 64

/** Requests per second: no rate is held, so that what is left is the work. */
const rate = 1e6

/** The command, as the tests of killed batches run it: at any rate, and with a short cadence. */
const command = path.resolve(import.meta.dirname, "../packages/cli/test/KillTest/batchCommand.ts")

/** The same for `VideoTasks` alone. */
const options = {
  lease: "1 second",
  budget: { requestsPerSecond: rate, burst: rate / 5 },
  poll: { floor: "200 millis", ceiling: "1 second" }
} as const

const key = "sk-bench-1234567890"

const promptOf = (n: number): string => `a fox, take ${n}`

/** A child: the command, or the same work without it. */
interface Job {
  readonly kind: "batch" | "plain"
  readonly lines: number
  /** Where its store and its files are. */
  readonly folder: string
  /** Another name makes everything anew. */
  readonly run?: string
}

/** What a child of one line takes. */
interface Start {
  readonly ms: number
  readonly cpuMs: number
}

interface Measured extends Start {
  readonly msPerLine: number
  readonly cpuMsPerLine: number
  readonly peakMb: number
  readonly requestsPerLine: number
}

/** The arguments of Node. */
const argumentsOf = (job: Job): ReadonlyArray<string> => {
  if (job.kind === "plain") return [import.meta.filename, JSON.stringify(job)]
  const { folder, lines, run = "" } = job
  const file = path.join(folder, `lines-${lines}.jsonl`)
  fs.writeFileSync(
    file,
    Array.from({ length: lines }, (_, n) => `{"provider":"generic","model":"m","prompt":"${promptOf(n)}"}\n`).join("")
  )
  const flags = {
    "--store": path.join(folder, "tasks.db"),
    "--output": path.join(folder, `out${run}`),
    "--report": path.join(folder, `report${run}.jsonl`),
    "--concurrency": String(atOnce),
    "--run": run
  }
  return [command, "batch", file, "--quiet", ...Object.entries(flags).flat()]
}

const asPlain = ({ folder, lines }: Job) => {
  const out = path.join(folder, "out")
  fs.mkdirSync(out)
  const provider = GenericApi.layer({
    apiKey: Redacted.make(key),
    baseUrl: process.env["GENERIC_BASE_URL"] ?? ""
  })
  const numbers = Array.from({ length: lines }, (_, n) => n)
  return Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    yield* Effect.forEach(numbers, (n) =>
      Effect.gen(function*() {
        const handle = yield* tasks.submit(GenericApi.video({ model: "m", prompt: promptOf(n) }))
        yield* Download.toFile(yield* tasks.await(handle), path.join(out, `${n}.mp4`))
      }), { concurrency: atOnce, discard: true })
  }).pipe(
    Effect.provide(
      VideoTasks.layer(options).pipe(
        Layer.provideMerge(SqliteTaskStore.layer({ filename: path.join(folder, "tasks.db") })),
        Layer.provideMerge(Layer.provide(VideoProviders.layer([GenericApi.GenericApi]), provider)),
        Layer.provideMerge(NodeHttp.layer()),
        Layer.provideMerge(NodeServices.layer)
      )
    )
  )
}

/** Said by each child at its end. */
const confession = `data:text/javascript,${
  encodeURIComponent(`
    import { writeSync } from "node:fs"
    process.on("exit", () => writeSync(3, JSON.stringify(process.resourceUsage())))
  `)
}`

/** Runs a child to its end, and gives what it took. */
const played = (job: Job, env: NodeJS.ProcessEnv) =>
  new Promise<NodeJS.ResourceUsage>((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", confession, ...argumentsOf(job)], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit", "pipe"]
    })
    let said = ""
    child.stdio[3]?.on("data", (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`${job.kind} ended with ${code}`)))
  })

/** Runs a child, and counts what it asked for. What the start of one takes is no part of its lines. */
const measured = (job: Job, start: Start) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.Simulator
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const requests = Effect.map(simulator.ledger, ({ posts, tasks }) =>
      tasks.reduce((sum, { downloads, polls }) => sum + polls + downloads, posts))
    const before = yield* requests
    const startedAt = performance.now()
    const env = { GENERIC_API_KEY: key, GENERIC_BASE_URL: baseUrl, BATCH_RATE: String(rate) }
    const { maxRSS, systemCPUTime, userCPUTime } = yield* Effect.promise(() =>
      played(job, env)
    )
    const ms = performance.now() - startedAt
    const cpuMs = (userCPUTime + systemCPUTime) / 1000
    return {
      ms,
      cpuMs,
      msPerLine: (ms - start.ms) / job.lines,
      cpuMsPerLine: (cpuMs - start.cpuMs) / job.lines,
      peakMb: maxRSS / 1024,
      requestsPerLine: ((yield* requests) - before) / job.lines
    } satisfies Measured
  })

const rounded = (value: number): number => Math.round(value * 100) / 100

const row = (metric: string, value: number, baseline: number, budget?: string) => ({
  metric,
  value: rounded(value),
  baseline: rounded(baseline),
  ratio: rounded(value / baseline),
  ...(budget === undefined ? {} : { budget })
})

/** Each line is told once, as a success with its file. */
const check = (folder: string, lines: number): void => {
  const told = fs.readFileSync(path.join(folder, "report.jsonl"), "utf8").trimEnd().split("\n").filter((text) => {
    const { file, status }: { readonly file: string; readonly status: string } = JSON.parse(text)
    return status === "SUCCESS" && fs.existsSync(file)
  })
  if (told.length !== lines) throw new Error(`${told.length} of ${lines} lines are told as done`)
}

const measurements = (folder: string) =>
  Effect.gen(function*() {
    const at = (name: string) => {
      const made = path.join(folder, name)
      fs.mkdirSync(made)
      return made
    }
    const [small, large] = [at("few"), at("many")]
    const none = { ms: 0, cpuMs: 0 }
    const start = yield* measured({ kind: "batch", lines: 1, folder: at("one") }, none)
    const startOfPlain = yield* measured({ kind: "plain", lines: 1, folder: at("plain one") }, none)
    const ofFew = yield* measured({ kind: "batch", lines: few, folder: small }, start)
    const ofMany = yield* measured({ kind: "batch", lines: many, folder: large }, start)
    check(large, many)
    const plain = yield* measured({ kind: "plain", lines: many, folder: at("plain") }, startOfPlain)
    const again = yield* measured({ kind: "batch", lines: many, folder: large }, start)
    const fewAgain = yield* measured({ kind: "batch", lines: few, folder: small }, start)
    const among = yield* measured({ kind: "batch", lines: few, folder: large, run: "second" }, start)
    const amongAgain = yield* measured({ kind: "batch", lines: few, folder: large, run: "second" }, start)
    return [
      row(
        "5,000 lines against 500: CPU ms per line",
        ofMany.cpuMsPerLine,
        ofFew.cpuMsPerLine,
        "≤ 1.5: nothing is quadratic"
      ),
      row("5,000 lines against 500: peak RSS (MB)", ofMany.peakMb, ofFew.peakMb),
      row("5,000 lines against VideoTasks alone: ms per line", ofMany.msPerLine, plain.msPerLine, "≤ 1.5"),
      row("5,000 lines against VideoTasks alone: CPU ms per line", ofMany.cpuMsPerLine, plain.cpuMsPerLine),
      row("5,000 lines against VideoTasks alone: peak RSS (MB)", ofMany.peakMb, plain.peakMb),
      row("5,000 lines against VideoTasks alone: requests per line", ofMany.requestsPerLine, plain.requestsPerLine),
      row("5,000 lines that are done, against 500: CPU ms per line", again.cpuMsPerLine, fewAgain.cpuMsPerLine),
      row("500 lines beside 5,000 others, against 500 alone: CPU ms per line", among.cpuMsPerLine, ofFew.cpuMsPerLine),
      row("the same when they are done: CPU ms per line", amongAgain.cpuMsPerLine, fewAgain.cpuMsPerLine)
    ]
  })

export const run = async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-bench-"))
  try {
    const server = SimulatorServer.layerSimulator({ seed: 1, speed: 1000 })
    return await Effect.runPromise(Effect.provide(measurements(folder), server))
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [job] = process.argv.slice(2)
  if (job === undefined) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
  else await Effect.runPromise(asPlain(JSON.parse(job)))
}
