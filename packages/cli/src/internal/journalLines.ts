/**
 * The journal of a task: lines for people, objects for scripts. Neither has a link in it.
 */
import type { JournalEvent } from "@video-tasks/core/TaskEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "./duration.ts"
import * as Style from "./style.ts"

/** One line for each event: when, how long after the first one, and what. */
export const lines = (style: Style.Style, events: ReadonlyArray<JournalEvent>): ReadonlyArray<string> => {
  const first = events[0]?.at ?? 0
  return Style.table(
    events.map((event) => [style.dim(time(event.at)), `+${Duration.format(event.at - first)}`, words(event)]),
    [1]
  )
}

/** An event without what was answered word by word, and without links. */
export const json = (event: JournalEvent): Readonly<Record<string, unknown>> => {
  switch (event.type) {
    case "task.created":
      return { type: event.type, at: event.at, model: event.model, estimate: event.estimate, trace: event.trace }
    case "task.observed": {
      const { raw: _, videos, ...said } = event.observation
      return { type: event.type, at: event.at, ...said, videos: videos.length }
    }
    default:
      return event
  }
}

/** A moment, in ms since the epoch, as people and machines read it. */
export const time = (at: number): string => DateTime.formatIso(DateTime.makeUnsafe(at))

// internal

const words = (event: JournalEvent): string => {
  switch (event.type) {
    case "task.created":
      return event.model === undefined ? "known here" : Style.harmless(`created with ${event.model}`)
    case "task.observed":
      return observed(event)
    case "task.cancelled":
      return "cancelled: the provider has confirmed it"
    case "task.expired":
      return "given up by the provider"
    case "task.lost":
      return Style.harmless(`lost: ${event.message}`)
    case "task.archived":
      return Style.harmless(`kept: ${event.files.map(({ uri }) => uri).join(", ")}`)
  }
}

const observed = ({ observation }: Extract<JournalEvent, { readonly type: "task.observed" }>): string => {
  const { cost, failure, progress, status, videos } = observation
  return Style.harmless([
    status ?? "no state",
    ...(progress === undefined ? [] : [`${Math.floor(progress)} %`]),
    ...(videos.length === 0 ? [] : [videos.length === 1 ? "a video" : `${videos.length} videos`]),
    ...(cost === undefined ? [] : [`${cost.amount} ${cost.unit}`]),
    ...(failure === undefined ? [] : [failure.message])
  ].join("  "))
}
