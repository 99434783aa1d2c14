import * as Http from "node:http"
import * as Net from "node:net"

/** A proxy that leads every tunnel to a port of this machine and answers plain requests itself. */
export const proxyServer = (target: number, asked: Array<string>): Http.Server =>
  Http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end("from the proxy")
  }).on("connect", (request: Http.IncomingMessage, socket: Net.Socket) => {
    asked.push(`CONNECT ${request.url}`)
    const upstream = Net.connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on("error", () => socket.destroy())
    socket.on("error", () => upstream.destroy()).on("close", () => upstream.destroy())
  })
