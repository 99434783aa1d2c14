/**
 * What can be asked about the files of a success.
 */
import { restore, toTask } from "@video-tasks/core/TaskMachine"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { VideoTasks } from "../VideoTasks.ts"
import type { Archiver } from "./archiver.ts"
import * as Refs from "./refs.ts"

type Service = VideoTasks["Service"]

/** @internal */
export const archiving = (
  archiver: Archiver | undefined,
  refs: Refs.Refs,
  awaitSuccess: Service["await"]
): Pick<Service, "awaitArchived" | "archiveInfo"> => ({
  awaitArchived: Effect.fn("VideoTasks.awaitArchived")(function*(ref, options) {
    const task = yield* awaitSuccess(ref, options)
    if (task.archived !== undefined) return task.archived
    if (archiver !== undefined) return yield* archiver.kept(task)
    return yield* Effect.fail(VideoTaskError.make({
      provider: task.handle.provider,
      operation: "store",
      handle: task.handle,
      reason: new VideoTaskError.Unsupported({ detail: "no archive is configured, so no files are kept" })
    }))
  }),
  archiveInfo: (ref) =>
    Effect.map(Refs.get(refs, ref), ({ snapshot }) => {
      const task = toTask(restore(snapshot))
      if (task.status !== "SUCCESS") return undefined
      if (archiver !== undefined) return archiver.info(task)
      return { state: task.archived === undefined ? "missing" : "archived", attempts: 0 }
    })
})
