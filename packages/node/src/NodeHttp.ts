/**
 * The HTTP client of Node: undici, and what a client that spends money and follows strangers' links must know.
 *
 * @since 0.1.0
 */
// oxlint-disable-next-line import/no-unassigned-import -- an old Node must be told before it meets anything else
import "./internal/nodeVersion.ts"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { AddressGuard } from "@video-tasks/runtime/Download"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Dispatchers from "./internal/dispatcher.ts"
import * as Exchange from "./internal/exchange.ts"
import * as NodeHasher from "./NodeHasher.ts"

/**
 * Which proxies to use.
 *
 * @category options
 * @since 0.1.0
 */
export interface Proxies {
  /** The URL of the proxy for `http` requests. */
  readonly http?: string | undefined
  /** The URL of the proxy for `https` requests; they go through a tunnel (CONNECT). */
  readonly https?: string | undefined
  /** Hosts that are reached directly, separated by commas. */
  readonly no?: string | undefined
}

/**
 * How to connect.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How long a connection may take, name look-up and TLS included. A request that runs into it was not started.
   *
   * @default "10 seconds"
   */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * How long an idle connection is kept when the server does not say.
   *
   * @default "4 seconds"
   */
  readonly keepAlive?: Duration.Input | undefined
  /** Certificate authorities in PEM, instead of the ones that Node knows. */
  readonly ca?: string | ReadonlyArray<string> | undefined
  /**
   * `environment` honours `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or their lower-case names) of the process.
   *
   * @default "environment"
   */
  readonly proxy?: "environment" | "none" | Proxies | undefined
}

/**
 * Makes the client.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<HttpClient.HttpClient, never, Scope.Scope> {
  const settings: Dispatchers.Settings = {
    connectTimeoutMs: Duration.toMillis(Duration.fromInputUnsafe(options.connectTimeout ?? "10 seconds")),
    keepAliveMs: Duration.toMillis(Duration.fromInputUnsafe(options.keepAlive ?? "4 seconds")),
    ca: typeof options.ca === "string" ? [options.ca] : options.ca,
    proxies: yield* proxiesOf(options.proxy ?? "environment")
  }
  const free = yield* client(settings, "any")
  const guarded = yield* client(settings, "public")
  return HttpClient.makeWith<never, never, HttpClientError, never>(
    (request) =>
      Effect.withFiber((fiber) => (fiber.getRef(AddressGuard) === "public" ? guarded : free).postprocess(request)),
    Effect.succeed
  )
})

/**
 * Provides the client, and Node's SHA-256 for downloads.
 *
 * **Details**
 *
 * - A failed request tells whether it was started: `Transport.requestStarted(error)` is `no` when the connection was
 *   refused, reset or timed out, or when the name or the certificate was wrong, and `yes` from the first byte on.
 * - Under `Download.AddressGuard` = `public` it connects to public addresses only, judged by the address that the name
 *   resolved to. Through a proxy it can't: the proxy resolves the name.
 * - Bodies come decoded (gzip, deflate, br, zstd). Redirects are not followed. HTTP/1.1 only.
 * - Each POST has a connection of its own, so that a create never meets a connection that the server is about to close.
 *
 * **Gotchas**
 *
 * There is no timeout but the one for connecting: use `Effect.timeout`, which closes the socket.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<HttpClient.HttpClient> =>
  Layer.merge(Layer.effect(HttpClient.HttpClient, make(options)), NodeHasher.layer)

// internal

const proxiesOf = (proxy: "environment" | "none" | Proxies): Effect.Effect<Dispatchers.Proxies> => {
  if (proxy === "environment") return Dispatchers.proxiesOfEnvironment
  const { http = "", https = "", no = "" } = proxy === "none" ? {} : proxy
  return Effect.succeed({ http, https, no })
}

const client = Effect.fnUntraced(function*(
  settings: Dispatchers.Settings,
  guard: "any" | "public"
): Effect.fn.Return<HttpClient.HttpClient, never, Scope.Scope> {
  const dispatcher = yield* Dispatchers.make(settings, guard)
  const withBody = yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
  const withoutBody = HttpClient.make((request, url, signal) => Exchange.send(dispatcher, request, url, signal))
  return HttpClient.makeWith<never, never, HttpClientError, never>(
    Effect.flatMap((request) => (isPlain(request) ? withoutBody : withBody).postprocess(Effect.succeed(request))),
    Effect.succeed
  )
})

const isPlain = (request: HttpClientRequest): boolean =>
  request.body._tag === "Empty" && request.headers["upgrade"] === undefined
