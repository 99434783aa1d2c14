/**
 * Whether spans, metrics and logs of the command leave the machine: only when `--otlp` or the standard variables of
 * OpenTelemetry say where to. What sends them is loaded then.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Globals from "./globals.ts"
import type { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"

/** Sends telemetry where the user wants it, and is empty otherwise. Its end waits for a moment until all is sent. */
export const layer: Layer.Layer<never, never, Screen | Globals.Identifiers> = Layer.unwrap(Effect.gen(function*() {
  const { otlp } = yield* Globals.values
  const environment = yield* ConfigProvider.ConfigProvider
  const said = (name: string) => Settings.read(environment, name)
  if (/^true$/i.test((yield* said("OTEL_SDK_DISABLED")) ?? "")) return Layer.empty
  const endpoints = yield* Effect.forEach(endpointVariables, said)
  if (otlp === undefined && endpoints.every((endpoint) => endpoint === undefined)) return Layer.empty
  const Otlp = yield* Effect.promise(() => import("./otlp.ts"))
  return Otlp.layer({ endpoint: otlp, environment })
}))

// internal

const endpointVariables = ["", "_TRACES", "_METRICS", "_LOGS"].map((signal) => `OTEL_EXPORTER_OTLP${signal}_ENDPOINT`)
