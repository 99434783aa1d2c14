/**
 * A process that reads tasks, of one of three kinds: a member of a cluster, or one in-process engine over PostgreSQL or over
 * memory. It says on demand what it has used.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import { TaskHandle } from "@video-tasks/core"
import { PostgresTaskStore } from "@video-tasks/node"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Context, Effect, Layer, Logger, Redacted } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { now } from "../chaos/clock.ts"
import { request } from "../chaos/customers.ts"
import { providers } from "../chaos/worker.ts"

export interface Settings {
  readonly kind: "cluster" | "postgres" | "memory"
  readonly url: string
  readonly api: string
  readonly name: string
  readonly port: number
  /** How many tasks one in memory has to make. */
  readonly tasks: number
  readonly gapMs: number
  readonly concurrency: number
  readonly lockMs: number
}

export interface Usage {
  /** CPU since its start, in µs. */
  readonly cpu: number
  readonly at: number
  readonly rss: number
  /** After a collection of garbage. */
  readonly heap: number
}

export interface Worker {
  readonly name: string
  readonly port: number
  readonly usage: (isExact?: boolean) => Promise<Usage>
  readonly kill: () => void
}

export const start = async (settings: Settings): Promise<Worker> => {
  const child = fork(import.meta.filename, [JSON.stringify(settings)], {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  })
  const died = once(child, "exit").then(([code]) => Promise.reject(new Error(`a worker ended with ${code}`)))
  died.catch(() => undefined)
  await Promise.race([once(child, "message"), died])
  return {
    name: settings.name,
    port: settings.port,
    usage: async (isExact = false) => {
      child.send(isExact)
      const [usage] = await once(child, "message")
      return usage
    },
    kill: () => child.kill("SIGKILL")
  }
}

// The program

const optionsOf = ({ concurrency, gapMs }: Pick<Settings, "concurrency" | "gapMs">): VideoTasks.Options => ({
  poll: { floor: gapMs, ceiling: gapMs },
  pollSpans: false,
  budget: { requestsPerSecond: 1e5, burst: 1e4, concurrency }
})

const layerOf = (settings: Settings): Layer.Layer<VideoTasks.VideoTasks, unknown> => {
  const { api, kind, lockMs, name, port, url } = settings
  const options = optionsOf(settings)
  if (kind === "cluster") {
    return Cluster.layer({ ...options, address: { host: "127.0.0.1", port }, lockExpiration: lockMs }).pipe(
      Layer.provide(providers(api, name)),
      Layer.provide(PgClient.layer({ url: Redacted.make(url), applicationName: name }))
    )
  }
  return VideoTasks.layer({ ...options, lease: lockMs }).pipe(
    Layer.provide(providers(api, name)),
    Layer.provide(kind === "memory" ? TaskStore.layerMemory : PostgresTaskStore.layer({ url: Redacted.make(url) }))
  )
}

/** A submit, from outside. */
export interface Submitted {
  readonly prompt: string
  readonly at: number
  readonly ms: number
}

/** Submits tasks one by one in this process: to a cluster, or to an engine of its own. */
export const submits = (
  settings: Pick<Settings, "url" | "api" | "gapMs"> & { readonly kind: string; readonly count: number }
): Promise<ReadonlyArray<Submitted>> => {
  const { api, count, kind, url } = settings
  const options = optionsOf({ ...settings, concurrency: 64 })
  const layer: Layer.Layer<VideoTasks.VideoTasks, unknown> = kind === "postgres"
    ? VideoTasks.layer(options).pipe(
      Layer.provide(providers(api, "customer")),
      Layer.provide(PostgresTaskStore.layer({ url: Redacted.make(url) }))
    )
    : Cluster.layerClient(options).pipe(
      Layer.provide(providers(api, "customer")),
      Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
    )
  return Effect.runPromise(Effect.scoped(
    Effect.gen(function*() {
      const tasks = Context.get(yield* Layer.build(layer), VideoTasks.VideoTasks)
      const all: Array<Submitted> = []
      for (let n = 0; n < count; n++) {
        const prompt = `prompt-${n}`
        const at = now()
        const handle = yield* tasks.submit(request(prompt))
        all.push({ prompt, at, ms: now() - at })
        yield* tasks.track(handle)
        yield* Effect.sleep(50)
      }
      yield* Effect.sleep(1500)
      // The first ones make what is made once.
      return all.slice(5)
    }).pipe(Effect.provide(Logger.layer([])))
  ))
}

/** The tasks of one in memory, as old as those in the database. */
const attach = Effect.fnUntraced(function*(tasks: VideoTasks.VideoTasks["Service"], { api, tasks: count }: Settings) {
  for (let task = 0; task < count; task++) {
    const handle = new TaskHandle.TaskHandle({
      provider: "cometapi",
      family: "seedance",
      remoteId: `task-${task}`,
      baseUrl: api,
      account: "default",
      createdAt: now()
    })
    yield* tasks.track(yield* tasks.attach(handle))
  }
})

const used = (isExact: boolean): Usage => {
  if (isExact) { for (let round = 0; round < 4; round++) (globalThis as { readonly gc?: () => void }).gc?.() }
  const { system, user } = process.cpuUsage()
  const { heapUsed, rss } = process.memoryUsage()
  return { cpu: system + user, at: now(), rss, heap: heapUsed }
}

if (import.meta.main) {
  const settings: Settings = JSON.parse(process.argv[2] ?? "{}")
  process.on("message", (isExact: boolean) => process.send?.(used(isExact)))
  process.once("disconnect", () => process.exit())
  await Effect.runPromise(Effect.scoped(
    Effect.gen(function*() {
      const tasks = Context.get(yield* Layer.build(layerOf(settings)), VideoTasks.VideoTasks)
      process.send?.("started")
      if (settings.kind === "postgres") yield* tasks.resume()
      if (settings.kind === "memory") yield* attach(tasks, settings)
      return yield* Effect.never
    }).pipe(Effect.provide(Logger.layer([])))
  ))
}
