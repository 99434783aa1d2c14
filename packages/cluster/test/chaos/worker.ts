/**
 * A worker as a process of its own against a simulated API, and its program: whoever starts it can kill it, stop it, and
 * tell its requests from those of others.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { Deferred, Effect, Layer, Logger, Redacted } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as readline from "node:readline"
import * as World from "../support/world.ts"
import { now } from "./clock.ts"

export interface Settings {
  /** The database. */
  readonly url: string
  /** Where the API is. */
  readonly api: string
  /** How its requests are signed, and its connections to the database. */
  readonly name: string
  readonly host: string
  /** Where the others reach it. */
  readonly port: number
  /** Where it listens, when that is another port. */
  readonly listen?: number
  readonly buckets: number
  readonly poll: { readonly floor: number; readonly ceiling: number }
}

export interface Worker {
  readonly child: ChildProcess
  readonly settings: Settings
  readonly startedAt: number
  /** Its code, or null when it was killed. */
  readonly ended: Promise<number | null>
}

/** A program that runs the command after it, such as `ip netns exec …`. */
export type Prefix = ReadonlyArray<string>

/** Starts a worker; `ready` is when it says that it serves. */
export const start = (settings: Settings, prefix: Prefix = []): { worker: Worker; ready: Promise<boolean> } => {
  const [program, ...arguments_] = [...prefix, process.execPath, import.meta.filename, JSON.stringify(settings)]
  const child = spawn(program, arguments_, { stdio: ["ignore", "pipe", errorsOf(settings)] })
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
  const ready = new Promise<boolean>((resolve) => {
    if (child.stdout !== null) {
      readline.createInterface({ input: child.stdout }).on("line", (line) => line === "started" && resolve(true))
    }
    child.once("exit", () => resolve(false))
  })
  return { worker: { child, settings, startedAt: now(), ended }, ready }
}

/** What it logs is kept where `CHAOS_LOGS` says. */
const errorsOf = ({ name }: Settings): "ignore" | number => {
  const folder = process.env["CHAOS_LOGS"]
  return folder === undefined ? "ignore" : fs.openSync(path.join(folder, `${name}.log`), "a")
}

export const providers = (api: string, name: string) =>
  VideoProviders.layer([CometApi.CometApi]).pipe(
    Layer.provide(CometApi.layer({ apiKey: Redacted.make("sk-chaos"), baseUrl: api, userAgent: name })),
    Layer.provide(NodeHttp.layer({ proxy: "none" })),
    Layer.orDie
  )

/** What the workers may ask of the API. */
export const budget = { requestsPerSecond: 2000, burst: 100, concurrency: 64 }

export const options = ({ buckets, poll }: Pick<Settings, "buckets" | "poll">) =>
  ({
    ...World.timing,
    buckets,
    poll,
    pollSpans: false,
    budget
  }) satisfies Cluster.ClientOptions

// The program

if (import.meta.main) {
  const settings: Settings = JSON.parse(process.argv[2] ?? "{}")
  const { api, host, listen = settings.port, name, port, url } = settings
  const layer = Cluster.layer({
    ...options(settings),
    address: { host, port },
    listen: { host, port: listen }
  }).pipe(
    Layer.provide(providers(api, name)),
    Layer.provide(PgClient.layer({ url: Redacted.make(url), applicationName: name })),
    Layer.provide(Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]))
  )
  const stopped = Deferred.makeUnsafe<void>()
  process.once("SIGTERM", () => Deferred.doneUnsafe(stopped, Effect.void))
  await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
    yield* Layer.build(layer)
    fs.writeSync(1, "started\n")
    yield* Deferred.await(stopped)
  })))
  process.exit(0)
}
