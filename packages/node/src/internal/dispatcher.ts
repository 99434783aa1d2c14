/**
 * The undici dispatchers behind `NodeHttp`.
 */
// oxlint-disable-next-line import/no-unassigned-import -- an old Node must be told before it meets anything else
import "./nodeVersion.ts"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici"
import { contentDecoder } from "./contentDecoder.ts"
import { guardedConnector } from "./guardedConnector.ts"
import { startedMarker } from "./startedMarker.ts"

/** Which proxies to use; an empty text is none. */
export interface Proxies {
  readonly http: string
  readonly https: string
  readonly no: string
}

export interface Settings {
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  readonly ca: ReadonlyArray<string> | undefined
  readonly proxies: Proxies
}

/** The proxies that the environment of the process names; a `.env` file has no say. */
export const proxiesOfEnvironment: Effect.Effect<Proxies> = Effect.suspend(() =>
  Config.all({
    http: variable("http_proxy", "HTTP_PROXY"),
    https: variable("https_proxy", "HTTPS_PROXY"),
    no: variable("no_proxy", "NO_PROXY")
  }).parse(ConfigProvider.fromEnv())
).pipe(Effect.orDie)

/**
 * Makes a dispatcher that marks whether a request was started, decodes bodies and sends each POST over a connection of
 * its own.
 *
 * A kept-alive connection can be closed by the other side in the very moment at which a request is written to it, and
 * then nobody knows whether the request arrived. A GET is repeated; a create must not be, so it gets a new connection.
 */
export const make = Effect.fnUntraced(function*(
  settings: Settings,
  guard: "any" | "public"
): Effect.fn.Return<Dispatcher, never, Scope.Scope> {
  const kept = yield* agent(settings, guard, 1)
  const fresh = yield* agent(settings, guard, 0)
  const route: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    options.method === "POST" ? fresh.dispatch(options, handler) : dispatch(options, handler)
  return kept.compose(route, contentDecoder, startedMarker)
})

// internal

const variable = (lower: string, upper: string) =>
  Config.String(lower).pipe(
    Config.orElse(() => Config.String(upper)),
    Config.option,
    Config.map(Option.getOrElse(() => ""))
  )

/** `pipelining` 0 closes a connection after each answer, 1 keeps it. HTTP/2 is off: it re-sends on `GOAWAY`. */
const agent = (settings: Settings, guard: "any" | "public", pipelining: 0 | 1) =>
  Effect.acquireRelease(
    Effect.sync((): Dispatcher => {
      const connect = {
        timeout: settings.connectTimeoutMs,
        allowH2: false,
        ...(settings.ca === undefined ? {} : { ca: [...settings.ca] })
      }
      const options: Agent.Options = {
        allowH2: false,
        pipelining,
        keepAliveTimeout: settings.keepAliveMs,
        connect: guard === "any" ? connect : guardedConnector(connect)
      }
      if (settings.proxies.http === "" && settings.proxies.https === "") return new Agent(options)
      return new EnvHttpProxyAgent({
        ...options,
        connectTimeout: settings.connectTimeoutMs,
        requestTls: connect,
        proxyTls: connect,
        httpProxy: proxyUrl(settings.proxies.http, "http"),
        httpsProxy: proxyUrl(settings.proxies.https, "https"),
        noProxy: settings.proxies.no
      })
    }),
    (dispatcher) => Effect.promise(() => dispatcher.destroy())
  )

/** `host:port` is common for a proxy and means HTTP. A proxy can hold a password, so the message does not quote it. */
const proxyUrl = (text: string, of: string): string => {
  if (text === "") return ""
  const url = text.includes("://") ? text : `http://${text}`
  if (URL.canParse(url) && proxyProtocols.has(new URL(url).protocol)) return url
  throw new Error(`the proxy for ${of} requests (${of.toUpperCase()}_PROXY) is not a URL of http, https or socks5`)
}

const proxyProtocols = new Set(["http:", "https:", "socks5:", "socks:"])
