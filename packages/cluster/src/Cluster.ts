/**
 * The same `VideoTasks` on several machines, over Effect Cluster and PostgreSQL.
 *
 * The tasks of the database are dealt out in a fixed number of buckets. Each bucket is served by one runner at a time, which
 * runs the in-process engine over it, and has a door of the same name for whoever asks about a task of it.
 *
 * @since 0.1.0
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as TaskId from "@video-tasks/core/TaskId"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as SqlBuckets from "@video-tasks/runtime/SqlBuckets"
import { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as MessageStorage from "effect/cluster/MessageStorage"
import { RunnerAddress } from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import { Sharding } from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SocketRunner from "effect/cluster/SocketRunner"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import type * as SocketServer from "effect/socket/SocketServer"
import { SqlClient } from "effect/sql/SqlClient"
import * as BucketEngine from "./internal/bucketEngine.ts"
import { handlers } from "./internal/doorHandlers.ts"
import { Engines } from "./internal/engines.ts"
import * as Front from "./internal/front.ts"
import * as Router from "./internal/router.ts"
import { Door, nameOf } from "./internal/wire.ts"

/**
 * Where a runner is reached.
 *
 * @category models
 * @since 0.1.0
 */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * What all members of a cluster have in common, and how those in front of it behave.
 *
 * @category options
 * @since 0.1.0
 */
export interface ClientOptions extends Omit<VideoTasks.Options, "owner"> {
  /**
   * In how many buckets the tasks are dealt out: some for each runner that there will ever be. The first start fixes it in
   * the database; a later one with another number fails with `BucketCountChanged`.
   *
   * @default 32
   */
  readonly buckets?: number | undefined
  /**
   * After what time a runner that is not heard of loses what it has. The same for all members.
   *
   * @default "35 seconds"
   */
  readonly lockExpiration?: Duration.Input | undefined
  /**
   * How long a bucket that nobody serves is waited for before who asks gets a `StoreError`, and a submit `NotSent`.
   *
   * @default "1 minute"
   */
  readonly patience?: Duration.Input | undefined
  /** Further settings of Effect Cluster: how often locks are renewed, runners looked at, and so on. */
  readonly sharding?:
    | Partial<Omit<ShardingConfig.ShardingConfig["Service"], "runnerAddress" | "shardLockExpiration">>
    | undefined
}

/**
 * How a runner behaves.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ClientOptions {
  /** Where the other members reach this runner. Its port is open to them only: who reaches it can create tasks. */
  readonly address: Address
  /**
   * Where it listens.
   *
   * @default its address
   */
  readonly listen?: Address | undefined
  /**
   * How long requests in flight may take when a bucket moves or the runner stops: until then creates, cancellations and
   * reads that somebody asked for are waited for.
   *
   * @default "15 seconds"
   */
  readonly grace?: Duration.Input | undefined
}

/**
 * A member of the cluster, as it sees it.
 *
 * @category services
 * @since 0.1.0
 */
export class Cluster extends Context.Service<Cluster, {
  /** How many buckets there are. */
  readonly buckets: number
  /** The name of this runner, new at each start; absent in front of a cluster. */
  readonly runner: string | undefined
  /** The buckets that are served here now. */
  readonly owned: Effect.Effect<ReadonlyArray<number>>
  /** Who took which bucket last, from the database. */
  readonly owners: Effect.Effect<ReadonlyArray<SqlBuckets.BucketOwner>, TaskStoreError>
}>()("@video-tasks/cluster/Cluster") {}

/**
 * What keeps a member from starting: the database, another number of buckets, or a port that can't be listened on.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = TaskStoreError | SqlBuckets.BucketCountChanged | SocketServer.SocketServerError

/**
 * Joins the cluster as a runner: serves a share of the buckets, and provides `VideoTasks` over all of them.
 *
 * **Details**
 *
 * - Every task that has not ended is followed by the owner of its bucket, whoever waits for it: `track` is never needed and
 *   `untrack` does nothing.
 * - Stand-alone processes may use the same database with `VideoTasks.layer`; the cluster goes on with what they leave.
 * - When the layer ends, requests in flight are finished within `grace`, and the buckets go to the others.
 * - An `Archive`, a `CostBudget`, a `TaskObserver` and a `RateLimiter` are used where they are provided.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<VideoTasks.VideoTasks | Cluster, StartError, PgClient | VideoProviders> =>
  Layer.effectContext(serve(options)).pipe(
    Layer.provide(layerRunner(options)),
    Layer.provide(layerSqlClient)
  )

/**
 * Provides `VideoTasks` in front of a cluster, without serving any bucket: for those that submit and wait.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = (
  options: ClientOptions = {}
): Layer.Layer<VideoTasks.VideoTasks | Cluster, StartError, PgClient | VideoProviders> =>
  Layer.effectContext(stand(options)).pipe(
    Layer.provide(layerMember(options)),
    Layer.provide(layerSqlClient)
  )

// internal

/** The names of the tables in which members find one another begin like this. */
const prefix = "video_tasks_cluster"

/** The longest message between members: a request with its pictures. */
const maxFrameSize = 64 * 1024 * 1024

const defaults = { buckets: 32, lockExpiration: "35 seconds", patience: "1 minute", grace: "15 seconds" } as const

