import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as gatewayRow from "./gatewayRow.ts"
import * as tasks from "./task.ts"

type Body = Readonly<Record<string, unknown>>

/** @internal Whether xAI's moderation stops the job at its end. */
export const isModerated = ({ prompt }: tasks.Task): boolean => prompt.includes("[moderate]")

const ticksPerUsd = 10_000_000_000

/** xAI's price of a second of `grok-imagine-video`, in ticks: $0.05 at 480p and $0.07 above. */
const ticksPerSecond = ({ resolution }: tasks.Task): number => resolution === "480p" ? 500_000_000 : 700_000_000

/** @internal What a job has cost. */
export const usage = (task: tasks.Task) => ({
  cost_in_usd_ticks: Math.round(
    task.seeded.cost === undefined ? task.seconds * ticksPerSecond(task) : task.seeded.cost * ticksPerUsd
  )
})

/** Why a job failed. */
const failure = ({ seeded: { failureCode, failureMessage } }: tasks.Task) => ({
  code: failureCode === undefined ? "internal_error" : failureCode,
  message: failureMessage ?? "Video generation failed due to an internal error."
})

const isRunning = ({ phase }: tasks.View): boolean => phase === "waiting" || phase === "queued" || phase === "running"

/** xAI, `GET /v1/videos/{request_id}`, a job that is done. */
const done = (context: Context, task: tasks.Task, seen: tasks.View): Body => {
  const { now, request, state } = context
  const status = seen.word ?? (state.options.xaiWithoutStatus === true ? undefined : "done")
  const isWithheld = isModerated(task)
  return {
    ...(status === undefined ? {} : { status }),
    video: {
      url: isWithheld ? undefined : files.videoUrl(state, request, task, seen, now),
      duration: task.seconds,
      respect_moderation: !isWithheld
    },
    model: task.model,
    usage: usage(task),
    progress: 100,
    ...tasks.extra(state, task)
  }
}

/**
 * The vendor's answers, as the documentation and the tests of xAI's AI SDK package have them: no id, and of a job that
 * failed neither a model nor a length.
 */
const vendorOf = (context: Context, task: tasks.Task, seen: tasks.View): Body => {
  const { gateway, state } = context
  if (isRunning(seen)) {
    const word = gateway === undefined ? "pending" : seen.phase === "running" ? "processing" : "queued"
    return {
      status: seen.word ?? word,
      progress: tasks.progress(seen, state.options.progress),
      ...tasks.extra(state, task)
    }
  }
  if (seen.phase === "success") return done(context, task, seen)
  if (seen.phase === "expired") return { status: seen.word ?? "expired", ...tasks.extra(state, task) }
  return {
    status: seen.word ?? "failed",
    video: { duration: 0 },
    model: "",
    error: failure(task),
    ...tasks.extra(state, task)
  }
}

/** CometAPI's page of March 2026: a row of the gateway, with the link in `fail_reason` and the vendor's answer inside it. */
const wrapped = (context: Context, task: tasks.Task): Body => {
  const { now, request, state } = context
  const seen = context.twist(tasks.rowView(state, task, now))
  const url = isModerated(task) ? undefined : files.videoUrl(state, request, task, seen, now)
  const inner = isRunning(seen) ? null : vendorOf(context, task, seen)
  return {
    code: "success",
    message: "",
    data: {
      task_id: task.id,
      action: "VIDEO_GENERATION",
      status: gatewayRow.word(seen),
      fail_reason: gatewayRow.hasFailed(seen) ? failure(task).message : url ?? "",
      submit_time: gatewayRow.seconds(task.createdAt),
      start_time: 0,
      finish_time: gatewayRow.seconds(seen.finishedAt),
      progress: `${seen.progress}%`,
      data: inner
    }
  }
}

/** @internal What a query answers, and with which status; without a body where there is none. */
export const queried = (
  context: Context,
  task: tasks.Task
): { readonly status: number; readonly body: Body | undefined } => {
  const { gateway, now, state } = context
  const { xaiBody, xaiPending } = state.options
  if (gateway !== undefined && xaiBody === "wrapped") return { status: 200, body: wrapped(context, task) }
  const seen = context.twist(tasks.view(task, now))
  const body = vendorOf(context, task, seen)
  const named = gateway === undefined ? {} : { request_id: task.id, model: task.model }
  if (!isRunning(seen)) return { status: 200, body: { ...named, ...body } }
  if (xaiPending === "empty") return { status: 202, body: undefined }
  if (xaiPending === "id") return { status: 200, body: { request_id: task.id } }
  return { status: gateway === undefined ? 202 : 200, body: { ...named, ...body } }
}
