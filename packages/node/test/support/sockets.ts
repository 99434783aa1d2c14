import { Effect, type Scope } from "effect"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import { selfSigned } from "./selfSigned.ts"

/** Listens on a free port of 127.0.0.1 until the scope closes, and ends every connection then. */
export const listen = (server: Net.Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      const sockets = new Set<Net.Socket>()
      server.on("connection", (socket) => {
        sockets.add(socket)
        socket.on("error", () => {}).on("close", () => sockets.delete(socket))
      })
      server.on("shutdown", () => sockets.forEach((socket) => socket.destroy()))
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.emit("shutdown")
      })
  )

/** An HTTP server that answers with the listener; returns its origin. */
export const http = (listener: Http.RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(listen(Http.createServer(listener)), (port) => `http://127.0.0.1:${port}`)

/** The same over TLS; returns its port and the certificate authority to trust. */
export const https = (
  listener: Http.RequestListener
): Effect.Effect<{ readonly port: number; readonly ca: string }, never, Scope.Scope> =>
  Effect.suspend(() => {
    const { certificate, key } = selfSigned()
    return Effect.map(listen(Https.createServer({ cert: certificate, key }, listener)), (port) => ({
      port,
      ca: certificate
    }))
  })

/** A TCP server. */
export const tcp = (onConnection: (socket: Net.Socket) => void): Effect.Effect<number, never, Scope.Scope> =>
  listen(Net.createServer(onConnection))

/** A port that nobody listens on. */
export const closedPort: Effect.Effect<number> = Effect.scoped(tcp(() => {}))

/** Waits for a condition that the other side of a socket makes true. */
export const eventually = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => condition() ? Effect.void : Effect.andThen(Effect.sleep("5 millis"), eventually(condition)))
