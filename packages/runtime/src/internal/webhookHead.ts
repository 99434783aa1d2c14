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
    return Result.fail(verdict("nowhere", 404, strayed(parts, providers)))
  }
  if (method !== "POST") return Result.fail(verdict("method", 405, "only POST", { allow: "POST" }))
  return Result.succeed({ provider, families, id: isTask ? last : undefined })
}

/** Whoever mounts the receiver, or gives a URL of their own, wants to know which part of it is wrong. */
const strayed = (parts: ReadonlyArray<string>, providers: ReadonlyArray<VideoProvider>): string => {
  const before = providers.find(({ id }) => id === parts.at(-2))
  return before === undefined || callersOf(before).length === 0
    ? "the path has to end in the id of a provider that calls back, or in that and our id of a task"
    : "what follows the provider in the path is no id of a task as we give them"
}

/**
 * The headers by their names in lower case. What came several times is put together as HTTP has it, and is then a type, an
 * encoding or a length that nothing has; a header of the signature stays a list, which is not believed.
 *
 * @internal
 */
export const lowerCased = (headers: Headers): Headers => {
  const all = new Map<string, ReadonlyArray<string>>()
  for (const [name, value = []] of Object.entries(headers)) {
    const key = name.toLowerCase()
    const values = [...all.get(key) ?? [], ...(typeof value === "string" ? [value] : value)]
    if (values.length > 0) all.set(key, values)
  }
  return Object.fromEntries(
    Array.from(all, ([name, values]) => [name, name.startsWith("webhook-") ? values : values.join(", ")])
  )
}

/** What is no list. */
const text = (header: Headers[string]): string | undefined => typeof header === "string" ? header : undefined

/**
 * What is wrong with the headers, as `lowerCased` gives them.
 *
 * @internal
 */
export const refusalOf = (headers: Headers, maxBodyBytes: number): Verdict | undefined => {
  const [type = ""] = (text(headers["content-type"]) ?? "").split(";")
  if (!/^application\/(?:[\w.+-]+\+)?json$/i.test(type.trim())) return verdict("type", 415, "only application/json")
  const encoding = text(headers["content-encoding"])?.trim().toLowerCase() ?? "identity"
  if (encoding !== "identity") return verdict("type", 415, "only what is not compressed")
  return Number(text(headers["content-length"]) ?? 0) > maxBodyBytes ? oversized : undefined
}

/**
 * The rest is not read, and so the connection is of no more use.
 *
 * @internal
 */
export const oversized: Verdict = verdict("oversized", 413, "at most 64 KiB", { connection: "close" })

const segmentsOf = (url: string): ReadonlyArray<string> =>
  (url.split(/[?#]/, 1)[0] ?? "").split("/").filter((part) => part !== "").map(decoded)

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
