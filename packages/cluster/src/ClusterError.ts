/**
 * What keeps a runner from being a member of its cluster, besides the database and the number of buckets.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A setting that a cluster can't be run with.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>("@video-tasks/cluster/ClusterError/InvalidOption")(
  "InvalidOption",
  {
    /** Its name among the options; `CostBudget` when it is that service, which a cluster can't keep. */
    field: Schema.Literals(["lockExpiration", "grace", "sharding.shardLockRefreshInterval", "CostBudget"]),
    /** The value, as text. */
    value: Schema.String,
    /** What is allowed, in words. */
    allowed: Schema.String
  }
) {
  override get message(): string {
    return `${this.field} is ${this.value}; allowed: ${this.allowed}`
  }
}

/**
 * Another runner lives at the address. Two at one would be one member of the cluster to all others.
 *
 * @category errors
 * @since 0.1.0
 */
export class AddressTaken extends Schema.TaggedError<AddressTaken>("@video-tasks/cluster/ClusterError/AddressTaken")(
  "AddressTaken",
  {
    /** As in `10.0.0.5:4700`. */
    address: Schema.String,
    /** What the database knows of the other one, in words. */
    holder: Schema.String
  }
) {
  override get message(): string {
    return `another runner has the address ${this.address} (${this.holder})`
  }
}
