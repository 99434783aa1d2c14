/**
 * Spans, metrics and log lines of reads.
 */
import * as Redact from "@video-tasks/core/Redact"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import type * as Tracer from "effect/Tracer"
import * as Telemetry from "../Telemetry.ts"
import type { Batch } from "./batch.ts"
import type { Entry, Lane, Read } from "./entry.ts"
import * as Traces from "./traces.ts"

/** Words are warned of once; a server that invents new ones all the time is not listened to for ever. */
const maxWords = 1000

type ReadTasks = (batch: Batch) => Effect.Effect<void>

type ReadTask = (entry: Entry, answered: () => void) => Effect.Effect<Read>

/** @internal */
export interface Instruments {
  readonly read: (read: ReadTask) => ReadTask
  readonly readMany: (read: ReadTasks) => ReadTasks
  readonly onUnrecognised: (lane: Lane, word: string, handle: TaskHandle) => Effect.Effect<void>
  readonly onUnlisted: (lane: Lane, model: string) => Effect.Effect<void>
  readonly onIgnored: (lane: Lane) => void
  readonly onCreate: (lane: Lane, outcome: string) => void
}

/** @internal */
export const instrument = Effect.fnUntraced(function*(
  pollSpans: boolean | number
): Effect.fn.Return<Instruments> {
  const { count, noted } = yield* counting
  const traced = tracing(pollSpans, yield* Random.Random)
  const warnOnce = warning()
  return {
    read: (read) => (entry, answered) =>
      traced(
        Effect.tap(read(entry, answered), (result) => Effect.sync(() => noted(entry, result))),
        "VideoTasks.poll",
        () => spanOf(entry)
      ),
    readMany: (read) => (batch) => {
      const counted = read({
        ...batch,
        done: (entries, result) => {
          for (const entry of entries) noted(entry, result)
          batch.done(entries, result)
        }
      })
      return traced(counted, "VideoTasks.pollMany", () => spanOfMany(batch))
    },
    onUnrecognised: (lane, word, handle) => {
      count(Telemetry.unknownWords, lane, "family", lane.family.id)
      const shown = Redact.clip(Redact.text(word), 64)
      return warnOnce(
        `word ${lane.provider.id} ${word}`,
        `${lane.provider.id} reports a state that nobody knows: ${shown}; the wait goes on`
      ).pipe(Effect.annotateLogs({ handle: format(handle) }))
    },
    onUnlisted: (lane, model) =>
      warnOnce(
        `model ${lane.provider.id} ${lane.family.id} ${model}`,
        `nothing is known of model ${Redact.clip(model, 64)}: only the prompt is checked, the rest is sent as given`
      ),
    onIgnored: (lane) => count(Telemetry.ignored, lane, "family", lane.family.id),
    onCreate: (lane, outcome) => count(Telemetry.creates, lane, "outcome", outcome)
  }
})

/** Counts without waiting: a counter with its labels is made once. */
const counting = Effect.gen(function*() {
  const context = yield* Effect.context()
  const clock = yield* Clock.Clock
  const counters = new Map<string, Metric.Counter<number>>()

  const count = (metric: Metric.Counter<number>, lane: Lane, name: string, value: string): void => {
    const key = `${metric.id} ${lane.provider.id} ${value}`
    let counter = counters.get(key)
    if (counter === undefined) {
      counter = Metric.withAttributes(metric, { provider: lane.provider.id, [name]: value })
      counters.set(key, counter)
    }
    counter.updateUnsafe(1, context)
  }

  const noted = (entry: Entry, read: Read): void => {
    if (read._tag === "Failed") {
      const cause = read.error.reason._tag
      count(Telemetry.polls, entry.lane, "outcome", cause)
      if (read.verdict === "again") count(Telemetry.retries, entry.lane, "cause", cause)
      return
    }
    count(Telemetry.polls, entry.lane, "outcome", read.isChanged ? "changed" : "unchanged")
    if (!read.isChanged || !isTerminal(read.snapshot.value)) return
    const gap = clock.currentTimeMillisUnsafe() - entry.startedAt - entry.history.readAt
    Metric.withAttributes(Telemetry.lag, { provider: entry.lane.provider.id }).updateUnsafe(gap, context)
  }

  return { count, noted }
})

/** Gives a share of the reads a span, and the others none, nor to what they call. */
const tracing = (pollSpans: boolean | number, random: Random.Random) => {
  const share = typeof pollSpans === "number" ? pollSpans : pollSpans ? 1 : 0
  return <A>(read: Effect.Effect<A>, name: string, options: () => Tracer.SpanOptions): Effect.Effect<A> =>
    share >= 1 || (share > 0 && random.nextDoubleUnsafe() < share)
      ? Effect.withSpan(read, name, options())
      : Effect.withTracerEnabled(read, false)
}

const warning = () => {
  const warned = new Set<string>()
  return (key: string, message: string): Effect.Effect<void> => {
    if (warned.has(key) || warned.size >= maxWords) return Effect.void
    warned.add(key)
    return Effect.logWarning(message)
  }
}

/** A read belongs to the span of the first who waits for it. */
const spanOf = (entry: Entry) => {
  const waiter = entry.waiters?.values().next().value
  return {
    ...(waiter?.span === undefined ? { root: true } : { parent: waiter.span }),
    links: Traces.links([entry.trace], waiter?.span),
    attributes: {
      "video_task.id": entry.id,
      "video_task.provider": entry.lane.provider.id,
      "video_task.family": entry.lane.family.id,
      "video_task.poll": entry.polls + 1
    }
  }
}

/** A read of many belongs to nobody in particular. */
const spanOfMany = ({ entries }: Batch) => {
  const lane = entries[0]?.lane
  return {
    root: true,
    links: Traces.links(entries.map(({ trace }) => trace)),
    attributes: {
      "video_task.provider": lane?.provider.id,
      "video_task.family": lane?.family.id,
      "video_task.count": entries.length
    }
  }
}
