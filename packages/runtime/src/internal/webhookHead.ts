/**
 * What is said of a delivery before its body is read.
 */
import * as TaskId from "@video-tasks/core/TaskId"
import type { Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import * as Result from "effect/Result"
import type { Headers } from "../StandardWebhooks.ts"
import type { Answer, Delivery } from "../WebhookReceiver.ts"

/**
 * What became of a delivery, for the metrics, and what the sender is told.
 *
 * @internal
 */
export interface Verdict {
  readonly outcome: string
  readonly answer: Answer
}

/** @internal */
export const verdict = (
  outcome: string,
  status: number,
  body = "",
  headers: Readonly<Record<string, string>> = {}
): Verdict => ({ outcome, answer: { status, body, headers } })

/**
 * Whom a delivery is about.
 *
 * @internal
 */
export interface Target {
  readonly provider: VideoProvider
  /** The families that call back. */
  readonly families: ReadonlyArray<Family>
  /** Our id of the task, where the URL has one. */
  readonly id: TaskId.TaskId | undefined
}

/** @internal */
export const callersOf = ({ families, readCallback }: VideoProvider): ReadonlyArray<Family> =>
  readCallback === undefined ? [] : families.filter(({ callbacks }) => callbacks !== undefined)

/** @internal */
export const find = (
  { method, url }: Delivery,
  providers: ReadonlyArray<VideoProvider>
): Result.Result<Target, Verdict> => {
  const parts = segmentsOf(url)
  const last = parts.at(-1) ?? ""
  const isTask = TaskId.is(last)
  const provider = providers.find(({ id }) => id === (isTask ? parts.at(-2) : last))
  const families = provider === undefined ? [] : callersOf(provider)
  if (provider === undefined || families.length === 0) {
    return Result.fail(verdict("nowhere", 404, "nobody is called back here"))
  }
  if (method !== "POST") return Result.fail(verdict("method", 405, "only POST", { allow: "POST" }))
  return Result.succeed({ provider, families, id: isTask ? last : undefined })
}

/**
 * What is wrong with the headers; they are in lower case.
 *
 * @internal
 */
export const refusalOf = (headers: Headers, maxBodyBytes: number): Verdict | undefined => {
  const [type = ""] = (headers["content-type"] ?? "").split(";")
  if (!/^application\/(?:[\w.+-]+\+)?json$/i.test(type.trim())) return verdict("type", 415, "only application/json")
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
  if (encoding !== "identity") return verdict("type", 415, "only what is not compressed")
  return Number(headers["content-length"] ?? 0) > maxBodyBytes ? oversized : undefined
}

/**
 * The rest is not read, and so the connection is of no more use.
 *
 * @internal
 */
export const oversized: Verdict = verdict("oversized", 413, "at most 64 KiB", { connection: "close" })

/** @internal */
export const lowerCased = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

const segmentsOf = (url: string): ReadonlyArray<string> =>
  (url.split(/[?#]/, 1)[0] ?? "").split("/").filter((part) => part !== "").map(decoded)

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
