/**
 * What the transport knows about a request that failed: had a byte of it been sent?
 *
 * A create may be sent again only when no byte of it left this machine. Error codes alone mislead (a reset while
 * connecting and one after sending look alike to a caller), so a transport that knows better says so in the `cause` of
 * its error.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The `user-agent` of every request that names no other.
 *
 * @category constants
 * @since 0.1.0
 */
export const userAgent = "video-tasks/0.1.0"

/**
 * Whether a request was started: `no` is safe to send again, `unknown` counts as `yes`.
 *
 * @category models
 * @since 0.1.0
 */
export type RequestStarted = "yes" | "no" | "unknown"

/**
 * The cause of a transport error, with what the transport knows about the request.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportCause extends Data.Error<{
  readonly requestStarted: RequestStarted
  readonly cause: unknown
}> {}

/**
 * Reads whether a request was started from an error, following its chain of causes.
 *
 * **Example** (An unknown transport)
 *
 * ```ts import.meta.vitest
 * import { Transport } from "@video-tasks/core"
 *
 * const refused = new Transport.TransportCause({ requestStarted: "no", cause: new Error("ECONNREFUSED") })
 * Transport.requestStarted(new Error("failed", { cause: refused })) // => "no"
 * Transport.requestStarted(new Error("fetch failed")) // => "unknown"
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const requestStarted = (error: unknown): RequestStarted => {
  let current = error
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    if (current instanceof TransportCause) return current.requestStarted
    current = "cause" in current ? current.cause : undefined
  }
  return "unknown"
}
