/**
 * The way to the real services: transport and providers are loaded when a command asks for them, not for `--help`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Backend } from "./backend.ts"

/** Provides the real services. */
export const layer: Layer.Layer<Backend> = Layer.succeed(Backend, {
  services: (ids, options) =>
    Layer.unwrap(Effect.map(Effect.promise(() => import("./services.ts")), (services) => services.layer(ids, options)))
})
