/**
 * The faults, as data: what is played, and how each must end.
 */
import type { Script, SimulatorOptions } from "@video-tasks/simulator"
import { all, type ColumnId, creating } from "./columns.ts"

/** The reasons of failed waits and the states of ended tasks that a row can expect. */
export type End =
  | "SUCCESS"
  | "InvalidRequest"
  | "MissingResult"
  | "ModelUnavailable"
  | "NotSent"
  | "PayloadTooLarge"
  | "QuotaExceeded"
  | "ResultExpired"
  | "DownloadFailed"
  | "SubmissionAmbiguous"
  | "TaskErrored"
  | "TaskExpired"
  | "TaskFailed"
  | "TaskNotFound"
  | "Unauthorized"
  | "UnexpectedResponse"
  | "WaitTimedOut"

export interface Row {
  readonly fault: string
  /** Where it can be met. SeeAny documents no create: its tasks are attached. */
  readonly columns: ReadonlyArray<ColumnId>
  readonly lines?: ReadonlyArray<Omit<Script.Line, "on">> | undefined
  readonly options?: SimulatorOptions.Options | undefined
  readonly prompt?: string | undefined
  /** Nobody listens at the base URL. */
  readonly isUnreachable?: boolean | undefined
  readonly ends: End
  /** How the same handle ends when it is waited for again. */
  readonly afterwards?: End | undefined
  /** Creates that reach the server; 1 unless said. */
  readonly posts?: number | undefined
  /** Creates that cost money; 1 unless said. */
  readonly bills?: number | undefined
  /** Where it ends otherwise, and why that is right. */
  readonly except?: Partial<Record<ColumnId, Exception>> | undefined
}

/** What is different in one column. */
interface Exception extends Partial<Pick<Row, "ends" | "afterwards" | "posts" | "bills">> {
  readonly because: string
}

export interface Group {
  readonly title: string
  readonly on: Script.Operation
  readonly rows: ReadonlyArray<Row>
}

const seedance: ReadonlyArray<ColumnId> = ["seedance"]
const generic: ReadonlyArray<ColumnId> = ["generic"]

const poll = (
  fault: string,
  line: Omit<Script.Line, "on">,
  more: Partial<Row> = {}
): Row => ({ fault, columns: all, lines: [{ nth: 2, ...line }], ends: "SUCCESS", ...more })

const polls: ReadonlyArray<Row> = [
  poll("one 500", { fault: "500" }),
  poll("one 502 from a proxy", { fault: "502" }),
  poll("one 503", { fault: "503" }),
  poll("one 503 HTML page", { fault: "503-html" }),
  poll("one 504 from a proxy", { fault: "504" }),
  poll("one 524 HTML page", { fault: "524-html" }),
  poll("one 408", { fault: "408" }),
  poll("one 425", { fault: "425" }),
  poll("one 429 with `Retry-After: 3`", { fault: "429", retryAfter: 3 }),
  poll("one 429 with `Retry-After` as a date", { fault: "429", retryAfter: { date: 3 } }),
  poll("one 429 with `retry-after-ms`", { fault: "429", retryAfter: { ms: 2500 } }),
  poll("one 429 with nonsense in `Retry-After`", { fault: "429", retryAfter: "soon" }),
  poll("one 429 without a body", { fault: "429-empty" }),
  poll("connection reset before the answer", { fault: "reset-after-accept" }),
  poll("connection reset in the middle of the body", { fault: "reset-mid-body" }),
  poll("truncated JSON with 200", { fault: "truncated-json" }),
  poll("not JSON with 200", { fault: "bad-json" }),
  poll("HTML page with 200", { fault: "html-200" }),
  poll("empty 200", { fault: "empty-200" }),
  poll("empty 202", { fault: "202-empty" }),
  poll("wrapper around nothing with 200, right after the create", { fault: "empty-data", nth: 1 }, {
    columns: creating
  }),
  poll("answer without any id", { fault: "no-id" }),
  poll("unknown status word once", { fault: "unknown-status" }),
  poll("unknown status word five times", { fault: "unknown-status", times: 5 }),
  poll("progress that goes backwards", { fault: "progress-backwards" }),
  poll("404 once, right after the create", { fault: "404", nth: 1 }, { columns: creating }),
  poll("`task_not_exist` on the first 2 polls", { fault: "task-not-exist", nth: 1, times: 2 }, { columns: creating }),
  poll("unknown task for ever", { fault: "task-not-exist", nth: 1, times: "always" }, { ends: "TaskNotFound" }),
  poll("hung answer", { fault: "hang" }),
  poll("answer that drips a byte a second", { fault: "slow-drip" }),
  poll("body of 64 MiB", { fault: "big-body" }),
  poll("gzip that nobody asked for", { fault: "gzip", nth: 1, times: "always" }),
  poll("gzip that is none", { fault: "gzip-garbage" }),
  poll("redirect", { fault: "redirect" }),
  poll("403 HTML page of a firewall", { fault: "403-html" }),
  poll("401: the wait ends, the task does not", { fault: "401", nth: 1 }, {
    ends: "Unauthorized",
    afterwards: "SUCCESS"
  }),
  poll("403 about the key", { fault: "403-json", nth: 1 }, { ends: "Unauthorized", afterwards: "SUCCESS" }),
  poll("500 on every poll: the caller's patience ends", { fault: "500", nth: 1, times: "always" }, {
    ends: "WaitTimedOut"
  }),
  poll("success without a link, once", { fault: "success-without-url", nth: 1 }),
  poll("success without a link, for ever, without a content route", {
    fault: "success-without-url",
    nth: 1,
    times: "always"
  }, { columns: ["generic", "seeany"], ends: "MissingResult" })
]

