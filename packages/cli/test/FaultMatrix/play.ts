/**
 * Plays one row at one API: a simulator on a port, the real providers over the real transport, time sped up.
 */
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import type { VideoTaskError } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { Download, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Clock, Effect, FileSystem, Layer, Path } from "effect"
import { column, type ColumnId, providers, start } from "./columns.ts"
import type { End, Group, Row } from "./rows.ts"
import { scaledClock } from "./scaledClock.ts"

/** What became of a row. */
export interface Played {
  readonly ends: string
  readonly afterwards: string | undefined
  readonly posts: number
  readonly bills: number
  readonly hasHandle: boolean
}

/** How many times faster than the wall clock the matrix runs. */
export const factor = 30

/** The discard port: nobody listens there. */
const closed = "http://127.0.0.1:9"

/** The simulator, the providers and the runtime of a row. */
export const world = ({ isUnreachable, options }: Pick<Row, "isUnreachable" | "options">) => {
  const simulator = SimulatorServer.layerSimulator({
    seed: 7,
    jobSeconds: { min: 40, max: 50 },
    tickSeconds: 5,
    ...options
  })
  const registry = Layer.unwrap(Effect.map(
    SimulatorServer.SimulatorServer,
    ({ baseUrl }) => providers(isUnreachable === true ? closed : baseUrl)
  ))
  return VideoTasks.layer().pipe(
    Layer.provideMerge(registry),
    Layer.provideMerge(simulator),
    Layer.provide(TaskStore.layerMemory),
    Layer.provideMerge(NodeHttp.layer()),
    Layer.provideMerge(Layer.merge(NodeFileSystem.layer, NodePath.layer))
  )
}

/** Waits and downloads. */
export const follow = Effect.fnUntraced(function*(handle: Parameters<VideoTasks.VideoTasks["Service"]["await"]>[0]) {
  const tasks = yield* VideoTasks.VideoTasks
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const done = yield* tasks.await(handle, { deadline: "240 seconds" })
  const folder = yield* Effect.orDie(fs.makeTempDirectoryScoped())
  yield* Download.toFile(done, path.join(folder, "video.mp4"))
}, Effect.scoped)

const word = (error: VideoTaskError.VideoTaskError): End => error.reason._tag as End

/** Plays a row in a column. */
export const play = (group: Group, row: Row, id: ColumnId): Effect.Effect<Played, unknown> =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.Simulator
    yield* simulator.script((row.lines ?? []).map((line) => ({ ...line, on: group.on, api: column(id).api })))
    const failures: Array<VideoTaskError.VideoTaskError> = []
    const ended = <E>(effect: Effect.Effect<void, VideoTaskError.VideoTaskError, E>) =>
      effect.pipe(
        Effect.as("SUCCESS"),
        Effect.catchTag("VideoTaskError", (error) => {
          failures.push(error)
          return Effect.succeed<string>(word(error))
        })
      )
    const handle = yield* Effect.result(start(id, row.prompt ?? "a paper airplane"))
    const first = handle._tag === "Failure"
      ? yield* ended(Effect.fail(handle.failure))
      : yield* ended(follow(handle.success))
    const afterwards = row.afterwards === undefined || handle._tag === "Failure"
      ? undefined
      : yield* ended(follow(handle.success))
    const { bills, posts } = yield* simulator.ledger
    const hasHandle = handle._tag === "Failure" || failures.every((error) => error.handle !== undefined)
    return { ends: first, afterwards, posts, bills, hasHandle }
  }).pipe(
    Effect.provide(world(row)),
    Effect.provideService(Clock.Clock, scaledClock(factor))
  )
