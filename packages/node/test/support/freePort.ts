import * as crypto from "node:crypto"
import * as net from "node:net"

/**
 * A port of this machine, for what must know its own beforehand. It is below those that Linux gives to whoever asks for any:
 * such a one may belong to another connection a moment later.
 */
export const freePort = async (): Promise<number> => {
  while (true) {
    const port = crypto.randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer()
    server.once("error", () => resolve(false)).listen(port, () => server.close(() => resolve(true)))
  })
