/**
 * What happened to a task, in words: one short line, without secrets.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { TaskEvent } from "@video-tasks/core/TaskEvent"
import type { Persisted } from "@video-tasks/core/TaskMachine"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import type { ObservedPoll } from "@video-tasks/runtime/TaskObserver"

/** How long a line may be, in bytes. */
const maxBytes = 240

/** Takes secrets out of a line, and the end of a long one. */
export const line = (text: string): string => Redact.clip(Redact.text(text).replaceAll(/\s+/g, " "), maxBytes)

/** Takes secrets out of a longer text. */
export const paragraph = (text: string, maxBytes = 2048): string => Redact.clip(Redact.text(text), maxBytes)

/** What a state is called. */
export const ofStatus: { readonly [Status in TaskStatus]: string } = {
  SUBMITTED: "waits at the provider",
  IN_PROGRESS: "in progress",
  SUCCESS: "succeeded",
  FAILED: "failed",
  ERROR: "ended in an error of the provider",
  CANCELLED: "cancelled",
  EXPIRED: "given up by the provider"
}

/** How a task stands. */
export const ofTask = ({ task, value }: Persisted): string => {
  if (value === "IN_PROGRESS") return task.progress === undefined ? "in progress" : `in progress, ${task.progress} %`
  if (value === "CANCELLED") return task.byRequest === true ? "cancelled by request" : "cancelled"
  if (value === "SUCCESS" && task.videos.length === 0) return "succeeded without a video"
  if (value === "SUCCESS") return task.archived === undefined ? "succeeded" : "succeeded, archived"
  const said = task.failure === undefined ? "" : `: ${task.failure.message}`
  return line(`${ofStatus[value]}${said}`)
}

/** What an event did to a task. */
export const ofEvent = (
  event: TaskEvent | { readonly type: "task.created" },
  snapshot: Persisted
): string => {
  switch (event.type) {
    case "task.created":
      return "submitted"
    case "task.archived":
      return event.files.length === 1 ? "its file is archived" : `its ${event.files.length} files are archived`
    case "task.lost":
      return line(`the provider no longer knows it: ${event.message}`)
    case "task.observed":
      return event.observation.unrecognised === undefined
        ? ofTask(snapshot)
        : line(`${ofTask(snapshot)}; the provider says "${event.observation.unrecognised}", which nobody knows`)
    default:
      return ofTask(snapshot)
  }
}

/** What became of a read. */
export const ofPoll = ({ at, failure, nextPollAt, outcome }: ObservedPoll): string => {
  if (failure !== undefined) {
    const again = nextPollAt === undefined ? "" : `, tried again in ${seconds(nextPollAt - at)}`
    return line(`${failure.reason}${again}: ${failure.message}`)
  }
  return outcome === "changed" ? "read" : "nothing new"
}

// internal

const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))} s`
