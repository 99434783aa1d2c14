/**
 * What the runtime counts. Every metric carries the id of the provider; none carries a handle, a URL or a key.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/**
 * Reads that are over, by `provider` and `outcome` (`changed`, `unchanged`, or the reason of the failure).
 *
 * @category metrics
 * @since 0.1.0
 */
export const polls = Metric.counter("video_tasks_polls", { description: "Reads of tasks", incremental: true })

/**
 * Failed reads that are tried again, by `provider` and `cause`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const retries = Metric.counter("video_tasks_retries", {
  description: "Failed reads that are tried again",
  incremental: true
})

/**
 * Tasks that are followed now, by `provider`: of all engines of the process.
 *
 * @category metrics
 * @since 0.1.0
 */
export const followed = Metric.gauge("video_tasks_followed", { description: "Tasks that are followed" })

/**
 * Creates that are over, by `provider` and `outcome`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const creates = Metric.counter("video_tasks_creates", { description: "Creates", incremental: true })

/**
 * Answers with a state that nobody knows, by `provider`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const unknownWords = Metric.counter("video_tasks_unknown_words", {
  description: "Answers with a state that nobody knows",
  incremental: true
})

/**
 * Answers that came too late or were impossible, by `provider`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const ignored = Metric.counter("video_tasks_ignored_observations", {
  description: "Answers that came too late or were impossible",
  incremental: true
})

/**
 * How long after the previous read an end was seen, in ms: the lag is at most that. By `provider`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const lag = Metric.histogram("video_tasks_lag_ms", {
  description: "The time between the end of a task and the read that saw it, at most",
  boundaries: [500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 300_000]
})

/**
 * Steps and reads that an observer was too slow for.
 *
 * @category metrics
 * @since 0.1.0
 */
export const droppedSteps = Metric.counter("video_tasks_dropped_steps", {
  description: "Steps and reads that an observer was too slow for",
  incremental: true
})

/**
 * Deliveries of webhooks, by `provider` (`none` where there is no such place) and `outcome`: what `VideoTasks.notify` says,
 * `duplicate`, `unknown`, `nothing`, or why it was refused.
 *
 * @category metrics
 * @since 0.1.0
 */
export const webhooks = Metric.counter("video_tasks_webhooks", {
  description: "Deliveries of webhooks",
  incremental: true
})

/**
 * Attempts to keep the files of finished tasks, by `provider` and `outcome` (`archived`, `given up`, or the reason of a
 * failure that is tried again).
 *
 * @category metrics
 * @since 0.1.0
 */
export const archives = Metric.counter("video_tasks_archives", {
  description: "Attempts to keep the files of finished tasks",
  incremental: true
})
