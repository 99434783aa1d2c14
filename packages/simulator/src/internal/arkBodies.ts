import { aspectRatio, aspectRatios } from "../Samples.ts"
import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as tasks from "./task.ts"

/** @internal */
export const statusWords = {
  waiting: "queued",
  queued: "queued",
  running: "running",
  success: "succeeded",
  failed: "failed",
  // Ark has one word for every failure.
  error: "failed",
  cancelled: "cancelled",
  expired: "expired"
}

/** @internal The status of a task at this moment. */
export const word = (seen: tasks.View): string => seen.word ?? statusWords[seen.phase]

/** @internal 48 hours, the default of `execution_expires_after`, in seconds. */
const expiresAfter = 172_800

const framesPerSecond = 24

const heights: Readonly<Record<string, number>> = { "480p": 480, "720p": 720, "1080p": 1080, "4k": 2160 }

/**
 * Width x height x frames / 1024 (BytePlus ModelArk, "Model pricing"): 108900 for five seconds of 720p, as the sample of
 * the query page has it, which counts one frame more.
 */
const tokensOf = (task: tasks.Task): number => {
  const short = heights[task.resolution] ?? 720
  const { height, width } = aspectRatios[aspectRatio(task.size)]
  const pixels = width * height * (short / Math.min(width, height)) ** 2
  const { frames } = task.said
  return Math.round(pixels * (typeof frames === "number" ? frames : framesPerSecond * task.seconds + 1) / 1024)
}

/** When the task got the state that it has: a tenth of a job is spent in the queue. */
const updatedAt = (task: tasks.Task, seen: tasks.View): number =>
  seen.finishedAt ?? (seen.phase === "running" ? task.createdAt + task.jobMillis * 0.1 : task.createdAt)

const seedOf = ({ number, said, seeded }: tasks.Task): unknown =>
  seeded.seed ?? (typeof said["seed"] === "number" && said["seed"] >= 0 ? said["seed"] : 20231234 + number)

const failure = ({ outcome, seeded }: tasks.Task) => ({
  code: seeded.failureCode === undefined
    ? outcome === "error" ? "InternalServiceError" : "OutputVideoSensitiveContentDetected"
    : seeded.failureCode,
  message: seeded.failureMessage ??
    (outcome === "error"
      ? "The service encountered an unexpected internal error."
      : "The request failed because the output video may contain sensitive information.")
})

/** What a success has besides: BytePlus ModelArk, "Retrieve a video generation task". */
const finished = (context: Context, task: tasks.Task, seen: tasks.View) => {
  const { now, request, state } = context
  const video_url = files.videoUrl(state, request, task, seen, now)
  const content = {
    video_url,
    last_frame_url: video_url !== undefined && task.said["return_last_frame"] === true
      ? files.thumbnailUrl(state, request, task, now)
      : undefined
  }
  const tokens = tokensOf(task)
  const write = state.options.arkNumbers === "strings" ? String : (value: number) => value
  const { frames } = task.said
  return {
    content: state.options.arkContent === "array" ? [content] : content,
    usage: { completion_tokens: write(tokens), total_tokens: write(tokens) },
    ...stamps(context, task, seen),
    seed: seedOf(task),
    resolution: task.resolution,
    ratio: task.size === "adaptive" ? "16:9" : task.size,
    duration: frames === undefined ? write(task.seconds) : undefined,
    frames,
    framespersecond: framesPerSecond
  }
}

const stamps = ({ state }: Context, task: tasks.Task, seen: tasks.View) => ({
  created_at: tasks.stamp(state, task.createdAt),
  updated_at: tasks.stamp(state, updatedAt(task, seen))
})

/** What a create said and the task says again. */
const settings = ({ said }: tasks.Task) => ({
  service_tier: said["service_tier"] ?? "default",
  execution_expires_after: said["execution_expires_after"] ?? expiresAfter,
  generate_audio: said["generate_audio"],
  draft: said["draft"],
  priority: said["priority"],
  safety_identifier: said["safety_identifier"]
})

/**
 * A task as the query and the list show it. A failed one is a 200 like any other.
 *
 * @internal
 */
export const task = (context: Context, task: tasks.Task): unknown => {
  const seen = context.twist(tasks.view(task, context.now))
  const head = { id: task.id, model: task.model, status: word(seen) }
  const extra = tasks.extra(context.state, task)
  switch (seen.phase) {
    case "success":
      return { ...head, ...finished(context, task, seen), ...settings(task), ...extra }
    case "failed":
    case "error":
      return { ...head, error: failure(task), ...stamps(context, task, seen), ...settings(task), ...extra }
    default:
      return { ...head, ...stamps(context, task, seen), ...settings(task), ...extra }
  }
}
