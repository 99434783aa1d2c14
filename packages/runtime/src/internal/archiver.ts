/**
 * Keeps the files of what has succeeded: beside everything else, again and again until their links lapse, and never to
 * the harm of a task.
 */
import type { Archived, ArchivedFile, Kind } from "@video-tasks/core/Archived"
import * as Redact from "@video-tasks/core/Redact"
import type { Success } from "@video-tasks/core/Task"
import { format, type TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Semaphore from "effect/Semaphore"
import type { ArchiveError, Wanted } from "../Archive.ts"
import * as Telemetry from "../Telemetry.ts"
import type { ArchiveInfo } from "../VideoTasks.ts"
import type { Archive } from "./archiveService.ts"
import { seenThrough } from "./bounded.ts"
import { fromStore, retryStore } from "./errors.ts"
import * as Journal from "./journal.ts"
import { unkept } from "./unkept.ts"

/** @internal */
export interface Archiver {
  /** Begins to keep the files of a success, unless that is under way. */
  readonly begin: (snapshot: TaskMachine.Persisted, options?: { readonly mayExist?: boolean }) => void
  /** Waits until the files of a success are kept, and begins with it if need be. */
  readonly kept: (task: Success) => Effect.Effect<Archived, VideoTaskError.VideoTaskError>
  /** Begins with what earlier processes have left, and says what that is, oldest first. */
  readonly catchUp: Effect.Effect<ReadonlyArray<TaskHandle>>
  readonly info: (task: Success) => ArchiveInfo
}

type Failure = VideoTaskError.VideoTaskError | ArchiveError

interface Job {
  readonly done: Deferred.Deferred<Archived, VideoTaskError.VideoTaskError>
  attempts: number
  lastFailure: Failure | undefined
  isOver: boolean
}

/**
 * What is needed of an archive.
 *
 * @internal
 */
export interface ArchiveParts extends Pick<Archive["Service"], "options" | "store"> {
  /** One for each file that is fetched, whoever wants it: an archive may serve several `VideoTasks`. */
  readonly permits: Semaphore.Semaphore
}

interface Parts {
  readonly archive: ArchiveParts
  readonly journal: Journal.Journal
  readonly providers: VideoProviders["Service"]
}

/** So long a file is tried at least, whatever its link says: a link that has lapsed can be replaced. */
const shortestPatienceMs = 600_000

/** A still picture is not worth holding up the record of the video. */
const thumbnailRetries = 3

/** Those that were given up are remembered, so that they can be seen; the oldest are forgotten. */
const maxRemembered = 10_000

/** After 1, 2, 4, … s, at most 5 min apart. */
const pauses = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("5 minutes")]).pipe(Schedule.jittered)

/** @internal */
export const make = Effect.fnUntraced(function*(
  archive: ArchiveParts,
  journal: Journal.Journal
): Effect.fn.Return<Archiver, never, VideoProviders | Scope.Scope> {
  const { options } = archive
  const parts: Parts = { archive, journal, providers: yield* VideoProviders }
  const run = yield* FiberSet.makeRuntime<never, void>()
  const jobs = new Map<TaskId, Job>()

  const start = (task: Success, mayExist: boolean): Job => {
    const job: Job = { done: Deferred.makeUnsafe(), attempts: 0, lastFailure: undefined, isOver: false }
    jobs.delete(task.id)
    jobs.set(task.id, job)
    run(
      Effect.onExit(keep(parts, task, mayExist, job), (exit) =>
        Effect.sync(() => {
          job.isOver = true
          if (Exit.isSuccess(exit)) jobs.delete(task.id)
          else forgetOldest(jobs)
          Deferred.doneUnsafe(job.done, exit)
        })).pipe(Effect.asVoid, Effect.ignoreCause, Effect.withSpan("VideoTasks.archive", spanOf(task)))
    )
    return job
  }

  const begin: Archiver["begin"] = (snapshot, { mayExist = false } = {}) => {
    const task = toSuccess(snapshot)
    if (task === undefined || task.archived !== undefined || task.videos.length === 0) return
    const job = jobs.get(task.id)
    if (job === undefined || job.isOver) start(task, mayExist)
  }

  const catchUp = unkept(journal.store, options.lookBack).pipe(
    Effect.map((found) => {
      for (const { snapshot } of found) begin(snapshot, { mayExist: true })
      return found.map(({ snapshot }) => snapshot.task.handle)
    }),
    Effect.catch((error) =>
      Effect.as(Effect.logWarning("what is not archived yet could not be listed", error.message), [])
    )
  )

  return {
    begin,
    kept: (task) =>
      Effect.suspend(() => {
        if (task.archived !== undefined) return Effect.succeed(task.archived)
        const known = jobs.get(task.id)
        return Deferred.await((known === undefined || known.isOver ? start(task, true) : known).done)
      }),
    catchUp,
    info: (task) => infoOf(task, jobs.get(task.id))
  }
})

