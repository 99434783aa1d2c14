/**
 * What `--json` prints: one object a line.
 *
 * The full URL of a video stands only in the line of a task that has ended well: it is the result.
 */
import type { Archived } from "@video-tasks/core/Archived"
import { isEnded, type Task } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { Video } from "@video-tasks/core/Video"
import { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Redacted from "effect/Redacted"
import type { Saved } from "./download.ts"
import type { Failure } from "./problem.ts"
import { typed } from "./program.ts"

/** A line of `--json`. */
export interface Line {
  readonly type: string
  readonly [field: string]: unknown
}

/** A task exists: made here, or attached. */
export const created = (task: Task): Line => ({ type: "task.created", ...about(task) })

/** A task as it stands: `task.finished` when it has ended, else `task.updated`. */
export const state = (task: Task, files: ReadonlyArray<Saved> = []): Line => ({
  type: isEnded(task) ? "task.finished" : "task.updated",
  ...about(task),
  ...(files.length === 0 ? {} : { files: files.map(file) })
})

/** The files of a task are kept. */
export const archived = (handle: TaskHandle.TaskHandle, self: Archived): Line => ({
  type: "task.archived",
  handle: TaskHandle.format(handle),
  ...kept(self)
})

/** Where files are kept, as plain data. */
export const kept = ({ at, files }: Archived) => ({
  at,
  files: files.map(({ bytes, index, key, kind, mimeType, sha256, uri }) => ({
    kind,
    index,
    key,
    uri,
    bytes,
    sha256,
    mimeType
  }))
})

/** Something failed. */
export const error = (failure: Failure): Line => ({
  type: "error",
  ...(failure.handle === undefined ? {} : { handle: TaskHandle.format(failure.handle) }),
  error: failure instanceof VideoTaskError
    ? {
      reason: failure.reason._tag,
      message: typed(failure.message),
      ...(failure.reason._tag === "SubmissionAmbiguous" ? { submissionId: failure.reason.submissionId } : {}),
      retryable: failure.retryable
    }
    : {
      reason: failure.reason,
      message: typed(failure.message),
      ...(failure.hint === undefined
        ? {}
        : { hint: failure.hint.map((line) => line.trim().replaceAll(/\s{2,}/g, " ")) }),
      retryable: failure.retryable ?? false
    }
})

/** A task as plain data; times in ms since the epoch. */
const task = (self: Task): Readonly<Record<string, unknown>> => ({
  id: self.id,
  status: self.status,
  provider: self.handle.provider,
  family: self.handle.family,
  remoteId: self.handle.remoteId,
  model: self.model,
  progress: self.progress,
  estimatedRemainingMs: "estimatedRemainingMs" in self ? self.estimatedRemainingMs : undefined,
  createdAt: self.createdAt,
  updatedAt: self.updatedAt,
  completedAt: "completedAt" in self ? self.completedAt : undefined,
  cost: self.cost,
  estimate: self.estimate,
  failure: "failure" in self ? self.failure : undefined,
  videos: self.status === "SUCCESS" ? self.videos.map(video) : undefined,
  archived: self.status === "SUCCESS" && self.archived !== undefined ? kept(self.archived) : undefined
})

/** Writes a line; fields that are `undefined` are left out. */
export const format = (line: Line): string => JSON.stringify(line)

// internal

const about = (self: Task) => ({ handle: TaskHandle.format(self.handle), task: task(self) })

const video = ({ thumbnailUrl, url, ...facts }: Video) => ({
  url: Redacted.value(url),
  thumbnailUrl: thumbnailUrl === undefined ? undefined : Redacted.value(thumbnailUrl),
  ...facts
})

const file = ({ bytes, mimeType, path, sha256 }: Saved) => ({ path, bytes, mimeType, sha256 })
