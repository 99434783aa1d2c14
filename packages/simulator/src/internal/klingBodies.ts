import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as gatewayRow from "./gatewayRow.ts"
import type { Json } from "./json.ts"
import * as random from "./random.ts"
import * as tasks from "./task.ts"

/** Kling has four words. */
const words = {
  waiting: "submitted",
  queued: "submitted",
  running: "processing",
  success: "succeed",
  failed: "failed",
  error: "failed",
  cancelled: "failed",
  expired: "failed"
}

/** Milliseconds, unless the options want something else. */
const stamp = ({ state }: Context, at: number): number | string =>
  state.options.timestamps === undefined ? Math.floor(at) : tasks.stamp(state, at)

const isOver = (seen: tasks.View): boolean => seen.finishedAt !== undefined

const isSuccess = (seen: tasks.View): boolean => seen.phase === "success"

const reasonOf = (context: Context, task: tasks.Task, seen: tasks.View): string =>
  isSuccess(seen)
    ? context.state.options.klingStatusMessage === "success" ? "success" : ""
    : isOver(seen)
    ? tasks.failure(task).message
    : ""

const unitsOf = (task: tasks.Task, seen: tasks.View): string => isSuccess(seen) ? String(task.seeded.cost ?? 2) : "0"

const videoOf = (context: Context, task: tasks.Task, seen: tasks.View): Json | undefined => {
  const url = files.videoUrl(context.state, context.request, task, seen, context.now)
  return url === undefined ? undefined : {
    id: random.digits(context.state.seed, `kling video ${task.number}`, 18),
    url,
    watermark_url: `${url}&watermark=1`,
    // A string, and a little more than was asked for.
    duration: `${task.seconds}.1`
  }
}

const infoOf = ({ reference }: tasks.Task): Json => reference === undefined ? {} : { external_task_id: reference }

/** The `data` of a query: Kling, `GET /v1/videos/text2video/{id}`; CometAPI shows the empty objects. */
const legacy = (context: Context, task: tasks.Task, seen: tasks.View): Json => {
  const video = videoOf(context, task, seen)
  return {
    task_id: task.id,
    task_status: seen.word ?? words[seen.phase],
    task_status_msg: reasonOf(context, task, seen),
    task_info: infoOf(task),
    task_result: video === undefined ? {} : { videos: [video] },
    watermark_info: task.said["watermark_info"] ?? { enabled: false },
    ...(isOver(seen)
      ? { final_unit_deduction: unitsOf(task, seen), final_balance_deduction: { quota: "0", list_price: "0" } }
      : {}),
    created_at: stamp(context, task.createdAt),
    updated_at: stamp(context, seen.finishedAt ?? (seen.phase === "queued" ? task.createdAt : seen.seenAt)),
    ...tasks.extra(context.state, task)
  }
}

/** A task of the newer API: Kling, `GET /tasks?task_ids=`. */
const modern = (context: Context, task: tasks.Task, seen: tasks.View): Json => {
  const video = videoOf(context, task, seen)
  return {
    id: task.id,
    status: seen.word ?? (isSuccess(seen) ? "succeeded" : words[seen.phase]),
    message: reasonOf(context, task, seen),
    create_time: stamp(context, task.createdAt),
    update_time: stamp(context, seen.finishedAt ?? seen.seenAt),
    external_id: task.reference ?? "",
    outputs: video === undefined ? [] : [{ type: "video", ...video }],
    billing: isOver(seen)
      ? [{ charge_type: "unit", package_type: "video", amount: unitsOf(task, seen), currency: "" }]
      : [],
    ...tasks.extra(context.state, task)
  }
}

/** The wrapper. Its `code` and `message` differ from one user's report to the next. */
const wrap = (context: Context, message: string, data: unknown): Json => {
  const { klingCode = "number", klingMessage = "text" } = context.state.options
  return {
    ...(klingCode === "absent" ? {} : { code: klingCode === "string" ? "0" : 0 }),
    message: klingMessage === "null" ? null : message,
    request_id: context.requestId,
    data
  }
}

/** What CometAPI answered at first: a row round Kling's own answer, with times in seconds. */
const row = (context: Context, task: tasks.Task, seen: tasks.View): Json => {
  const isEarly = seen.phase === "queued" || seen.phase === "waiting"
  return {
    code: "success",
    message: "",
    data: {
      task_id: task.id,
      action: task.route === "image2video" ? "IMAGE_TO_VIDEO" : "TEXT_TO_VIDEO",
      status: gatewayRow.word(seen),
      fail_reason: isOver(seen) && !isSuccess(seen) ? tasks.failure(task).message : "",
      submit_time: gatewayRow.seconds(task.createdAt),
      start_time: isEarly ? 0 : gatewayRow.seconds(task.createdAt),
      finish_time: gatewayRow.seconds(seen.finishedAt),
      progress: tasks.progress(seen, context.state.options.progress ?? "percent"),
      data: wrap(context, "SUCCEED", legacy(context, task, { ...seen, word: undefined })),
      ...tasks.extra(context.state, task)
    }
  }
}

/** @internal The answer to a create. */
export const created = (context: Context, task: tasks.Task): Json => {
  const seen = context.twist(tasks.view(task, task.createdAt))
  const times = { created_at: stamp(context, task.createdAt), updated_at: stamp(context, task.createdAt) }
  const status = seen.word ?? words[seen.phase]
  return wrap(
    context,
    "success",
    context.state.options.klingBody === "new"
      ? { id: task.id, status, create_time: times.created_at, update_time: times.updated_at }
      : { task_id: task.id, task_status: status, task_info: infoOf(task), ...times }
  )
}

/** @internal The answer to a query. */
export const queried = (context: Context, task: tasks.Task): Json => {
  const seen = context.twist(tasks.view(task, context.now))
  switch (context.state.options.klingBody) {
    case "new":
      return wrap(context, "SUCCEED", [modern(context, task, seen)])
    case "wrapped":
      return row(context, task, seen)
    default:
      return wrap(context, "SUCCEED", legacy(context, task, seen))
  }
}

/** @internal The answer to a list. */
export const listed = (context: Context, found: ReadonlyArray<tasks.Task>): Json => {
  const one = context.state.options.klingBody === "new" ? modern : legacy
  return wrap(
    context,
    "SUCCEED",
    found.map((task) => one(context, task, context.twist(tasks.view(task, context.now))))
  )
}

/** @internal A callback: the `data` of a query by itself (Kling, callback protocol; CometAPI, Kling callback). */
export const called = (context: Context, task: tasks.Task): Json => {
  const seen = tasks.view(task, context.now)
  return (context.state.options.klingBody === "new" ? modern : legacy)(context, task, seen)
}
