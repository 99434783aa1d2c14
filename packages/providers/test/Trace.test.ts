import { assert, describe, it } from "@effect/vitest"
import { CometApi, Kling } from "@video-tasks/providers"
import { Simulator, SimulatorHttp } from "@video-tasks/simulator"
import { Effect } from "effect"
import { apiKey } from "./utils/stub.ts"

const providers = {
  kling: Kling.make({ apiKey, baseUrl: "http://sim.test/kling" }),
  cometapi: CometApi.make({ apiKey, baseUrl: "http://sim.test" })
}

describe("the trace of a create", () => {
  for (const provider of ["kling", "cometapi"] as const) {
    it.effect(`finds its task at ${provider} when the request is gone`, () =>
      Effect.gen(function*() {
        const api = yield* providers[provider]
        const simulator = yield* Simulator.Simulator
        yield* simulator.script("{\"on\":\"create\",\"fault\":\"reset-after-accept\"}")
        const image = new URL("https://example.com/first.png")
        const request = Kling.video({ provider, model: "kling-v1-6", prompt: "A paper airplane", image })
        const trace = api.trace?.(request, { reference: "018f-ours" })
        assert.deepStrictEqual(trace, { reference: "018f-ours", route: "image2video" })
        if (trace === undefined || api.findByTrace === undefined) return assert.fail("there is no trace")
        assert.isUndefined(yield* api.findByTrace("kling", trace))
        yield* Effect.flip(api.create(request, { reference: "018f-ours" }))
        const found = yield* api.findByTrace("kling", trace, { requestHash: "ab" })
        const { creates } = yield* simulator.ledger
        assert.deepStrictEqual(
          [found?.handle.remoteId, found?.handle.route, found?.handle.requestHash],
          [creates[0]?.taskId, "image2video", "ab"]
        )
      }).pipe(Effect.provide(SimulatorHttp.layer())))
  }

  it.effect("is the caller's own name where there is one", () =>
    Effect.gen(function*() {
      const api = yield* providers.kling
      const request = Kling.video({ model: "kling-v1-6", prompt: "A paper airplane", externalTaskId: "mine" })
      assert.deepStrictEqual(api.trace?.(request, { reference: "ours" }), { reference: "mine", route: "text2video" })
    }).pipe(Effect.provide(SimulatorHttp.layer())))

  it.effect("is none at an API that keeps no name, and asks for nothing", () =>
    Effect.gen(function*() {
      const api = yield* providers.cometapi
      const request = CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "A paper airplane", seconds: 5 })
      assert.isUndefined(api.trace?.(request, { reference: "ours" }))
      const errors = yield* Effect.forEach(
        [
          ["seedance", { reference: "ours" }],
          ["kling", { reference: "ours", route: "elsewhere" }]
        ] as const,
        ([family, trace]) => Effect.flip(Effect.suspend(() => api.findByTrace?.(family, trace) ?? Effect.undefined))
      )
      assert.deepStrictEqual(errors.map((error) => error?.reason._tag), ["Unsupported", "Unsupported"])
      assert.deepStrictEqual((yield* (yield* Simulator.Simulator).ledger).requests, [])
    }).pipe(Effect.provide(SimulatorHttp.layer())))
})
