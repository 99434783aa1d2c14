/**
 * Tasks as people read them: pure functions from a task to text.
 */
import type { Archived, ArchivedFile } from "@video-tasks/core/Archived"
import { isEnded, type Task } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { Video } from "@video-tasks/core/Video"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { PollInfo } from "@video-tasks/runtime/VideoTasks"
import * as Redacted from "effect/Redacted"
import type { Saved } from "./download.ts"
import * as Duration from "./duration.ts"
import type { Failure } from "./problem.ts"
import { program, quoted, typed } from "./program.ts"
import * as Style from "./style.ts"

/** A task with what is known about its being read, at one moment. */
export interface Moment {
  readonly task: Task
  readonly info?: PollInfo | undefined
  /** In ms since the epoch. */
  readonly now: number
}

/** A task that has ended, or stands still for a moment, as a block of labelled lines: the result, with the full URL. */
export const block = (style: Style.Style, task: Task, options: {
  readonly files?: ReadonlyArray<Saved> | undefined
  readonly now: number
}): string => {
  const rows: Array<readonly [string, string]> = [["status", statusLine(style, task)]]
  rows.push(["task", `${task.handle.provider} · ${Style.harmless(task.handle.remoteId)}`])
  rows.push(["handle", TaskHandle.format(task.handle)])
  if (task.model !== undefined) rows.push(["model", Style.harmless(task.model)])
  if (task.status === "FAILED" || task.status === "ERROR") rows.push(["reason", reason(task.failure)])
  if (!isEnded(task) && task.estimatedRemainingMs !== undefined) {
    rows.push(["rest", `about ${Duration.format(task.estimatedRemainingMs)}, the provider says`])
  }
  const cost = costOf(task)
  if (cost !== undefined) rows.push(["cost", Style.harmless(cost)])
  if (task.status === "SUCCESS") {
    if (task.videos.length === 0) rows.push(["video", "none was handed over"])
    for (const video of task.videos) rows.push(["video", videoLine(style, video, options.now)])
  }
  if (task.status === "SUCCESS") {
    for (const one of task.archived?.files ?? []) rows.push(["kept", keptLine(style, one)])
  }
  for (const one of options.files ?? []) rows.push(["file", fileLine(style, one)])
  return written(style, rows)
}

/** Where the files of a task are kept. */
export const kept = (style: Style.Style, { files }: Archived): string =>
  written(style, files.map((one) => ["kept", keptLine(style, one)]))

/** One line for one change, where there is no terminal. */
export const plainLine = ({ info, now, task }: Moment): string => {
  const parts = [
    `${task.handle.provider}/${Style.harmless(task.handle.remoteId)}`,
    task.status,
    ...(task.progress === undefined || isEnded(task) ? [] : [`${Math.floor(task.progress)} %`])
  ]
  const trouble = isEnded(task) ? undefined : failing(info, now)
  const rest = isEnded(task) ? [] : [...nextRead(info, now), ...eta({ task, info, now })]
  const remark = trouble ?? rest.join(", ")
  return [
    `[${Duration.format(now - since(task))}]`,
    parts.join("  "),
    ...(remark === "" ? [] : [`(${remark})`])
  ].join("  ")
}

/** The live lines of all tasks, aligned, none wider than the terminal. */
export const liveLines = (
  style: Style.Style,
  moments: ReadonlyArray<Moment>,
  columns: number
): ReadonlyArray<string> => {
  const room = Math.max(20, columns - 1)
  const names = namesOf(moments.map(({ task }) => task), room)
  const nameWidth = Math.max(...names.map(Style.width), 0)
  return moments.map((moment, index) =>
    fit([
      { text: Style.pad(names[index] ?? "", nameWidth) },
      { text: bar(style, moment, barWidth(room)) },
      { text: percent(moment) },
      { text: Style.status(style, moment.task.status, Style.pad(moment.task.status, 11)) },
      { text: Style.padStart(Duration.format(end(moment) - since(moment.task)), 6) },
      ...details(style, moment)
    ], room)
  )
}

/** A failure as people read it: the first line says what, the others what to do next. */
export const failure = (
  style: Style.Style,
  self: Failure,
  { isTold = false, ...continuation }: Continuation & { readonly isTold?: boolean | undefined } = {}
): string => {
  const [first = "", ...more] = self._tag === "Problem"
    ? [self.message, ...self.hint ?? []]
    : [...sentences(self), ...(isTold ? [] : hints(self, continuation))]
  return typed([`${style.red("error:")} ${Style.harmless(first)}`, ...more.map((line) => `  ${line}`)].join("\n"))
}

/** What the command was told that the one which goes on must be told again. */
export interface Continuation {
  /** Where the file of a single task shall go. */
  readonly output?: string | undefined
  readonly baseUrl?: string | undefined
}

