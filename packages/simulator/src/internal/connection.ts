import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Http from "node:http"
import { setTimeout } from "node:timers/promises"
import { type Reply, type Request, size } from "../Exchange.ts"
import type { Simulator } from "../Simulator.ts"
import { single, take } from "./response.ts"

/** The body in full; `undefined` when the client went away before its end. */
const readBody = (message: Http.IncomingMessage): Effect.Effect<Uint8Array | undefined> =>
  Effect.callback<Uint8Array | undefined>((resume) => {
    const chunks: Array<Uint8Array> = []
    message.on("data", (chunk: Uint8Array) => chunks.push(chunk))
    message.on("end", () => resume(Effect.succeed(new Uint8Array(Buffer.concat(chunks)))))
    message.on("error", () => resume(Effect.succeed(undefined)))
  })

const headersOf = (message: Http.IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value])
  )

const toRequest = (message: Http.IncomingMessage, body: Uint8Array): Request => {
  const [path = "/", query = ""] = (message.url ?? "/").split(/\?(.*)/s)
  return {
    method: message.method ?? "GET",
    origin: `http://${message.headers.host ?? "localhost"}`,
    path,
    query,
    headers: headersOf(message),
    body
  }
}

/** A TCP reset, which the client sees as `ECONNRESET`. */
const reset = (response: Http.ServerResponse): Effect.Effect<void> =>
  Effect.sync(() => {
    response.socket?.resetAndDestroy()
  })

/** Waits until a chunk is handed to the kernel, so that a reset afterwards finds it sent. */
const write = (response: Http.ServerResponse, chunk: Uint8Array): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    response.write(chunk, () => resume(Effect.void))
  })

const writeAll = (
  response: Http.ServerResponse,
  chunks: ReadonlyArray<Uint8Array>,
  pause: Effect.Effect<void> = Effect.void
): Effect.Effect<void> =>
  Effect.forEach(
    chunks.filter((chunk) => chunk.length > 0),
    (chunk) => Effect.andThen(pause, write(response, chunk)),
    { discard: true }
  )

const writeHead = (response: Http.ServerResponse, reply: Reply): Effect.Effect<void> =>
  Effect.sync(() => {
    const bodiless = reply.status === 204 || reply.status === 304
    response.writeHead(reply.status, {
      ...(bodiless ? {} : { "content-length": String(size(reply)) }),
      ...reply.headers
    })
    response.flushHeaders()
  })

const end = (response: Http.ServerResponse): Effect.Effect<void> =>
  Effect.sync(() => {
    response.end()
  })

const send = (response: Http.ServerResponse, reply: Reply, body: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.andThen(writeHead(response, reply), body)

/**
 * Some kernels throw away what a client did not read before a reset. Real time, whatever the `Clock`: the client on the
 * other side of the socket runs in it.
 */
const untilRead: Effect.Effect<void> = Effect.promise(() => setTimeout(20))

const deliver = (response: Http.ServerResponse, method: string, reply: Reply): Effect.Effect<void> => {
  const { delivery } = reply
  const chunks = method === "HEAD" ? [] : reply.chunks
  const usual = send(response, reply, Effect.andThen(writeAll(response, chunks), end(response)))
  switch (delivery._tag) {
    case "Late":
      return Effect.delay(usual, Duration.seconds(delivery.seconds))
    case "Hang":
      return delivery.seconds === undefined
        ? Effect.never
        : Effect.delay(reset(response), Duration.seconds(delivery.seconds))
    case "Reset":
      return reset(response)
    case "Drip": {
      const pause = Effect.sleep(Duration.seconds(delivery.seconds))
      return send(response, reply, Effect.andThen(writeAll(response, single(chunks), pause), end(response)))
    }
    case "Cut":
      return send(
        response,
        reply,
        writeAll(response, take(chunks, delivery.bytes)).pipe(
          Effect.andThen(untilRead),
          Effect.andThen(reset(response))
        )
      )
    default:
      return usual
  }
}

/** @internal Answers one request of `node:http`; interrupted when the client hangs up. */
export const serve = (
  simulator: Simulator["Service"],
  message: Http.IncomingMessage,
  response: Http.ServerResponse
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const body = yield* readBody(message)
    if (body === undefined) return
    const request = toRequest(message, body)
    const reply = yield* simulator.handle(request)
    yield* deliver(response, request.method, reply)
  })
