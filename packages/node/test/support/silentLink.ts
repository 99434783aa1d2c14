/**
 * A link to a server that can fall silent: nothing goes through any more, and nobody is told. Connections stay open and new
 * ones are taken, as with a cable that was pulled somewhere in between. Or it breaks: connections are reset, and new ones
 * too, as with a firewall that was told to.
 */
import * as net from "node:net"

export interface SilentLink {
  readonly port: number
  /** Holds back everything from now on, until `mend`. */
  readonly cut: () => void
  /** Holds back for ever what goes over the connections that there are; new ones are good. Says how many these are. */
  readonly strand: () => number
  /** Resets everything from now on, until `mend`. */
  readonly reset: () => void
  /** Lets everything through again, and says how many connections did not get through since. */
  readonly mend: () => number
  readonly close: () => Promise<void>
}

/** Opens a link to a port of this machine. */
export const open = async (to: number, host = "127.0.0.1"): Promise<SilentLink> => {
  const sockets = new Set<net.Socket>()
  let state: "open" | "silent" | "broken" = "open"
  let struck = 0
  /** What shall be told to the other end of a connection that ended in silence. */
  let untold: Array<() => void> = []
  const tell = (news: () => void) => {
    if (state === "silent") untold.push(news)
    else news()
  }
  const join = (from: net.Socket, to: net.Socket) => {
    sockets.add(from)
    // By hand: `pipe` would take a socket out of its pause.
    from.on("data", (chunk) => to.write(chunk))
    from.on("end", () => tell(() => to.end()))
    from.on("error", () => undefined)
    from.on("close", () => {
      sockets.delete(from)
      tell(() => to.destroy())
    })
    if (state === "silent") from.pause()
  }
  const server = net.createServer({ noDelay: true }, (client) => {
    if (state !== "open") struck++
    if (state === "broken") {
      client.on("error", () => undefined)
      client.resetAndDestroy()
      return
    }
    const upstream = net.connect({ port: to, host: "127.0.0.1", noDelay: true })
    join(client, upstream)
    join(upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, host, () => resolve()))
  const address = server.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: () => {
      state = "silent"
      struck = sockets.size / 2
      for (const socket of sockets) socket.pause()
    },
    strand: () => {
      const count = sockets.size / 2
      for (const socket of sockets) socket.removeAllListeners("data").pause()
      return count
    },
    reset: () => {
      state = "broken"
      struck = sockets.size / 2
      for (const socket of sockets) socket.resetAndDestroy()
    },
    mend: () => {
      state = "open"
      for (const news of untold) news()
      untold = []
      for (const socket of sockets) socket.resume()
      return Math.ceil(struck)
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      })
  }
}
