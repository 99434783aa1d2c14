/**
 * A link to a server over which answers come no more once so much of them has come: whoever is behind it has stopped reading.
 */
import * as net from "node:net"

export interface SlowReader {
  readonly port: number
  /** From now on, so many bytes come and then nothing. */
  readonly stopAfter: (bytes: number) => void
  readonly isStopped: () => boolean
  readonly goOn: () => void
  readonly close: () => void
}

export const start = (target: number): Promise<SlowReader> =>
  new Promise((resolve) => {
    let left = Infinity
    const sockets = new Set<net.Socket>()
    const server = net.createServer((client) => {
      const upstream = net.connect(target, "127.0.0.1")
      sockets.add(client).add(upstream)
      client.on("data", (chunk) => upstream.write(chunk))
      upstream.on("data", (chunk) => {
        client.write(chunk)
        left -= chunk.length
        if (left <= 0) upstream.pause()
      })
      client.on("close", () => upstream.destroy()).on("error", () => upstream.destroy())
      upstream.on("close", () => client.destroy()).on("error", () => client.destroy())
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        stopAfter: (bytes) => void (left = bytes),
        isStopped: () => left <= 0,
        goOn: () => {
          left = Infinity
          for (const socket of sockets) socket.resume()
        },
        close: () => {
          for (const socket of sockets) socket.destroy()
          server.close()
        }
      })
    })
  })
