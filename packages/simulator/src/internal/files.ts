import type { Request } from "../Exchange.ts"
import * as Samples from "../Samples.ts"
import * as answer from "./answer.ts"
import * as random from "./random.ts"
import { millis, type State } from "./state.ts"
import type { Task, View } from "./task.ts"
import * as times from "./times.ts"

const linkMillis = (state: State): number => millis(state, state.options.linkSeconds ?? 86400)

/**
 * A link in the manner of Volcengine's TOS, where Seedance keeps its files. Each call signs anew.
 */
const sign = (state: State, request: Request, task: Task, suffix: string, now: number): string => {
  const number = ++state.linksMade
  const signature = random.hex(state.seed, `link ${number} ${task.id}`, 64)
  state.links.set(signature, { taskId: task.id, expiresAt: now + linkMillis(state) })
  const origin = state.options.filesOrigin ?? request.origin
  const query = new URLSearchParams({
    "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
    "X-Tos-Credential": `AKLTsimulator/${times.day(now)}/cn-beijing/tos/request`,
    "X-Tos-Date": times.signing(now),
    "X-Tos-Expires": String(Math.max(1, Math.ceil(linkMillis(state) / 1000))),
    "X-Tos-SignedHeaders": "host",
    "X-Tos-Signature": signature
  })
  return `${origin}/files/${encodeURIComponent(task.id)}.${suffix}?${query.toString()}`
}

/** @internal The link to the video, when the task has one at this moment. */
export const videoUrl = (
  state: State,
  request: Request,
  task: Task,
  seen: View,
  now: number
): string | undefined => {
  if (seen.phase !== "success" || (seen.withoutUrl ?? task.withoutUrl)) return undefined
  return task.seeded.videoUrl ?? sign(state, request, task, "mp4", now)
}

/** @internal */
export const thumbnailUrl = (state: State, request: Request, task: Task, now: number): string =>
  task.seeded.thumbnailUrl ?? sign(state, request, task, "jpg", now)

/** `undefined`: the whole; `null`: nothing that is there. Several ranges at once are answered with the whole. */
const parseRange = (header: string | undefined, size: number): readonly [number, number] | undefined | null => {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? []
  if (first === "" && last === "") return undefined
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === "" || last === "" ? size - 1 : Math.min(size - 1, Number(last))
  if (first !== "" && last !== "" && Number(last) < from) return undefined
  return from >= size || (first === "" && Number(last) === 0) ? null : [from, to]
}

/** @internal The bytes of a file, or the part of them that was asked for. */
export const serve = (
  request: Request,
  type: string,
  content: Uint8Array,
  extra: Readonly<Record<string, string>> = {}
): answer.Answer => {
  const etag = `"${random.hex(content.length, content.subarray(-64).join(), 32)}"`
  const headers = { etag, "accept-ranges": "bytes", ...extra }
  const condition = request.headers["if-range"]
  const asked = condition === undefined || condition === etag ? request.headers["range"] : undefined
  const range = parseRange(asked, content.length)
  if (range === undefined) return answer.of(200, type, content, headers)
  if (range === null) return answer.empty(416, { ...headers, "content-range": `bytes */${content.length}` })
  const [from, to] = range
  return answer.of(206, type, content.subarray(from, to + 1), {
    ...headers,
    "content-range": `bytes ${from}-${to}/${content.length}`
  })
}

/** @internal */
export const video = (task: Task): Uint8Array => Samples.mp4(Samples.aspectRatio(task.size))

/** @internal The answer of TOS to a link that has lapsed. */
export const expired = (): answer.Answer => answer.xml(403, "AccessDenied", "Request has expired")

/** @internal `GET /files/{id}.mp4`: no bearer, the signature is the key. */
export const download = (
  state: State,
  request: Request,
  taskId: string,
  suffix: string,
  now: number
): answer.Answer => {
  const link = state.links.get(new URLSearchParams(request.query).get("X-Tos-Signature") ?? "")
  const task = state.tasks.get(taskId)
  if (link === undefined || link.taskId !== taskId || task === undefined) {
    return answer.xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
  }
  if (now >= link.expiresAt) return expired()
  return suffix === "jpg"
    ? serve(request, "image/jpeg", Samples.jpeg())
    : serve(request, "video/mp4", video(task))
}
