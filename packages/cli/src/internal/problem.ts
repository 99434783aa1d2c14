/**
 * What the command itself finds wrong, besides the errors of tasks.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Data from "effect/Data"
import * as ExitCode from "./exitCode.ts"

/** Something that the command refuses or cannot do; `hint` are lines on what to do next. */
export class Problem extends Data.TaggedError("Problem")<{
  /** The word for it in JSON lines. */
  readonly reason: string
  readonly code: number
  readonly message: string
  readonly hint?: ReadonlyArray<string> | undefined
  readonly handle?: TaskHandle | undefined
  readonly retryable?: boolean | undefined
}> {}

/** Every failure that a command ends with. */
export type Failure = Problem | VideoTaskError

/** Wrong use that was found after parsing: exit code 2. */
export const usage = (message: string, hint?: ReadonlyArray<string>): Problem =>
  new Problem({ reason: "Usage", code: ExitCode.ofReason.InvalidRequest, message, hint })

/** The store failed: exit code 13. */
export const storeFailed = (
  error: { readonly message: string; readonly retryable: boolean },
  hint?: ReadonlyArray<string>
): Problem =>
  new Problem({
    reason: "StoreError",
    code: ExitCode.ofReason.StoreError,
    message: `The store failed: ${error.message}.`,
    hint,
    retryable: error.retryable
  })

/** What was to be written could not be: exit code 13. `what` begins a sentence, `code` is the system's, such as `ENOSPC`. */
export const unwritten = (what: string, code: string): Problem =>
  new Problem({
    reason: "OutputFailed",
    code: ExitCode.ofReason.StoreError,
    message: `${what} can't be written: ${refusals.get(code) ?? "the system refuses"} (${code}).`
  })

/** The exit code of a failure. */
export const exitCode = (failure: Failure): number =>
  failure instanceof VideoTaskError ? ExitCode.ofReason[failure.reason._tag] : failure.code

// internal

const refusals: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "no space is left"],
  ["EDQUOT", "the quota is used up"],
  ["EFBIG", "the file gets too large"],
  ["EIO", "the device fails"]
])
