import type { VideoProvider } from "@video-tasks/core"
import { Simulator, SimulatorHttp, type SimulatorOptions } from "@video-tasks/simulator"
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import { type Handler, stub } from "./stub.ts"

type Make<E> = Effect.Effect<VideoProvider.VideoProvider, E, HttpClient.HttpClient>

/** What a test does with a provider. */
export type Use<A, E> = (api: VideoProvider.VideoProvider) => Effect.Effect<A, E>

/** Uses a provider that is answered as the handler says: what came of it, and what was sent. */
export const usingStub = <A, E, E2>(make: Make<E2>, handler: Handler, use: Use<A, E>) => {
  const { provide, requests, urls } = stub(handler)
  return make.pipe(Effect.flatMap(use), provide, Effect.map((value) => ({ value, requests, urls })))
}

/** What a test does with a provider and the simulator that answers it. */
export type UseLive<A, E> = (
  api: VideoProvider.VideoProvider,
  simulator: Simulator.Simulator["Service"]
) => Effect.Effect<A, E, HttpClient.HttpClient>

/** Uses a provider that is answered by the simulator. */
export const usingSimulator = <A, E, E2>(make: Make<E2>, use: UseLive<A, E>, options: SimulatorOptions.Options = {}) =>
  Effect.gen(function*() {
    return yield* use(yield* make, yield* Simulator.Simulator)
  }).pipe(Effect.provide(SimulatorHttp.layer(options)))
