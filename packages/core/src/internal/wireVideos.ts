/**
 * Finding the finished videos in an answer: many places, one order. Only asked of an answer that may be a success.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Video } from "../Video.ts"
import * as Field from "./wireFields.ts"
import type { JsonObject } from "./wireJson.ts"
import * as Json from "./wireJson.ts"

/** What may be said about one video, wherever it stands. */
const clip = {
  /** A link, or an object with one, as a clone of Ark writes it. */
  video_url: Field.Address,
  url: Field.Link,
  result_url: Field.Link,
  /** What is no video: Ark's 3D models. */
  file_url: Field.Link,
  thumbnail_url: Field.Link,
  thumbnail: Field.Link,
  cover_url: Field.Link,
  poster: Field.Link,
  last_frame_url: Field.Link,
  format: Field.Text,
  mime_type: Field.Text,
  /** Seconds; −1 stands for "as you like". */
  duration: Field.Amount,
  /** Seconds, as OpenAI and its clones call it. */
  seconds: Field.Amount,
  width: Field.Amount,
  height: Field.Amount,
  fps: Field.Amount,
  framespersecond: Field.Amount,
  resolution: Field.Label,
  /** `1280x720`, or an aspect ratio, which says nothing about pixels. */
  size: Field.Text,
  seed: Field.Number,
  expires_at: Field.Time,
  /** `false` when the vendor's moderation withholds the video (xAI). */
  respect_moderation: Field.Flag,
  /** What an item of a list is for: `reference_video` and its relatives name what was sent, not what was made. */
  role: Field.Text,
  /** Where xAI has put the file when it was asked to keep it: public only on demand. */
  file_output: Field.object({ public_url: Field.Link, public_url_expires_at: Field.Time })
}

type Clip = Schema.Struct<typeof clip>["Type"]

/** The parts of a task that can hold a video. An object and a bare link are read as lists of one. */
const Finished = Schema.Struct({
  ...clip,
  fail_reason: Field.Link,
  metadata: Field.listOf(clip),
  result: Field.listOf(clip),
  output: Field.listOf(clip),
  outputs: Field.listOf(clip),
  video: Field.listOf(clip),
  videos: Field.listOf(clip),
  content: Field.listOf(clip),
  data: Field.listOf(clip),
  task_result: Field.object({ videos: Field.listOf(clip) })
})

type Finished = typeof Finished.Type

const decode = Schema.decodeUnknownResult(Finished)

/** @internal */
export interface Finish {
  readonly videos: ReadonlyArray<Video>
  /** Whether the vendor says that its moderation withholds the video. */
  readonly withheld: boolean
}

/** Finds the videos of a task and of what is nested in it, outermost first. @internal */
export const find = (layers: ReadonlyArray<JsonObject>): Finish => found(layers, placesOf)

/**
 * Finds the videos of an answer without a word for its state: only where nothing but a result stands. A link at `url`,
 * `metadata.url` or `content` may as well be what the request named; of some APIs it is known that `url` is not.
 *
 * @internal
 */
export const findUnsaid = (layers: ReadonlyArray<JsonObject>, isUrlProof = false): Finish =>
  found(layers, isUrlProof ? (part) => [[part], ...resultsOf(part)] : resultsOf)

const found = (layers: ReadonlyArray<JsonObject>, places: Places): Finish => {
  const parts = layers.map((layer): Finished => Result.getOrElse(decode(layer), () => ({})))
  const shared = parts.flatMap((part) => [...(part.video ?? []), ...(part.metadata ?? []), part])
  return {
    videos: [...firstOf(parts, places)].map(([link, own]) => toVideo(link, [own, ...shared])),
    withheld: shared.some((part) => part.respect_moderation === false)
  }
}

type Found = ReadonlyMap<string, Clip>

type Places = (part: Finished) => ReadonlyArray<ReadonlyArray<Clip>>

/** The first place that has a link wins; a list gives all of its links. */
const firstOf = (parts: ReadonlyArray<Finished>, places: Places): Found => {
  for (const part of parts) {
    for (const place of places(part)) {
      const links = new Map(place.flatMap(linked))
      if (links.size > 0) return links
    }
  }
  return new Map()
}

const placesOf: Places = (part) => [
  part.video_url === undefined ? [] : [part],
  part.metadata ?? [],
  [part],
  part.data ?? [],
  part.result ?? [],
  part.output ?? [],
  part.video ?? [],
  part.content ?? [],
  part.task_result?.videos ?? [],
  part.outputs ?? [],
  part.videos ?? [],
  // Rows that New-API wrote before 2026 keep the link of a success where others keep the reason of a failure.
  part.fail_reason === undefined ? [] : [{ url: part.fail_reason }]
]

const resultsOf: Places = (part) => [
  part.video_url === undefined ? [] : [part],
  part.output ?? [],
  part.video ?? [],
  part.task_result?.videos ?? [],
  part.outputs ?? []
]

/** Roles that name a result. Without a role an item of a task is one. */
const resultRole = /^(?:output|result|generated|final|assistant)/i

const linked = (own: Clip): ReadonlyArray<readonly [link: string, own: Clip]> => {
  if (own.role !== undefined && !resultRole.test(own.role)) return []
  const link = own.video_url ?? own.url ?? own.result_url ?? own.file_url
  if (link !== undefined) return [[link, own]]
  const { public_url: kept, public_url_expires_at: until } = own.file_output ?? {}
  return kept === undefined ? [] : [[kept, until === undefined ? own : { ...own, expires_at: until }]]
}

const toVideo = (link: string, sources: ReadonlyArray<Clip>): Video => {
  const first = <A>(get: (source: Clip) => A | undefined): A | undefined => {
    for (const source of sources) {
      const value = get(source)
      if (value !== undefined) return value
    }
    return undefined
  }
  const thumbnail = first((one) =>
    one.thumbnail_url ?? one.thumbnail ?? one.cover_url ?? one.poster ?? one.last_frame_url
  )
  const pixels = first((one) => pixelsOf(one.size) ?? pixelsOf(one.resolution))
  return new Video({
    url: Redacted.make(link, { label: "video url" }),
    ...Json.present({
      thumbnailUrl: thumbnail === undefined ? undefined : Redacted.make(thumbnail, { label: "thumbnail url" }),
      mimeType: first((one) => mimeType(one.mime_type ?? one.format)),
      durationSeconds: first((one) => one.duration) ?? first((one) => one.seconds),
      width: first((one) => one.width) ?? pixels?.width,
      height: first((one) => one.height) ?? pixels?.height,
      fps: first((one) => one.fps ?? one.framespersecond),
      resolution: first((one) => one.resolution),
      seed: first((one) => one.seed),
      expiresAt: first((one) => one.expires_at)
    })
  })
}

const pixelsOf = (size: string | undefined) => {
  const [, width, height] = /^(\d{2,5})\s*[x×*]\s*(\d{2,5})$/i.exec(size ?? "") ?? []
  return width === undefined || height === undefined ? undefined : { width: Number(width), height: Number(height) }
}

/** `mp4` is what New-API's documentation calls a format; media types pass as they are. */
const mimeType = (format: string | undefined): string | undefined => {
  const name = format?.toLowerCase().replace(/^\./, "")
  if (name === undefined || !/^[a-z0-9][a-z0-9.+-]{0,40}(?:\/[a-z0-9][a-z0-9.+-]{0,40})?$/.test(name)) return undefined
  return name.includes("/") ? name : name === "mov" ? "video/quicktime" : `video/${name}`
}
