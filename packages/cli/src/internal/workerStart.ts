/**
 * The start of a worker: what it waits for, what it warns of, and why it is refused.
 */
import type { StartError } from "@video-tasks/cluster/Cluster"
import type { InvalidOption } from "@video-tasks/cluster/ClusterError"
import * as SqlTaskStore from "@video-tasks/runtime/SqlTaskStore"
import { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { Exit } from "./exitCode.ts"
import * as Address from "./hostPort.ts"
import { type Failure, type Problem, storeFailed, usage } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import { type State, waiting } from "./workerStanding.ts"

/** A worker that starts while the database is away waits for it, as one does that runs already. */
export const patiently =
  (state: Ref.Ref<State>) => <A, E extends { readonly _tag: string }, R>(self: Effect.Effect<A, E, R>) =>
    self.pipe(
      Effect.tapError((error) =>
        isAway(error) ? waiting(state, { state: "no database", reason: detailOf(error) }) : Effect.void
      ),
      Effect.retry({ while: isAway, schedule: Schedule.spaced(tryEvery) })
    )

/** Says so where the others could not reach this worker. */
export const lonely = Effect.fnUntraced(function*(address: Address.HostPort, url: Redacted.Redacted) {
  const reporter = yield* Reporter
  const { host, hostname } = new URL(Redacted.value(url))
  if (!Address.isLoopback(address.host) || hostname === "" || Address.isLoopback(hostname)) return
  yield* reporter.warn(
    `${
      Address.format(address)
    } leads nowhere from other machines, and the database is on ${host}. Workers of other machines need --listen or --address with a name or number of this one.`
  )
})

/** A setting that can't be, as the flag that it was given with. */
export const invalid = ({ allowed, field, value }: InvalidOption): Problem =>
  usage(`${flagOf[field]} is ${value}; allowed: ${allowed.replace("lockExpiration", flagOf.lockExpiration)}.`)

/** Why a worker can't start, in words. */
export const refused = (
  listen: Address.HostPort,
  error: Failure | Exit | StartError | SqlError
): Failure | Exit => {
  switch (error._tag) {
    case "InvalidOption":
      return invalid(error)
    case "AddressTaken":
      return usage(`Another worker is alive at ${error.address} (${error.holder}).`, [
        "Two at one address would be one worker to all others: give each its own --address, or stop the other one."
      ])
    case "BucketCountChanged":
      return usage(`The database deals its tasks out in ${error.actual} buckets, not in ${error.expected}.`, [
        `Leave --buckets out, or say --buckets ${error.actual}: the first worker has fixed their number for good.`
      ])
    case "SocketServerError":
      return usage(`${Address.format(listen)} can't be listened on; another program may use it.`, [
        "Take another with --listen, or any free port with --listen HOST:0."
      ])
    case "TaskStoreError":
      return storeFailed({ message: error.detail, retryable: error.retryable })
    case "SqlError":
      return storeFailed({ message: error.message, retryable: SqlTaskStore.isAway(error) })
    default:
      return error
  }
}

// internal

/** How often a database that is away is tried. */
const tryEvery = "1 second"

type Away = TaskStoreError | SqlError

const isAway = (error: { readonly _tag: string }): error is Away =>
  error instanceof TaskStoreError ? error.retryable : isSqlError(error) && SqlTaskStore.isAway(error)

const detailOf = (error: Away): string =>
  `the database can't be reached (${error instanceof TaskStoreError ? error.detail : error.message})`

const flagOf: Readonly<Record<InvalidOption["field"], string>> = {
  grace: "--grace",
  lockExpiration: "--lock-expiration",
  "sharding.shardLockRefreshInterval": "sharding.shardLockRefreshInterval",
  CostBudget: "CostBudget"
}
