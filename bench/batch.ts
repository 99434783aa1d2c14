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
import { Command } from "effect/cli"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { root } from "../packages/cli/src/Cli.ts"
import { Backend } from "../packages/cli/src/internal/backend.ts"
import * as Logs from "../packages/cli/src/internal/logs.ts"
import * as Providers from "../packages/cli/src/internal/providers.ts"
import * as Screen from "../packages/cli/src/internal/screen.ts"
import * as Services from "../packages/cli/src/internal/services.ts"
import * as Store from "../packages/cli/src/internal/store.ts"

export const name = "a batch of 5,000 lines"

const [few, many] = [500, 5000]

const atOnce = 64

/** No rate is held, and jobs take a tenth of a second: what is left is the work of the command. */
const options = {
  budget: { requestsPerSecond: 1e6, burst: 1e6, concurrency: atOnce },
  poll: { floor: "50 millis", ceiling: "100 millis" }
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

interface Measured {
  readonly msPerLine: number
  readonly cpuMsPerLine: number
  readonly peakMb: number
  readonly requestsPerLine: number
}

const backend = Layer.succeed(Backend, {
  services: Services.layer,
  tasks: (ids, { owner } = {}) =>
    VideoTasks.layer({ ...options, owner }).pipe(
      Layer.provideMerge(Providers.layer(ids, { needsKey: true })),
      Layer.provideMerge(NodeHttp.layer())
    ),
  store: Store.layer
})

const asBatch = ({ folder, lines, run = "" }: Job) => {
  const file = path.join(folder, `lines-${lines}.jsonl`)
  fs.writeFileSync(
    file,
    Array.from({ length: lines }, (_, n) => `{"provider":"generic","model":"m","prompt":"${promptOf(n)}"}\n`).join("")
  )
  const flags = {
    "--store": path.join(folder, "tasks.db"),
    "--output": path.join(folder, `out${run}`),
    "--report": path.join(folder, `report${run}.jsonl`),
    "--concurrency": String(atOnce)
  }
  const args = ["batch", file, "--quiet", ...Object.entries(flags).flat(), ...(run === "" ? [] : ["--run", run])]
  return Command.runWith(root, { version: "0.0.0" })(args).pipe(
    Effect.provide(Layer.provideMerge(
      Layer.merge(Logs.layer, backend),
      Layer.provideMerge(Screen.layer, NodeServices.layer)
    ))
  )
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

/** In a process of its own: the work, then what it took. */
const child = async (job: Job) => {
  const before = performance.now()
  await Effect.runPromise(job.kind === "batch" ? asBatch(job) : asPlain(job))
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  const taken = { ms: performance.now() - before, cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMb: maxRSS / 1024 }
  process.stdout.write(`\n${JSON.stringify(taken)}\n`)
}

/** Runs a child, and counts what it asked for. */
const measured = (job: Job) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.Simulator
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const requests = Effect.map(simulator.ledger, ({ posts, tasks }) =>
      tasks.reduce((sum, { downloads, polls }) => sum + polls + downloads, posts))
    const before = yield* requests
    const text = yield* Effect.promise(() =>
      new Promise<string>((resolve, reject) => {
        const env = { ...process.env, GENERIC_API_KEY: key, GENERIC_BASE_URL: baseUrl }
        const started = spawn(process.execPath, [import.meta.filename, JSON.stringify(job)], {
          env,
          stdio: ["ignore", "pipe", "inherit"]
        })
        let said = ""
        started.stdout.setEncoding("utf8").on("data", (chunk: string) => {
          said += chunk
        })
        started.on("close", (code) =>
          code === 0 ? resolve(said) : reject(new Error(`${job.kind} ended with ${code}`)))
      })
    )
    const taken: { readonly ms: number; readonly cpuMs: number; readonly peakMb: number } = JSON.parse(
      text.trimEnd().split("\n").at(-1) ?? ""
    )
    return {
      msPerLine: taken.ms / job.lines,
      cpuMsPerLine: taken.cpuMs / job.lines,
      peakMb: taken.peakMb,
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
    const ofFew = yield* measured({ kind: "batch", lines: few, folder: small })
    const ofMany = yield* measured({ kind: "batch", lines: many, folder: large })
    check(large, many)
    const plain = yield* measured({ kind: "plain", lines: many, folder: at("plain") })
    const again = yield* measured({ kind: "batch", lines: many, folder: large })
    const fewAgain = yield* measured({ kind: "batch", lines: few, folder: small })
    const among = yield* measured({ kind: "batch", lines: few, folder: large, run: "second" })
    return [
      row("5,000 lines against 500: ms per line", ofMany.msPerLine, ofFew.msPerLine, "≤ 1.2: nothing is quadratic"),
      row("5,000 lines against 500: peak RSS (MB)", ofMany.peakMb, ofFew.peakMb),
      row("5,000 lines against VideoTasks alone: ms per line", ofMany.msPerLine, plain.msPerLine, "≤ 1.5"),
      row("5,000 lines against VideoTasks alone: CPU ms per line", ofMany.cpuMsPerLine, plain.cpuMsPerLine),
      row("5,000 lines against VideoTasks alone: peak RSS (MB)", ofMany.peakMb, plain.peakMb),
      row("5,000 lines against VideoTasks alone: requests per line", ofMany.requestsPerLine, plain.requestsPerLine),
      row("again, all of them done: ms per line", again.msPerLine, fewAgain.msPerLine),
      row("500 lines in a store of 5,000 others against an empty one: ms per line", among.msPerLine, ofFew.msPerLine)
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
  else await child(JSON.parse(job))
}
