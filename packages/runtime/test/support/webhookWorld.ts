import {
  Observation,
  type TaskHandle,
  VideoProvider,
  VideoProviders,
  type VideoTaskError,
  WireProblem
} from "@video-tasks/core"
import { StandardWebhooks, TaskStore, VideoTasks, WebhookReceiver } from "@video-tasks/runtime"
import { Clock, type Duration, Effect, Layer, Metric, Redacted, Result, Schema } from "effect"
import * as Harness from "./harness.ts"

export const secret = Redacted.make("whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=")

const key = StandardWebhooks.parseSecret(secret)!

const Body = Schema.Struct({
  id: Schema.String,
  status: Schema.optionalKey(Schema.String),
  progress: Schema.optionalKey(Schema.Finite)
})

/** `{ id, status, progress }`; every success has a video, unless it says `bare`. */
const readCallback: VideoProvider.VideoProvider["readCallback"] = (_, body) => {
  const read = Schema.decodeUnknownOption(Body)(body)
  if (read._tag === "None") return Result.fail(new WireProblem.WireProblem({ kind: "notATask", detail: "no task" }))
  const { id: remoteId, progress, status = "" } = read.value
  const known = (["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED"] as const).find((word) => word === status)
  return Result.succeed(
    new Observation.Observation({
      remoteId,
      videos: known === "SUCCESS" ? [Harness.video] : [],
      ...(progress === undefined ? {} : { progress }),
      ...(status === "bare" ? { status: "SUCCESS" } : known === undefined ? {} : { status: known })
    })
  )
}

interface Reads {
  readonly at: Array<number>
  /** What a read says. */
  answer: Observation.Observation
  /** What a read fails with, if it does. */
  fail?: () => VideoTaskError.VideoTaskError | undefined
  /** How long a read takes. */
  delay?: Duration.Input
}

/** A provider that calls back, and the times of its reads. */
const caller = (id: string, family: Partial<VideoProvider.Family>) => {
  const reads: Reads = { at: [], answer: Harness.running() }
  const provider = VideoProvider.double({
    id,
    family: { takesCallbackUrl: true, ...family },
    readCallback,
    observe: () =>
      Effect.gen(function*() {
        reads.at.push(yield* Clock.currentTimeMillis)
        if (reads.delay !== undefined) yield* Effect.sleep(reads.delay)
        const error = reads.fail?.()
        return error === undefined ? reads.answer : yield* Effect.fail(error)
      })
  })
  return { provider, reads }
}

export const world = (options: {
  readonly receiver?: WebhookReceiver.Options
  readonly tasks?: VideoTasks.Options
  readonly family?: Partial<VideoProvider.Family>
  readonly store?: Layer.Layer<TaskStore.TaskStore>
} = {}) => {
  const signer = caller("signer", { callbacks: "signed", ...options.family })
  const hinter = caller("hinter", { callbacks: "unsigned", ...options.family })
  const mute = VideoProvider.double({ id: "mute" })
  const providers = Layer.effect(
    VideoProviders.VideoProviders,
    Effect.orDie(VideoProviders.make([signer.provider, hinter.provider, mute]))
  )
  const layer = WebhookReceiver.layer({ secrets: { signer: secret }, ...options.receiver }).pipe(
    Layer.provideMerge(VideoTasks.layer(options.tasks)),
    Layer.provideMerge(options.store ?? TaskStore.layerMemory),
    Layer.provide(providers),
    Layer.orDie
  )
  return { signer: signer.reads, hinter: hinter.reads, layer }
}

const bytes = (text: string) => new TextEncoder().encode(text)

export interface Sent {
  readonly to?: string
  readonly method?: string
  readonly headers?: StandardWebhooks.Headers
  /** Text, or what JSON is made of. */
  readonly body?: unknown
  readonly stream?: WebhookReceiver.Delivery["body"]
  /** Signs it, as this message. */
  readonly id?: string
  /** When it was signed, in s from now. */
  readonly offset?: number
}

/** Sends a delivery and gives the status of the answer. */
export const send = Effect.fnUntraced(function*({ body = {}, headers, id, method, offset = 0, stream, to }: Sent) {
  const receiver = yield* WebhookReceiver.WebhookReceiver
  const raw = bytes(typeof body === "string" ? body : JSON.stringify(body))
  const timestamp = Math.floor((yield* Clock.currentTimeMillis) / 1000) + offset
  const answer = yield* receiver.handle({
    method: method ?? "POST",
    url: to ?? "https://me.example/hooks/signer",
    headers: {
      "Content-Type": "application/json",
      ...(id === undefined ? {} : StandardWebhooks.sign({ id, timestamp, body: raw }, [key])),
      ...headers
    },
    body: stream ?? raw
  })
  return answer.status
})

export const submit = Effect.fnUntraced(function*(provider: string, options?: VideoTasks.SubmitOptions) {
  const tasks = yield* VideoTasks.VideoTasks
  return yield* tasks.submit({ ...Harness.request, provider }, options)
})

export const get = (handle: TaskHandle.TaskHandle) =>
  Effect.flatMap(VideoTasks.VideoTasks, (tasks) => tasks.get(handle))

/** How many deliveries of a provider ended how. */
export const outcomes = (provider: string) =>
  Effect.map(Metric.snapshot, (metrics) =>
    Object.fromEntries(
      metrics.flatMap(({ attributes, id, state }) =>
        id === "video_tasks_webhooks" && attributes?.["provider"] === provider && "count" in state
          ? [[attributes["outcome"], Number(state.count)]]
          : []
      )
    ))