const create = (
  fault: string,
  line: Omit<Script.Line, "on">,
  ends: End,
  more: Partial<Row> = {}
): Row => ({ fault, columns: creating, lines: [line], ends, ...more })

const foundByReference: Exception = {
  because:
    "Kling keeps our id of the task (`external_task_id`): the create whose answer was lost is looked up and found.",
  ends: "SUCCESS"
}

const lost = { bills: 1, except: { kling: foundByReference } } as const
const refused = { bills: 0 } as const

/** Kling answers with numbered codes of its own, and has none for these. */
const notKling = { bills: 0, columns: creating.filter((id) => id !== "kling") } as const

const creates: ReadonlyArray<Row> = [
  create("accepted, then the connection is reset", { fault: "reset-after-accept" }, "SubmissionAmbiguous", lost),
  create("connection reset after the request", { fault: "reset-before-accept" }, "SubmissionAmbiguous", refused),
  create("accepted, then 500", { fault: "500", accepted: true }, "SubmissionAmbiguous", lost),
  create("accepted, then 502", { fault: "502", accepted: true }, "SubmissionAmbiguous", lost),
  create("accepted, then 503 HTML page", { fault: "503-html", accepted: true }, "SubmissionAmbiguous", lost),
  create("accepted, then 504", { fault: "504", accepted: true }, "SubmissionAmbiguous", lost),
  create("accepted, then 524 HTML page", { fault: "524-html" }, "SubmissionAmbiguous", lost),
  create("408", { fault: "408" }, "SubmissionAmbiguous", refused),
  create("425", { fault: "425" }, "SubmissionAmbiguous", refused),
  create("accepted, then silence", { fault: "hang" }, "SubmissionAmbiguous", lost),
  create("accepted, truncated JSON", { fault: "truncated-json" }, "SubmissionAmbiguous", lost),
  create("accepted, not JSON", { fault: "bad-json" }, "SubmissionAmbiguous", lost),
  create("accepted, HTML page with 200", { fault: "html-200" }, "SubmissionAmbiguous", lost),
  create("accepted, empty 200", { fault: "empty-200" }, "SubmissionAmbiguous", lost),
  create("accepted, answer without an id", { fault: "no-id" }, "SubmissionAmbiguous", lost),
  create("accepted, reset in the middle of the body", { fault: "reset-mid-body" }, "SubmissionAmbiguous", lost),
  { fault: "connection refused", columns: creating, isUnreachable: true, ends: "NotSent", posts: 0, bills: 0 },
  create("429 with `Retry-After: 2`", { fault: "429", retryAfter: 2 }, "SUCCESS", { posts: 2, bills: 1 }),
  create("429 without a body", { fault: "429-empty" }, "SUCCESS", { posts: 2, bills: 1 }),
  create("401", { fault: "401" }, "Unauthorized", refused),
  create("402", { fault: "402" }, "QuotaExceeded", notKling),
  create("403 about the key", { fault: "403-json" }, "Unauthorized", refused),
  create("404", { fault: "404" }, "InvalidRequest", refused),
  create("413", { fault: "413" }, "PayloadTooLarge", notKling),
  create("redirect: the prompt stays here", { fault: "redirect" }, "InvalidRequest", refused),
  create("200 that says no", { fault: "refusal-200" }, "InvalidRequest", refused),
  create("500 `invalid_request`", { fault: "500-invalid-request" }, "InvalidRequest", notKling),
  create("503 `model_not_found`", { fault: "503-model-not-found" }, "ModelUnavailable", refused)
]

const download = (fault: string, line: Omit<Script.Line, "on">, more: Partial<Row> = {}): Row => ({
  fault,
  columns: all,
  lines: [line],
  ends: "SUCCESS",
  ...more
})

/** Sora's answer holds no link. */
const noFile = {
  sora: {
    because: "Sora's file is only at the API's content route; where that never serves it, the task has no video.",
    ends: "MissingResult"
  }
} as const

const downloads: ReadonlyArray<Row> = [
  download("connection cut in the middle of the file", { fault: "cut-at" }),
  download("connection reset before the file", { fault: "reset-before-accept" }),
  download("one 500", { fault: "500" }),
  download("one 429 with `Retry-After: 2`", { fault: "429", retryAfter: 2 }),
  download("link expired once", { fault: "expired-url" }),
  download("link expired for ever", { fault: "expired-url", times: "always" }, {
    ends: "ResultExpired",
    except: noFile
  }),
  download("an HTML page instead of the file", { fault: "html-file", times: "always" }, {
    ends: "DownloadFailed",
    except: noFile
  })
]

