/**
 * The port, and the names under which this machine is known on it.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as ByteSize from "effect/ByteSize"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import type * as HttpServerError from "effect/http/HttpServerError"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Os from "node:os"

/** The port cannot be had, in words. */
export interface NoPort {
  readonly isTaken: boolean
  readonly detail: string
}

/** Whether only this machine can reach an address. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (Net.isIPv4(host) && host.startsWith("127."))

/** Whether it is every address of this machine: no browser can open that. */
export const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::"

/** The address of this machine for itself, on a port of all addresses. */
export const loopbackOf = (wildcard: string): string => wildcard === "::" ? "::1" : "127.0.0.1"

/** The addresses under which other machines find this one, on a port of all addresses. */
export const addressesOf = (wildcard: string): ReadonlyArray<string> =>
  Object.values(Os.networkInterfaces()).flatMap((all) => all ?? [])
    // An address of the link alone needs the name of a network card, which no browser takes.
    .filter(({ address, family, internal }) =>
      !internal && !/^fe80:/i.test(address) && (family === "IPv4" || wildcard === "::")
    )
    .map(({ address }) => address)

/** A port that is open. */
export interface Listening {
  readonly port: number
  /** Answers all requests with this from now on; those that came before have waited for it. */
  readonly serve: (app: App) => Effect.Effect<void>
}

/** Answers a request. */
export type App = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest | Scope.Scope
>

/** Opens the port for as long as the scope lasts. */
export const open = Effect.fnUntraced(
  function*(host: string, port: number): Effect.fn.Return<Listening, HttpServerError.ServeError, Scope.Scope> {
    const app = yield* Deferred.make<App>()
    const server = yield* NodeHttpServer.make(() => Http.createServer({ requestTimeout: 30_000 }), {
      host,
      port,
      // Streams of viewers never end by themselves.
      gracefulShutdownTimeout: "250 millis"
    })
    // At once: a page that is still open in a browser asks as soon as the port is there, and a server without a handler
    // leaves it without an answer for ever.
    yield* server.serve(Effect.flatten(Deferred.await(app))).pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(4096)),
      Effect.provideService(HttpMiddleware.TracerDisabledWhen, constTrue)
    )
    return {
      port: "port" in server.address ? server.address.port : port,
      serve: (served) => Deferred.succeed(app, served)
    }
  },
  Effect.mapError(({ cause }): NoPort => {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "no reason"
    return { isTaken: code === "EADDRINUSE", detail: code }
  })
)

/** What browsers may call the server: exactly these. */
export const hostsOf = (host: string, port: number, others: ReadonlyArray<string>): ReadonlySet<string> => {
  const own = isWildcard(host)
    ? [
      Os.hostname(),
      ...Object.values(Os.networkInterfaces()).flatMap((all) => all ?? []).map(({ address }) => address)
    ]
    : [host]
  const names = [...loopback, ...own].map((name) => (Net.isIPv6(name) ? `[${name}]` : name.toLowerCase()))
  return new Set([
    ...names.map((name) => `${name}:${port}`),
    // Browsers leave the port of the scheme out.
    ...(port === 80 ? names : []),
    ...others
  ])
}

/** What serves files. */
export const services = NodeHttpServer.layerHttpServices

// internal

const loopback = ["127.0.0.1", "localhost", "::1"]
