/**
 * What to do about a failure, where its own words do not say it.
 */
import type { Reason } from "@video-tasks/core/VideoTaskError"

/** What to do about a read that failed; `undefined` where the message says it. */
export const ofRead = (reason: Reason["_tag"], isRetrying: boolean): string | undefined =>
  isRetrying && passing.has(reason) ? "Nothing: it is read again by itself." : undefined

// internal

const passing: ReadonlySet<Reason["_tag"]> = new Set(["RateLimited", "ProviderUnavailable", "UnexpectedResponse"])