const form = (fault: string, options: SimulatorOptions.Options, more: Partial<Row> = {}): Row => ({
  fault,
  columns: all,
  options,
  ends: "SUCCESS",
  ...more
})

const forms: ReadonlyArray<Row> = [
  form("nothing goes wrong", {}),
  form("`SUBMITTED` … `SUCCESS`", { vocabulary: "upper" }, { columns: seedance }),
  form("`queued` … `completed`", { vocabulary: "lower" }, { columns: seedance }),
  form("both vocabularies by turns", { vocabulary: "mixed" }, { columns: seedance }),
  form("`completed_at` while the task runs", { completedAtWhileRunning: true }, { columns: seedance }),
  form("unknown to polls for 8 s after the create", { visibleAfterSeconds: 8 }, { columns: creating }),
  form("unknown to polls for 8 s, with a nested error body", { visibleAfterSeconds: 8, unknownTask: "nested" }, {
    columns: seedance
  }),
  form("progress as `\"45%\"`", { progress: "percent" }),
  form("progress as 45.31", { progress: "float" }),
  form("no progress", { progress: "absent" }),
  form("progress stuck at 30", { progress: "stuck" }),
  form("times in ms", { timestamps: "milliseconds" }),
  form("times in ISO 8601", { timestamps: "iso" }),
  form("fields that no page knows", { extraFields: true }),
  form("never a link, but a content route", { withoutUrl: true }, { columns: seedance }),
  form("never a link, and no content route", { withoutUrl: true }, {
    columns: ["generic", "seeany"],
    ends: "MissingResult"
  }),
  form("the documented flat body", { genericBody: "flat" }, { columns: generic }),
  form("the wrapped row of New-API", { genericBody: "wrapped" }, { columns: generic }),
  form("the wrapped row, the link in `fail_reason`", { genericBody: "wrapped", urlInFailReason: true }, {
    columns: generic
  }),
  form("the short wrapped body", { genericBody: "gemini" }, { columns: generic }),
  form("a stripped row without a link", { genericBody: "stripped" }, { columns: generic, ends: "MissingResult" }),
  form("create answered with only `task_id` and `status`", { genericCreate: "short" }, { columns: generic }),
  form("create answered with 201 `processing`", { genericCreate: "created" }, { columns: generic }),
  form("Runway: the old wrapped row", { runwayBody: "wrapped" }, { columns: ["runway"] }),
  form("Runway: throttled before it runs", { runwayQueued: "THROTTLED" }, { columns: ["runway"] }),
  form("Kling: the row of the gateway", { klingBody: "wrapped" }, { columns: ["kling"] }),
  form("Kling: a code in a string, no message", { klingCode: "string", klingMessage: "null" }, { columns: ["kling"] }),
  form("Kling: no code, `success` as the reason", { klingCode: "absent", klingStatusMessage: "success" }, {
    columns: ["kling"]
  }),
  form("xAI: the old wrapped row, the link in `fail_reason`", { xaiBody: "wrapped" }, { columns: ["xai"] }),
  form("xAI: pending without a body", { xaiPending: "empty" }, { columns: ["xai"] }),
  form("xAI: pending with only the id", { xaiPending: "id" }, { columns: ["xai"] }),
  form("xAI: done without a status", { xaiWithoutStatus: true }, { columns: ["xai"] }),
  form("xAI: done, and withheld by the moderation", {}, {
    columns: ["xai"],
    prompt: "[moderate] a paper airplane",
    ends: "TaskFailed"
  }),
  form("xAI: refused by the moderation with a 4xx on the poll", { xaiModeration: "refused" }, {
    columns: ["xai"],
    prompt: "[moderate] a paper airplane",
    ends: "TaskFailed"
  }),
  form("Ark: `content` as a list", { arkContent: "array" }, { columns: ["ark"] }),
  form("Ark: numbers in strings", { arkNumbers: "strings" }, { columns: ["ark"] }),
  form("the task fails", {}, { prompt: "[fail] a paper airplane", ends: "TaskFailed" }),
  form("the task ends in an internal error", {}, {
    columns: seedance,
    prompt: "[error] a paper airplane",
    ends: "TaskErrored"
  }),
  form("the task expires at the provider", {}, {
    columns: ["xai", "ark"],
    prompt: "[expire] a paper airplane",
    ends: "TaskExpired"
  }),
  form("accepted, billed and never seen again", {}, {
    columns: creating,
    prompt: "[ghost] a paper airplane",
    ends: "TaskNotFound"
  }),
  form("a task that never ends", {}, { prompt: "[stuck] a paper airplane", ends: "WaitTimedOut" })
]

export const groups: ReadonlyArray<Group> = [
  { title: "On the status poll", on: "poll", rows: polls },
  { title: "On the create", on: "create", rows: creates },
  { title: "On the download", on: "download", rows: downloads },
  { title: "In the form of the answers", on: "poll", rows: forms }
]
