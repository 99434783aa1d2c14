/**
 * A link to a server that can fall silent: nothing goes through any more, and nobody is told. Connections stay open and new
 * ones are taken, as with a cable that was pulled somewhere in between.
 */
import * as net from "node:net"

export interface SilentLink {
  readonly port: number
  /** Holds back everything from now on, until `mend`. */
  readonly cut: () => void
  readonly mend: () => void
  readonly close: () => Promise<void>
}

/** Opens a link to a port of this machine. */
export const open = async (to: number, host = "127.0.0.1"): Promise<SilentLink> => {
  const sockets = new Set<net.Socket>()
  let isCut = false
  const join = (from: net.Socket, to: net.Socket) => {
    sockets.add(from)
    // By hand: `pipe` would take a socket out of its pause.
    from.on("data", (chunk) => to.write(chunk))
    from.on("end", () => !isCut && to.end())
    from.on("error", () => undefined)
    from.on("close", () => {
      sockets.delete(from)
      if (!isCut) to.destroy()
    })
    if (isCut) from.pause()
  }
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ port: to, host: "127.0.0.1", noDelay: true })
    join(client, upstream)
    join(upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, host, () => resolve()))
  const address = server.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: () => {
      isCut = true
      for (const socket of sockets) socket.pause()
    },
    mend: () => {
      isCut = false
      for (const socket of sockets) socket.resume()
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      })
  }
}
