/**
 * Where a runner is: the port that it listens on, and the address under which the others find it.
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as TaskId from "@video-tasks/core/TaskId"
import type { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import { RunnerAddress } from "effect/cluster/RunnerAddress"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as SocketServer from "effect/socket/SocketServer"
import type { AddressTaken } from "../ClusterError.ts"
import * as AddressHold from "./addressHold.ts"
import type { Paces } from "./paces.ts"

/** A host and a port. */
interface At {
  readonly host: string
  readonly port: number
}

/** The place of a runner. */
export interface Place extends AddressHold.AddressHold {
  /** What the runner is called, new at each start. */
  readonly name: string
  readonly address: At
  readonly listen: At
  readonly server: SocketServer.SocketServer["Service"]
}

/** Listens, so that a port that was left open is known, and takes the address. */
export const take = Effect.fnUntraced(function*(
  client: PgClient,
  paces: Paces,
  { address, listen = address, onWaiting }: {
    readonly address: At
    readonly listen?: At | undefined
    readonly onWaiting?: ((why: string) => Effect.Effect<void>) | undefined
  }
): Effect.fn.Return<Place, AddressTaken | SocketServer.SocketServerError | TaskStoreError, Scope.Scope> {
  const server = yield* listening(listen)
  const port = "port" in server.address ? server.address.port : listen.port
  const place = { ...address, port: address.port === 0 ? port : address.port }
  const name = `${place.host}:${place.port}/${yield* newId}`
  const hold = yield* AddressHold.take(client, {
    address: written(place),
    name,
    paces,
    onWaiting: onWaiting ?? Effect.logWarning
  })
  return { ...hold, name, address: place, listen: { ...listen, port }, server }
})

// internal

const listening = (at: At): Effect.Effect<
  SocketServer.SocketServer["Service"],
  SocketServer.SocketServerError,
  Scope.Scope
> =>
  Effect.map(
    Layer.build(Layer.provide(
      NodeClusterSocket.layerSocketServer,
      ShardingConfig.layer({ runnerListenAddress: Option.some(RunnerAddress.make({ host: at.host, port: at.port })) })
    )),
    (services) => Context.get(services, SocketServer.SocketServer)
  )

const newId = Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)

const written = ({ host, port }: At): string => `${host.includes(":") ? `[${host}]` : host}:${port}`
