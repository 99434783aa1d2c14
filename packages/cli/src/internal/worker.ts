/**
 * Serves a share of the tasks of a database, together with the other workers on it.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Cluster from "@video-tasks/cluster/Cluster"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as ArchiveLayer from "./archiveLayer.ts"
import * as Cadence from "./cadence.ts"
import { configured } from "./configured.ts"
import * as Globals from "./globals.ts"
import * as Address from "./hostPort.ts"
import * as Http from "./http.ts"
import { Problem, usage } from "./problem.ts"
import * as Providers from "./providers.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import { Ending } from "./signals.ts"
import { secretsOf } from "./storeChoice.ts"
import * as Health from "./workerHealth.ts"
import * as Logs from "./workerLogs.ts"
import { reachable } from "./workerPorts.ts"
import * as Standing from "./workerStanding.ts"
import * as Start from "./workerStart.ts"
import * as Words from "./workerWords.ts"

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
  yield* Effect.mapError(Cluster.check(input), Start.invalid)
  const url = yield* database
  const { hide } = yield* Screen
  yield* Effect.forEach(secretsOf(url), hide, { discard: true })
  const providers = yield* configured
  if (providers.length === 0) return yield* keyless
  const address = input.address ?? (yield* reachable(input.listen))
  return yield* Effect.scoped(Effect.gen(function*() {
    const state = yield* Standing.make
    if (input.metrics !== undefined) {
      const metrics = yield* Health.serve(input.metrics, Standing.standing(state))
      yield* Ref.update(state, (now) => ({ ...now, metrics }))
    }
    yield* (yield* Ending).stopsWell
    yield* Start.lonely(address, url)
    const here = { url, address, providers, poll: Cadence.ofFlags(globals), state }
    const trouble = Logs.make()
    const end: End = { owned: [], buckets: 0 }
    const asked = Ref.update(state, (now) => ({ ...now, isStopping: true }))
    return yield* serve(state, trouble, end).pipe(
      Effect.provide(layer(input, here), { local: true }),
      Start.patiently(state),
      Effect.catch((error) => Effect.fail(Start.refused(input.listen, error))),
      Logs.plainly(trouble),
      // As soon as it is asked to stop, whatever it does then.
      Effect.raceFirst(Effect.onInterrupt(Effect.never, () => asked)),
      Effect.onInterrupt(() => stopped(end))
    )
  }))
})

// internal

/** How often a worker looks which buckets it has. */
const lookEvery = "200 millis"

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
  { buckets, concurrency, grace, listen, lockExpiration, rate }: WorkerInput,
  { address, poll, providers, state, url }: {
    readonly address: Address.HostPort
    readonly url: Redacted.Redacted
    readonly providers: ReadonlyArray<Settings.ProviderId>
    readonly poll: Cluster.Options["poll"]
    readonly state: Ref.Ref<Standing.State>
  }
) =>
  Layer.unwrap(Effect.map(Reporter, (reporter) =>
    Cluster.layer({
      address,
      listen,
      buckets,
      grace,
      lockExpiration,
      poll,
      budget: { requestsPerSecond: rate, concurrency },
      onWaiting: (reason) =>
        Effect.provideService(Standing.waiting(state, { state: "address taken", reason }), Reporter, reporter)
    }))).pipe(
      Layer.provide(ArchiveLayer.layer),
      Layer.provide(Providers.layer(providers, { needsKey: true })),
      Layer.provide(Http.layer),
      Layer.provide(PgClient.layer({
        url,
        applicationName: "video-tasks worker",
        connectTimeout: "5 seconds",
        keepAlive: "30 seconds"
      }))
    )

/** Tells which buckets come and go, until it is stopped. */
const serve = Effect.fnUntraced(function*(state: Ref.Ref<Standing.State>, trouble: Logs.Trouble, end: End) {
  const reporter = yield* Reporter
  const cluster = yield* Cluster.Cluster
  const { metrics } = yield* Ref.updateAndGet(state, (now) => ({ ...now, cluster, waitsFor: undefined }))
  const { address, listen } = cluster.place ?? (yield* Effect.die(new Error("a worker has a place")))
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
  const say = Effect.forever(Effect.andThen(told(cluster, trouble), Effect.sleep(lookEvery)))
  return yield* Effect.onInterrupt(
    Effect.raceAllFirst([say, Logs.watch(trouble, cluster.served), cluster.displaced]),
    () =>
      Effect.gen(function*() {
        end.owned = yield* cluster.owned
        end.buckets = cluster.buckets
        yield* reporter.note(
          "Stopping: finishing requests in flight, handing the buckets over. A second signal ends it at once."
        )
      })
  )
})

/** What a worker had when it was asked to stop. */
interface End {
  owned: ReadonlyArray<number>
  buckets: number
}

/** Everything is handed over. */
const stopped = Effect.fnUntraced(function*({ buckets, owned }: End) {
  const reporter = yield* Reporter
  if (!reporter.json) {
    return yield* reporter.note(owned.length === 0 ? "Stopped." : `Gave ${Words.buckets(owned)} up. Stopped.`)
  }
  if (owned.length > 0) {
    yield* reporter.result("", { type: "worker.buckets", taken: [], left: owned, owned: 0, buckets })
  }
  yield* reporter.result("", { type: "worker.stopped" })
})

/** Tells what has come and gone since it was told last. */
const told = (cluster: Cluster.Cluster["Service"], trouble: Logs.Trouble) => {
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
      yield* reporter.result("", { type: "worker.buckets", taken, left, owned: now.size, buckets: cluster.buckets })
    }
    const lost = left.filter((bucket) => trouble.taken.delete(bucket))
    const given = left.filter((bucket) => !lost.includes(bucket))
    const words = `${Words.moves({ taken, given, lost })}; serves ${now.size} of ${cluster.buckets}`
    yield* lost.length === 0 ? reporter.note(words) : reporter.warn(`warning: ${words}`)
  })
}
