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
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Accounts from "@video-tasks/runtime/Accounts"
import { AccountShares } from "@video-tasks/runtime/AccountShares"
import { CostBudget } from "@video-tasks/runtime/CostBudget"
import * as SqlBuckets from "@video-tasks/runtime/SqlBuckets"
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Cause from "effect/Cause"
import * as MessageStorage from "effect/cluster/MessageStorage"
import { RunnerAddress } from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import { Sharding } from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SocketRunner from "effect/cluster/SocketRunner"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Scope from "effect/Scope"
import * as SocketServer from "effect/socket/SocketServer"
import { SqlClient } from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import { type AddressTaken, InvalidOption } from "./ClusterError.ts"
import * as BucketEngine from "./internal/bucketEngine.ts"
import * as Calm from "./internal/calm.ts"
import { handlers } from "./internal/doorHandlers.ts"
import * as EngineOptions from "./internal/engineOptions.ts"
import { Engines } from "./internal/engines.ts"
import * as Front from "./internal/front.ts"
import * as MemberProtocol from "./internal/memberProtocol.ts"
import * as Meters from "./internal/meters.ts"
import * as Paces from "./internal/paces.ts"
import * as Place from "./internal/place.ts"
import * as Presence from "./internal/presence.ts"
import { rescueIn } from "./internal/rescue.ts"
import * as Router from "./internal/router.ts"
import { Door, maxFrameSize, nameOf } from "./internal/wire.ts"
import * as PgAccountShares from "./PgAccountShares.ts"

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
export interface ClientOptions extends Omit<VideoTasks.Options, "owner" | "followUntil"> {
  /**
   * In how many buckets the tasks are dealt out: some for each runner that there will ever be. The first start fixes it in
   * the database; a later one with another number fails with `BucketCountChanged`.
   *
   * @default as many as the database has, 32 when it has none
   */
  readonly buckets?: number | undefined
  /**
   * After what time a runner that is not heard of loses what it has, from 5 seconds to 10 minutes. The same for all members:
   * how often locks are renewed and runners are looked after follows from it.
   *
   * @default "35 seconds"
   */
  readonly lockExpiration?: Duration.Input | undefined
  /**
   * How long a bucket that nobody serves is waited for: then a submit fails with `NotSent` or, where nobody can say what was
   * sent, `SubmissionAmbiguous`; `cancel`, `refresh` and the like with `StoreError`. `await` and `observe` wait on, to their
   * own deadline (`WaitTimedOut`).
   *
   * @default "1 minute"
   */
  readonly patience?: Duration.Input | undefined
  /**
   * Further settings of Effect Cluster, and others than those that follow from `lockExpiration`. Locks are renewed at least
   * three times before they expire: a slower `shardLockRefreshInterval` is an `InvalidOption`.
   */
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
  /**
   * Where the other members reach this runner; port 0 is the one that it listens on. Its port is open to them only: who
   * reaches it can create tasks. No two runners have the same: who comes to one that lives fails with `AddressTaken`.
   */
  readonly address: Address
  /**
   * Where it listens; port 0 takes any that is free.
   *
   * @default its address
   */
  readonly listen?: Address | undefined
  /**
   * Told in words when the start has to wait for the address, because the database still knows another session there. It
   * waits for about `lockExpiration` at most.
   *
   * @default logs a warning
   */
  readonly onWaiting?: ((why: string) => Effect.Effect<void>) | undefined
  /**
   * How long what is being done may take when the runner stops: until then creates that are out and cancellations are waited
   * for; reads are not. Less than `lockExpiration`. When a bucket moves to another runner, creates that take longer go on for
   * up to 3 minutes, and the new owner stores what comes of them.
   *
   * @default "15 seconds", or what a short `lockExpiration` leaves
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
  /** Where the others reach this runner, and where it listens; absent in front of a cluster. */
  readonly place: { readonly address: Address; readonly listen: Address } | undefined
  /**
   * Fails when another runner has taken this one's address, while this one was cut off from the database: it can't be a
   * member any more, and should end.
   */
  readonly displaced: Effect.Effect<never, AddressTaken>
  /** The buckets that are served here now. */
  readonly owned: Effect.Effect<ReadonlyArray<number>>
  /** Who took which bucket last, from the database. */
  readonly owners: Effect.Effect<ReadonlyArray<SqlBuckets.BucketOwner>, TaskStoreError>
  /**
   * The buckets whose last taker lives, from the database: who was killed is missing at once, who is frozen or cut off after
   * `lockExpiration`. Of those that were taken by this runner, the ones that it serves now.
   */
  readonly served: Effect.Effect<ReadonlyArray<number>, TaskStoreError>
}>()("@video-tasks/cluster/Cluster") {}

