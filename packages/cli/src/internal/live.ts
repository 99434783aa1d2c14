/**
 * The way to the real services: transport, providers and stores are loaded when a command asks for them, not for
 * `--help`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Backend } from "./backend.ts"

const services = Effect.promise(() => import("./services.ts"))

const store = Effect.promise(() => import("./store.ts"))

/** Provides the real services. */
export const layer: Layer.Layer<Backend> = Layer.succeed(Backend, {
  services: (ids, options) => Layer.unwrap(Effect.map(services, ({ layer }) => layer(ids, options))),
  tasks: (ids, options) => Layer.unwrap(Effect.map(services, ({ layerTasks }) => layerTasks(ids, options))),
  store: Layer.unwrap(Effect.map(store, ({ layer }) => layer)),
  storeThere: Layer.unwrap(Effect.map(store, ({ layerThere }) => layerThere))
})
