/** What each API says to the URL that a create named. */
import type { Api } from "../Script.ts"
import * as ark from "./arkBodies.ts"
import type { Context } from "./context.ts"
import * as files from "./files.ts"
import * as kling from "./klingBodies.ts"
import * as openai from "./openaiBodies.ts"
import * as tasks from "./task.ts"

type Body = (context: Context, task: tasks.Task) => unknown

/** The "common" payload of CometAPI's guide to webhooks and polling, in OpenAI's words. */
const comet: Body = ({ now, request, state }, task) => {
  const seen = tasks.view(task, now)
  const url = files.videoUrl(state, request, task, seen, now)
  return {
    task_id: task.id,
    status: openai.videoWords[seen.phase],
    progress: seen.progress,
    ...(url === undefined ? {} : { result: { video_url: url } })
  }
}

/** CometAPI's older page on Runway: flat, all values strings. It shows the number of a success, 3, and no other. */
const runway: Body = ({ gateway, now, request, state }, task) => {
  const seen = tasks.view(task, now)
  if (gateway === undefined || seen.phase !== "success") return undefined
  return {
    task_id: task.id,
    status: "3",
    prompt: task.prompt,
    prompt_en: task.prompt,
    video_url: files.videoUrl(state, request, task, seen, now) ?? "",
    poster: files.thumbnailUrl(state, request, task, now),
    last_frame: "",
    msg: null,
    point: "320",
    refund: "0",
    create_time: String(Math.floor(task.createdAt / 1000)),
    update_time: String(Math.floor(now / 1000))
  }
}

const bodies: Partial<Record<Api, Body>> = { ark: ark.task, cometapi: comet, kling: kling.called, runway }

/** @internal `undefined` where the API says nothing. */
export const of = (context: Context, task: tasks.Task): unknown => bodies[task.api]?.(context, task)

/** @internal Which APIs sign. */
export const signs = (api: Api): boolean => api === "kling"
