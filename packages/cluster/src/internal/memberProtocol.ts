/**
 * How members reach one another: by the sockets of Effect Cluster, but for the calling off of a request.
 */
import * as Runners from "effect/cluster/Runners"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as RpcClient from "effect/rpc/RpcClient"

/** How long whoever leaves waits until the other member is told so, in ms. */
const leaveMs = 500

/**
 * Tells another member that nobody waits for its answer any more, and waits for that for a moment. Effect's RPC waits where there
 * is no connection until there is one, and can't be interrupted meanwhile: for ever, where the other one is gone for good.
 *
 * @internal
 */
export const leaving = (
  protocol: RpcClient.Protocol["Service"]
): RpcClient.Protocol["Service"] => ({
  ...protocol,
  send: (clientId, request, transferables) => {
    const sent = protocol.send(clientId, request, transferables)
    if (request._tag !== "Interrupt") return sent
    return Effect.flatMap(
      Effect.forkDetach(Effect.ignore(sent), { startImmediately: true }),
      (telling) => Effect.asVoid(Effect.timeoutOption(Effect.interruptible(Fiber.await(telling)), leaveMs))
    )
  }
})

/**
 * Provides these sockets to the members.
 *
 * @internal
 */
export const over = <E, R>(
  sockets: Layer.Layer<Runners.RpcClientProtocol, E, R>
): Layer.Layer<Runners.RpcClientProtocol, E, R> =>
  Layer.effect(
    Runners.RpcClientProtocol,
    Effect.map(Runners.RpcClientProtocol, (found) => ({
      ...found,
      make: (address) => Effect.map(found.make(address), leaving)
    }))
  ).pipe(Layer.provide(sockets))