/**
 * What keeps a member from starting: a setting or a `CostBudget`, an option of the engine (`InvalidRequest`), the database,
 * another number of buckets, a port that can't be listened on, or another runner at its address.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError =
  | AddressTaken
  | VideoTaskError
  | InvalidOption
  | TaskStoreError
  | SqlBuckets.BucketCountChanged
  | SocketServer.SocketServerError

/**
 * Joins the cluster as a runner: serves a share of the buckets, and provides `VideoTasks` over all of them.
 *
 * **Details**
 *
 * - Every task that has not ended is followed by the owner of its bucket, whoever waits for it: `track` is never needed and
 *   `untrack` does nothing.
 * - Stand-alone processes may use the same database with `VideoTasks.layer`; the cluster goes on with what they leave.
 * - When the layer ends, requests in flight are finished within `grace`, and the buckets go to the others.
 * - What an account may send holds for all runners together. They share it by demand, with a statement each few seconds.
 * - An `Archive` and a `TaskObserver` are used where they are provided.
 * - A `CostBudget` is refused with `InvalidOption`: it counts in the memory of one process, and each submit is done by whoever
 *   serves its bucket. `maxCost` of a submit holds wherever it is done.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<VideoTasks.VideoTasks | Cluster, StartError, PgClient | VideoProviders> =>
  layerOver(
    options,
    (buckets, paces) =>
      Layer.unwrap(Effect.gen(function*() {
        const place = yield* Place.take(yield* PgClient, paces, options)
        const calm = yield* Calm.make(paces.sharding.runnerHealthCheckInterval)
        return Layer.effectContext(serve(options, { buckets, paces, place, calm })).pipe(
          Layer.provide(layerRunner(paces, place)),
          Layer.provide(calm.layer)
        )
      }))
  )

/**
 * Provides `VideoTasks` in front of a cluster, without serving any bucket: for those that submit and wait. A `CostBudget` is
 * refused with `InvalidOption`, as by `layer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = (
  options: ClientOptions = {}
): Layer.Layer<VideoTasks.VideoTasks | Cluster, StartError, PgClient | VideoProviders> =>
  layerOver(
    options,
    (buckets, paces) => Layer.provide(Layer.effectContext(stand(options, buckets)), layerMember(paces))
  )

/**
 * Fails with `InvalidOption` where `layer` would, without asking anybody: before a connection is opened, say.
 *
 * @category guards
 * @since 0.1.0
 */
export const check = (
  options: Pick<Options, "grace" | "lockExpiration" | "sharding">
): Effect.Effect<void, InvalidOption> => Effect.asVoid(pacesOf(options))

// internal

/** The names of the tables in which members find one another begin like this. */
const prefix = "video_tasks_cluster"

const patience = "1 minute"

/** A budget would count what one process was asked for, and let the others spend as much again. */
const unlimited: Effect.Effect<void, InvalidOption> = Effect.gen(function*() {
  const budget = yield* Effect.serviceOption(CostBudget)
  if (Option.isNone(budget)) return
  const { max, unit } = yield* budget.value.ledger
  return yield* new InvalidOption({
    field: "CostBudget",
    value: `${max} ${unit}`,
    allowed: "none: it counts in one process, and a cluster has several; maxCost of a submit holds in all of them"
  })
})

const pacesOf = (options: Paces.Settings): Effect.Effect<Paces.Paces, InvalidOption> =>
  Effect.andThen(unlimited, Paces.of(options))

const layerSqlClient: Layer.Layer<SqlClient, never, PgClient> = Layer.effect(SqlClient, PgClient)

/** Nobody joins before it knows that the database is the one that it takes it for. */
const layerOver = <A, E, R>(
  options: ClientOptions | Options,
  layer: (buckets: SqlBuckets.Buckets, paces: Paces.Paces) => Layer.Layer<A, E, R | SqlClient>
) =>
  Layer.unwrap(Effect.gen(function*() {
    const paces = yield* pacesOf(options)
    yield* VideoTasks.check(EngineOptions.of(options))
    return layer(yield* SqlBuckets.make(options.buckets), paces)
  })).pipe(Layer.provide(layerSqlClient))

const stand = Effect.fnUntraced(function*(options: ClientOptions, buckets: SqlBuckets.Buckets) {
  const router = yield* routerOf(options, buckets)
  const front = yield* Front.make({ router, buckets, options: EngineOptions.of(options) })
  return Context.make(VideoTasks.VideoTasks, front).pipe(
    Context.add(Cluster, {
      buckets: buckets.count,
      runner: undefined,
      place: undefined,
      displaced: Effect.never,
      owned: Effect.succeed([]),
      owners: buckets.owners,
      served: Presence.served(yield* SqlClient)
    })
  )
})

