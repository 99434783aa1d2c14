/**
 * The simulator in memory, as an `HttpClient`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { Reply, Request } from "./Exchange.ts"
import * as responses from "./internal/response.ts"
import * as Simulator from "./Simulator.ts"
import type { Options } from "./SimulatorOptions.ts"

/**
 * Makes an `HttpClient` whose requests all end in the simulator, whatever their origin.
 *
 * **Details**
 *
 * Without a socket a reset is a `TransportError` whose cause has the code `ECONNRESET`, a reset in the middle of a body
 * is a `DecodeError`, and a server that hangs is an effect that never ends. All waiting is done by the current `Clock`,
 * so `TestClock` drives it. As with undici, redirects are not followed and no content encoding is undone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeHttpClient: Effect.Effect<HttpClient.HttpClient, never, Simulator.Simulator> = Effect.map(
  Simulator.Simulator,
  (simulator) =>
    HttpClient.make((request, url) =>
      Effect.flatMap(
        toRequest(request, url),
        (asked) => Effect.flatMap(simulator.handle(asked), (reply) => deliver(request, url, asked.method, reply))
      )
    )
)

/**
 * Provides an `HttpClient` in front of the simulator.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, Simulator.Simulator> = Layer.effect(
  HttpClient.HttpClient,
  makeHttpClient
)

/**
 * Provides a simulator together with the `HttpClient` in front of it.
 *
 * **Example** (Asking without a network)
 *
 * ```ts import.meta.vitest
 * import { SimulatorHttp } from "@video-tasks/simulator"
 * import { Effect } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const program = HttpClient.get("https://api.cometapi.com/api/models").pipe(
 *   Effect.map((response) => response.status),
 *   Effect.provide(SimulatorHttp.layer({ seed: 7 }))
 * )
 *
 * await Effect.runPromise(program) // => 200
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<HttpClient.HttpClient | Simulator.Simulator> =>
  Layer.provideMerge(layerHttpClient, Simulator.layer(options))

// internal

const toRequest = (
  request: HttpClientRequest.HttpClientRequest,
  url: URL
): Effect.Effect<Request, HttpClientError.HttpClientError> =>
  Effect.map(toBytes(request), ({ body, contentType }) => ({
    method: request.method,
    origin: url.origin,
    path: url.pathname,
    query: url.search.slice(1),
    headers: contentType === undefined ? request.headers : { ...request.headers, "content-type": contentType },
    body
  }))

interface Encoded {
  readonly body: Uint8Array
  readonly contentType?: string | undefined
}

const toBytes = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Encoded, HttpClientError.HttpClientError> => {
  const { body } = request
  switch (body._tag) {
    case "Uint8Array":
      return Effect.succeed({ body: body.body, contentType: body.contentType })
    case "Stream":
      return Stream.mkUint8Array(body.stream).pipe(
        Effect.map((bytes) => ({ body: bytes, contentType: body.contentType })),
        Effect.mapError((cause) => unsendable(request, cause))
      )
    case "FormData":
      return fromWeb(request, body.formData)
    case "Raw":
      return fromWeb(request, body.body as BodyInit)
    default:
      return Effect.succeed({ body: new Uint8Array(0) })
  }
}

/** `Response` knows how to write every kind of body, boundary included. */
const fromWeb = (
  request: HttpClientRequest.HttpClientRequest,
  body: BodyInit
): Effect.Effect<Encoded, HttpClientError.HttpClientError> =>
  Effect.tryPromise({
    try: () => {
      const web = new Response(body)
      const contentType = web.headers.get("content-type") ?? undefined
      return web.arrayBuffer().then((buffer) => ({ body: new Uint8Array(buffer), contentType }))
    },
    catch: (cause) => unsendable(request, cause)
  })

const unsendable = (request: HttpClientRequest.HttpClientRequest, cause: unknown): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request, cause }) })

const deliver = (
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  method: string,
  reply: Reply
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  const { delivery } = reply
  const arrived = Effect.sync(() => responses.make(request, url, method, reply))
  const reset = Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: responses.connectionReset() })
    })
  )
  switch (delivery._tag) {
    case "Late":
      return Effect.delay(arrived, Duration.seconds(delivery.seconds))
    case "Hang":
      return delivery.seconds === undefined ? Effect.never : Effect.delay(reset, Duration.seconds(delivery.seconds))
    case "Reset":
      return reset
    default:
      return arrived
  }
}