/** The command that goes on with tasks. */
const commandFor = (handles: ReadonlyArray<TaskHandle.TaskHandle>, { baseUrl, output }: Continuation): string =>
  [
    program,
    output === undefined ? "wait" : "download",
    ...handles.map(TaskHandle.format),
    ...(output === undefined ? [] : ["--output", quoted(output)]),
    ...(baseUrl === undefined ? [] : ["--base-url", quoted(baseUrl)])
  ].join(" ")

/** How to go on with tasks that still run. */
export const goOn = (
  style: Style.Style,
  handles: ReadonlyArray<TaskHandle.TaskHandle>,
  continuation: Continuation = {}
): string => {
  const which = handles.length === 1 ? "The task goes on" : `The ${handles.length} tasks go on`
  return [
    `Stopped waiting. ${which} at the provider, and nothing is lost. Go on with`,
    `  ${style.bold(commandFor(handles, continuation))}`
  ].join("\n")
}

/** Bytes in words. */
export const bytes = (count: number): string => {
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${(count / 1_000).toFixed(1)} kB`
  return count < 1_000_000_000 ? `${(count / 1_000_000).toFixed(1)} MB` : `${(count / 1_000_000_000).toFixed(2)} GB`
}

/** When the task began, as far as we know, in ms since the epoch. */
export const since = (task: Task): number => task.createdAt

// internal

/** The bill beside what was expected. */
const costOf = ({ cost, estimate }: Task): string | undefined => {
  if (cost === undefined) return undefined
  const said = `${cost.amount} ${cost.unit}`
  if (cost.kind === "estimate") return `${said} (estimate)`
  return estimate === undefined ? said : `${said} (estimate: ${estimate.amount} ${estimate.unit})`
}

const statusLine = (style: Style.Style, task: Task): string => {
  const word = Style.status(style, task.status, style.bold(task.status))
  if (!isEnded(task)) return task.progress === undefined ? word : `${word}  ${Math.floor(task.progress)} %`
  return task.handle.createdAt === undefined
    ? word
    : `${word}  after ${Duration.format(task.completedAt - since(task))}`
}

const reason = (failed: { readonly message: string; readonly code?: string | undefined }): string =>
  Style.harmless(failed.code === undefined ? failed.message : `${failed.message} (${failed.code})`)

const videoLine = (style: Style.Style, video: Video, now: number): string => {
  const facts = [
    ...(video.durationSeconds === undefined ? [] : [`${video.durationSeconds} s`]),
    ...(video.width === undefined || video.height === undefined ? [] : [`${video.width}×${video.height}`]),
    ...(video.resolution === undefined ? [] : [Style.harmless(video.resolution)]),
    ...(video.expiresAt === undefined ? [] : [`link good for ${Duration.format(video.expiresAt - now)}`]),
    ...(video.needsCredentials === true ? ["wants the account's key"] : [])
  ]
  const url = Style.harmless(Redacted.value(video.url))
  return facts.length === 0 ? url : `${url}\n${" ".repeat(8)}${style.dim(facts.join(", "))}`
}

const written = (style: Style.Style, rows: ReadonlyArray<readonly [label: string, text: string]>): string =>
  rows.map(([label, text]) => `${style.dim(Style.pad(label, 8))}${text}`).join("\n")

const keptLine = (style: Style.Style, { bytes: size, sha256, uri }: ArchivedFile): string =>
  `${style.bold(Style.harmless(uri))}  ${bytes(size)}\n${" ".repeat(8)}${style.dim(`sha256 ${sha256}`)}`

const fileLine = (style: Style.Style, one: Saved): string =>
  `${style.bold(one.path)}  ${bytes(one.bytes)}\n${" ".repeat(8)}${style.dim(`sha256 ${one.sha256}`)}`

/** What is wrong with a request stands on a line each. */
const sentences = ({ message, reason }: VideoTaskError): ReadonlyArray<string> => {
  if (reason._tag !== "InvalidRequest" || reason.violations.length === 0) return [message]
  const [first, ...others] = [
    ...reason.violations.map(({ allowed, field, value }) => `${field} is ${value}; allowed: ${allowed}`),
    ...(reason.detail === undefined ? [] : [reason.detail])
  ].map(Style.harmless)
  return others.length === 0
    ? [`The request is not valid: ${first}.`]
    : [
      "The request is not valid. Correct it before you try again:",
      ...[first ?? "", ...others].map((line) => `- ${line}`)
    ]
}

const hints = (error: VideoTaskError, continuation: Continuation): ReadonlyArray<string> => {
  const { handle, requestId } = error
  return [
    ...(handle === undefined ? [] : [`handle: ${TaskHandle.format(handle)}`]),
    ...(error.reason._tag === "WaitTimedOut" && handle !== undefined
      ? [`go on:  ${commandFor([handle], continuation)}`]
      : []),
    ...(error.reason._tag === "SubmissionAmbiguous" && error.reason.submissionId !== undefined
      ? settling(error.reason.submissionId)
      : []),
    ...(requestId === undefined ? [] : [`request id, for the provider's support: ${Style.harmless(requestId)}`])
  ]
}

