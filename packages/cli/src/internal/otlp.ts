/**
 * Sends spans, metrics and logs to a collector, by OTLP over HTTP.
 *
 * A collector that does not answer neither slows nor fails the command, and is told once. Whatever looks like a secret is
 * taken out of every text before it is sent.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Otlp from "effect/observability/Otlp"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import { version } from "./version.ts"

/** Where to send to. */
export interface OtlpOptions {
  /** Beats the variables. */
  readonly endpoint: string | undefined
  /** Has the variables of OpenTelemetry. */
  readonly environment: ConfigProvider.ConfigProvider
}

/** Sends everything until it ends, then what is left, for two seconds at most. */
export const layer = (options: OtlpOptions): Layer.Layer<never, never, Screen> =>
  Layer.unwrap(Effect.gen(function*() {
    const screen = yield* Screen
    const said = (name: string) => Settings.read(options.environment, name)
    const tell = yield* once((text) => screen.err(`warning: ${text}`))
    const protocol = (yield* said("OTEL_EXPORTER_OTLP_PROTOCOL")) ?? "http/json"
    if (protocol !== "http/json" && protocol !== "http/protobuf") {
      yield* tell(
        `no telemetry is sent: OTEL_EXPORTER_OTLP_PROTOCOL is ${
          Redact.clip(protocol, 40)
        }; http/json and http/protobuf are spoken here.`
      )
      return Layer.empty
    }
    yield* hideHeaders(said, screen)
    const serialization = protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf
    const tellsStatements = /^true$/i.test((yield* said(statementsVariable)) ?? "")
    return (tellsStatements ? Layer.effectDiscard(Effect.void) : withoutStatements).pipe(
      Layer.provideMerge(Otlp.layerFromConfig({ resource: yield* resource(said), loggerMergeWithExisting: true })),
      Layer.provide(cleaning(serialization)),
      Layer.provide(sending(tell)),
      Layer.provide(ConfigProvider.layer(yield* variables(options, said))),
      Layer.catchCause(() =>
        Layer.effectDiscard(tell("no telemetry is sent: the variables OTEL_… or --otlp cannot be understood."))
      )
    )
  }))

// internal

/** Tells the statements of a store, too. */
const statementsVariable = "VIDEO_TASKS_TRACE_SQL"

/** What a store does for one step is ten spans, and who watches it reads it each second: they would hide all else. */
const withoutStatements = Layer.effect(
  Tracer.Tracer,
  Effect.gen(function*() {
    const tracer = yield* Tracer.Tracer
    return Tracer.make({
      ...(tracer.context === undefined ? {} : { context: tracer.context }),
      span: (options) => {
        const span = tracer.span(options)
        const end = span.end.bind(span)
        // A span that never ends is never sent.
        return Object.assign(span, {
          end: (...ended: Parameters<Tracer.Span["end"]>) => {
            if (!span.attributes.has("db.system.name")) end(...ended)
          }
        })
      }
    })
  })
)

type Said = (name: string) => Effect.Effect<string | undefined>

const signals = ["TRACES", "METRICS", "LOGS"] as const

/** How long the last telemetry may take at the end of the command. */
const patience = Duration.seconds(2)

/** What the variables say, the flag before them and our defaults behind them. */
const variables = Effect.fnUntraced(function*({ endpoint, environment }: OtlpOptions, said: Said) {
  const { host, pathname, protocol, search, username, password } = new URL(endpoint ?? "http://none")
  const credentials = username === "" ? "" : `${username}:${password}@`
  const flag = endpoint === undefined ? [] : signals.map((signal): readonly [string, string] => [
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
    // Some print the whole path of one signal where the base is meant.
    `${protocol}//${credentials}${host}${
      pathname.replace(/(?:\/v1\/(?:traces|metrics|logs))?\/?$/, "")
    }/v1/${signal.toLowerCase()}${search}`
  ])
  const isNamed = /(?:^|,)\s*service\.name\s*=/.test((yield* said("OTEL_RESOURCE_ATTRIBUTES")) ?? "")
  const defaults: Record<string, string> = {
    ...(isNamed ? {} : { OTEL_SERVICE_NAME: "video-tasks" }),
    OTEL_EXPORTER_OTLP_TIMEOUT: String(Duration.toMillis(patience)),
    ...Object.fromEntries(signals.map((signal) => [`OTEL_${signal}_EXPORTER`, "otlp"]))
  }
  return ConfigProvider.fromEnv({ env: Object.fromEntries(flag) }).pipe(
    ConfigProvider.orElse(environment),
    ConfigProvider.orElse(ConfigProvider.fromEnv({ env: defaults }))
  )
})

