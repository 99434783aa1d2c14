/**
 * The exit codes of the command: one table, from every way in which something ends to the number that a script sees.
 */
import type { Task } from "@video-tasks/core/Task"
import type { Reason } from "@video-tasks/core/VideoTaskError"
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** What each number means, in the order in which help prints it. */
export const meanings: ReadonlyArray<readonly [code: number, meaning: string]> = [
  [0, "success"],
  [1, "internal fault"],
  [2, "wrong use, or a request that cannot be sent like this"],
  [3, "key missing or refused, or no quota left"],
  [4, "the provider does not know the task"],
  [5, "the task FAILED"],
  [6, "the task ended with ERROR"],
  [7, "the task was CANCELLED or EXPIRED"],
  [8, "still running when the deadline passed"],
  [9, "the answer to a create is lost: it may have been paid"],
  [10, "provider not reachable, too busy, or not making sense"],
  [11, "success without a video"],
  [12, "the file could not be downloaded"],
  [13, "the store or the archive failed, or the output can't be written"],
  [14, "several tasks ended with different codes"],
  [130, "interrupted"],
  [141, "nobody reads the output any more"]
]

/** The code of a command whose reader has gone: what a shell says of a program that SIGPIPE ended. */
export const unread = 141

/** The code of every reason of an error. */
export const ofReason: { readonly [Tag in Reason["_tag"]]: number } = {
  InvalidRequest: 2,
  PayloadTooLarge: 2,
  ModelUnavailable: 2,
  Unsupported: 2,
  ResumeIdentityChanged: 2,
  BudgetExceeded: 2,
  Unauthorized: 3,
  QuotaExceeded: 3,
  TaskNotFound: 4,
  TaskFailed: 5,
  TaskErrored: 6,
  TaskCancelled: 7,
  TaskExpired: 7,
  WaitTimedOut: 8,
  SubmissionAmbiguous: 9,
  ProviderUnavailable: 10,
  RateLimited: 10,
  UnexpectedResponse: 10,
  NotSent: 10,
  MissingResult: 11,
  DownloadFailed: 12,
  ResultExpired: 12,
  UnsafeAddress: 12,
  StoreError: 13
}

/** The code of a task as it stands: 0 while it runs and after a success that brought a video. */
export const ofTask = (task: Task): number => {
  switch (task.status) {
    case "SUBMITTED":
    case "IN_PROGRESS":
      return 0
    case "SUCCESS":
      return task.videos.length === 0 ? ofReason.MissingResult : 0
    case "FAILED":
      return ofReason.TaskFailed
    case "ERROR":
      return task.failure.code === "not_found" ? ofReason.TaskNotFound : ofReason.TaskErrored
    case "CANCELLED":
      return ofReason.TaskCancelled
    case "EXPIRED":
      return ofReason.TaskExpired
  }
}

/** The code of several tasks: the one that they share, else 14. */
export const combine = (codes: ReadonlyArray<number>): number => {
  const [first, ...others] = codes
  if (first === undefined) return 0
  return others.every((code) => code === first) ? first : 14
}

/**
 * Ends the command with a code. Everything that people or scripts should know has been printed when it is raised.
 */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: number }> {
  override readonly [Runtime.errorExitCode] = this.code
  override readonly [Runtime.errorReported] = false
}
