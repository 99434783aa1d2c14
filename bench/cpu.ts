/**
 * What a poll costs: the CPU of one read (request, decode, step, store in memory) against bare undici and `JSON.parse`,
 * on the same server, in the same run and in turns.
 */
import { VideoProviders } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { CometApi } from "@video-tasks/providers"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { spawn } from "node:child_process"
import { createRequire } from "node:module"

export const name = "CPU of one poll"

const rounds = 7
const tasks = 64
const readsEach = 40
const concurrency = 64

/** In a process of its own, so that its work is not counted. The progress of a task grows with every fourth read, and no
 * task is old: one of more than a day is hardly read at all. */
const server = `
const reads = new Map()
require("node:http").createServer((request, response) => {
  const id = request.url.slice(request.url.lastIndexOf("/") + 1)
  const read = (reads.get(id) ?? 0) + 1
  reads.set(id, read)
  const body = JSON.stringify({
    id, object: "video", model: "doubao-seedance-2-0-fast", status: "IN_PROGRESS",
    progress: Math.min(99, Math.floor(read / 4)), created_at: Math.floor(Date.now() / 1000), seconds: "5", size: "16:9"
  })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body)
}).listen(0, "127.0.0.1", function() { process.stdout.write(String(this.address().port) + "\\n") })
`

/** One way to read tasks: does so about `readsEach` times for each task, and says how often it did. */
interface Way {
  readonly metric: string
  readonly budget?: string
  readonly run: () => Promise<number>
}

/** Reads every task in turn, at most `concurrency` at once. */
const inTurn = (ids: ReadonlyArray<string>, once: (id: string) => Promise<unknown>) => async (): Promise<number> => {
  const queue = Array.from({ length: readsEach }, () => ids).flat()
  let next = 0
  const worker = async () => {
    for (let id = queue[next++]; id !== undefined; id = queue[next++]) await once(id)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return queue.length
}

const world = (baseUrl: string, pollSpans: boolean) => {
  const providers = VideoProviders.layer([CometApi.CometApi]).pipe(
    Layer.provideMerge(CometApi.layer({ apiKey: Redacted.make("sk-bench"), baseUrl }))
  )
  const options: VideoTasks.Options = {
    pollSpans,
    // As fast as they come: what limits it is the work.
    poll: { floor: "1 millis", ceiling: "1 millis" },
    budget: { requestsPerSecond: 1e6, burst: 1e6, concurrency }
  }
  return ManagedRuntime.make(
    VideoTasks.layer(options).pipe(
      Layer.provideMerge(providers),
      Layer.provideMerge(NodeHttp.layer({ proxy: "none" })),
      Layer.provide(TaskStore.layerMemory)
    )
  )
}

/** Lets the scheduler follow every task until it has read them often enough. */
const followed = (ids: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const video = yield* VideoTasks.VideoTasks
    const handles = yield* Effect.forEach(ids, (remoteId) => video.attach({ provider: "cometapi", remoteId }))
    const polls = Effect.map(
      Effect.forEach(handles, (handle) => video.pollInfo(handle)),
      (infos) => infos.reduce((sum, info) => sum + info.polls, 0)
    )
    const before = yield* polls
    yield* Effect.forEach(handles, (handle) => video.track(handle), { discard: true })
    let now = before
    while (now < before + readsEach * ids.length) {
      yield* Effect.sleep("20 millis")
      now = yield* polls
    }
    yield* Effect.forEach(handles, (handle) => video.untrack(handle), { discard: true })
    return now - before
  })

/** What is used of undici, which only the package `node` depends on. */
interface Undici {
  readonly Agent: new() => { readonly close: () => Promise<void> }
  readonly request: (
    url: string,
    options: { readonly dispatcher: unknown }
  ) => Promise<{ readonly body: { readonly text: () => Promise<string> } }>
}

/** From the barest to the whole. The first one is what the others are compared with. */
const makeWays = async (baseUrl: string, ids: ReadonlyArray<string>) => {
  const undici = createRequire(new URL("../packages/node/package.json", import.meta.url))("undici") as Undici
  const dispatcher = new undici.Agent()
  const [spans, noSpans] = [world(baseUrl, true), world(baseUrl, false)]
  const client = await noSpans.runPromise(HttpClient.HttpClient)
  const provider = await noSpans.runPromise(CometApi.CometApi)
  const handles = await noSpans.runPromise(Effect.gen(function*() {
    const video = yield* VideoTasks.VideoTasks
    return yield* Effect.forEach(ids, (remoteId) => video.attach({ provider: "cometapi", remoteId }))
  }))
  const byId = new Map(handles.map((handle) => [handle.remoteId, handle]))
  const observe = (id: string) => {
    const handle = byId.get(id)
    return handle === undefined
      ? Promise.reject(new Error(`no handle of ${id}`))
      : noSpans.runPromise(provider.observe(handle))
  }
  const bare = async (id: string): Promise<unknown> => {
    const { body } = await undici.request(`${baseUrl}/v1/videos/${id}`, { dispatcher })
    return JSON.parse(await body.text())
  }
  const transport = (id: string) =>
    noSpans.runPromise(Effect.flatMap(client.get(`${baseUrl}/v1/videos/${id}`), (response) => response.json))
  const ways: ReadonlyArray<Way> = [
    { metric: "bare undici and JSON.parse", run: inTurn(ids, bare) },
    { metric: "NodeHttp: the answer as JSON", run: inTurn(ids, transport) },
    { metric: "a provider's observe: request and decode", run: inTurn(ids, observe) },
    { metric: "a whole poll without spans", budget: "≤ 3", run: () => noSpans.runPromise(followed(ids)) },
    { metric: "a whole poll with its spans", run: () => spans.runPromise(followed(ids)) }
  ]
  return { ways, close: () => Promise.all([dispatcher.close(), spans.dispose(), noSpans.dispose()]) }
}

/** The CPU of one read, in µs. */
const cost = async (way: Way): Promise<number> => {
  const before = process.cpuUsage()
  const reads = await way.run()
  const { system, user } = process.cpuUsage(before)
  return (system + user) / reads
}

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

interface Row {
  readonly metric: string
  readonly value: string
  readonly baseline: string
  readonly ratio?: number
  readonly budget?: string
}

export const run = async (): Promise<ReadonlyArray<Row>> => {
  const child = spawn(process.execPath, ["-e", server], { stdio: ["ignore", "pipe", "inherit"] })
  try {
    const port = await new Promise<string>((resolve) => {
      child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()))
    })
    const ids = Array.from({ length: tasks }, (_, index) => `task_${index}`)
    const { close, ways } = await makeWays(`http://127.0.0.1:${port}`, ids)
    const costs = ways.map(() => [] as Array<number>)
    // In turns, so that a busy moment of the machine strikes all; the first two rounds only warm up.
    for (let round = -2; round < rounds; round++) {
      for (const [index, way] of ways.entries()) {
        const found = await cost(way)
        if (round >= 0) costs[index]?.push(found)
      }
    }
    await close()
    const [baseline = Number.NaN, ...others] = costs.map(median)
    return others.map((value, index): Row => {
      const way = ways[index + 1]
      return {
        metric: `${way?.metric ?? ""}, CPU (µs)`,
        value: value.toFixed(0),
        baseline: baseline.toFixed(0),
        ratio: Math.round(value / baseline * 100) / 100,
        ...(way?.budget === undefined ? {} : { budget: way.budget })
      }
    })
  } finally {
    child.kill()
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await run(), undefined, 2)}\n`)
