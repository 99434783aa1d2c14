/** Over real ports: the simulator calls back, the receiver is mounted in a server, polling does the rest. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { VideoProviders, type VideoRequest } from "@video-tasks/core"
import { NodeHttp } from "@video-tasks/node"
import { Ark, Kling } from "@video-tasks/providers"
import { TaskStore, VideoTasks, WebhookReceiver } from "@video-tasks/runtime"
import { Simulator, type SimulatorOptions, SimulatorServer } from "@video-tasks/simulator"
import { Clock, Effect, Layer, Logger, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer, request as httpRequest } from "node:http"
import { Readable } from "node:stream"
import { scaledClock } from "./FaultMatrix/scaledClock.ts"

/** How many times faster than the wall clock all of this runs: the 15 seconds that a call may take are 1.5. */
const factor = 10

const secret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="

const apiKey = Redacted.make("sk-test")

const providers = Layer.unwrap(
  Effect.map(SimulatorServer.SimulatorServer, ({ baseUrl }) =>
    VideoProviders.layer([Kling.Kling, Ark.Ark]).pipe(
      Layer.provide([
        Kling.layer({ apiKey, baseUrl: `${baseUrl}/kling` }),
        Ark.layer({ apiKey, baseUrl: `${baseUrl}/ark/api/v3` })
      ])
    ))
)

const world = (webhooks: SimulatorOptions.WebhookOptions) =>
  HttpRouter.serve(WebhookReceiver.layerRoute("/hooks"), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(WebhookReceiver.layer({ secrets: { kling: Redacted.make(secret) } })),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provideMerge(VideoTasks.layer()),
    Layer.provideMerge(providers),
    Layer.provideMerge(SimulatorServer.layerSimulator({ seed: 7, jobSeconds: { min: 45, max: 45 }, webhooks })),
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(NodeHttp.layer())
  )

const hooks = Effect.map(
  HttpServer.HttpServer,
  ({ address }) => new URL(`http://127.0.0.1:${"port" in address ? address.port : 0}/hooks`)
)

const fox: Record<"kling" | "ark", VideoRequest.VideoRequest> = {
  kling: Kling.video({ model: "kling-v2-6", prompt: "A fox" }),
  ark: Ark.video({ model: "doubao-seedance-1-5-pro-251215", prompt: "A fox" })
}

/** Jobs take seconds here; a busy machine takes longer to begin them. */
const live = (name: string, test: () => Effect.Effect<void, unknown>) => it.live(name, test, 60_000)

/** Submits, waits and looks at what was read and said. */
const play = (webhooks: SimulatorOptions.WebhookOptions, provider: keyof typeof fox = "kling") =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const startedAt = yield* Clock.currentTimeMillis
    const handle = yield* tasks.submit(fox[provider], { callbackUrl: WebhookReceiver.urlOf(yield* hooks) })
    const { status, videos } = yield* tasks.await(handle, { deadline: "240 seconds" })
    const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
    // What is late or repeated still has to arrive.
    yield* Effect.sleep("5 seconds")
    const { tasks: [counts], webhooks: said } = yield* (yield* Simulator.Simulator).ledger
    return {
      status,
      videos: videos.length,
      seconds,
      polls: counts?.polls ?? 0,
      answers: said.map(({ status }) => status)
    }
  }).pipe(
    Effect.provide(Layer.provideMerge(world(webhooks), Logger.layer([]))),
    Effect.provideService(Clock.Clock, scaledClock(factor))
  )

/** Sends a body without end, and gives the status and how much had gone out when it came, in KiB. */
const pour = (url: URL) =>
  Effect.callback<{ readonly status: number; readonly sent: number }>((resume) => {
    let sent = 0
    const endless = Readable.from((function*() {
      for (;; sent++) yield "x".repeat(1024)
    })())
    const request = httpRequest(url, { method: "POST", headers: { "content-type": "application/json" } })
    request.on("response", ({ statusCode = 0 }) => resume(Effect.succeed({ status: statusCode, sent })))
    request.on("error", () => endless.destroy())
    endless.pipe(request)
    return Effect.sync(() => {
      endless.destroy()
      request.destroy()
    })
  })

describe.concurrent("webhooks over real ports", () => {
  it.live("that never end are refused before they are read whole", () =>
    Effect.gen(function*() {
      const base = yield* hooks
      const { sent, status } = yield* pour(new URL(`${base.href}/kling`))
      assert.strictEqual(status, 413)
      assert.isAtLeast(sent, 64)
    }).pipe(Effect.provide(world({}))))

  live("end the wait without a single read, where polling alone takes several", () =>
    Effect.gen(function*() {
      const [told, polled] = yield* Effect.all([play({ secrets: [secret] }), play({ faults: ["lost"] })], {
        concurrency: 2
      })
      assert.deepStrictEqual([told.status, told.videos, told.polls, told.answers], ["SUCCESS", 1, 0, [204, 204]])
      assert.deepStrictEqual([polled.status, polled.videos, polled.answers], ["SUCCESS", 1, []])
      assert.isAtLeast(polled.polls, 2)
    }))

  live("that come twice, out of order and with two signatures do no harm", () =>
    Effect.gen(function*() {
      const webhooks = { secrets: ["whsec_b2xk", secret], faults: ["duplicate", "out-of-order"] } as const
      const { answers, status, videos } = yield* play(webhooks)
      assert.deepStrictEqual([status, videos, answers], ["SUCCESS", 1, [204, 204, 204, 204]])
    }))

  live("that are lost are healed by the next reconciling read", () =>
    Effect.gen(function*() {
      const { answers, polls, seconds, status } = yield* play({ secrets: [secret], faults: ["lost-end"] })
      assert.deepStrictEqual([status, polls, answers], ["SUCCESS", 1, [204]])
      assert.isAtLeast(seconds, 100)
    }))

  for (const fault of ["wrong-signature", "stale", "unsigned"] as const) {
    live(`with the fault ${fault} are refused, and polling ends the wait`, () =>
      Effect.gen(function*() {
        const { answers, polls, status } = yield* play({ secrets: [secret], faults: [fault], retrySeconds: [] })
        assert.deepStrictEqual([status, answers], ["SUCCESS", [401, 401]])
        assert.isAtLeast(polls, 2)
      }))
  }

  live("of an API that does not sign have the task read at once", () =>
    Effect.gen(function*() {
      const { answers, polls, seconds, status } = yield* play({ secrets: [secret] }, "ark")
      assert.deepStrictEqual([status, answers], ["SUCCESS", [202, 202]])
      assert.isAtLeast(polls, 1)
      assert.isAtMost(seconds, 60)
    }))
})
