/**
 * One read of many tasks: one request for all of them, then the same path for each as if it had been read by itself.
 */
import type { Observation } from "@video-tasks/core/Observation"
import * as Redact from "@video-tasks/core/Redact"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { StoredTask } from "../TaskStore.ts"
import type { Entry, Lane, Read } from "./entry.ts"
import { broken } from "./outcomes.ts"
import { failed, fault, judge, load, type ReadOptions, readStored, unstored, verdictOf } from "./read.ts"
import { Trust } from "./trust.ts"

/** How many tasks of a batch are with the store at once. */
const storeConcurrency = 16

/** An answer that was not there after this share of its time when the request was given up counts as none. */
const lateShare = 0.9

/**
 * What the scheduler has to do with a read of many tasks.
 *
 * @internal
 */
export interface Batch {
  /** At least two, of one lane. */
  readonly entries: ReadonlyArray<Entry>
  /** Whether anybody still wants to know of a task. */
  readonly isWanted: (entry: Entry) => boolean
  /** The answer is there; only the store is left. */
  readonly answered: () => void
  /** The request gives its place back, and what its answer asks of the account counts. */
  readonly landed: (error?: VideoTaskError) => void
  /** What the read of these tasks led to. */
  readonly done: (entries: ReadonlyArray<Entry>, read: Read) => void
  /** The request says nothing of these tasks, or too little: each has to be read by itself. */
  readonly alone: (entries: ReadonlyArray<Entry>, why: "absent" | "bare" | "refused") => void
}

interface Asked {
  readonly entry: Entry
  readonly stored: StoredTask
}

/** @internal */
export const make = (options: ReadOptions) => {
  const trust = new Trust()
  return Effect.fnUntraced(function*(batch: Batch) {
    const began = yield* Clock.currentTimeMillis
    const [lane] = batch.entries.map((entry) => entry.lane)
    if (lane === undefined) return
    if (trust.isOwed(lane)) return batch.alone(batch.entries, "refused")
    const [first, ...others] = yield* unended(options, batch)
    if (first === undefined) return
    if (others.length === 0) return yield* finished(batch, first, readStored(options, first.entry, first.stored, batch))
    const asked = [first, ...others]
    const answer = yield* Effect.result(askMany(lane, asked.map(handleOf))).pipe(
      // What takes too long is interrupted, as is what nobody waits for any more.
      Effect.onInterrupt(() =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if (now - began >= lateShare * lane.policy.pollTimeoutMs) trust.unanswered(lane, began, now)
        })
      )
    )
    batch.answered()
    batch.landed(Result.isFailure(answer) ? answer.failure : undefined)
    if (Result.isFailure(answer)) {
      const isLost = trust.failed(lane, answer.failure, began, yield* Clock.currentTimeMillis)
      return yield* failedAll(batch, asked, answer.failure, isLost)
    }
    trust.succeeded(lane)
    const observations = answer.success
    yield* Effect.forEach(asked, (one) => {
      const { entry, stored } = one
      if (!batch.isWanted(entry)) return Effect.void
      const observation = observations.get(handleOf(one))
      if (observation === undefined) return Effect.sync(() => batch.alone([entry], "absent"))
      // A list may leave out what the task itself tells, or the file has to be asked for.
      const isBare = observation.status === "SUCCESS" && observation.videos.length === 0
      if (isBare) return Effect.sync(() => batch.alone([entry], "bare"))
      return finished(batch, one, judge(options, entry, stored, Result.succeed(observation)))
    }, { concurrency: storeConcurrency, discard: true })
  })
}

const handleOf = ({ stored }: Asked): TaskHandle => stored.snapshot.task.handle

/** The tasks that are still to be asked for: the store may know of an end, or know nothing. */
const unended = Effect.fnUntraced(function*(options: ReadOptions, batch: Batch) {
  const loaded = yield* Effect.forEach(
    batch.entries,
    (entry) => Effect.map(cut(entry, load(options, entry)), (stored) => ({ entry, stored })),
    { concurrency: storeConcurrency }
  )
  const asked: Array<Asked> = []
  for (const { entry, stored } of loaded) {
    if ("_tag" in stored) yield* told(batch, [entry], stored)
    else asked.push({ entry, stored })
  }
  return asked.filter(({ entry }) => batch.isWanted(entry))
})

const askMany = (
  lane: Lane,
  handles: ReadonlyArray<TaskHandle>
): Effect.Effect<ReadonlyMap<TaskHandle, Observation>, VideoTaskError> =>
  Effect.catchDefect(
    Effect.suspend(() => lane.provider.observeMany(handles)),
    (defect) => fault(lane, defect)
  )

const failedAll = Effect.fnUntraced(function*(
  batch: Batch,
  asked: ReadonlyArray<Asked>,
  error: VideoTaskError,
  isLost: boolean
) {
  const entries = asked.map(({ entry }) => entry)
  yield* Effect.logDebug(`a read of ${asked.length} tasks failed`, error.reason._tag, Redact.text(error.message))
  const verdict = verdictOf(error)
  // What is wrong with the question, or with the list, proves nothing about the tasks: each is asked for by itself.
  if (verdict === "stop" || (verdict === "again" && isLost)) batch.alone(entries, "refused")
  else yield* told(batch, entries, failed(error, verdict))
})

const finished = (batch: Batch, { entry }: Asked, reading: Effect.Effect<Read, Parameters<typeof unstored>[1]>) =>
  Effect.flatMap(
    cut(entry, Effect.catch(reading, (error) => Effect.succeed(unstored(entry, error)))),
    (read) => told(batch, [entry], read)
  )

/** A fault of our own in one task must not stop the others. */
const cut = <A>(entry: Entry, reading: Effect.Effect<A>): Effect.Effect<A | Read> =>
  Effect.catchDefect(
    reading,
    (defect) => Effect.as(Effect.logError("the read of a task broke", defect), broken(entry))
  )

const told = (batch: Batch, entries: ReadonlyArray<Entry>, read: Read): Effect.Effect<void> =>
  Effect.catchDefect(
    Effect.sync(() => batch.done(entries.filter(batch.isWanted), read)),
    (defect) => Effect.logError("one who waits for a task broke", defect)
  )
