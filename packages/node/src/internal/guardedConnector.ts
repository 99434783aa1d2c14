/**
 * Connects to public addresses only, judged by the address that a name resolved to at the time of the connection: what
 * an earlier look-up said, or will say (DNS rebinding), does not matter.
 */
// oxlint-disable-next-line import/no-unassigned-import -- an old Node must be told before it meets anything else
import "./nodeVersion.ts"
import { AddressRefused, refusedRange } from "@video-tasks/runtime/Download"
import * as Dns from "node:dns"
import * as Net from "node:net"
import { buildConnector } from "undici"

/** undici's connector with the guard. */
export const guardedConnector = (options: buildConnector.BuildOptions): buildConnector.connector => {
  const connect = buildConnector({ ...options, lookup: guardedLookup })
  return (target, callback) => {
    const refused = Net.isIP(target.hostname) === 0 ? undefined : refusal(target.hostname, target.hostname)
    if (refused !== undefined) {
      queueMicrotask(() => callback(refused, null))
      return
    }
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null)
      const late = refusal(target.hostname, socket.remoteAddress ?? "")
      if (late === undefined) return callback(null, socket)
      socket.destroy()
      callback(late, null)
    })
  }
}

// internal

const refusal = (host: string, address: string): AddressRefused | undefined => {
  const range = refusedRange(address)
  return range === undefined ? undefined : new AddressRefused({ host, address, range })
}

/** One private address among several is reason enough to refuse: the next attempt could take it. */
const guardedLookup: Net.LookupFunction = (hostname, options, callback) => {
  Dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0)
    for (const { address } of addresses) {
      const refused = refusal(hostname, address)
      if (refused !== undefined) return callback(refused, "", 0)
    }
    if (options.all === true) return callback(null, addresses)
    const [first] = addresses
    callback(null, first?.address ?? "", first?.family ?? 0)
  })
}
