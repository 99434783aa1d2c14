/**
 * Clusters of a test: a database of their own on a real PostgreSQL, and runners in this process that come and go.
 */
import { PgClient } from "@effect/sql-pg"
import { Cluster } from "@video-tasks/cluster"
import { Observation, Video, type VideoProvider, VideoProviders, type VideoRequest } from "@video-tasks/core"
import { PostgresTaskStore } from "@video-tasks/node"
import { VideoTasks } from "@video-tasks/runtime"
import { Clock, Context, Effect, Exit, Layer, Logger, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as FreePort from "../../../node/test/support/freePort.ts"
import type { Postgres } from "../../../node/test/support/postgres.ts"
import * as Paces from "../../src/internal/paces.ts"

export const request: VideoRequest.VideoRequest = {
  provider: "double",
  family: "double",
  model: "model-1",
  prompt: "fox"
}

/** A request that the API of a test knows again. */
export const named = (name: string): VideoRequest.VideoRequest => ({ ...request, prompt: name })

const video = new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4?X-Signature=SECRET") })

export const running = (progress?: number): Observation.Observation =>
  new Observation.Observation({
    status: "IN_PROGRESS",
    videos: [],
    ...(progress === undefined ? {} : { progress })
  })

export const success = new Observation.Observation({ status: "SUCCESS", videos: [video] })

/** As short as it can be told apart from the rest of a test, in ms. */
export const lockMs = 6000

/** How members of a test's cluster look after one another: as they do it for everybody, by the lock alone. */
export const timing = {
  lockExpiration: lockMs,
  patience: "30 seconds",
  poll: { floor: "100 millis", ceiling: "200 millis" }
} satisfies Cluster.ClientOptions

/** How often members look who is there, in ms. */
const refreshMs = Effect.runSync(Paces.of(timing)).sharding.refreshAssignmentsInterval

/** Where a member may listen. */
export const freePort = Effect.promise(() => FreePort.freePort())

/** So many that each member of a test gets some. */
const buckets = 16

let databases = 0

/** A database of its own, empty. */
export const fresh = (server: Postgres): Effect.Effect<string> =>
  Effect.gen(function*() {
    const database = `test_${++databases}`
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`CREATE DATABASE ${database}`)
    return server.url.replace(/postgres$/, database)
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(server.url) })), Effect.orDie)

export const providers = (...all: ReadonlyArray<VideoProvider.VideoProvider>) =>
  Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make(all)))

export interface Member {
  readonly tasks: VideoTasks.VideoTasks["Service"]
  readonly cluster: Cluster.Cluster["Service"]
  /** Leaves the cluster as a process does that is asked to stop. */
  readonly stop: Effect.Effect<void>
}

/** A member that lives until the scope closes, or it is stopped. */
const member = Effect.fnUntraced(function*<E>(
  layer: Layer.Layer<VideoTasks.VideoTasks | Cluster.Cluster, E>
): Effect.fn.Return<Member, E, Scope.Scope> {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithMemoMap(layer, yield* Layer.makeMemoMap, scope)
  return {
    tasks: Context.get(context, VideoTasks.VideoTasks),
    cluster: Context.get(context, Cluster.Cluster),
    stop: Scope.close(scope, Exit.void)
  }
})

export const runner = Effect.fnUntraced(function*(
  url: string,
  provider: VideoProvider.VideoProvider | ReadonlyArray<VideoProvider.VideoProvider>,
  options: Partial<Cluster.Options> = {}
) {
  const port = yield* freePort
  return yield* member(
    Cluster.layer({ buckets, ...timing, address: { host: "127.0.0.1", port }, ...options }).pipe(
      Layer.provide(providers(...[provider].flat())),
      Layer.provide(PgClient.layer({ url: Redacted.make(url) })),
      Layer.provide(Logger.layer([]))
    )
  )
})

export const client = (
  url: string,
  provider: VideoProvider.VideoProvider | ReadonlyArray<VideoProvider.VideoProvider>,
  options: Cluster.ClientOptions = {}
) =>
  member(
    Cluster.layerClient({ buckets, ...timing, ...options }).pipe(
      Layer.provide(providers(...[provider].flat())),
      Layer.provide(PgClient.layer({ url: Redacted.make(url) })),
      Layer.provide(Logger.layer([]))
    )
  )

/** Waits until it is so: what members of a cluster do takes its time. */
export const until = (what: string, isSo: Effect.Effect<boolean, unknown>, ms = 30_000): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let waited = 0; waited < ms; waited += 50) {
      if (yield* Effect.orElseSucceed(isSo, () => false)) return
      yield* Effect.sleep(50)
    }
    return yield* Effect.die(new Error(`${what}: that never came`))
  })

/** Waits until the members serve all buckets, each of them some. */
export const settled = (...members: ReadonlyArray<Member>): Effect.Effect<void> =>
  until(
    "all buckets are served",
    Effect.map(Effect.forEach(members, ({ cluster }) => cluster.owned), (owned) => {
      const buckets = members[0]?.cluster.buckets ?? 0
      return owned.flat().length === buckets && owned.every((some) => some.length > 0)
    })
  )

/** Waits until a member sees buckets stay where they are, although all have looked several times who is there. */
export const still = ({ cluster }: Member): Effect.Effect<void> => {
  let [last, since] = ["", 0]
  return until(
    "the buckets stay where they are",
    Effect.map(Effect.all([cluster.owners, Clock.currentTimeMillis]), ([owners, now]) => {
      const owned = JSON.stringify(owners)
      if (owned !== last) since = now
      last = owned
      return now - since > 4 * refreshMs
    })
  )
}

/** A stand-alone `VideoTasks` on the same database. */
export const alone = Effect.fnUntraced(function*(url: string, provider: VideoProvider.VideoProvider) {
  const context = yield* Layer.build(
    VideoTasks.layer({ poll: timing.poll, lease: lockMs }).pipe(
      Layer.provide(PostgresTaskStore.layer({ url: Redacted.make(url) })),
      Layer.provide(providers(provider))
    )
  )
  return Context.get(context, VideoTasks.VideoTasks)
})