/** How to settle a create of which nobody knows what became. */
const settling = (id: string): ReadonlyArray<string> => [
  `${program} resolve ${id} --remote REMOTE_ID   when it is in the provider's console`,
  `${program} resolve ${id} --discard            when you are sure that it made no task`
]

/** The names of the tasks; providers and ids each in a column. */
const namesOf = (tasks: ReadonlyArray<Task>, room: number): ReadonlyArray<string> => {
  const ids = tasks.map((task) =>
    Style.shorten(Style.harmless(task.handle.remoteId), room < 78 ? 9 : room < 100 ? 12 : 18)
  )
  return room < 60 && tasks.length === 1
    ? ids
    : Style.table(tasks.map((task, index) => [task.handle.provider, ids[index] ?? ""]))
}

const barWidth = (room: number): number => {
  if (room >= 100) return 24
  return room >= 78 ? 12 : 8
}

/** The share that is done, 0 to 1: told by the provider, or guessed from the expected end. */
const share = ({ info, now, task }: Moment): { readonly value: number; readonly guessed: boolean } | undefined => {
  if (task.status === "SUCCESS") return { value: 1, guessed: false }
  if (task.progress !== undefined && task.progress > 0) return { value: task.progress / 100, guessed: false }
  const expected = info?.expectedEndAt
  if (isEnded(task) || expected === undefined || expected <= since(task)) return undefined
  return { value: Math.min(0.95, (now - since(task)) / (expected - since(task))), guessed: true }
}

const bar = (style: Style.Style, moment: Moment, columns: number): string => {
  const done = share(moment)
  const filled = Math.round((done?.value ?? 0) * columns)
  const full = (done?.guessed === true ? "▒" : "█").repeat(filled)
  return Style.status(style, moment.task.status, full) + style.dim("░".repeat(columns - filled))
}

const percent = (moment: Moment): string => {
  const done = share(moment)
  if (done === undefined) return "     "
  return Style.padStart(`${done.guessed ? "~" : ""}${Math.floor(done.value * 100)}%`, 5)
}

const end = ({ now, task }: Moment): number => isEnded(task) ? task.completedAt : now

/** A part of a live line; only one with `paint` may be shortened. */
interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

const details = (style: Style.Style, moment: Moment): ReadonlyArray<Cell> => {
  const { info, now, task } = moment
  if (isEnded(task)) {
    return task.status === "FAILED" || task.status === "ERROR"
      ? [{ text: reason(task.failure), paint: style.red }]
      : []
  }
  const trouble = failing(info, now)
  if (trouble !== undefined) return [{ text: trouble, paint: style.yellow }]
  return [...nextRead(info, now), ...eta(moment)].map((text) => ({ text, paint: style.dim }))
}

const nextRead = (info: PollInfo | undefined, now: number): ReadonlyArray<string> => {
  if (info?.nextPollAt === undefined) return []
  return info.nextPollAt <= now ? ["reading"] : [`next read ${whole(info.nextPollAt - now)}`]
}

const eta = ({ info, now }: Moment): ReadonlyArray<string> =>
  info?.expectedEndAt === undefined || info.expectedEndAt <= now
    ? []
    : [`ETA ${whole(info.expectedEndAt - now)}`]

/** The nearest whole second, so that a countdown keeps its width and begins with the gap that was asked for. */
const whole = (ms: number): string => Duration.format(Math.max(1, Math.round(ms / 1000)) * 1000)

const failing = (info: PollInfo | undefined, now: number): string | undefined => {
  if (info === undefined || info.failures === 0) return undefined
  const what = Style.harmless(inShort(info.lastFailure ?? "no answer"))
  const count = info.failures === 1 ? "retry" : `retry ${info.failures}`
  return info.nextPollAt === undefined || info.nextPollAt <= now
    ? `${count} now: ${what}`
    : `${count} in ${whole(info.nextPollAt - now)}: ${what}`
}

/** A message without its frame: of "What: the detail. What to do." the detail, else the first sentence. */
const inShort = (message: string): string =>
  /^[^:.]+: (.+)\. [A-Z][^.]*\.$/s.exec(message)?.[1] ?? message.split(/\.(?: |$)/)[0] ?? message

/** Joins cells while they fit, and shortens the last one. */
const fit = (cells: ReadonlyArray<Cell>, room: number): string => {
  let line = ""
  for (const { paint, text } of cells) {
    const gap = line === "" ? "" : "  "
    const rest = room - Style.width(line) - gap.length
    if (Style.width(text) <= rest) {
      line += gap + (paint === undefined ? text : paint(text))
      continue
    }
    return paint === undefined || rest < 12 ? line : line + gap + paint(`${text.slice(0, rest - 1)}…`)
  }
  return line
}
