import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as gatewayRow from "./gatewayRow.ts"
import * as tasks from "./task.ts"
import * as times from "./times.ts"

const words = {
  waiting: "PENDING",
  queued: "PENDING",
  running: "RUNNING",
  success: "SUCCEEDED",
  failed: "FAILED",
  error: "FAILED",
  cancelled: "CANCELLED",
  expired: "FAILED"
}

const word = ({ state }: Context, seen: tasks.View): string => {
  const { runwayCancelled = "CANCELLED", runwayQueued = "PENDING", runwayWords = "upper" } = state.options
  const said = seen.word ??
    (seen.phase === "cancelled"
      ? runwayCancelled
      : seen.phase === "queued" || seen.phase === "waiting"
      ? runwayQueued
      : words[seen.phase])
  return runwayWords === "lower" ? said.toLowerCase() : said
}

/** A share of 1, whatever the option of other APIs says. */
const progress = ({ state }: Context, { exact, phase }: tasks.View): number | undefined => {
  switch (state.options.progress) {
    case "absent":
      return undefined
    case "stuck":
      return phase === "running" ? 0.3 : Math.round(exact) / 100
    default:
      return Math.round(exact) / 100
  }
}

/** Runway, "Pricing": five credits a second for gen4_turbo, twelve for gen4.5. Other models are reckoned like the first. */
const credits = ({ model, seconds, seeded }: tasks.Task): number =>
  seeded.cost ?? seconds * (model === "gen4.5" ? 12 : 5)

const failure = (task: tasks.Task) => {
  const { failureCode, failureMessage } = task.seeded
  const isOurs = task.outcome === "failed"
  return {
    failure: failureMessage ??
      (isOurs ? "Your prompt was rejected by our content moderation." : "An unexpected error occurred."),
    failureCode: failureCode === undefined ? (isOurs ? "SAFETY.INPUT.TEXT" : "INTERNAL") : failureCode
  }
}

/** Only what the moderation of the input refuses is charged (Runway, "Task failures"). */
const charged = (task: tasks.Task, phase: tasks.View["phase"]): number => {
  if (phase === "success") return credits(task)
  return phase === "failed" && String(failure(task).failureCode).startsWith("SAFETY.INPUT") ? credits(task) : 0
}

const isOver = (phase: tasks.View["phase"]): boolean => phase !== "waiting" && phase !== "queued" && phase !== "running"

/** What a create answers: the SDK's types have an estimate, CometAPI's page does not. @internal */
export const created = ({ gateway }: Context, task: tasks.Task) =>
  gateway === undefined ? { id: task.id, estimatedCost: { credits: credits(task) } } : { id: task.id }

/**
 * The variants of `TaskRetrieveResponse` in Runway's SDK (4.20); CometAPI's page shows the same without any cost.
 */
const nativeOf = (context: Context, task: tasks.Task, seen: tasks.View): Readonly<Record<string, unknown>> => {
  const { gateway, now, request, state } = context
  const { phase } = seen
  const url = files.videoUrl(state, request, task, seen, now)
  const cost = isOver(phase)
    ? { cost: { credits: charged(task, phase) } }
    : { estimatedCost: { credits: credits(task) } }
  return {
    id: task.id,
    status: word(context, seen),
    createdAt: times.iso(task.createdAt),
    ...(phase === "running" ? { progress: progress(context, seen) } : {}),
    ...(phase === "success" ? { output: url === undefined ? [] : [url] } : {}),
    ...(phase === "failed" || phase === "error" || phase === "expired" ? failure(task) : {}),
    ...(gateway === undefined ? cost : {}),
    ...tasks.extra(state, task)
  }
}

const hours8 = 8 * 3_600_000

const inShanghai = (at: number): string => times.iso(at + hours8).replace(/(\.\d+)?Z$/, "+08:00")

/** CometAPI's page of March 2026: a row of the gateway, with the vendor's answer inside it. */
const wrapped = (context: Context, task: tasks.Task): unknown => {
  const { now, state } = context
  const seen = context.twist(tasks.rowView(state, task, now))
  const { estimatedCost: _, cost: __, ...inner } = nativeOf(context, task, seen)
  const output: unknown = inner["output"]
  const [url = ""] = Array.isArray(output) ? output : []
  const isInRow = state.options.urlInFailReason === true
  return {
    code: "success",
    message: "",
    data: {
      task_id: task.id,
      action: "IMAGE_TO_VIDEO",
      status: gatewayRow.word(seen),
      fail_reason: gatewayRow.hasFailed(seen) ? failure(task).failure : isInRow ? url : "",
      submit_time: gatewayRow.seconds(task.createdAt),
      start_time: seen.phase === "waiting" || seen.phase === "queued"
        ? 0
        : gatewayRow.seconds(task.createdAt + task.jobMillis / 10),
      finish_time: gatewayRow.seconds(seen.finishedAt),
      progress: `${seen.progress}%`,
      data: { ...inner, ...(isInRow ? { output: [] } : {}), createdAt: inShanghai(task.createdAt) }
    }
  }
}

/** What a query answers. @internal */
export const task = (context: Context, task: tasks.Task): unknown =>
  context.gateway !== undefined && context.state.options.runwayBody === "wrapped"
    ? wrapped(context, task)
    : nativeOf(context, task, context.twist(tasks.view(task, context.now)))
