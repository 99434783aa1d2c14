/**
 * How a worker stands: what it serves, or what it waits for.
 */
import type { Cluster } from "@video-tasks/cluster/Cluster"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { Reporter } from "./reporter.ts"
import type { Standing } from "./workerHealth.ts"

/** What keeps a worker from starting, for now. */
interface Wait {
  readonly state: "no database" | "address taken"
  readonly reason: string
}

/** What a worker knows of itself. */
export interface State {
  readonly cluster: Cluster["Service"] | undefined
  /** Why it has not started yet. */
  readonly waitsFor: Wait | undefined
  /** Where it answers about itself. */
  readonly metrics: number | undefined
  readonly isStopping: boolean
}

/** A worker that has not started. */
export const make: Effect.Effect<Ref.Ref<State>> = Ref.make<State>({
  cluster: undefined,
  waitsFor: undefined,
  metrics: undefined,
  isStopping: false
})

/** Something keeps it from starting: says so, once. */
export const waiting = Effect.fnUntraced(function*(state: Ref.Ref<State>, wait: Wait) {
  const reporter = yield* Reporter
  const { metrics, waitsFor } = yield* Ref.get(state)
  yield* Ref.update(state, (now) => ({ ...now, waitsFor: wait }))
  if (waitsFor?.state === wait.state) return
  if (reporter.json) {
    return yield* reporter.result("", { type: "worker.waiting", ...wait, metrics: metrics ?? null })
  }
  const { reason } = wait
  const health = metrics === undefined ? "" : ` Health and readiness on port ${metrics}.`
  yield* reporter.warn(`Waiting: ${reason}.${health}`)
})

/** How long the database may take to answer whoever asks whether a worker is ready. */
const readyTimeout = "2 seconds"

/** Whether it serves, or stands by while others that live serve every bucket, and the database can be reached. */
export const standing = (state: Ref.Ref<State>): Effect.Effect<Standing> =>
  Effect.gen(function*() {
    const { cluster, isStopping, waitsFor } = yield* Ref.get(state)
    const owned = cluster === undefined ? 0 : (yield* cluster.owned).length
    const buckets = cluster?.buckets ?? 0
    const not = (state: string, reason: string) => ({ isReady: false, state, owned, buckets, reason })
    if (isStopping) return not("stopping", "it has been asked to stop")
    if (waitsFor !== undefined) return not(waitsFor.state, waitsFor.reason)
    if (cluster === undefined) return not("starting", "it has not joined the others yet")
    const served = yield* Effect.option(Effect.timeout(cluster.served, readyTimeout))
    if (served._tag === "None") return not("no database", "the database does not answer")
    if (owned > 0) return { isReady: true, state: "serving", owned, buckets }
    const missing = buckets - served.value.length
    return missing === 0
      ? { isReady: true, state: "standby", owned, buckets }
      : not("starting", `it serves nothing yet, and ${missing} of ${buckets} buckets are served by nobody`)
  })
