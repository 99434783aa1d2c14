/**
 * What goes from one runner to another, and how.
 *
 * Two releases run side by side during a rollout: fields are only ever added to what is here, as `optionalKey`. What can't be
 * said like that goes into a new protocol, whose number is a part of the name of the doors.
 */
import { Archived } from "@video-tasks/core/Archived"
import { Observation } from "@video-tasks/core/Observation"
import { Submission } from "@video-tasks/core/Submission"
import { Task } from "@video-tasks/core/Task"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import { TaskId } from "@video-tasks/core/TaskId"
import { Video } from "@video-tasks/core/Video"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Entity from "effect/cluster/Entity"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

const protocol = 1

/**
 * The longest message, in bytes: a request with its pictures.
 *
 * @internal
 */
export const maxFrameSize = 64 * 1024 * 1024

/**
 * The bucket is not served where it was asked for: not any more, or not yet.
 *
 * @internal
 */
export class NotHere extends Schema.TaggedError<NotHere>("@video-tasks/cluster/NotHere")("NotHere", {
  bucket: Schema.Int
}) {}

/**
 * The submission is in the store already: somebody began it, and nothing was sent now.
 *
 * @internal
 */
export class Begun extends Schema.TaggedError<Begun>("@video-tasks/cluster/Begun")("Begun", { id: TaskId }) {}

const Image = Schema.Union([
  Schema.TaggedStruct("bytes", { bytes: Schema.Uint8Array, mimeType: Schema.optionalKey(Schema.String) }),
  Schema.TaggedStruct("link", { url: Schema.String })
])

/** @internal */
export const Request = Schema.Struct({
  provider: Schema.String,
  family: Schema.String,
  model: Schema.String,
  prompt: Schema.String,
  seconds: Schema.optionalKey(Schema.Finite),
  size: Schema.optionalKey(Schema.String),
  resolution: Schema.optionalKey(Schema.String),
  images: Schema.optionalKey(Schema.Array(Image)),
  /** As text, so that it arrives in the order in which it was written. */
  options: Schema.optionalKey(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))
})

const SubmitOptions = Schema.Struct({
  resubmit: Schema.optionalKey(Schema.Literals(["never", "server-error"])),
  force: Schema.optionalKey(Schema.Boolean),
  maxCost: Schema.optionalKey(
    Schema.Struct({ amount: Schema.Finite, unit: Schema.optionalKey(Schema.String) })
  ),
  callbackUrl: Schema.optionalKey(Schema.String),
  /** How long an answer that is out is waited for when the submit is interrupted, in ms. */
  patienceMs: Schema.optionalKey(Schema.Finite)
})

/** @internal */
export type SubmitOptions = typeof SubmitOptions.Type

const PollInfo = Schema.Struct({
  polls: Schema.Int,
  failures: Schema.Int,
  lastFailure: Schema.optionalKey(Schema.String),
  nextPollAt: Schema.optionalKey(Schema.Finite),
  expectedEndAt: Schema.optionalKey(Schema.Finite)
})

const ArchiveInfo = Schema.Struct({
  state: Schema.Literals(["archived", "pending", "given up", "missing"]),
  attempts: Schema.Int,
  lastFailure: Schema.optionalKey(Schema.String)
})

const Resumed = Schema.Struct({
  tracked: Schema.Int,
  found: Schema.Array(TaskHandle),
  ambiguous: Schema.Array(Submission),
  leftAlone: Schema.Array(VideoTaskError),
  archiving: Schema.Array(TaskHandle)
})

