/**
 * Where the others find a worker.
 */
import * as Effect from "effect/Effect"
import * as Os from "node:os"
import { type HostPort, isEverywhere } from "./hostPort.ts"
import { type Problem, usage } from "./problem.ts"

/** An address of this machine under which others reach it. */
export const reachable = (listen: HostPort): Effect.Effect<HostPort, Problem> => {
  if (!isEverywhere(listen)) return Effect.succeed(listen)
  const all = Object.values(Os.networkInterfaces()).flatMap((one) => one ?? [])
  const own = all.find(({ family, internal }) => family === "IPv4" && !internal)
  return own === undefined
    ? Effect.fail(usage("This machine has no address that others can reach.", ["Say one with --address HOST:PORT."]))
    : Effect.succeed({ host: own.address, port: listen.port })
}
