/**
 * Serves a share of the tasks of a database, together with the other workers on it.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Cluster from "@video-tasks/cluster/Cluster"
import type { InvalidOption } from "@video-tasks/cluster/ClusterError"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as NodeHttp from "@video-tasks/node/NodeHttp"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { SqlError } from "effect/sql/SqlError"
import * as ArchiveLayer from "./archiveLayer.ts"
import * as Cadence from "./cadence.ts"
import { configured } from "./configured.ts"
import * as Globals from "./globals.ts"
import * as Address from "./hostPort.ts"
import { Problem, storeFailed, usage } from "./problem.ts"
import * as Providers from "./providers.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import { secretsOf } from "./storeChoice.ts"
import { stopsWell } from "./teardown.ts"
import * as Health from "./workerHealth.ts"
import * as Ports from "./workerPorts.ts"

/** What the user asked for. */
export interface WorkerInput {
  readonly listen: Address.HostPort
  readonly address: Address.HostPort | undefined
  readonly metrics: Address.HostPort | undefined
  readonly buckets: number | undefined
  readonly grace: Duration.Duration | undefined
  readonly lockExpiration: Duration.Duration | undefined
  readonly rate: number | undefined
  readonly concurrency: number | undefined
}

/** Serves until it is stopped. */
export const work = Effect.fnUntraced(function*(input: WorkerInput) {
  const globals = yield* Globals.values
  const contradiction = Cadence.contradiction(globals)
  if (contradiction !== undefined) return yield* contradiction
  yield* Effect.mapError(Cluster.check(input), invalid)
  const url = yield* database
  const { hide } = yield* Screen
  yield* Effect.forEach(secretsOf(url), hide, { discard: true })
  const providers = yield* configured
  if (providers.length === 0) return yield* keyless
  const listen = yield* Ports.free(input.listen)
  const address = input.address ?? (yield* Ports.reachable(listen))
  const state = yield* Ref.make<State>({ cluster: undefined, isStopping: false })
  return yield* Effect.scoped(Effect.gen(function*() {
    const port = input.metrics === undefined ? undefined : yield* Health.serve(input.metrics, standing(state))
    yield* Effect.sync(() =>
      stopsWell(() => Effect.runSync(Ref.update(state, (now) => ({ ...now, isStopping: true }))))
    )
    return yield* serve({ state, listen, address, metrics: port }).pipe(
      Effect.provide(layer(input, { url, listen, address, providers, poll: Cadence.ofFlags(globals) }))
    )
  }))
})

// internal

/** What a worker knows of itself. */
interface State {
  readonly cluster: Cluster.Cluster["Service"] | undefined
  readonly isStopping: boolean
}

interface Place {
  readonly listen: Address.HostPort
  readonly address: Address.HostPort
}

/** How often a worker looks which buckets it has. */
const lookEvery = "200 millis"

/** How long the database may take to answer whoever asks whether a worker is ready. */
const readyTimeout = "2 seconds"

const owned = Metric.gauge("video_tasks_buckets_owned", { description: "Buckets that this worker serves" })

/** The database that workers share. */
const database: Effect.Effect<
  Redacted.Redacted,
  Problem,
  Effect.Services<typeof Globals.values> | Effect.Services<typeof Settings.store>
> = Effect.gen(function*() {
  const { store } = yield* Globals.values
  const choice = store ?? (yield* Settings.store)
  if (choice?._tag === "postgres") return choice.url
  return yield* usage(
    choice === undefined
      ? "Workers share their tasks in a database: say which one."
      : "Workers share their tasks in PostgreSQL; another store belongs to one machine.",
    ["  --store postgres://user@host/database        or VIDEO_TASKS_STORE=postgres://…"]
  )
})

const keyless = new Problem({
  reason: "Unauthorized",
  code: Settings.missingKey("cometapi").code,
  message: "No provider has a key, so there is nothing to work for.",
  hint: [`Set one or more of ${Object.values(Settings.providers).map(({ key }) => key).join(", ")}.`]
})

const layer = (
  { buckets, concurrency, grace, lockExpiration, rate }: WorkerInput,
  { address, listen, poll, providers, url }: Place & {
    readonly url: Redacted.Redacted
    readonly providers: ReadonlyArray<Settings.ProviderId>
    readonly poll: Cluster.Options["poll"]
  }
) =>
  Cluster.layer({
    address,
    listen,
    buckets,
    grace,
    lockExpiration,
    poll,
    budget: { requestsPerSecond: rate, concurrency }
  }).pipe(
    Layer.provide(ArchiveLayer.layer),
    Layer.provide(Providers.layer(providers, { needsKey: true })),
    Layer.provide(NodeHttp.layer()),
    Layer.provide(PgClient.layer({ url, applicationName: "video-tasks worker", connectTimeout: "5 seconds" })),
    Layer.catch((error) => Layer.effectContext(Effect.fail(refused(listen, error))))
  )

