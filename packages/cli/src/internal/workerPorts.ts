/**
 * Where a worker listens, and where the others find it.
 */
import * as Effect from "effect/Effect"
import * as Net from "node:net"
import * as Os from "node:os"
import { type HostPort, isEverywhere } from "./hostPort.ts"
import { type Problem, usage } from "./problem.ts"

/** Puts a free port in the place of 0: the others must know it before anything listens there. */
export const free = (at: HostPort): Effect.Effect<HostPort, Problem> =>
  at.port === 0
    ? Effect.callback<HostPort, Problem>((resume) => {
      const server = Net.createServer()
      server.once("error", () =>
        resume(Effect.fail(usage(`${at.host} can't be listened on.`, ["Say another --listen."]))))
      server.listen(0, at.host, () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        server.close(() =>
          resume(Effect.succeed({ ...at, port }))
        )
      })
    })
    : Effect.succeed(at)

/** An address of this machine under which others reach it. */
export const reachable = (listen: HostPort): Effect.Effect<HostPort, Problem> => {
  if (!isEverywhere(listen)) return Effect.succeed(listen)
  const all = Object.values(Os.networkInterfaces()).flatMap((one) => one ?? [])
  const own = all.find(({ family, internal }) => family === "IPv4" && !internal)
  return own === undefined
    ? Effect.fail(usage("This machine has no address that others can reach.", ["Say one with --address HOST:PORT."]))
    : Effect.succeed({ host: own.address, port: listen.port })
}
