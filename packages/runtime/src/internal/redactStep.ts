import { Observation } from "@video-tasks/core/Observation"
import * as Redact from "@video-tasks/core/Redact"
import { Failure, Video } from "@video-tasks/core/Video"
import * as Redacted from "effect/Redacted"
import type { ObservedStep } from "../TaskObserver.ts"

/**
 * Takes the secrets out of a step: links lose their query, the answer itself is left out.
 *
 * @internal
 */
export const redactStep = (step: ObservedStep): ObservedStep => {
  const { task } = step.snapshot
  const videos = task.videos.map(redactVideo)
  const failure = task.failure === undefined ? {} : { failure: redactFailure(task.failure) }
  return {
    ...step,
    event: redactEvent(step.event),
    snapshot: { value: step.snapshot.value, task: { ...task, videos, ...failure } }
  }
}

const redactEvent = (event: ObservedStep["event"]): ObservedStep["event"] => {
  switch (event.type) {
    case "task.observed":
      return { ...event, observation: redactObservation(event.observation) }
    case "task.lost":
      return { ...event, message: Redact.text(event.message) }
    default:
      return event
  }
}

const redactObservation = ({ failure, raw: _, unrecognised, videos, ...rest }: Observation): Observation =>
  new Observation({
    ...rest,
    videos: videos.map(redactVideo),
    ...(unrecognised === undefined ? {} : { unrecognised: Redact.text(unrecognised) }),
    ...(failure === undefined ? {} : { failure: redactFailure(failure) })
  })

/** @internal */
export const redactVideo = ({ thumbnailUrl, url, ...rest }: Video): Video =>
  new Video({
    ...rest,
    url: withoutQuery(url),
    ...(thumbnailUrl === undefined ? {} : { thumbnailUrl: withoutQuery(thumbnailUrl) })
  })

const withoutQuery = (url: Redacted.Redacted): Redacted.Redacted =>
  Redacted.make(Redact.url(Redacted.value(url)), { label: "video url" })

/** @internal */
export const redactFailure = ({ message, ...rest }: Failure): Failure =>
  new Failure({ ...rest, message: Redact.text(message) })
