/**
 * The single faults that the vendors' SDKs and ours are put through, and how ours must end.
 */
import type { Script } from "@video-tasks/simulator"
import type { End } from "../FaultMatrix/rows.ts"

export interface SdkRow {
  readonly fault: string
  readonly line: Omit<Script.Line, "on">
  /** How ours ends; `SUCCESS` unless said. */
  readonly ends?: End
  /** Creates that ours sends, and that cost money; 1 unless said. */
  readonly posts?: number
  readonly bills?: number
}

export interface SdkGroup {
  readonly title: string
  readonly on: "create" | "poll" | "download"
  readonly rows: ReadonlyArray<SdkRow>
}

const ends = "SubmissionAmbiguous"

export const groups: ReadonlyArray<SdkGroup> = [
  {
    title: "On the status poll",
    on: "poll",
    rows: [
      { fault: "one 500", line: { fault: "500" } },
      { fault: "one 503 HTML page", line: { fault: "503-html" } },
      { fault: "one 429 with `Retry-After: 1`", line: { fault: "429", retryAfter: 1 } },
      { fault: "connection reset before the answer", line: { fault: "reset-after-accept" } },
      { fault: "truncated JSON with 200", line: { fault: "truncated-json" } },
      { fault: "HTML page with 200", line: { fault: "html-200" } },
      { fault: "empty 200", line: { fault: "empty-200" } },
      { fault: "hung answer", line: { fault: "hang" } },
      { fault: "unknown task once, right after the create", line: { fault: "task-not-exist" } },
      { fault: "unknown status word once", line: { fault: "unknown-status" } },
      { fault: "403 HTML page of a firewall", line: { fault: "403-html" } }
    ]
  },
  {
    title: "On the create",
    on: "create",
    rows: [
      { fault: "accepted, then the connection is reset", line: { fault: "reset-after-accept" }, ends },
      { fault: "accepted, then 500", line: { fault: "500", accepted: true }, ends },
      { fault: "accepted, then 504", line: { fault: "504", accepted: true }, ends },
      { fault: "accepted, truncated JSON", line: { fault: "truncated-json" }, ends }
    ]
  },
  {
    title: "On the download",
    on: "download",
    rows: [
      { fault: "connection cut in the middle of the file", line: { fault: "cut-at" } },
      { fault: "one 500", line: { fault: "500" } }
    ]
  }
]
