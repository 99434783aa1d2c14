/**
 * Tasks of the store as rows: one JSON object, or one line of a table.
 *
 * A create without an outcome is a row too, without a handle: `sending`, or `ambiguous` when nobody knows what became of it.
 */
import type { RequestRecord } from "@video-tasks/core/RequestRecord"
import type { Submission } from "@video-tasks/core/Submission"
import type { Task } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import type { Cost, Failure } from "@video-tasks/core/Video"
import * as Duration from "./duration.ts"
import * as JsonLines from "./jsonLines.ts"
import type { OpenCreate } from "./storeReads.ts"
import * as Style from "./style.ts"

/** What was asked for; options as JSON text. */
export type Request = Omit<RequestRecord, "isWhole">

/** A row; times in ms since the epoch. */
export interface Facts {
  readonly type: "task"
  readonly id: string
  readonly handle: string | null
  readonly remoteId: string | null
  readonly status: TaskStatus | OpenCreate["status"]
  readonly provider: string
  readonly family: string
  readonly model?: string | undefined
  /** What was asked for, as far as it was kept. */
  readonly request?: Request | undefined
  readonly progress?: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
  readonly completedAt?: number | undefined
  readonly cost?: Cost | undefined
  readonly estimate?: Cost | undefined
  readonly failure?: Failure | undefined
  /** Where its files are kept. */
  readonly files?: ReadonlyArray<string> | undefined
  /** The same with what they are, in full. */
  readonly archived?: ReturnType<typeof JsonLines.kept> | undefined
  /** What is known of a create that is ambiguous. */
  readonly detail?: string | undefined
  readonly [field: string]: unknown
}

/** The row of a task. */
export const ofTask = (task: Task): Facts => ({
  type: "task",
  id: task.id,
  handle: TaskHandle.format(task.handle),
  remoteId: task.handle.remoteId,
  status: task.status,
  provider: task.handle.provider,
  family: task.handle.family,
  model: task.model,
  progress: task.progress,
  createdAt: task.createdAt,
  updatedAt: task.updatedAt,
  completedAt: "completedAt" in task ? task.completedAt : undefined,
  cost: task.cost,
  estimate: task.estimate,
  failure: "failure" in task ? task.failure : undefined,
  files: task.status === "SUCCESS" && task.archived !== undefined
    ? task.archived.files.map(({ uri }) => uri)
    : undefined,
  archived: task.status === "SUCCESS" && task.archived !== undefined ? JsonLines.kept(task.archived) : undefined
})

/** The row of a create without an outcome. */
export const ofCreate = ({ status, submission }: OpenCreate): Facts => ({
  type: "task",
  id: submission.id,
  handle: null,
  remoteId: null,
  status,
  provider: submission.provider,
  family: submission.family,
  model: submission.model,
  request: requestOf(submission),
  createdAt: submission.startedAt,
  updatedAt: submission.startedAt,
  estimate: submission.estimate,
  detail: submission.outcome._tag === "ambiguous"
    ? submission.outcome.detail
    : status === "sending"
    ? "a process waits for the answer"
    : "no answer is recorded: the process ended before it came"
})

/** What was asked for, as far as it was kept. */
export const requestOf = ({ request }: Submission): Request | undefined => {
  if (request === undefined) return undefined
  const { isWhole: _, options, ...said } = request
  return options === undefined ? said : { ...said, options }
}

/** Rows as a table; `now` in ms since the epoch. */
export const table = (style: Style.Style, rows: ReadonlyArray<Facts>, now: number): string => {
  const withFiles = rows.some(({ files }) => files !== undefined && files.length > 0)
  const [head = "", ...lines] = Style.table([
    ["ID", "STATUS", "PROVIDER", "MODEL", "AGE", "TOOK", "COST", ...(withFiles ? ["FILE"] : [])],
    ...rows.map((row) => [
      row.id,
      painted(style, row.status),
      row.provider,
      Style.harmless(row.model ?? "—"),
      Duration.format(now - row.createdAt),
      row.completedAt === undefined ? "—" : Duration.format(row.completedAt - row.createdAt),
      costOf(row),
      ...(withFiles ? [Style.harmless((row.files ?? []).join(" "))] : [])
    ])
  ], [4, 5])
  return [style.bold(head), ...lines].join("\n")
}

/** The word for a state, in its colour. */
export const painted = (style: Style.Style, status: Facts["status"]): string =>
  status === "ambiguous" || status === "sending" ? style.yellow(status) : Style.status(style, status)

/** What it cost, or was expected to. */
export const costOf = ({ cost, estimate }: Facts): string => {
  const said = cost ?? estimate
  if (said === undefined) return "—"
  return Style.harmless(`${said.amount} ${said.unit}${said.kind === "estimate" ? " (estimate)" : ""}`)
}