const serve = Effect.fnUntraced(function*(options: Options, { buckets, calm, paces, place }: {
  readonly buckets: SqlBuckets.Buckets
  readonly paces: Paces.Paces
  readonly place: Place.Place
  readonly calm: Calm.Calm
}) {
  const engines = new Engines(buckets.count)
  // Made first, it closes last.
  const scope = yield* Scope.fork(yield* Effect.scope)
  const engineOptions = EngineOptions.of(options)
  const parts: BucketEngine.BucketEngine = {
    buckets: Meters.buckets(buckets),
    engines,
    grace: paces.graceMs,
    lostMs: paces.lostMs,
    scope,
    runner: place.name,
    options: { ...engineOptions, lease: engineOptions.lease ?? paces.lockMs }
  }
  const router = yield* routerOf(options, buckets)
  const accounts = yield* accountsOf(parts.runner)
  yield* openDoors(parts, router)
  const front = yield* Front.make({ router, buckets, options: engineOptions })
  yield* serveBuckets(parts, accounts)
  // All at once, before the buckets are given up one by one.
  yield* Effect.addFinalizer(() => engines.stop(parts.grace))
  // Who comes to this address from now on waits for the end.
  yield* Effect.addFinalizer(() => Effect.andThen(place.leave, calm.leave))
  return Context.make(VideoTasks.VideoTasks, front).pipe(
    Context.add(Cluster, {
      buckets: buckets.count,
      runner: parts.runner,
      place: { address: place.address, listen: place.listen },
      displaced: place.lost,
      owned: Effect.sync(() => engines.owned),
      owners: buckets.owners,
      served: Presence.served(yield* SqlClient, { name: parts.runner, owned: () => engines.owned })
    })
  )
})

/** From now on the runner can be asked about the buckets that it serves. */
const openDoors = (
  { buckets: { store }, engines, scope }: BucketEngine.BucketEngine,
  router: Router.Router
) =>
  Layer.build(
    Door.toLayer(handlers(engines, rescueIn({ router, store }, scope)), {
      concurrency: "unbounded",
      mailboxCapacity: "unbounded",
      disableFatalDefects: true
    })
  )

/** From now on the runner serves the buckets that the cluster gives to it. */
const serveBuckets = Effect.fnUntraced(
  function*(parts: BucketEngine.BucketEngine, accounts: Accounts.Accounts["Service"]) {
    const sharding = yield* Sharding
    for (let bucket = 0; bucket < parts.buckets.count; bucket++) {
      yield* sharding.registerSingleton(
        nameOf(bucket),
        Effect.provideService(BucketEngine.run(parts, bucket), Accounts.Accounts, accounts)
      )
    }
  }
)

const routerOf = (options: ClientOptions, buckets: SqlBuckets.Buckets) =>
  Router.make(buckets.count, Duration.toMillis(options.patience ?? patience))

/** The engines of a runner stand in one line for each account, and the runners share its budget. */
const accountsOf = (runner: string) =>
  Effect.map(
    Layer.build(Accounts.layer.pipe(
      Layer.provide(Layer.effect(AccountShares, Effect.map(AccountShares, Meters.shares))),
      Layer.provide(PgAccountShares.layer({ runner }))
    )),
    (services) => Context.get(services, Accounts.Accounts)
  )

const layerStorage = Layer.mergeAll(
  // Nothing that goes from member to member is kept.
  MessageStorage.layerNoop,
  SqlRunnerStorage.layerWith({ prefix })
).pipe(
  Layer.catchCause((cause) =>
    Layer.effectContext(Effect.suspend(() => {
      const detail = "the tables of the cluster could not be used"
      const error = Cause.squash(cause)
      const retryable = isSqlError(error) && SqlTaskStore.isAway(error)
      return Effect.andThen(Effect.logDebug(detail, cause), Effect.fail(new TaskStoreError({ detail, retryable })))
    }))
  )
)

const addressOf = ({ host, port }: Address) => RunnerAddress.make({ host, port })

const layerSockets = MemberProtocol.over(NodeClusterSocket.layerClientProtocol)

const layerMember = ({ sharding }: Paces.Paces) =>
  SocketRunner.layerClientOnly.pipe(
    Layer.provide(layerSockets),
    Layer.provide(layerStorage),
    Layer.provide(ShardingConfig.layer({ ...sharding, runnerAddress: Option.none() })),
    Layer.provide(RpcSerialization.layerSchemaBinary({ maxFrameSize }))
  )

const layerRunner = ({ sharding }: Paces.Paces, { address, listen, server }: Place.Place) =>
  SocketRunner.layer.pipe(
    Layer.provide([Layer.succeed(SocketServer.SocketServer, server), layerSockets]),
    Layer.provide(
      RunnerHealth.layerPing.pipe(
        Layer.provide(Runners.layerRpc),
        Layer.provide(layerSockets)
      )
    ),
    Layer.provide(layerStorage),
    Layer.provide(ShardingConfig.layer({
      ...sharding,
      runnerAddress: Option.some(addressOf(address)),
      runnerListenAddress: Option.some(addressOf(listen))
    })),
    Layer.provide(RpcSerialization.layerSchemaBinary({ maxFrameSize }))
  )
