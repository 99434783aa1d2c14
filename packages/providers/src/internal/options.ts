/**
 * Requests out of what the modules of the vendors take.
 */
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type * as Schema from "effect/Schema"

/** The fields that are given. */
export const present = (
  fields: Readonly<Record<string, Schema.Json | undefined>>
): Readonly<Record<string, Schema.Json>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
  )

/** The fields that requests share, as a person may say them. */
interface Asked extends Omit<VideoRequest, "seconds"> {
  /** `auto` leaves the length to the model: an option says so. */
  readonly seconds?: number | "auto" | undefined
}

/** A request without what was left out. */
export const request = ({ images = [], resolution, seconds, size, ...asked }: Asked): VideoRequest => ({
  ...asked,
  ...(seconds === undefined || seconds === "auto" ? {} : { seconds }),
  ...(size === undefined ? {} : { size }),
  ...(resolution === undefined ? {} : { resolution }),
  ...(images.length === 0 ? {} : { images })
})
