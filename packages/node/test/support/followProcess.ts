/**
 * A process of its own that follows tasks of an SQLite store at a provider that never ends them, and its program: says on
 * standard output what it reads, each time.
 */
import { Observation, TaskHandle, VideoProvider, VideoProviders } from "@video-tasks/core"
import { SqliteTaskStore } from "@video-tasks/node"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, Logger } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as readline from "node:readline"

export interface FollowProcess {
  readonly child: ChildProcess
  /** What it said since it was looked at last; for one that follows, the remote ids in the order in which they were read. */
  readonly take: () => ReadonlyArray<string>
  readonly ended: Promise<number | null>
}

/** How long a claim holds, in ms. */
export const leaseMs = 1500

/** Starts a process that makes so many tasks, follows them, and goes on with what others left. */
export const start = (filename: string, name: string, count: number): FollowProcess =>
  run(import.meta.filename, [filename, name, String(count)])

/** Starts a program whose lines are kept until they are looked at. */
export const run = (program: string, args: ReadonlyArray<string>): FollowProcess => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] })
  let lines: Array<string> = []
  readline.createInterface({ input: child.stdout }).on("line", (line) => lines.push(line))
  return {
    child,
    take: () => {
      const taken = lines
      lines = []
      return taken
    },
    ended: new Promise((resolve) => child.once("close", resolve))
  }
}

// The program

const providerOf = (name: string) => {
  let made = 0
  return VideoProvider.double({
    create: () =>
      Effect.sync(() => {
        const remoteId = `${name}-${++made}`
        const handle = new TaskHandle.TaskHandle({
          provider: "double",
          family: "double",
          remoteId,
          baseUrl: "https://double.invalid",
          account: "default"
        })
        return { handle, observation: new Observation.Observation({ status: "SUBMITTED", remoteId, videos: [] }) }
      }),
    observe: ({ remoteId }) =>
      Effect.sync(() => {
        fs.writeSync(1, `${remoteId}\n`)
        return new Observation.Observation({ status: "IN_PROGRESS", videos: [] })
      })
  })
}

if (import.meta.main) {
  const [filename = "", name = "", count = ""] = process.argv.slice(2)
  const layer = VideoTasks.layer({ lease: leaseMs, poll: { floor: "100 millis", ceiling: "200 millis" } }).pipe(
    Layer.provide(SqliteTaskStore.layer({ filename, busyTimeout: "20 seconds" })),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([providerOf(name)])))
  )
  const program = Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const request = { provider: "double", family: "double", model: "m", prompt: "a fox" }
    for (let n = 0; n < Number(count); n++) yield* tasks.track(yield* tasks.submit(request))
    yield* tasks.resume()
    return yield* Effect.never
  })
  await Effect.runPromise(Effect.provide(program, Layer.merge(layer, Logger.layer([]))))
}
