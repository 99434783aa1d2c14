/**
 * What a runner counts of its part in the cluster.
 */
import type { AccountShares } from "@video-tasks/runtime/AccountShares"
import type { Buckets } from "@video-tasks/runtime/SqlBuckets"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const taken = Metric.counter("video_tasks_buckets_taken", {
  description: "Buckets that this process took, from nobody or from another one",
  incremental: true
})

const lost = Metric.counter("video_tasks_buckets_lost", {
  description: "Buckets that another process took from this one, which had not given them up",
  incremental: true
})

const rate = Metric.gauge("video_tasks_account_rate", {
  description: "Requests per second that this process may send of an account, for now"
})

const places = Metric.gauge("video_tasks_account_concurrency", {
  description: "Requests that this process may have in flight of an account, for now"
})

/** Counts the buckets that are taken, and those that are taken away. */
export const buckets = (all: Buckets): Buckets => ({
  ...all,
  take: (bucket, runner) =>
    Effect.map(Effect.tap(all.take(bucket, runner), counted), (one) => {
      let isCounted = false
      const count = Effect.suspend(() => {
        if (isCounted) return Effect.void
        isCounted = true
        return Metric.update(lost, 1)
      })
      return { ...one, lost: Effect.andThen(one.lost, count) }
    })
})

/** Tells what this process has of each account. */
export const shares = (all: AccountShares["Service"]): AccountShares["Service"] => ({
  join: (account) => {
    const labels = { provider: account.provider, account: account.label }
    const [perSecond, atOnce] = [Metric.withAttributes(rate, labels), Metric.withAttributes(places, labels)]
    return all.join({
      key: account.key,
      provider: account.provider,
      label: account.label,
      limits: account.limits,
      demand: () => account.demand(),
      hear: (news) => account.hear(news),
      share: (limits) => {
        perSecond.updateUnsafe(limits.requestsPerSecond, Context.empty())
        atOnce.updateUnsafe(limits.concurrency, Context.empty())
        account.share(limits)
      }
    })
  }
})

// internal

/** From the first bucket on there is a number of lost ones: none. */
const counted = Effect.andThen(Metric.update(taken, 1), Metric.update(lost, 0))
