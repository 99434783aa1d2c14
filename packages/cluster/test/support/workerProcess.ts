/**
 * A runner as a process of its own, and its program: says on standard output that it has started, and stops as it should on
 * SIGTERM.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import { Deferred, Effect, Layer, Logger, Redacted } from "effect"
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
  readonly ended: Promise<number | null>
}

/** Starts a runner and waits until it says so. */
export const start = (settings: Settings): Promise<Worker> => {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const worker: Worker = { child, port: settings.port, name: settings.name, ended }
  return new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).on("line", (line) => line === "started" && resolve(worker))
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
    yield* Layer.build(layer)
    fs.writeSync(1, "started\n")
    yield* Deferred.await(stopped)
  })))
  process.exit(0)
}
