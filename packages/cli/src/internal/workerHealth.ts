/**
 * What whoever watches over a worker asks it: whether it lives, whether it is ready, and its metrics.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { HostPort } from "./hostPort.ts"
import * as Address from "./hostPort.ts"
import { type Problem, usage } from "./problem.ts"

/** How a worker stands. */
export interface Standing {
  readonly isReady: boolean
  /** In a word: `serving`, `standby`, `starting`, `stopping`, `no database`, `address taken`. */
  readonly state: string
  /** Why it is not ready, in words. */
  readonly reason?: string | undefined
  /** How many buckets it serves, and how many there are. */
  readonly owned: number
  readonly buckets: number
}

/** Answers for as long as the scope lasts; says on which port. */
export const serve = Effect.fnUntraced(function*(
  at: HostPort,
  standing: Effect.Effect<Standing>
): Effect.fn.Return<number, Problem, Scope.Scope> {
  const router = yield* HttpRouter.make
  // Whoever lives answers: a database that is away is no reason to be started anew.
  yield* router.add("GET", "/health", HttpServerResponse.text("ok\n"))
  yield* router.add(
    "GET",
    "/ready",
    Effect.map(standing, (now) => HttpServerResponse.jsonUnsafe(now, { status: now.isReady ? 200 : 503 }))
  )
  yield* router.add(
    "GET",
    "/metrics",
    Effect.map(
      PrometheusMetrics.format(),
      (text) => HttpServerResponse.text(ours(text), { contentType: "text/plain; version=0.0.4; charset=utf-8" })
    )
  )
  const server = yield* Effect.mapError(
    NodeHttpServer.make(() => Http.createServer({ requestTimeout: 10_000 }), {
      ...at,
      gracefulShutdownTimeout: "250 millis"
    }),
    () =>
      usage(`${Address.format(at)} can't be listened on; another program may use it.`, [
        "Take another with --metrics, or any free one with --metrics 0."
      ])
  )
  // At once: what comes before would never be answered.
  yield* Effect.forkScoped(
    Effect.provide(server.serve(router.asHttpEffect()), NodeHttpServer.layerHttpServices),
    { startImmediately: true }
  )
  return "port" in server.address ? server.address.port : at.port
})

// internal

/** Without Effect Cluster's numbers: a process counts itself alone, `effect_cluster_runners 1` beside two others. */
const ours = (text: string): string => text.replace(/^(?:# (?:HELP|TYPE) )?effect_cluster_.*\n/gm, "")
