/**
 * The simulator on a port.
 *
 * It stands on `node:http` itself: resetting a connection before, after or in the middle of an answer takes the socket,
 * which `effect/http` rightly hides.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as connection from "./internal/connection.ts"
import * as Simulator from "./Simulator.ts"
import type { Options } from "./SimulatorOptions.ts"
import * as SimulatorWebhooks from "./SimulatorWebhooks.ts"

/**
 * Where the simulator listens.
 *
 * @category services
 * @since 0.1.0
 */
export class SimulatorServer extends Context.Service<SimulatorServer, {
  /**
   * `http://127.0.0.1:4010`, the base URL of the APIs at the root.
   */
  readonly baseUrl: string
  readonly port: number
}>()("@video-tasks/simulator/SimulatorServer") {}

/**
 * The port cannot be had.
 *
 * @category errors
 * @since 0.1.0
 */
export class ListenError extends Schema.TaggedError<ListenError>("@video-tasks/simulator/SimulatorServer/ListenError")(
  "ListenError",
  { host: Schema.String, port: Schema.Int, cause: Schema.Defect() }
) {
  /**
   * Names the address.
   *
   * @since 0.1.0
   */
  override get message(): string {
    return `The simulator cannot listen on ${this.host}:${this.port}`
  }
}

/**
 * Where to listen.
 *
 * @category options
 * @since 0.1.0
 */
export interface Address {
  /**
   * @default 0, any free port
   */
  readonly port?: number | undefined
  /**
   * @default "127.0.0.1"
   */
  readonly host?: string | undefined
}

/**
 * Opens the port for as long as the scope lasts; closing it cuts the connections that are open.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  address: Address = {}
): Effect.fn.Return<SimulatorServer["Service"], ListenError, Scope.Scope | Simulator.Simulator> {
  const { host = "127.0.0.1", port = 0 } = address
  const simulator = yield* Simulator.Simulator
  const fork = Effect.runForkWith(yield* Effect.context())
  const server = Http.createServer({ keepAliveTimeout: 5000 }, (request, response) => {
    const fiber = fork(connection.serve(simulator, request, response))
    response.on("close", () => fiber.interruptUnsafe())
  })
  yield* Effect.acquireRelease(listen(server, host, port), () => close(server))
  yield* Effect.forkScoped(Effect.provide(SimulatorWebhooks.run, sender))
  const bound = server.address()
  const actual = typeof bound === "object" && bound !== null ? bound.port : port
  return SimulatorServer.of({ baseUrl: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`, port: actual })
})

/**
 * Provides the address of a simulator that listens.
 *
 * @see {@link layerSimulator} for one with its simulator
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (address?: Address): Layer.Layer<SimulatorServer, ListenError, Simulator.Simulator> =>
  Layer.effect(SimulatorServer, make(address))

/**
 * Provides a simulator that listens, with the service behind it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSimulator = (
  options?: Address & Options
): Layer.Layer<SimulatorServer | Simulator.Simulator, ListenError> =>
  Layer.provideMerge(layer(options), Simulator.layer(options))

// internal

/** Calls back; what is redirected was not accepted. */
const sender = Layer.provide(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
)

const listen = (server: Http.Server, host: string, port: number): Effect.Effect<void, ListenError> =>
  Effect.callback<void, ListenError>((resume) => {
    const onError = (cause: Error) => resume(Effect.fail(new ListenError({ host, port, cause })))
    server.once("error", onError)
    server.listen(port, host, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })

const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
