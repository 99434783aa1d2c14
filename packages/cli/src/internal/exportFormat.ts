/**
 * The lines of an export: a head, then one JSON object for each task with its journal and for each create.
 */
import { Observation } from "@video-tasks/core/Observation"
import * as Redact from "@video-tasks/core/Redact"
import { Submission } from "@video-tasks/core/Submission"
import { JournalEvent } from "@video-tasks/core/TaskEvent"
import { TaskId } from "@video-tasks/core/TaskId"
import { Failure, Video } from "@video-tasks/core/Video"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** What this version writes, and the newest that it reads. */
export const format = 1

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

/** Any line but the first. */
export const Line = Schema.Union([TaskLine, SubmissionLine])

/** Any line but the first. */
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

/** A create without secrets in what became of it. */
export const withoutSecretsIn = ({ outcome, ...facts }: Submission): Submission =>
  new Submission({
    ...facts,
    outcome: outcome._tag === "ambiguous"
      ? { ...outcome, detail: Redact.text(outcome.detail) }
      : outcome._tag === "rejected"
      ? { ...outcome, reason: Redact.text(outcome.reason) }
      : outcome
  })

// internal

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