const flagOf = { grace: "--grace", lockExpiration: "--lock-expiration" } as const

const invalid = ({ allowed, field, value }: InvalidOption): Problem =>
  usage(`${flagOf[field]} is ${value}; allowed: ${allowed.replace("lockExpiration", flagOf.lockExpiration)}.`)

/** Why a worker can't start, in words. */
const refused = (
  listen: Address.HostPort,
  error: Problem | VideoTaskError | Cluster.StartError | SqlError
): Problem | VideoTaskError => {
  switch (error._tag) {
    case "InvalidOption":
      return invalid(error)
    case "BucketCountChanged":
      return usage(`The database deals its tasks out in ${error.actual} buckets, not in ${error.expected}.`, [
        `Leave --buckets out, or say --buckets ${error.actual}: the first worker has fixed their number for good.`
      ])
    case "SocketServerError":
      return usage(`${Address.format(listen)} can't be listened on; another program may use it.`, [
        "Take another with --listen, or any free port with --listen HOST:0."
      ])
    case "TaskStoreError":
      return storeFailed({ message: error.detail, retryable: error.retryable })
    case "SqlError":
      return storeFailed({ message: "the database can't be reached", retryable: error.isRetryable })
    default:
      return error
  }
}

/** Tells which buckets come and go, until it is stopped. */
const serve = Effect.fnUntraced(function*(
  { address, listen, metrics, state }: Place & {
    readonly state: Ref.Ref<State>
    readonly metrics: number | undefined
  }
) {
  const reporter = yield* Reporter
  const cluster = yield* Cluster.Cluster
  yield* Ref.update(state, (now) => ({ ...now, cluster }))
  const written = Address.format(address)
  yield* reporter.result(
    `Worker ${written} serves ${cluster.buckets} buckets together with the others.${
      metrics === undefined ? "" : ` Health, readiness and metrics on port ${metrics}.`
    }`,
    {
      type: "worker",
      address: written,
      listen: Address.format(listen),
      buckets: cluster.buckets,
      metrics: metrics ?? null
    }
  )
  yield* reporter.note("Working. SIGTERM or Ctrl-C hands the buckets over and stops it.")
  const say = told(cluster)
  return yield* Effect.onInterrupt(
    Effect.forever(Effect.andThen(say, Effect.sleep(lookEvery))),
    () =>
      reporter.note(
        "Stopping: finishing requests in flight, handing the buckets over. A second signal ends it at once."
      )
  )
})

/** Tells what has come and gone since it was told last. */
const told = (cluster: Cluster.Cluster["Service"]) => {
  let before: ReadonlySet<number> = new Set()
  return Effect.gen(function*() {
    const reporter = yield* Reporter
    const now = new Set(yield* cluster.owned)
    const taken = [...now].filter((bucket) => !before.has(bucket))
    const left = [...before].filter((bucket) => !now.has(bucket))
    before = now
    yield* Metric.update(owned, now.size)
    if (taken.length + left.length === 0) return
    if (reporter.json) {
      return yield* reporter.result("", {
        type: "worker.buckets",
        taken,
        left,
        owned: now.size,
        buckets: cluster.buckets
      })
    }
    const words = [
      ...(taken.length === 0 ? [] : [`took ${inWords(taken)}`]),
      ...(left.length === 0 ? [] : [`gave ${inWords(left)} up`])
    ]
    yield* reporter.note(`${words.join(", ")}; serves ${now.size} of ${cluster.buckets}`)
  })
}

const inWords = (buckets: ReadonlyArray<number>): string =>
  `${buckets.length === 1 ? "bucket" : "buckets"} ${buckets.toSorted((a, b) => a - b).join(", ")}`

/** Whether it serves, or could at once: somebody serves every bucket, and the database can be reached. */
const standing = (state: Ref.Ref<State>): Effect.Effect<Health.Standing> =>
  Effect.gen(function*() {
    const { cluster, isStopping } = yield* Ref.get(state)
    if (cluster === undefined) return { isReady: false, state: "starting", owned: 0, buckets: 0 }
    const owned = (yield* cluster.owned).length
    const of = (state: string, isReady = false) => ({ isReady, state, owned, buckets: cluster.buckets })
    if (isStopping) return of("stopping")
    const owners = yield* Effect.option(Effect.timeout(cluster.owners, readyTimeout))
    if (owners._tag === "None") return of("no database")
    if (owned > 0) return of("serving", true)
    return owners.value.every(({ epoch }) => epoch > 0) ? of("standby", true) : of("starting")
  })
