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
    /** Its name among the options. */
    field: Schema.Literals(["lockExpiration", "grace"]),
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
