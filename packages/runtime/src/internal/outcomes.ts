/**
 * What reads lead to when they do not lead to an answer, and telling those who wait.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { restore, toTask } from "@video-tasks/core/TaskMachine"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type { ObservedPoll } from "../TaskObserver.ts"
import type { Entry, Read, Waiter } from "./entry.ts"
import type { Stepped } from "./journal.ts"

/**
 * A copy: whoever is told may leave.
 *
 * @internal
 */
export const waitersOf = (entry: Entry): ReadonlyArray<Waiter> => entry.waiters === undefined ? [] : [...entry.waiters]

/** @internal */
export const tell = (
  waiters: ReadonlyArray<Waiter>,
  { snapshot, version }: Pick<Stepped, "snapshot" | "version">
): void => {
  if (waiters.length === 0) return
  const task = toTask(restore(snapshot))
  for (const waiter of waiters) waiter.changed(task, version)
}

/**
 * What an observer hears of a read that is over, when all that follows from it is decided.
 *
 * @internal
 */
export const polled = (entry: Entry, read: Read, sentAt: number, now: number): ObservedPoll => ({
  id: entry.id,
  provider: entry.lane.provider.id,
  at: now,
  tookMs: now - sentAt,
  poll: entry.polls,
  failuresInARow: entry.history.failures,
  ...(read._tag === "Failed"
    ? {
      outcome: "failed",
      failure: { reason: read.error.reason._tag, message: Redact.clip(Redact.text(read.error.message), 500) }
    }
    : { outcome: read.isChanged ? "changed" : "unchanged" }),
  ...(entry.index < 0 ? {} : { nextPollAt: entry.dueAt })
})

/** @internal */
export const timedOut = (entry: Entry): Read => ({
  _tag: "Failed",
  verdict: "again",
  error: VideoTaskError.make({
    provider: entry.lane.provider.id,
    operation: "observe",
    reason: new VideoTaskError.ProviderUnavailable({
      detail: `no complete answer within ${entry.lane.policy.pollTimeoutMs / 1000} s`
    })
  })
})

/**
 * Nothing can be sent for the account before that time is over.
 *
 * @internal
 */
export const held = (handle: TaskHandle, retryAfterMs: number): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider: handle.provider,
    operation: "observe",
    handle,
    reason: new VideoTaskError.RateLimited({
      retryAfterMs,
      detail: "the provider has asked this account to wait; nothing was sent"
    })
  })

/** @internal */
export const broken = (entry: Entry): Read => ({
  _tag: "Failed",
  verdict: "again",
  error: VideoTaskError.make({
    provider: entry.lane.provider.id,
    operation: "observe",
    reason: new VideoTaskError.UnexpectedResponse({ detail: "the read was cut off by a fault of its own" })
  })
})
