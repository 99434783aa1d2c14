/**
 * How fast the members of a cluster look after one another: all of it follows from after what silence one is given up.
 */
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { InvalidOption } from "../ClusterError.ts"

/** What is said of it. */
export interface Settings {
  readonly lockExpiration?: Duration.Input | undefined
  readonly grace?: Duration.Input | undefined
  readonly sharding?: Overrides | undefined
}

/** Settings of Effect Cluster, in place of those that follow from the lock expiration. */
type Overrides = Partial<Omit<ShardingConfig["Service"], "runnerAddress" | "shardLockExpiration">>

/** Everything in ms, with what was said in place of what follows. */
export interface Paces {
  readonly lockMs: number
  readonly graceMs: number
  /** After what time a bucket that was lost is taken again: by then the cluster has told whose it is. */
  readonly lostMs: number
  /** How often a runner shows that it is at its address. */
  readonly beatMs: number
  /** As Effect Cluster calls them. */
  readonly sharding: Overrides & {
    readonly shardLockExpiration: number
    readonly shardLockRefreshInterval: number
    readonly runnerHealthCheckInterval: number
    readonly refreshAssignmentsInterval: number
  }
}

/** Reckons the paces; fails with the setting that can't be. */
export const of = (settings: Settings): Effect.Effect<Paces, InvalidOption> =>
  Effect.suspend(() => {
    const lockMs = Duration.toMillis(settings.lockExpiration ?? "35 seconds")
    if (!(lockMs >= shortestMs && lockMs <= longestMs)) {
      return invalid("lockExpiration", lockMs, `${inWords(shortestMs)} to ${inWords(longestMs)}`)
    }
    // Locks are renewed three times before they expire, and who is not heard of is looked after as often.
    const often = lockMs * 2 / 7
    const { sharding = {} } = settings
    const renewMs = Duration.toMillis(sharding.shardLockRefreshInterval ?? often)
    if (!(renewMs > 0 && renewMs <= lockMs / 3)) {
      return invalid(
        "sharding.shardLockRefreshInterval",
        renewMs,
        `at most a third of lockExpiration (${inWords(lockMs)})`
      )
    }
    const assignMs = Duration.toMillis(sharding.refreshAssignmentsInterval ?? Math.min(often, 3000))
    // A lock that can't be renewed is noticed within two rounds; what is left of its life is for what is in flight.
    const graceMs = Duration.toMillis(settings.grace ?? Math.min(15_000, Math.max(0, lockMs - 2 * renewMs)))
    if (graceMs >= lockMs) return invalid("grace", graceMs, `less than lockExpiration (${inWords(lockMs)})`)
    return Effect.succeed({
      lockMs,
      graceMs,
      lostMs: Math.max(lockMs / 3, assignMs) + 1000,
      beatMs: Math.min(2000, lockMs / 7),
      sharding: {
        ...sharding,
        shardLockExpiration: lockMs,
        shardLockRefreshInterval: renewMs,
        runnerHealthCheckInterval: Duration.toMillis(sharding.runnerHealthCheckInterval ?? often),
        refreshAssignmentsInterval: assignMs
      }
    })
  })

// internal

/** Below this a pause for garbage, or a slow statement, looks like death. */
const shortestMs = 5000

/** Beyond this nobody waits for the tasks of a dead worker; leases hold for an hour at most. */
const longestMs = 600_000

const inWords = (ms: number): string => Duration.format(Duration.millis(Math.round(ms)))

const invalid = (field: InvalidOption["field"], ms: number, allowed: string) =>
  Effect.fail(new InvalidOption({ field, value: inWords(ms), allowed }))
