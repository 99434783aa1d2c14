import * as Redact from "@video-tasks/core/Redact"
import * as Effect from "effect/Effect"
import type { PollInfo, TaskRef } from "../VideoTasks.ts"
import type { Recent } from "./recent.ts"
import * as Refs from "./refs.ts"
import type { Scheduler } from "./scheduler.ts"

/** @internal */
export interface PollInfoOptions {
  readonly refs: Refs.Refs
  readonly recent: Recent
  readonly scheduler: Scheduler
}

/**
 * How a task is being read, or was read by this process.
 *
 * @internal
 */
export const pollInfo = ({ recent, refs, scheduler }: PollInfoOptions, ref: TaskRef): Effect.Effect<PollInfo> =>
  Refs.find(refs, ref).pipe(
    Effect.orElseSucceed(() => undefined),
    Effect.map((stored): PollInfo => {
      if (stored === undefined) return unread
      const { id, model } = stored.snapshot.task
      const before = recent.get(id)
      const entry = scheduler.entries.get(id)
      if (entry === undefined) return before ?? unread
      const { history, lastFailure } = entry
      return {
        polls: (before?.polls ?? 0) + entry.polls,
        failures: history.failures,
        ...(lastFailure === undefined ? {} : { lastFailure: Redact.text(lastFailure.message) }),
        ...(entry.index < 0 ? {} : { nextPollAt: entry.dueAt }),
        expectedEndAt: scheduler.expectedEndAt(entry, model)
      }
    })
  )

const unread: PollInfo = { polls: 0, failures: 0 }
