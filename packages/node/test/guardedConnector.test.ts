import { assert, describe, it } from "@effect/vitest"
import * as Download from "@video-tasks/runtime/Download"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as Net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import type { buildConnector } from "undici"
import { guardedConnector } from "../src/internal/guardedConnector.ts"
import * as Sockets from "./support/sockets.ts"

const connect = (connector: buildConnector.connector, target: buildConnector.Options) =>
  Effect.callback<Error | Net.Socket | null>((resume) => {
    connector(target, (error, socket) => resume(Effect.succeed(error ?? socket)))
  })

/** A server on a socket of the file system: a connection to it has no address at all. */
const localServer = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-"))),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  )
  const seen = { opened: 0, closed: 0 }
  const server = Net.createServer((socket) => {
    seen.opened++
    socket.on("error", () => {}).on("close", () => seen.closed++).resume()
  })
  const socketPath = path.join(folder, "socket")
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(socketPath, () => resume(Effect.void))
    }),
    () => Effect.sync(() => server.close())
  )
  return { socketPath, seen }
})

describe("guardedConnector", () => {
  it.live("refuses a connection by the address that it reached, whatever the name promised, and closes it", () =>
    Effect.gen(function*() {
      const { seen, socketPath } = yield* localServer
      const connector = guardedConnector({ socketPath })
      const target = { hostname: "cdn.example.com", protocol: "http:", port: "80" }
      const refused = yield* connect(connector, target)
      assert.instanceOf(refused, Download.AddressRefused)
      assert.deepStrictEqual(
        [refused.host, refused.address, refused.range],
        ["cdn.example.com", "", "not an address"]
      )
      yield* Sockets.eventually(() => seen.closed === 1)
      assert.deepStrictEqual(seen, { opened: 1, closed: 1 })
    }))
})
