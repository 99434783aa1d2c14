import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { VideoProvider } from "@video-tasks/core"
import { Effect } from "effect"
import * as Postgres from "../../node/test/support/postgres.ts"
import * as World from "./support/world.ts"

let server: Postgres.Postgres

beforeAll(async () => {
  server = await Postgres.start()
}, 60_000)

afterAll(() => server.stop())

describe("Cluster", () => {
  it.live("submits at one runner and waits at the other", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* World.fresh(server)
      const provider = VideoProvider.double({ observations: [World.running(50), World.success] })
      const [a, b] = yield* Effect.all([World.runner(url, provider), World.runner(url, provider)])
      yield* World.settled(a, b)
      const handles = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], () => a.tasks.submit(World.request))
      const ended = yield* Effect.forEach(handles, (handle) => b.tasks.await(handle), { concurrency: "unbounded" })
      assert.deepStrictEqual(ended.map(({ status }) => status), handles.map(() => "SUCCESS" as const))
      assert.deepStrictEqual(ended.map(({ handle }) => handle.remoteId), handles.map(({ remoteId }) => remoteId))
    })), 60_000)
})
