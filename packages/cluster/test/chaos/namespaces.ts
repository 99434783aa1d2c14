/**
 * Network namespaces of this machine, as far as it lets us: each one a host of its own with two cables, one to the others and
 * one to the database, and the latter can be pulled.
 */
import { execFileSync } from "node:child_process"
import type { Prefix } from "./worker.ts"

export interface Namespace {
  /** Runs a program in it. */
  readonly prefix: Prefix
  /** Its own address, and that of this side of its cable to the database. */
  readonly host: string
  readonly databaseHost: string
  /** Pulls the cable to the database, or puts it back. */
  readonly cut: () => void
  readonly mend: () => void
}

export interface Network {
  /** Where all namespaces reach this side. */
  readonly host: string
  readonly namespaces: ReadonlyArray<Namespace>
  readonly remove: () => void
}

const ip = (...arguments_: ReadonlyArray<string>): void => {
  execFileSync("ip", arguments_, { stdio: "pipe" })
}

const quietly = (command: () => void): void => {
  try {
    command()
  } catch {
    // It is not there.
  }
}

/** Makes namespaces, and fails where that can't be done: without `ip`, or the rights of an administrator. */
export const make = (count: number): Network => {
  const tag = `vt${process.pid % 100_000}`
  const net = `10.${200 + process.pid % 50}`
  const bridge = `${tag}b`
  const names = Array.from({ length: count }, (_, n) => `${tag}n${n}`)
  const remove = () => {
    for (const name of names) quietly(() => ip("netns", "del", name))
    // Their ends in the namespaces go with them, but not at once.
    for (const [n] of names.entries()) {
      for (const kind of ["c", "d"]) quietly(() => ip("link", "del", `${tag}${kind}${n}`))
    }
    quietly(() => ip("link", "del", bridge))
  }
  try {
    ip("link", "add", bridge, "type", "bridge")
    ip("addr", "add", `${net}.0.1/24`, "dev", bridge)
    ip("link", "set", bridge, "up")
    const namespaces = names.map((name, n) => namespace(name, tag, net, bridge, n))
    return { host: `${net}.0.1`, namespaces, remove }
  } catch (error) {
    remove()
    throw error
  }
}

const namespace = (name: string, tag: string, net: string, bridge: string, n: number): Namespace => {
  const inside = (...arguments_: ReadonlyArray<string>) => ip("netns", "exec", name, "ip", ...arguments_)
  const [common, database] = [`${tag}c${n}`, `${tag}d${n}`]
  const [host, databaseHost] = [`${net}.0.${10 + n}`, `${net}.${1 + n}.1`]
  ip("netns", "add", name)
  ip("link", "add", common, "type", "veth", "peer", "name", "common", "netns", name)
  ip("link", "set", common, "master", bridge, "up")
  ip("link", "add", database, "type", "veth", "peer", "name", "database", "netns", name)
  ip("addr", "add", `${databaseHost}/30`, "dev", database)
  ip("link", "set", database, "up")
  inside("addr", "add", `${host}/24`, "dev", "common")
  inside("addr", "add", `${net}.${1 + n}.2/30`, "dev", "database")
  for (const device of ["lo", "common", "database"]) inside("link", "set", device, "up")
  return {
    prefix: ["ip", "netns", "exec", name],
    host,
    databaseHost,
    cut: () => ip("link", "set", database, "down"),
    mend: () => ip("link", "set", database, "up")
  }
}
