/**
 * A runner as a process of its own, and its program: says on standard output that it has started, and, once it is asked to
 * stop with SIGTERM, that it is leaving.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import { Context, Deferred, Effect, Layer, Logger, Redacted } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as readline from "node:readline"
import * as Api from "./api.ts"
import * as World from "./world.ts"

export interface Settings {
  readonly url: string
  readonly port: number
  /** Its name at the API and in the database. */
  readonly name: string
  readonly api: string
  readonly buckets?: number
  /** How many requests each account may have in flight. */
  readonly concurrency?: number
}

export interface Worker {
  readonly child: ChildProcess
  readonly port: number
  readonly name: string
  /** When it has been asked to stop, and takes nothing more. */
  readonly leaving: Promise<void>
  readonly ended: Promise<number | null>
}

/** Starts a runner and waits until it says so. */
export const start = (settings: Settings): Promise<Worker> => {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const lines = readline.createInterface({ input: child.stdout })
  const leaving = new Promise<void>((resolve) => lines.on("line", (line) => line === "leaving" && resolve()))
  const worker: Worker = { child, port: settings.port, name: settings.name, leaving, ended }
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => line === "started" && resolve(worker))
    child.once("exit", (code) => reject(new Error(`the worker ended with ${code}`)))
  })
}

// The program

if (import.meta.main) {
  const settings: Settings = JSON.parse(process.argv[2] ?? "{}")
  const { api, name, port, url } = settings
  const layer = Cluster.layer({
    ...World.timing,
    buckets: settings.buckets ?? 16,
    address: { host: "127.0.0.1", port },
    ...(settings.concurrency === undefined ? {} : { budget: { concurrency: settings.concurrency } })
  }).pipe(
    Layer.provide(World.providers(Api.provider(api, name), Api.provider(api, name, "other"))),
    Layer.provide(PgClient.layer({ url: Redacted.make(url), applicationName: name })),
    Layer.provide(Logger.layer([]))
  )
  const stopped = Deferred.makeUnsafe<void>()
  process.once("SIGTERM", () => Deferred.doneUnsafe(stopped, Effect.void))
  await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
    const { owned } = Context.get(yield* Layer.build(layer), Cluster.Cluster)
    fs.writeSync(1, "started\n")
    yield* Deferred.await(stopped)
    Effect.runFork(Effect.andThen(
      World.until("nothing is served any more", Effect.map(owned, ({ length }) => length === 0)),
      Effect.sync(() => fs.writeSync(1, "leaving\n"))
    ))
  })))
  process.exit(0)
}
