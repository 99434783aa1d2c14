/**
 * What to do about a failure, in one or two sentences.
 */
import type { Failure } from "@video-tasks/core/Video"
import type { Reason } from "@video-tasks/core/VideoTaskError"

/** What to do. */
export const of = (reason: Reason["_tag"], failure?: Failure): string => {
  if (reason === "TaskFailed" && failure?.retryable === true) {
    return "The provider says that a new attempt may work: retry it as new. That is paid for anew."
  }
  return words[reason] ?? otherwise
}

// internal

const otherwise = "Read the message; it says what to do."

const itself = "Nothing: it is read again by itself, for as long as a process follows it."

const words: { readonly [Tag in Reason["_tag"]]?: string } = {
  TaskFailed: "Read the provider's words; change the prompt, the picture or the model, then create it anew.",
  TaskErrored:
    "The fault is the provider's: retry it as new, and see in its console whether the failed one was billed.",
  TaskCancelled: "Nothing. Retry it as new if it is wanted after all; that is paid for anew.",
  TaskExpired: "The provider gave it up: retry it as new, at a quieter time or with another model.",
  TaskNotFound: "Check the task id, the base URL and the account; a task that was deleted there can't come back.",
  MissingResult:
    "Poll it now: some providers serve the video later. If it stays away, ask their support with the task id.",
  Unauthorized: "Give the right key and start this process anew, or poll it now once the key works again.",
  QuotaExceeded: "Top up the account; the task itself goes on.",
  RateLimited: itself,
  ProviderUnavailable: itself,
  UnexpectedResponse: itself,
  ResumeIdentityChanged: "Configure the API and the account that made it.",
  SubmissionAmbiguous:
    "Look for the task in the provider's console. Then settle it: `video-tasks resolve ID --remote REMOTE_ID`, or " +
    "`--discard` if it made none. It is never sent again by itself: that could pay twice."
}
