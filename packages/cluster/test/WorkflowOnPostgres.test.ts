import { NodeCrypto } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { WorkflowTasks } from "@video-tasks/cluster"
import { TaskId, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { PostgresTaskStore } from "@video-tasks/node"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber, Layer, Logger, Redacted, Schema } from "effect"
import { ClusterWorkflowEngine, SingleRunner } from "effect/cluster"
import { Workflow } from "effect/workflow"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

const id = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")

const MakeVideo = Workflow.make("MakeVideo", {
  payload: { id: TaskId.TaskId },
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: VideoTaskError.VideoTaskError
})

const makeVideo = MakeVideo.toLayer(Effect.fnUntraced(function*({ id }) {
  const handle = yield* WorkflowTasks.create(World.request, { id })
  return (yield* WorkflowTasks.trackActivity(handle)).status
}))

/** A process with all that it keeps in the database. */
const processOn = (url: string, provider: VideoProvider.VideoProvider) =>
  Layer.fresh(makeVideo.pipe(
    Layer.provideMerge(ClusterWorkflowEngine.layer),
    Layer.provide(SingleRunner.layer({
      runnerStorage: "memory",
      shardingConfig: { entityTerminationTimeout: 100, entityMessagePollInterval: 200 }
    })),
    Layer.provide(
      VideoTasks.layer({ poll: { floor: 50, ceiling: 100 } }).pipe(
        Layer.provide(World.providers(provider)),
        Layer.provide(PostgresTaskStore.layer({ url: Redacted.make(url) }))
      )
    ),
    Layer.provide([PgClient.layer({ url: Redacted.make(url) }), NodeCrypto.layerDigest]),
    Layer.provide(Logger.layer([]))
  ))

describe("WorkflowTasks on PostgreSQL", () => {
  it.live("goes on in the next process, with the task that the first one has paid for", () =>
    Effect.gen(function*() {
      const url = yield* World.fresh(server)
      const asked = { creates: 0, reads: 0, hasEnded: false }
      const double = VideoProvider.double({
        observe: () =>
          Effect.sync(() => {
            asked.reads++
            return asked.hasEnded ? World.success : World.running()
          })
      })
      const provider: VideoProvider.VideoProvider = {
        ...double,
        create: (request, options) =>
          Effect.suspend(() => {
            asked.creates++
            return double.create(request, options)
          })
      }
      const read = (count: number) =>
        Effect.repeat(Effect.sleep(20), { until: () => asked.reads >= count }).pipe(Effect.timeout("20 seconds"))
      yield* Effect.gen(function*() {
        yield* Effect.forkChild(MakeVideo.execute({ id }))
        yield* read(2)
      }).pipe(Effect.provide(processOn(url, provider)))
      const before = asked.reads
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(MakeVideo.execute({ id }))
        yield* read(before + 1)
        asked.hasEnded = true
        assert.strictEqual(yield* Effect.timeout(Fiber.join(fiber), "20 seconds"), "SUCCESS")
      }).pipe(Effect.provide(processOn(url, provider)))
      assert.strictEqual(asked.creates, 1)
    }), 60_000)
})