const infoOf = (task: Success, job: Job | undefined): ArchiveInfo => {
  const lastFailure = job?.lastFailure === undefined ? {} : { lastFailure: Redact.text(job.lastFailure.message) }
  const state = task.archived !== undefined
    ? "archived"
    : job === undefined
    ? "missing"
    : job.isOver
    ? "given up"
    : "pending"
  return { state, attempts: job?.attempts ?? 0, ...lastFailure }
}

/** It belongs to nobody who waits. */
const spanOf = ({ handle, id }: Success) => ({
  root: true,
  attributes: { "video_task.id": id, "video_task.provider": handle.provider, "video_task.family": handle.family }
})

const forgetOldest = (jobs: Map<TaskId, Job>): void => {
  for (const [id, job] of jobs) {
    if (jobs.size <= maxRemembered) return
    if (job.isOver) jobs.delete(id)
  }
}

const toSuccess = (snapshot: TaskMachine.Persisted): Success | undefined => {
  const task = TaskMachine.toTask(TaskMachine.restore(snapshot))
  return task.status === "SUCCESS" ? task : undefined
}

const keep = Effect.fnUntraced(
  function*(
    parts: Parts,
    task: Success,
    mayExist: boolean,
    job: Job
  ): Effect.fn.Return<Archived, VideoTaskError.VideoTaskError> {
    const until = yield* patience(parts, task)
    const files: Array<ArchivedFile> = []
    for (const index of task.videos.keys()) {
      files.push(yield* patiently(parts, { task, kind: "video", index, mayExist }, job, until))
    }
    for (const [index, { thumbnailUrl }] of task.videos.entries()) {
      if (thumbnailUrl === undefined) continue
      const picture = patiently(parts, { task, kind: "thumbnail", index, mayExist }, job, until)
      files.push(...yield* Effect.match(picture, { onSuccess: (file) => [file], onFailure: () => [] }))
    }
    const archived = yield* record(parts, task, files)
    yield* count(task, "archived")
    return archived
  },
  (effect, _parts, task) =>
    Effect.annotateLogs(
      Effect.tapError(effect, (error) =>
        Effect.andThen(
          count(task, "given up"),
          Effect.logWarning(
            "a video is not archived, and is given up until the next resume",
            Redact.text(error.message)
          )
        )),
      { handle: format(task.handle) }
    )
)

/** Until when a task's files are tried, in ms since the epoch. */
const patience = Effect.fnUntraced(function*({ archive }: Parts, task: Success): Effect.fn.Return<number> {
  const now = yield* Clock.currentTimeMillis
  const otherwise = now + Duration.toMillis(archive.options.patience ?? "1 day")
  const lapses = task.videos.map((video) => video.expiresAt ?? otherwise)
  return Math.max(now + shortestPatienceMs, Math.min(...lapses))
})

