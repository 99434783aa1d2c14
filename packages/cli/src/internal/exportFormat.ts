/**
 * The lines of an export: a head, one JSON object for each create and for each task with its journal, and an end that
 * proves that none is missing.
 */
import { Observation } from "@video-tasks/core/Observation"
import * as Redact from "@video-tasks/core/Redact"
import { RequestRecord } from "@video-tasks/core/RequestRecord"
import { Submission } from "@video-tasks/core/Submission"
import { JournalEvent } from "@video-tasks/core/TaskEvent"
import { TaskId } from "@video-tasks/core/TaskId"
import { Failure, Video } from "@video-tasks/core/Video"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** What this version writes, and the newest that it reads. */
export const format = 2

/** The first line. */
export const Head = Schema.Struct({
  type: Schema.Literal("export"),
  format: Schema.Int,
  /** When it was written, in ms since the epoch. */
  at: Schema.Finite
})

/** A task with its journal. */
const TaskLine = Schema.Struct({
  type: Schema.Literal("task"),
  id: TaskId,
  events: Schema.NonEmptyArray(JournalEvent)
})

/** A create. */
const SubmissionLine = Schema.Struct({ type: Schema.Literal("submission"), submission: Submission })

/** The last line. */
export const End = Schema.Struct({
  type: Schema.Literal("end"),
  /** How many lines stand between the first and this one. */
  lines: Schema.Int
})

/** Any line between the first and the last. */
export const Line = Schema.Union([TaskLine, SubmissionLine])

/** Any line between the first and the last. */
export type Line = typeof Line.Type

/** An event without secrets: links have no query and no fragment, also within words, and the answer itself is left out. */
export const withoutSecrets = (event: JournalEvent): JournalEvent => {
  if (event.type === "task.lost") return { ...event, message: Redact.text(event.message) }
  if (event.type !== "task.observed") return event
  const { failure, raw: _, videos, ...said } = event.observation
  return {
    ...event,
    observation: new Observation({
      ...said,
      videos: videos.map(withoutQuery),
      ...(failure === undefined ? {} : { failure: plain(failure) })
    })
  }
}

/**
 * A create without secrets in what became of it, and without the further fields of its request: nobody can know which of
 * them are secrets.
 */
export const withoutSecretsIn = ({ outcome, request, ...facts }: Submission, options: SecretOptions = {}): Submission =>
  new Submission({
    ...facts,
    ...(request === undefined ? {} : { request: options.withOptions === true ? request : withoutOptions(request) }),
    outcome: outcome._tag === "ambiguous"
      ? { ...outcome, detail: Redact.text(outcome.detail) }
      : outcome._tag === "rejected"
      ? { ...outcome, reason: Redact.text(outcome.reason) }
      : outcome
  })

/** What is written that may be a secret. */
export interface SecretOptions {
  /** The further fields of requests. @default false */
  readonly withOptions?: boolean | undefined
}

// internal

const withoutOptions = ({ options, ...rest }: RequestRecord): RequestRecord =>
  new RequestRecord({ ...rest, isWhole: rest.isWhole && options === undefined })

const plain = ({ message, ...facts }: Failure): Failure => new Failure({ ...facts, message: Redact.text(message) })

const withoutQuery = ({ thumbnailUrl, url, ...facts }: Video): Video =>
  new Video({
    ...facts,
    url: bare(url),
    ...(thumbnailUrl === undefined ? {} : { thumbnailUrl: bare(thumbnailUrl) })
  })

const bare = (link: Redacted.Redacted): Redacted.Redacted => {
  const text = Redacted.value(link)
  if (!URL.canParse(text)) return Redacted.make("", { label: "video url" })
  const url = new URL(text)
  for (const part of ["username", "password", "search", "hash"] as const) url[part] = ""
  return Redacted.make(url.protocol === "data:" ? "" : url.href, { label: "video url" })
}