const resource = Effect.fnUntraced(function*(said: Said) {
  const isSaid = /(?:^|,)\s*service\.version\s*=/.test((yield* said("OTEL_RESOURCE_ATTRIBUTES")) ?? "")
  return isSaid ? {} : { serviceVersion: version }
})

/** The values of the headers are keys: they are never shown. */
const hideHeaders = Effect.fnUntraced(function*(said: Said, screen: Screen["Service"]) {
  for (const name of ["", ...signals.map((signal) => `_${signal}`)]) {
    const headers = (yield* said(`OTEL_EXPORTER_OTLP${name}_HEADERS`)) ?? ""
    for (const header of headers.split(",")) {
      const value = header.slice(header.indexOf("=") + 1).trim()
      yield* screen.hide(Redacted.make(decoded(value), { label: "telemetry header" }))
    }
  }
})

const decoded = (text: string): string => Option.getOrElse(decodedURI(text), () => text)

const decodedURI = Option.liftThrowable(decodeURIComponent)

const once = (tell: (text: string) => Effect.Effect<void>) =>
  Effect.sync(() => {
    let isTold = false
    return (text: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (isTold) return Effect.void
        isTold = true
        return tell(text)
      })
  })

/** Sends, but never again after a collector could not be reached, or did not answer in time. */
const sending = (tell: (text: string) => Effect.Effect<void>): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) => {
      let isGone = false
      return HttpClient.transform(client, (send, request) => {
        const gone = (detail: string) =>
          Effect.suspend(() => {
            isGone = true
            return tell(`telemetry cannot be sent to ${Redact.url(request.url)}: ${detail}.`)
          }).pipe(
            // Of this kind, because it is not tried again.
            Effect.andThen(Effect.fail(
              new HttpClientError.HttpClientError({
                reason: new HttpClientError.EncodeError({ request, description: "the collector is gone" })
              })
            ))
          )
        if (isGone) return gone("")
        return send.pipe(
          Effect.tap(({ status }) =>
            status >= 200 && status < 300
              ? Effect.void
              : tell(`telemetry is not taken by ${Redact.url(request.url)}: HTTP ${status}.`)
          ),
          Effect.timeoutOrElse({ duration: patience, orElse: () => gone("no answer") }),
          Effect.catchIf(
            ({ reason }) => reason._tag === "TransportError",
            () => gone("it cannot be reached")
          )
        )
      })
    })
  ).pipe(
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "error" }))
  )

/** Takes secrets out of every text. */
const cleaning = (
  base: Layer.Layer<OtlpSerialization.OtlpSerialization>
): Layer.Layer<OtlpSerialization.OtlpSerialization, never, Screen> =>
  Layer.effect(
    OtlpSerialization.OtlpSerialization,
    Effect.gen(function*() {
      const { clean } = yield* Screen
      const { logs, metrics, traces } = Context.get(yield* Layer.build(base), OtlpSerialization.OtlpSerialization)
      const cleaned = <A>(data: A): A => cleanedIn(data, (text) => clean(Redact.text(text))) as A
      return OtlpSerialization.OtlpSerialization.of({
        logs: (data) => logs(cleaned(data)),
        metrics: (data) => metrics(cleaned(data)),
        traces: (data) => traces(cleaned(data))
      })
    })
  )

const cleanedIn = (data: unknown, clean: (text: string) => string): unknown => {
  if (typeof data === "string") return clean(data)
  if (Array.isArray(data)) return data.map((item) => cleanedIn(item, clean))
  if (typeof data !== "object" || data === null) return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, identifiers.has(key) ? value : cleanedIn(value, clean)])
  )
}

/** Numbers in texts, no words. */
const identifiers: ReadonlySet<string> = new Set([
  "traceId",
  "spanId",
  "parentSpanId",
  "startTimeUnixNano",
  "endTimeUnixNano",
  "timeUnixNano",
  "observedTimeUnixNano",
  "intValue"
])