const layerSqlClient: Layer.Layer<SqlClient, never, PgClient> = Layer.effect(SqlClient, PgClient)

const stand = Effect.fnUntraced(function*(options: ClientOptions) {
  const buckets = yield* SqlBuckets.make(options.buckets ?? defaults.buckets)
  const front = yield* frontOf(options, buckets)
  return Context.make(VideoTasks.VideoTasks, front).pipe(
    Context.add(Cluster, {
      buckets: buckets.count,
      runner: undefined,
      owned: Effect.succeed([]),
      owners: buckets.owners
    })
  )
})

const serve = Effect.fnUntraced(function*(options: Options) {
  const buckets = yield* SqlBuckets.make(options.buckets ?? defaults.buckets)
  const sharding = yield* Sharding
  const engines = new Engines(buckets.count)
  const grace = options.grace ?? defaults.grace
  const parts: BucketEngine.BucketEngine = {
    buckets,
    engines,
    grace,
    runner: yield* nameOfRunner(options),
    options: { lease: options.lockExpiration ?? defaults.lockExpiration, ...engineOptions(options) }
  }
  const limiter = yield* limiterOf
  yield* Layer.build(
    Door.toLayer(handlers(engines), {
      concurrency: "unbounded",
      mailboxCapacity: "unbounded",
      disableFatalDefects: true
    })
  )
  const front = yield* frontOf(options, buckets)
  for (let bucket = 0; bucket < buckets.count; bucket++) {
    yield* sharding.registerSingleton(
      nameOf(bucket),
      Effect.provideService(BucketEngine.run(parts, bucket), RateLimiter.RateLimiter, limiter)
    )
  }
  // All at once, before the buckets are given up one by one.
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOption(
      Effect.forEach(engines.owned, (one) => engines.closing(one), { concurrency: "unbounded" }),
      grace
    )
  )
  return Context.make(VideoTasks.VideoTasks, front).pipe(
    Context.add(Cluster, {
      buckets: buckets.count,
      runner: parts.runner,
      owned: Effect.sync(() => engines.owned),
      owners: buckets.owners
    })
  )
})

/** Options of a cluster that are the engine's as well. */
const engineOptions = ({ budget, keepRequests, lease, poll, pollSpans }: ClientOptions): VideoTasks.Options => ({
  ...(budget === undefined ? {} : { budget }),
  ...(keepRequests === undefined ? {} : { keepRequests }),
  ...(lease === undefined ? {} : { lease }),
  ...(poll === undefined ? {} : { poll }),
  ...(pollSpans === undefined ? {} : { pollSpans })
})

const frontOf = Effect.fnUntraced(function*(options: ClientOptions, buckets: SqlBuckets.Buckets) {
  const router = yield* Router.make(buckets.count, Duration.toMillis(options.patience ?? defaults.patience))
  return yield* Front.make({ router, buckets, options: engineOptions(options) })
})

const nameOfRunner = ({ address: { host, port } }: Options): Effect.Effect<string> =>
  Effect.map(Effect.provide(TaskId.make, SecureRandom.layerWebCrypto), (id) => `${host}:${port}/${id}`)

/** The engines of a runner share what their accounts may send. */
const limiterOf = Effect.gen(function*() {
  const shared = yield* Effect.serviceOption(RateLimiter.RateLimiter)
  if (Option.isSome(shared)) return shared.value
  const own = yield* Layer.build(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory))
  return Context.get(own, RateLimiter.RateLimiter)
})

const layerStorage = Layer.mergeAll(
  // Nothing that goes from member to member is kept.
  MessageStorage.layerNoop,
  SqlRunnerStorage.layerWith({ prefix })
).pipe(
  Layer.catchCause((cause) =>
    Layer.effectContext(
      Effect.andThen(
        Effect.logDebug("the tables of the cluster could not be made", cause),
        Effect.fail(new TaskStoreError({ detail: "the tables of the cluster could not be made", retryable: true }))
      )
    )
  )
)

const configOf = (options: ClientOptions) => ({
  ...options.sharding,
  shardLockExpiration: options.lockExpiration ?? defaults.lockExpiration
})

const addressOf = ({ host, port }: Address) => RunnerAddress.make({ host, port })

const layerMember = (options: ClientOptions) =>
  SocketRunner.layerClientOnly.pipe(
    Layer.provide(NodeClusterSocket.layerClientProtocol),
    Layer.provide(layerStorage),
    Layer.provide(ShardingConfig.layer({ ...configOf(options), runnerAddress: Option.none() })),
    Layer.provide(RpcSerialization.layerSchemaBinary({ maxFrameSize }))
  )

const layerRunner = (options: Options) =>
  SocketRunner.layer.pipe(
    Layer.provide([NodeClusterSocket.layerSocketServer, NodeClusterSocket.layerClientProtocol]),
    Layer.provide(
      RunnerHealth.layerPing.pipe(
        Layer.provide(Runners.layerRpc),
        Layer.provide(NodeClusterSocket.layerClientProtocol)
      )
    ),
    Layer.provide(layerStorage),
    Layer.provide(ShardingConfig.layer({
      ...configOf(options),
      runnerAddress: Option.some(addressOf(options.address)),
      runnerListenAddress: Option.some(addressOf(options.listen ?? options.address))
    })),
    Layer.provide(RpcSerialization.layerSchemaBinary({ maxFrameSize }))
  )