const Resolution = Schema.Union([
  Schema.Struct({
    remoteId: Schema.String,
    route: Schema.optionalKey(Schema.String),
    check: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.Literal("discard")
])

const error = Schema.Union([VideoTaskError, NotHere])

const one = { id: TaskId }

/**
 * The door to a bucket: what can be asked of its engine, wherever that runs. Nothing of it is kept: who asks hears that the
 * bucket has moved, and asks again.
 *
 * @internal
 */
export const Door = Entity.make(`video-tasks/bucket/v${protocol}`, [
  Rpc.make("ping", { error: NotHere }),
  Rpc.make("submit", {
    /** `attempt` is the same each time that one submit is sent. */
    payload: { ...one, attempt: Schema.String, request: Request, options: SubmitOptions },
    success: TaskHandle,
    error: Schema.Union([VideoTaskError, NotHere, Begun])
  }),
  /** Who asked for a submit does not want it any more: nothing more is sent for it. A mere disconnection says nothing. */
  Rpc.make("abandon", { payload: { ...one, attempt: Schema.String }, error: NotHere }),
  Rpc.make("cancel", { payload: one, success: Schema.Literals(["confirmed", "unsupported", "failed"]), error }),
  Rpc.make("refresh", { payload: one, success: Task, error }),
  Rpc.make("freshVideos", { payload: one, success: Schema.Array(Video), error }),
  Rpc.make("notify", {
    payload: { ...one, observation: Schema.optionalKey(Observation) },
    success: Schema.Literals(["changed", "unchanged", "ignored", "hinted", "unfollowed"]),
    error
  }),
  Rpc.make("track", { payload: one, error }),
  Rpc.make("observe", {
    /** Without a deadline, in ms, there is none. */
    payload: { ...one, deadlineMs: Schema.optionalKey(Schema.Finite) },
    success: Task,
    error,
    stream: true
  }),
  Rpc.make("lookUp", { payload: one, success: Submission, error }),
  Rpc.make("resolve", { payload: { ...one, resolution: Resolution }, success: Submission, error }),
  Rpc.make("resume", { payload: { lookUp: Schema.Boolean }, success: Resumed, error }),
  Rpc.make("awaitArchived", { payload: one, success: Archived, error }),
  Rpc.make("archiveInfo", { payload: one, success: Schema.NullOr(ArchiveInfo), error }),
  Rpc.make("pollInfo", { payload: one, success: PollInfo, error })
])

/**
 * The name of a bucket's singleton and of its door: the same one, so that both are at the same runner.
 *
 * @internal
 */
export const nameOf = (bucket: number): string => `bucket-${bucket}`

/** @internal */
export const bucketIn = (name: string): number => Number(name.slice("bucket-".length))

/**
 * Whether a request is too long for a message.
 *
 * @internal
 */
export const isTooLong = ({ images = [] }: VideoRequest): boolean =>
  images.reduce(
    (sum, image) => sum + (image instanceof URL ? 0 : image instanceof Uint8Array ? image.length : image.size),
    0
  ) >
    maxFrameSize - 1024 * 1024

/** @internal */
export const toWire = Effect.fnUntraced(function*({ images, ...request }: VideoRequest) {
  const { model, options, prompt, provider, family, resolution, seconds, size } = request
  return {
    provider,
    family,
    model,
    prompt,
    ...(seconds === undefined ? {} : { seconds }),
    ...(size === undefined ? {} : { size }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(options === undefined ? {} : { options }),
    ...(images === undefined ? {} : { images: yield* Effect.forEach(images, imageToWire) })
  } satisfies typeof Request.Type
})

const imageToWire = (image: ImageInput): Effect.Effect<typeof Image.Type> => {
  if (image instanceof URL) return Effect.succeed({ _tag: "link", url: image.href })
  if (image instanceof Uint8Array) return Effect.succeed({ _tag: "bytes", bytes: image })
  return Effect.map(Effect.promise(() => image.arrayBuffer()), (buffer) => ({
    _tag: "bytes" as const,
    bytes: new Uint8Array(buffer),
    mimeType: image.type
  }))
}

/** @internal */
export const fromWire = ({ images, ...request }: typeof Request.Type): VideoRequest => ({
  ...request,
  ...(images === undefined ? {} : { images: images.map(imageFromWire) })
})

const imageFromWire = (image: typeof Image.Type): ImageInput => {
  if (image._tag === "link") return new URL(image.url)
  const bytes = new Uint8Array(image.bytes)
  return image.mimeType === undefined ? bytes : new Blob([bytes], { type: image.mimeType })
}
