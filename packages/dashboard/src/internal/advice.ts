/**
 * What to do about a failure, where its own words do not say it.
 */
import type { Reason } from "@video-tasks/core/VideoTaskError"
import { resolveCommand } from "../Contract.ts"

/** What to do about a read that failed; `undefined` where the message says it. */
export const ofRead = (reason: Reason["_tag"], isRetrying: boolean): string | undefined =>
  isRetrying && passing.has(reason) ? "Nothing: it is read again by itself." : undefined

/** What to do about a create of which nobody knows whether it made a task. */
export const ofAmbiguous = (id: string): string =>
  `Look for the task in the provider's console. Then settle it: \`${resolveCommand(id, "--remote REMOTE_ID")}\`, or ` +
  `\`${resolveCommand(id, "--discard")}\` if it made none. It is never sent again by itself: that could pay twice.`

// internal

const passing: ReadonlySet<Reason["_tag"]> = new Set(["RateLimited", "ProviderUnavailable", "UnexpectedResponse"])
