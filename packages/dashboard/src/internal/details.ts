/**
 * All about one task.
 */
import type { Submission } from "@video-tasks/core/Submission"
import * as Task from "@video-tasks/core/Task"
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import type { Reason } from "@video-tasks/core/VideoTaskError"
import type { StoredTask } from "@video-tasks/runtime/TaskStore"
import * as Redacted from "effect/Redacted"
import type { Detail, Moment, Row, VideoLine } from "../Contract.ts"
import type { Polls } from "../DashboardHub.ts"
import * as Advice from "./advice.ts"
import * as Answer from "./answer.ts"
import * as Rows from "./rows.ts"
import * as Words from "./words.ts"

/** What is known of a task. */
export interface Known {
  readonly row: Row
  /** Absent while there is no task. */
  readonly stored: StoredTask | undefined
  readonly events: ReadonlyArray<JournalEvent>
  readonly submission: Submission | undefined
  readonly polls: Polls
  readonly can: Detail["can"]
  readonly whyMissing: string | undefined
  readonly showPrompts: boolean
}

/** Puts it together for the page. */
export const make = (known: Known, now: number): Detail => {
  const { can, events, polls, row, stored, submission, whyMissing } = known
  const task = stored && TaskMachine.toTask(TaskMachine.restore(stored.snapshot))
  const { lastEdge, spent, steps } = lived(events, now)
  const bill = task?.cost?.kind === "bill" ? task.cost : undefined
  return {
    row: task === undefined ? row : { ...row, handle: TaskHandle.format(task.handle) },
    moments: joined(steps, polls.moments),
    spent,
    lastEdge,
    videos: task?.status === "SUCCESS" ? videosOf(task) : [],
    files: task?.status === "SUCCESS" ? (task.archived?.files ?? []).map(({ uri }) => uri) : [],
    estimate: Rows.amountOf(task?.estimate ?? submission?.estimate),
    bill: Rows.amountOf(bill),
    answer: Answer.shown(stored?.raw),
    error: errorOf(known, task),
    request: requestOf(known),
    can,
    whyMissing,
    traceId: stored?.snapshot.task.trace?.split("-")[1]
  }
}

/** Which of a task's videos an archive has. */
export const archivedOf = (task: Task.Success, index: number) =>
  task.archived?.files.find((file) => file.kind === "video" && file.index === index)

// internal

/** How long before its step a read may have ended, and the other way round, in ms. */
const sameMs = 1500

/** Lives through the journal. */
const lived = (events: ReadonlyArray<JournalEvent>, now: number) => {
  const steps: Array<Moment> = []
  const spent: Array<{ state: Row["state"]; ms: number }> = []
  let lastEdge: Detail["lastEdge"]
  let snapshot: TaskMachine.Snapshot | undefined
  let since = 0
  for (const event of events) {
    if (event.type === "task.created") {
      snapshot = TaskMachine.initial(event)
      since = event.at
      spent.push({ state: snapshot.value, ms: 0 })
      steps.push({ at: event.at, kind: "step", type: event.type, to: snapshot.value, text: "submitted" })
      continue
    }
    if (snapshot === undefined) continue
    const step = TaskMachine.step(snapshot, event)
    const { from, to } = step
    snapshot = step.snapshot
    const persisted = TaskMachine.persist(snapshot)
    steps.push({
      at: event.at,
      kind: "step",
      type: event.type,
      from,
      to,
      progress: persisted.task.progress,
      text: Words.ofEvent(event, persisted)
    })
    if (from === to) continue
    lastEdge = { from, to }
    const last = spent.at(-1)
    if (last !== undefined) last.ms = Math.max(0, event.at - since)
    since = event.at
    spent.push({ state: to, ms: 0 })
  }
  const last = spent.at(-1)
  if (last !== undefined && !Rows.isEnded(last.state)) last.ms = Math.max(0, now - since)
  return { steps, spent: spent.filter(({ ms, state }) => ms > 0 || !Rows.isEnded(state)), lastEdge }
}

/** Steps and reads in one order; a read that made a step says how long it took there. */
const joined = (steps: ReadonlyArray<Moment>, polls: ReadonlyArray<Moment>): ReadonlyArray<Moment> => {
  const rest = polls.filter(({ type }) => type !== "changed")
  const reads = polls.filter(({ type }) => type === "changed")
  const told = steps.map((step) => {
    const read = step.type === "task.observed"
      ? reads.find(({ at }) => Math.abs(at - step.at) <= sameMs)
      : undefined
    return read === undefined ? step : { ...step, tookMs: read.tookMs }
  })
  return [...told, ...rest].sort((a, b) => a.at - b.at)
}

const videosOf = (task: Task.Success): ReadonlyArray<VideoLine> =>
  task.videos.map((video, index) => {
    const url = Redacted.value(video.url)
    return {
      src: `/api/tasks/${task.id}/videos/${index}`,
      from: URL.canParse(url) ? new URL(url).host : "unknown",
      isArchived: archivedOf(task, index) !== undefined,
      width: video.width,
      height: video.height,
      durationMs: video.durationSeconds === undefined ? undefined : Math.round(video.durationSeconds * 1000),
      expiresAt: video.expiresAt
    }
  })

const errorOf = ({ polls, row, submission }: Known, task: Task.Task | undefined): Detail["error"] => {
  if (task !== undefined && Task.isEnded(task)) {
    const error = Task.failureOf(task)
    if (error === undefined) return undefined
    const failure = "failure" in task ? task.failure : undefined
    return {
      reason: error.reason._tag,
      message: Words.paragraph(error.message),
      isRetryable: failure?.retryable ?? mayWorkAnew.has(error.reason._tag)
    }
  }
  if (row.state === "ambiguous") {
    return {
      reason: "SubmissionAmbiguous",
      message: submission?.outcome._tag === "ambiguous" ? Words.paragraph(submission.outcome.detail) : row.last,
      isRetryable: false
    }
  }
  const { failure } = polls
  if (failure === undefined || Rows.isEnded(row.state)) return undefined
  return {
    reason: failure.reason,
    message: Words.paragraph(failure.message),
    isRetryable: row.isRetrying,
    advice: Advice.ofRead(failure.reason, row.isRetrying)
  }
}

/** Ends after which the same request may lead elsewhere. */
const mayWorkAnew: ReadonlySet<Reason["_tag"]> = new Set(["TaskErrored", "TaskCancelled", "TaskExpired"])

const requestOf = ({ showPrompts, submission }: Known): Detail["request"] => {
  const request = submission?.request
  if (request === undefined) return undefined
  const { files = 0, imageUrls = [], options, prompt, resolution, seconds, size } = request
  return {
    prompt: showPrompts ? Words.paragraph(prompt, 16_384) : undefined,
    seconds,
    size,
    resolution,
    images: files + imageUrls.length,
    options: showPrompts ? Answer.options(options) : undefined
  }
}