const patiently = (
  { archive, providers }: Parts,
  wanted: Wanted,
  job: Job,
  until: number
): Effect.Effect<ArchivedFile, VideoTaskError.VideoTaskError> => {
  const { kind, task } = wanted
  const { retries = Infinity } = archive.options
  const attempt = Effect.suspend(() => {
    job.attempts++
    return archive.store(wanted)
  })
  return archive.permits.withPermits(1)(attempt).pipe(
    Effect.provideService(VideoProviders, providers),
    Effect.catchDefect((defect) => Effect.fail(brokenBy(task, defect))),
    Effect.tapError((error) => noted(task, kind, job, error)),
    Effect.retry({
      schedule: Schedule.upTo(pauses, { times: kind === "video" ? retries : Math.min(retries, thumbnailRetries) }),
      while: (error) => Effect.map(Clock.currentTimeMillis, (now) => now < until && isHopeful(error))
    }),
    Effect.mapError((error) => toError(task, error))
  )
}

const noted = (task: Success, kind: Kind, job: Job, error: Failure) => {
  job.lastFailure = error
  return Effect.andThen(
    count(task, error._tag === "ArchiveError" ? error._tag : error.reason._tag),
    Effect.logWarning(`a ${kind} is not archived yet`, Redact.text(error.message))
  )
}

/** What no later attempt can change. */
const hopeless: ReadonlySet<VideoTaskError.Reason["_tag"]> = new Set([
  "InvalidRequest",
  "MissingResult",
  "ResultExpired",
  "ResumeIdentityChanged",
  "TaskNotFound",
  "UnsafeAddress",
  "Unsupported"
])

const isHopeful = (error: Failure): boolean =>
  error._tag === "ArchiveError" ? error.retryable : !hopeless.has(error.reason._tag)

const toError = ({ handle }: Success, error: Failure): VideoTaskError.VideoTaskError =>
  error._tag === "ArchiveError"
    ? VideoTaskError.make({
      provider: handle.provider,
      operation: "store",
      handle,
      reason: new VideoTaskError.StoreError({ detail: error.message, retryable: error.retryable })
    })
    : VideoTaskError.withHandle(error, handle)

const brokenBy = ({ handle }: Success, defect: unknown): VideoTaskError.VideoTaskError =>
  VideoTaskError.make({
    provider: handle.provider,
    operation: "store",
    handle,
    reason: new VideoTaskError.StoreError({
      detail: `the archive broke: ${Redact.clip(Redact.text(String(defect)), 200)}`,
      retryable: true
    })
  })

/** Writes into the journal where the files are. Somebody else may have been faster: then what they say counts. */
const record = Effect.fnUntraced(function*(
  { journal }: Parts,
  { handle, id }: Success,
  [first, ...rest]: ReadonlyArray<ArchivedFile>
): Effect.fn.Return<Archived, VideoTaskError.VideoTaskError> {
  const missing = (detail: string) =>
    VideoTaskError.make({
      provider: handle.provider,
      operation: "store",
      handle,
      reason: new VideoTaskError.MissingResult({ detail })
    })
  if (first === undefined) return yield* Effect.fail(missing("there is nothing to archive"))
  const at = yield* Clock.currentTimeMillis
  const write = Effect.flatMap(retryStore(journal.store.load(id)), (stored) =>
    stored === undefined
      ? Effect.undefined
      : Journal.step(journal, stored, { type: "task.archived", at, files: [first, ...rest] }))
  const stepped = yield* seenThrough(write, journal.scope).pipe(
    Effect.retry({
      schedule: Schedule.upTo(pauses, { times: 8 }),
      while: (error) => error._tag !== "TaskStoreError" || error.retryable
    }),
    Effect.mapError((error) => fromStore(error, handle.provider, handle))
  )
  const archived = stepped?.snapshot.task.archived
  return archived ?? (yield* Effect.fail(missing("the task is not in the store")))
})

const count = ({ handle }: Success, outcome: string): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(Telemetry.archives, { provider: handle.provider, outcome }), 1)
