import type { Context } from "./context.ts"
import type { Place } from "./openaiWords.ts"
import { millis } from "./state.ts"
import * as tasks from "./task.ts"

/** @internal OpenAI, `POST /v1/videos`, and the other default of CometAPI's Sora pages. */
export const defaultSize: Readonly<Record<Place, string>> = { openai: "720x1280", cometapi: "1280x720" }

/** @internal The words of the `Video` object. */
export const videoWords = {
  waiting: "queued",
  queued: "queued",
  running: "in_progress",
  success: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "failed",
  expired: "failed"
}

/** The reference lists no codes of jobs; these two are what clients have met. */
const errorOf = ({ outcome, seeded }: tasks.Task) => ({
  code: seeded.failureCode === undefined
    ? outcome === "error" ? "internal_error" : "moderation_blocked"
    : seeded.failureCode,
  message: seeded.failureMessage ??
    (outcome === "error"
      ? "The video could not be generated because of an internal error."
      : "Your request was blocked by our moderation system.")
})

/** @internal When the file of a task lapses. */
export const expiresAt = ({ state }: Context, { finishedAt }: tasks.View): number | undefined =>
  finishedAt === undefined ? undefined : finishedAt + millis(state, state.options.linkSeconds ?? 86400)

/**
 * The `Video` object of openai-node, `resources/videos.ts`: no link, and 100 % also when it failed.
 *
 * @internal
 */
export const video = (context: Context, task: tasks.Task, at: number): unknown => {
  const { options } = context.state
  const seen = context.twist(tasks.view(task, at))
  const isDone = seen.phase === "success"
  const lapses = isDone ? expiresAt(context, seen) : undefined
  const stamp = (time: number) => tasks.stamp(context.state, time)
  return {
    id: task.id,
    object: "video",
    created_at: stamp(task.createdAt),
    status: seen.word ?? videoWords[seen.phase],
    completed_at: isDone && seen.finishedAt !== undefined ? stamp(seen.finishedAt) : null,
    error: videoWords[seen.phase] === "failed" ? errorOf(task) : null,
    expires_at: lapses === undefined ? null : stamp(lapses),
    model: modelOf(task),
    progress: tasks.progress(seen, options.progress),
    prompt: task.prompt,
    remixed_from_video_id: task.said["remixed_from_video_id"] ?? null,
    seconds: String(task.seeded.seconds ?? 4),
    size: task.seeded.size ?? defaultSize[task.api === "openai" ? "openai" : "cometapi"],
    ...tasks.extra(context.state, task)
  }
}

const modelOf = (task: tasks.Task): string => task.seeded.model ?? "sora-2"

/**
 * What CometAPI's Sora create page shows of the same object.
 *
 * @internal
 */
export const receipt = (context: Context, task: tasks.Task): unknown => {
  const seen = context.twist(tasks.view(task, task.createdAt))
  return {
    id: task.id,
    object: "video",
    model: modelOf(task),
    status: seen.word ?? videoWords[seen.phase],
    progress: tasks.progress(seen, context.state.options.progress),
    seconds: String(task.seconds),
    size: task.size,
    created_at: tasks.stamp(context.state, task.createdAt),
    ...tasks.extra(context.state, task)
  }
}
