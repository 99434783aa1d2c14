/**
 * What went wrong with one attempt at a download, and what may help.
 */
import * as Redact from "@video-tasks/core/Redact"
import { DownloadFailed, type Reason, ResultExpired } from "@video-tasks/core/VideoTaskError"
import * as Data from "effect/Data"
import type { PlatformError } from "effect/PlatformError"

/**
 * - `never`: nothing that we can do.
 * - `later`: the same again after a pause.
 * - `fresh`: the link does not work any more; a fresh one may.
 */
export type Remedy = "never" | "later" | "fresh"

/** What went wrong with one attempt. */
export class Problem extends Data.TaggedError("Problem")<{
  readonly reason: Reason
  readonly remedy: Remedy
  /** How long the server asks to wait, in ms. */
  readonly retryAfterMs?: number | undefined
  /** The attempt brought enough bytes that the next one starts with new hope. */
  readonly progressed?: boolean | undefined
}> {}

/** The download can't go on like this, now or ever. */
export const failed = (
  remedy: Remedy,
  detail: string,
  more: { readonly status?: number | undefined; readonly retryAfterMs?: number | undefined } = {}
): Problem =>
  new Problem({
    remedy,
    retryAfterMs: more.retryAfterMs,
    reason: new DownloadFailed({
      detail,
      retryable: remedy === "later",
      ...(more.status === undefined ? {} : { status: more.status })
    })
  })

/** The link does not work any more. */
export const expired = (remedy: Remedy, detail: string): Problem =>
  new Problem({ remedy, reason: new ResultExpired({ detail }) })

/** A file operation failed. */
export const fileFailed = (doing: string) => (error: PlatformError): Problem =>
  failed("never", `${doing} failed: ${codeOf(error) ?? error.reason._tag}`)

/** The innermost words of an error, without URLs that can be used. */
export const words = (error: unknown): string => {
  let current = error
  let said = "no answer"
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    const message = "message" in current && typeof current.message === "string" ? current.message : ""
    const found = [codeOf(current), message].filter((one) => one !== undefined && one !== "").join(": ")
    if (found !== "") said = found
    current = "cause" in current ? current.cause : undefined
  }
  return Redact.clip(Redact.text(said), 200)
}

// internal

const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== "object" || error === null) return undefined
  if ("code" in error && typeof error.code === "string") return error.code
  return "cause" in error ? codeOf(error.cause) : undefined
}
