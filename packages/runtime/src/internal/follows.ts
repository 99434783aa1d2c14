/**
 * Counts the tasks that are followed, of each provider, over all engines of a process.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Telemetry from "../Telemetry.ts"

/** @internal */
export const make = (context: Context.Context<never>): (provider: string, by: 1 | -1) => void => {
  const gauges = new Map<string, Metric.Gauge<number>>()
  return (provider, by) => {
    let gauge = gauges.get(provider)
    if (gauge === undefined) {
      gauge = Metric.withAttributes(Telemetry.followed, { provider })
      gauges.set(provider, gauge)
    }
    gauge.modifyUnsafe(by, context)
  }
}
