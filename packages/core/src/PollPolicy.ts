/**
 * When to read a task again, as data: each provider declares it from its own page.
 *
 * @since 0.1.0
 */

/**
 * The cadence of a family. All times in ms.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollPolicy {
  /** The average gap that the provider's page asks for; a single gap near the predicted end may be shorter. */
  readonly floorMs: number
  /** The longest gap while all goes well. */
  readonly ceilingMs: number
  /** The shortest single gap near the predicted end. */
  readonly minGapMs: number
  /** How long one answer may take, headers and body together. */
  readonly pollTimeoutMs: number
  /** How long a caller waits unless it says otherwise. */
  readonly deadlineMs: number
  /** How long a job typically takes: the median of the log-normal seed of the histogram. */
  readonly typicalMs: number
  /** Progress values that the server reports as a matter of form and that predict nothing. */
  readonly meaninglessProgress: ReadonlyArray<number>
}

/**
 * A policy for an API whose page gives no advice.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: PollPolicy = {
  floorMs: 10_000,
  ceilingMs: 60_000,
  minGapMs: 2_000,
  pollTimeoutMs: 15_000,
  deadlineMs: 3_600_000,
  typicalMs: 90_000,
  meaninglessProgress: []
}
